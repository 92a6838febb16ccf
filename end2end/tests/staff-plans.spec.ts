import { expect, test } from '../fixtures.ts';
import { ADMIN } from '../product.ts';
import { press } from '../steps/interactions.ts';
import { logIn } from '../steps/people.ts';
import { reloadUntil } from '../steps/time.ts';

test('an administrator makes a product with a plan and its prices, and changes what the plan gives', { tag: '@everywhere' }, async ({ page, axe }) => {
  // A product of its own, which nobody can buy: runs share a vendor.
  const code = `edge-${crypto.randomUUID().slice(0, 6)}`;
  const name = `Edge ${code}`;
  const alert = page.getByRole('alert');
  const review = page.locator('#review');
  await page.goto('/log-in');
  await logIn(page, ADMIN);

  await page.goto('/staff/catalog/products/new');
  await expect(page.getByRole('heading', { level: 1, name: 'New product' })).toBeVisible();
  await axe(page);
  await page.getByLabel('Code', { exact: true }).fill('Edge');
  await page.getByLabel('Name', { exact: true }).fill(name);
  await press(page, 'Show what changes');
  await expect(alert).toContainText('lower-case letters, digits');
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue(name);
  await axe(page);
  await page.getByLabel('Code', { exact: true }).fill(code);
  await press(page, 'Show what changes');
  await expect(review).toContainText(`+ product ${code}`);
  await axe(page);
  await press(review, 'Save');
  await expect(page.getByText('The changes are saved.', { exact: false })).toBeVisible();
  await expect(page.getByRole('heading', { level: 1, name: `Change ${name}` })).toBeVisible();

  // A plan with a limit; what was typed is there again after a look at what would change.
  await press(page, 'New plan', 'link');
  await expect(page.getByRole('heading', { level: 1, name: 'New plan' })).toBeVisible();
  await axe(page);
  await page.getByLabel('Code', { exact: true }).fill('small');
  await page.getByLabel('Name', { exact: true }).fill('Small');
  await page.getByLabel('Limit 1', { exact: true }).fill('devices');
  await page.getByLabel('At most, of limit 1').fill('few');
  await press(page, 'Show what changes');
  await expect(alert).toContainText('Give a whole number, or write unlimited.');
  await expect(page.getByLabel('Limit 1', { exact: true })).toHaveValue('devices');
  await axe(page);
  await page.getByLabel('At most, of limit 1').fill('5');
  await press(page, 'Show what changes');
  await expect(review).toContainText(`+ plan ${code}/small`);
  await press(review, 'Change something');
  await expect(page.getByLabel('At most, of limit 1')).toHaveValue('5');
  await expect(alert).toHaveCount(0);
  await press(page, 'Show what changes');
  await press(review, 'Save');

  // Its prices, which go to Stripe by themselves.
  await expect(page.getByRole('heading', { level: 1, name: 'Prices of Small' })).toBeVisible();
  await expect(page.getByText('This plan is not published: nobody can buy it.')).toBeVisible();
  await axe(page);
  await page.getByLabel('Currency: Addition 1').fill('usd');
  await page.getByLabel('Base price: Addition 1').fill('10.505');
  await page.getByLabel('Each further instance: Addition 1').fill('5');
  await press(page, 'Show what changes');
  await expect(alert).toContainText('at most two decimals');
  await axe(page);
  await page.getByLabel('Base price: Addition 1').fill('10');
  await press(page, 'Show what changes');
  await expect(review).toContainText('base per month: 10.00 USD');
  await press(review, 'Save');
  const base = page.getByRole('row').filter({ hasText: 'Base price' });
  await expect(base).toContainText('$10.00');
  await reloadUntil(page, () => expect(base).toContainText('Has it', { timeout: 500 }));
  await axe(page);
  await page.getByLabel('Base price: By the month, USD').fill('12.50');
  await press(page, 'Show what changes');
  await expect(review).toContainText('10.00 USD becomes 12.50 USD; who bought keeps the old price');
  await press(review, 'Save');
  await expect(base).toContainText('$12.50');

  // What it gives changes with a version.
  await press(page, 'Change the plan', 'link');
  await expect(page.getByRole('heading', { level: 1, name: 'Change Small' })).toBeVisible();
  await axe(page);
  await page.getByLabel('At most, of limit 1').fill('6');

  // Whoever has not seen the last change overwrites nothing unawares.
  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.getByLabel('Line under the name').fill('For a start');
  await press(other, 'Show what changes');
  await press(other.locator('#review'), 'Save');
  await expect(other.getByText('The changes are saved.', { exact: false })).toBeVisible();
  await other.close();
  await press(page, 'Show what changes');
  await expect(alert).toContainText('Somebody else has changed this');
  await expect(page.getByLabel('At most, of limit 1')).toHaveValue('6');
  await axe(page);
  await page.getByLabel('Line under the name').fill('For a start');
  await press(page, 'Show what changes');
  await expect(review).toContainText(`~ plan ${code}/small: limits`);
  await expect(review).toContainText('This makes version 2 of the plan. No license is of version 1.');
  await axe(page);
  await press(review, 'Save');
  await expect(page.getByText('The changes are saved.', { exact: false })).toBeVisible();
  await expect(page.getByLabel('At most, of limit 1')).toHaveValue('6');

  // A draft is on no price list.
  await page.goto('/');
  await expect(page.getByRole('heading', { name })).toHaveCount(0);
});
