import { expect, test } from '../fixtures.ts';
import { order, payWithCard, readKey } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';

// Time passes in these journeys, so they have a product of their own.
test.use({ settings: { LEASEHOLD__MAIL__FROM: 'orders@nordwind.example' } });

test('an order that was left is listed, and can be gone on with', async ({ page, axe }) => {
  await order(page, { plan: 'Startup' });
  await page.getByRole('link', { name: 'Back' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'You have not paid yet' })).toBeVisible();
  await expect(page.getByText('nothing was charged')).toBeVisible();
  await axe(page);
  for (const path of ['/licenses', '/overview']) {
    await page.goto(path);
    await expect(page.getByText(/Your order of Nordwind IoT Platform, Startup over \$299\.00 is not paid yet/)).toBeVisible();
    await axe(page);
  }
  await press(page, 'Continue to payment', 'link');
  await payWithCard(page);
  await readKey(page);
  await page.goto('/overview');
  await expect(page.getByText('is not paid yet')).toBeHidden();
});

test('an order that was left for a day is told of once, and begun again as it was', async ({ page, product, axe }) => {
  const person = await order(page, { plan: 'Pilot', seats: 3 });
  await product.sandbox.clock({ advance_s: 25 * 3_600 });
  const mail = await product.inbox(person.email, /was not finished/);
  const back = mail.links.find((link) => link.includes('/orders/')) ?? '';
  await page.goto(back);
  await expect(page.getByRole('heading', { level: 1, name: 'This order was not paid' })).toBeVisible();
  await axe(page);
  await page.goto('/overview');
  await expect(page.getByText(/Your order of .* was not finished/)).toBeVisible();
  await press(page, 'Start again', 'link');
  await press(page, 'Order again', 'link');
  await expect(page.getByRole('heading', { level: 1, name: 'Review and pay' })).toBeVisible();
  await expect(page.getByRole('spinbutton', { name: 'Instances' })).toHaveValue('3');
});

test('an order that is not wanted any more is cancelled', async ({ page, axe }) => {
  await order(page, { plan: 'Maker' });
  const payment = page.url();
  await page.getByRole('link', { name: 'Back' }).click();
  await press(page, 'Cancel the order');
  await expect(page.getByRole('heading', { level: 1, name: 'This order was not paid' })).toBeVisible();
  await axe(page);
  await page.goto('/overview');
  await expect(page.getByText('is not paid yet')).toBeHidden();
  await page.goto(payment);
  await expect(page.getByRole('heading', { name: 'This page has expired' })).toBeVisible();
});
