import { expect, test } from '../fixtures.ts';
import { buy, payWithCard } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';

test('machines and several years of updates are added to a perpetual license', async ({ page, product, axe }) => {
  const { license, person } = await buy(page, { plan: 'Perpetual', interval: 'once' });
  await page.goto(license);
  await page.getByRole('link', { name: 'Add machines' }).click();
  await expect(page.getByText(/^There is 1 machine now\./)).toBeVisible();
  await axe(page);
  await page.getByLabel('Further machines').fill('2');
  await press(page, 'Update price');
  await expect(page.getByRole('heading', { level: 2, name: '2 more machines' })).toBeVisible();
  await expect(page.getByRole('row', { name: /Perpetual: per machine/ })).toContainText('$9,998.00');
  await axe(page);
  await press(page, 'Pay $9,998.00 by card');
  await payWithCard(page);
  await expect(page.getByRole('heading', { level: 1, name: 'Your machines are there' })).toBeVisible({ timeout: 20_000 });
  await axe(page);
  await product.inbox(person.email, /^2 more machines for/);

  await page.goto(`${license}/updates`);
  await page.getByRole('link', { name: '3 years', exact: true }).click();
  await expect(page.getByRole('heading', { level: 2, name: '3 more years of updates' })).toBeVisible();
  await axe(page);
  // Three machines, three years.
  await press(page, 'Pay $17,996.40 by card');
  await payWithCard(page);
  await expect(page.getByRole('heading', { level: 1, name: 'Your updates are renewed' })).toBeVisible({ timeout: 20_000 });
  await page.goto(license);
  const year = new Date().getUTCFullYear() + 4;
  await expect(page.getByText(new RegExp(`with updates until \\d+ \\w+ ${year}\\.`))).toBeVisible();
});

test('more than a plan can have is refused with the number that it can', async ({ page }) => {
  const { license } = await buy(page, { plan: 'Perpetual', interval: 'once' });
  await page.goto(`${license}/seats?more=100000`);
  await expect(page.getByText(/This plan has at most 100 machines\. Enter 99 or fewer/).first()).toBeVisible();
  await expect(page.getByRole('button', { name: /by card$/ })).toHaveCount(0);
});
