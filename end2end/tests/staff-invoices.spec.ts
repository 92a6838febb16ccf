import { expect, test } from '../fixtures.ts';
import { decideDispute, disputePayment } from '../steps/at_stripe.ts';
import { buy } from '../steps/buying.ts';
import { downloadPdf, paidInvoice } from '../steps/documents.ts';
import { press } from '../steps/interactions.ts';
import { activate } from '../steps/licensing_api.ts';
import { enter, enterConsole } from '../steps/requests.ts';
import { reloadUntil } from '../steps/time.ts';

test('staff give a part of an invoice back, then the rest, and the license goes with it', async ({ page, axe }) => {
  const { person } = await buy(page, { plan: 'Startup' });
  const row = page.getByRole('row').filter({ hasText: 'First payment' });
  await expect(async () => {
    // The invoice is fetched by a job of its own, after the license was made.
    await page.goto('/invoices');
    await expect(row).toContainText('Paid', { timeout: 100 });
  }).toPass({ intervals: [100, 250], timeout: 20_000 });
  const link = page.getByRole('link', { name: /^PDF of \S+$/ });
  const number = ((await link.textContent()) ?? '').replace(/^PDF of /, '').trim();

  await page.context().clearCookies();
  await enterConsole(page);
  await page.getByRole('link', { name: 'Invoices', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Invoices' })).toBeVisible();
  await axe(page);
  await page.getByLabel('Number of an invoice').fill(number);
  await press(page, 'Show');
  await page.getByRole('link', { name: number, exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: number })).toBeVisible();
  await expect(page.getByText('Nothing was given back of this invoice.')).toBeVisible();
  await axe(page);

  // What cannot be given back is said, and nothing typed is lost.
  await page.getByLabel('Amount, with tax').fill('1000000');
  await page.getByLabel('Words to the customer').fill('Ευχαριστούμε');
  await press(page, 'Issue the credit note');
  await expect(page.getByRole('alert')).toContainText('is left of it');
  await expect(page.getByLabel('Words to the customer')).toHaveValue('Ευχαριστούμε');
  await axe(page);
  await page.getByLabel('Amount, with tax').fill('10.00');
  await press(page, 'Issue the credit note');
  await expect(page.getByText('The credit note is issued, and the customer is told.')).toBeVisible();
  const given = page.getByRole('row').filter({ hasText: 'Credit note' });
  await expect(given).toContainText('$10.00');
  const note = await given.getByRole('link').getAttribute('href');
  const pdf = await downloadPdf(page, note ?? '');
  for (const expected of ['Credit note', number, 'Ευχαριστούμε', '$10.00']) expect(pdf.text).toContain(expected);

  await press(page, 'Issue the credit note');
  await expect(page.getByText('Nothing is left of this invoice that could be given back.')).toBeVisible();
  await page.getByRole('link', { name: /^lic_/ }).click();
  await expect(page.getByText(/It is revoked/)).toBeVisible();

  await page.getByRole('link', { name: 'Ledger', exact: true }).click();
  await expect(page.getByText('The ledger sums to zero and agrees with the invoices.')).toBeVisible();
  await axe(page);

  await page.context().clearCookies();
  await enter(page, person, '/invoices');
  await expect(page.getByRole('heading', { level: 2, name: 'Credit notes' })).toBeVisible();
  await axe(page);
  // What an accountant takes along, by the links of the page.
  const take = async (name: RegExp) => {
    const link = page.locator('#years').getByRole('link', { name }).first();
    const answer = await page.request.get((await link.getAttribute('href')) ?? '');
    expect(answer.status()).toBe(200);
    return await answer.body();
  };
  expect((await take(/^Table/)).toString()).toContain(number);
  expect((await take(/^All documents/)).subarray(0, 4).toString()).toBe('PK\u0003\u0004');
});

test('while a payment is disputed nothing new starts, and the license goes with the money', async ({ page, product, axe }) => {
  const { person, key } = await buy(page, { plan: 'Startup', seats: 5 });
  const number = await paidInvoice(page);
  const start = (instance: string) => activate(product.url, { key, product: 'iot-platform', instance, version: '4.2.1' });
  expect((await start('node-a')).status).toBe(200);
  await disputePayment(product, person);
  await product.inbox(person.email, /Your payment of invoice .* is disputed/);
  expect((await start('node-b')).body).toMatchObject({ code: 'license_inactive', reason: 'disputed' });

  // The vendor's staff see it where they decide what to give back.
  await page.context().clearCookies();
  await enterConsole(page, '/staff/refunds');
  const row = page.getByRole('row').filter({ hasText: number });
  await expect(row).toContainText('Dispute');
  await expect(row).toContainText('Undecided');
  await axe(page);
  await row.getByRole('link', { name: number, exact: true }).click();
  const dispute = page.getByRole('row').filter({ hasText: 'Dispute' });
  await expect(dispute).toContainText('Undecided');
  await axe(page);

  await decideDispute(product, person, 'lost');
  await product.inbox(person.email, /The dispute about invoice .* is over/);
  await reloadUntil(page, () => expect(dispute).toContainText('Lost', { timeout: 100 }));
  await page.getByRole('link', { name: /^lic_/ }).click();
  await expect(page.getByText(/It is revoked/)).toBeVisible();
  expect((await start('node-c')).body.code).toBe('license_revoked');
});
