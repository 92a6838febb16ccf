import { expect, test } from '../fixtures.ts';
import { buy, planCard } from '../steps/buying.ts';
import { downloadLink, downloadPdf, paidInvoice } from '../steps/documents.ts';
import { agreeToPayNow } from '../steps/license.ts';
import { activate } from '../steps/licensing_api.ts';
import { reloadUntil } from '../steps/time.ts';
import { orderByTransfer, transfer } from '../steps/transfers.ts';

test.use({ catalog: 'demo/desk-tools.toml' });

test('another vendor sells other things in another currency, without a line of code', async ({ page, product, axe }) => {
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1, name: 'Drawings that stay in order.' })).toBeVisible();
  await expect(planCard(page, 'Office')).toContainText('€85 a month');
  await axe(page);

  const { key, order } = await buy(page, { plan: 'Office', seats: 6 });
  await page.goto(order);
  await expect(page.getByRole('region', { name: 'Start the product' })).toContainText('./plan-desk');
  const activation = { key, product: 'plan-desk', instance: 'desk-1', version: '2026.1' };
  const { status, body } = await activate(product.url, activation);
  expect(status, JSON.stringify(body)).toBe(200);
  expect(body.plan).toMatchObject({ code: 'office', seats: 6, limits: { drawings: -1 } });
  const elsewhere = await activate(product.url, { ...activation, product: 'iot-platform' });
  expect(elsewhere.body.code).toBe('license_not_found');
});

test('its invoices are its own, and its plans change like any others', async ({ page, axe }) => {
  const { license } = await buy(page, { plan: 'Studio', seats: 2 });
  const number = await paidInvoice(page);
  const { path } = await downloadLink(page, `PDF of ${number}`);
  const { name, text } = await downloadPdf(page, path);
  expect(name).toBe(`invoice-${number}.pdf`);
  for (const expected of ['Falter Software d.o.o.', 'SI59082437', 'Trubarjeva cesta 14', '€34.00']) expect(text).toContain(expected);
  expect(text).not.toContain('Nordwind');

  await page.goto(`${license}/change?plan=office&interval=month&seats=6`);
  await expect(page.getByRole('heading', { name: 'What it costs' })).toBeVisible();
  await axe(page);
  expect(await agreeToPayNow(page)).toMatch(/^€\d+\.\d\d$/);
  await expect(page.getByText('The change is made and paid.').first()).toBeVisible();
  await page.goto(license);
  const renews = page.getByText(/Renews on \d+ \w+ \d{4} for €99\.50 before tax/).first();
  await reloadUntil(page, () => expect(renews).toBeVisible({ timeout: 100 }));
});

test('its orders are paid by transfer in euros', async ({ page, product, axe }) => {
  const { person, cents } = await orderByTransfer(page, { plan: 'Office', interval: 'year' });
  expect(cents).toBeGreaterThanOrEqual(85_000);
  await expect(page.getByText('IBAN', { exact: true })).toBeVisible();
  await axe(page);
  await transfer(product, person, cents, 'eur');
  await product.inbox(person.email, /is ready/);
  await reloadUntil(page, () => expect(page.getByRole('heading', { level: 1, name: 'Your license is ready' })).toBeVisible({ timeout: 100 }));
});

test('what it sells for ever is paid once, and a year of updates costs a quarter', async ({ page, axe }) => {
  const { license } = await buy(page, { plan: 'Owned', interval: 'once', seats: 2 });
  await page.goto(license);
  await expect(page.getByText(/Yours for ever, with updates until \d+ \w+ \d{4}\./)).toBeVisible();
  await axe(page);
  await page.getByRole('link', { name: 'Renew updates' }).click();
  await expect(page.getByRole('row', { name: /one year of updates/ })).toContainText('€324.50');
});
