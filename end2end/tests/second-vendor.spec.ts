import { expect, test } from '../fixtures.ts';
import { buy, planCard } from '../steps/buying.ts';
import { activate } from '../steps/licensing_api.ts';

test.use({ catalog: 'demo/desk-tools.toml' });

test('another vendor sells other things in another currency, without a line of code', async ({ page, product, axe }) => {
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1, name: 'Drawings that stay in order.' })).toBeVisible();
  await expect(planCard(page, 'Office')).toContainText('€85 a month');
  await axe(page);

  const { key } = await buy(page, { plan: 'Office', seats: 6 });
  await expect(page.getByRole('region', { name: 'Start the product' })).toContainText('./plan-desk');
  const activation = { key, product: 'plan-desk', instance: 'desk-1', version: '2026.1' };
  const { status, body } = await activate(product.url, activation);
  expect(status, JSON.stringify(body)).toBe(200);
  expect(body.plan).toMatchObject({ code: 'office', seats: 6, limits: { drawings: -1 } });
  const elsewhere = await activate(product.url, { ...activation, product: 'iot-platform' });
  expect(elsewhere.body.code).toBe('license_not_found');
});
