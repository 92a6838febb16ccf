import { expect, test } from '../fixtures.ts';
import { payWithCard } from '../steps/buying.ts';
import { downloadPdf } from '../steps/documents.ts';
import { press } from '../steps/interactions.ts';
import { found, makePartner } from '../steps/partners.ts';
import { linkInMail, somebody } from '../steps/people.ts';
import { enter, enterConsole, enterWithNewFactor, haveAddressConfirmed } from '../steps/requests.ts';

test('a partner earns by what it orders for a client, takes its statement along, and is paid out', { tag: '@everywhere' }, async ({ page, product, axe }) => {
  // Two companies and the vendor, each of them twice.
  test.setTimeout(240_000);
  const mark = crypto.randomUUID().slice(0, 8);
  const [partner, client] = [somebody('partner'), somebody('client')];
  const [partnerCompany, clientCompany] = [`Lahn Vertrieb ${mark} AG`, `Saale Pumpen ${mark} GmbH`];
  for (const [person, name] of [[partner, partnerCompany], [client, clientCompany]] as const) {
    await found(page, person, name);
  }

  // Staff make the account a partner.
  await makePartner(page, partnerCompany);
  await expect(page.getByText('It has earned nothing yet.', { exact: false })).toBeVisible();
  await expect(page.getByText('Nothing is owed to this partner now.')).toBeVisible();
  await axe(page);
  await page.context().clearCookies();

  // The partner sets up its second factor; it has earned nothing yet, and invites a client.
  const secret = await enterWithNewFactor(page, partner, '/partner/commissions');
  await expect(page.getByRole('heading', { level: 1, name: 'Commissions' })).toBeVisible();
  await expect(page.getByText('You have earned nothing yet.', { exact: false })).toBeVisible();
  await axe(page);
  await press(page, 'This month so far', 'link');
  await expect(page.getByText('Nothing was earned, taken back or paid out', { exact: false })).toBeVisible();
  await axe(page);
  await page.goto('/partner/clients');
  await page.getByLabel('Company', { exact: true }).fill(clientCompany);
  await page.getByLabel('E-mail address of an owner there').fill(client.email);
  await press(page, 'Send the invitation');
  await expect(page.getByText('The invitation is on its way.')).toBeVisible();
  await page.context().clearCookies();

  const invitation = await linkInMail(product, client, /wants to look after your licenses/, /relations/);
  await haveAddressConfirmed(product, client);
  await enter(page, client, invitation);
  await press(page, `Accept for ${clientCompany}`);
  await expect(page.getByText('You have a partner now. It is told by mail.')).toBeVisible();
  await page.context().clearCookies();

  // The partner orders for it, and pays 299.00 less its tenth.
  await enter(page, partner, await linkInMail(product, partner, /is your client/, /partner\/clients\//), secret);
  await page.getByRole('link', { name: /^Order .*, Startup$/ }).click();
  await press(page, /^Pay .* by card$/);
  await expect(page.getByLabel('Card number')).toBeVisible();
  await payWithCard(page);
  await expect(page.getByText('The license is in your client', { exact: false })).toBeVisible({ timeout: 20_000 });

  // A fifth of that is its own.
  const month = page.getByRole('row').filter({ hasText: 'so far' });
  await expect(async () => {
    // The invoice is fetched by a job of its own, after the license was made.
    await page.goto('/partner/commissions');
    await expect(month).toContainText('53.82', { timeout: 100 });
  }).toPass({ intervals: [100, 250], timeout: 20_000 });
  await expect(page.locator('#owed')).toContainText('53.82');
  await axe(page);
  await press(page, 'This month so far', 'link');
  const statement = new URL(page.url()).pathname;
  const line = page.locator('#lines').getByRole('row').filter({ hasText: clientCompany });
  for (const expected of ['Paid', '269.10', '20 %', '53.82']) await expect(line).toContainText(expected);
  await axe(page);
  const table = await page.request.get(`${statement}/statement.csv`);
  expect(table.headers()['content-type']).toContain('text/csv');
  const csv = await table.text();
  expect(csv).toContain(clientCompany);
  expect(csv).toContain('269.10,20.00,53.82');
  const pdf = await downloadPdf(page, `${statement}/statement.pdf`);
  expect(pdf.name).toMatch(/^commissions-\d{4}-\d{2}\.pdf$/);
  for (const expected of ['Commissions of', partnerCompany, clientCompany, '269.10', '53.82']) expect(pdf.text).toContain(expected);
  await page.context().clearCookies();

  // Staff see what is owed, and record that a part of it was paid out.
  await enterConsole(page);
  await press(page, 'Partners', 'link');
  await expect(page.getByRole('heading', { level: 1, name: 'Partners' })).toBeVisible();
  const listed = page.getByRole('row').filter({ hasText: partnerCompany });
  for (const expected of ['20 % commission, 10 % discount', '269.10', '53.82']) await expect(listed).toContainText(expected);
  await axe(page);
  await listed.getByRole('link').click();
  const form = page.locator('#payout');
  await form.getByLabel('Amount').fill('1000000');
  await form.getByLabel('Reference').fill(`PAY ${mark}`);
  await press(form, 'Record the payout');
  await expect(page.getByRole('alert')).toContainText('is owed in this currency');
  await expect(form.getByLabel('Reference')).toHaveValue(`PAY ${mark}`);
  await axe(page);
  // What was noted wrongly is taken back, and owed again.
  await form.getByLabel('Amount').fill('10.00');
  await form.getByLabel('Reference').fill(`WRONG ${mark}`);
  await press(form, 'Record the payout');
  await expect(page.locator('#earned')).toContainText('43.82');
  const reversal = page.locator('#reversal');
  await reversal.getByLabel('Reason').fill(' ');
  await press(reversal, 'Take the payout back');
  await expect(page.getByRole('alert')).toContainText('Write why');
  await reversal.getByLabel('Reason').fill('Sent to nobody');
  await press(reversal, 'Take the payout back');
  await expect(page.getByText('The payout is taken back, and the partner is told by mail.')).toBeVisible();
  const back = page.locator('#payouts').getByRole('row').filter({ hasText: `WRONG ${mark} is taken back: Sent to nobody` });
  await expect(back).toContainText('10.00');
  await form.getByLabel('Amount').fill('50.00');
  await form.getByLabel('Reference').fill(`PAY ${mark}`);
  await press(form, 'Record the payout');
  await expect(page.getByText('The payout is recorded, and the partner is told by mail.')).toBeVisible();
  await expect(page.locator('#payouts').getByRole('row').filter({ hasText: `PAY ${mark}` })).toContainText('50.00');
  await expect(page.locator('#earned')).toContainText('3.82');
  await axe(page);
  await page.getByRole('link', { name: 'Ledger', exact: true }).click();
  await expect(page.getByText('The ledger sums to zero and agrees with the invoices.')).toBeVisible();
  await page.context().clearCookies();

  // The partner is told, and finds it in its statement.
  await enter(page, partner, await linkInMail(product, partner, /commission is on its way/, /partner\/commissions/), secret);
  await expect(page.getByRole('heading', { level: 1, name: /^Commissions of / })).toBeVisible();
  await expect(page.locator('#payouts').getByRole('row').filter({ hasText: `PAY ${mark}` })).toContainText('50.00');
  await expect(page.locator('#balance')).toContainText('3.82');
  await axe(page);
});
