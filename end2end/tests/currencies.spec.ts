import { expect, test } from '../fixtures.ts';
import { payWithCard, planCard, readKey } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { nameCompany, signUp, somebody } from '../steps/people.ts';

test.use({ catalog: 'demo/desk-tools.toml' });

test('a currency is chosen, kept to the payment, and stays while the subscription runs', async ({ page, axe }) => {
  test.setTimeout(90_000);
  const office = planCard(page, 'Office');
  await page.goto('/');
  await expect(office).toContainText('€85 a month');
  await page.getByRole('link', { name: 'JPY', exact: true }).click();
  await expect(office).toContainText('¥13,500 a month');
  await page.getByRole('link', { name: /^Yearly/ }).click();
  await expect(office).toContainText('¥135,000 a year');
  await expect(page.getByText('Prices are in JPY')).toBeVisible();
  await axe(page);

  await press(page, 'Choose Office');
  await signUp(page, somebody());
  await nameCompany(page);
  const currency = page.getByLabel('Currency', { exact: true });
  await expect(currency).toHaveValue('jpy');
  await expect(page.getByRole('row', { name: /Plan Desk, Office/ })).toContainText('¥135,000');
  await axe(page);
  await currency.selectOption('eur');
  await press(page, 'Update price');
  await expect(page.getByRole('button', { name: 'Pay €850.00 by card' })).toBeVisible();
  // Without a word about it, prices are in the currency of the company's country.
  await page.goto('/');
  await expect(office).toContainText('€85 a month');
  await page.goto('/buy?plan=office&interval=year&seats=6&currency=jpy');
  await press(page, 'Pay ¥158,000 by card');
  await payWithCard(page);
  await readKey(page);

  // The invoice follows as soon as Stripe has told of it.
  await expect(async () => {
    await page.goto('/invoices');
    await expect(page.getByRole('row').filter({ hasText: '¥' }).first()).toBeVisible({ timeout: 100 });
  }).toPass({ intervals: [100, 250], timeout: 20_000 });
  const bound = 'Your account pays in JPY, the currency of its subscription';
  await page.goto('/?currency=eur');
  await expect(page.getByText(bound)).toBeVisible();
  await expect(office).toContainText('¥13,500 a month');
  await expect(page.getByRole('link', { name: 'EUR', exact: true })).toHaveCount(0);
  await axe(page);
  await page.goto('/buy?plan=studio&interval=month&seats=1&currency=eur');
  await expect(page.getByText(bound)).toBeVisible();
  await expect(currency).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Pay ¥2,900 by card' })).toBeVisible();
  await axe(page);
});
