import { expect, test } from '../fixtures.ts';
import { listedLicenses } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { missingCents, orderByTransfer, transfer } from '../steps/transfers.ts';

test('an order by transfer shows where the money goes, and its license works once it is there', async ({ page, product, axe }) => {
  const { person, cents } = await orderByTransfer(page, { plan: 'Startup' });
  expect(cents).toBeGreaterThan(29_900);
  await expect(page.getByText('Routing number', { exact: true })).toBeVisible();
  await expect(page.getByText('Account number', { exact: true })).toBeVisible();
  await expect(page.getByText(/nothing of \$[0-9.]+ yet/)).toBeVisible();
  await expect(page.getByText(/the order is cancelled/)).toBeVisible();
  await axe(page);
  const here = page.url();

  const mail = await product.inbox(person.email, /please transfer/);
  expect(mail.text).toContain('Routing number');
  await press(page, 'Open the license', 'link');
  await expect(page.getByText(/is to be transferred for invoice/)).toBeVisible();
  await axe(page);
  await page.goto('/invoices');
  await axe(page);
  await page.getByRole('link', { name: /^How to pay/ }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Pay by bank transfer' })).toBeVisible();

  // A part is shown, the rest completes it.
  await transfer(product, person, 10_000);
  await expect(async () => {
    await page.reload();
    await expect(page.getByText(/\$100\.00 of \$[0-9.]+, \$[0-9.]+ is missing/)).toBeVisible({ timeout: 100 });
  }).toPass({ intervals: [100, 250], timeout: 20_000 });
  await axe(page);
  expect(await missingCents(page)).toBe(cents - 10_000);
  await transfer(product, person, cents - 10_000 + 500);
  await product.inbox(person.email, /is ready/);
  await page.goto(here);
  await expect(page.getByRole('heading', { level: 1, name: 'Your license is ready' })).toBeVisible();
  // What was too much is kept, and said.
  await page.goto('/invoices');
  await expect(page.getByText('$5.00 of your transfers is kept for you')).toBeVisible();
  await axe(page);
  await page.goto('/licenses');
  await expect(listedLicenses(page, 'Startup')).toHaveCount(1);
});

test('an order by transfer can be cancelled', async ({ page, axe }) => {
  await orderByTransfer(page, { plan: 'Perpetual', interval: 'once' });
  await press(page, 'Cancel the order');
  await expect(page.getByRole('heading', { level: 1, name: 'This order was not paid' })).toBeVisible();
  await axe(page);
  await page.goto('/invoices');
  await expect(page.getByText('Void')).toBeVisible();
});
