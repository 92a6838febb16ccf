import { expect, test } from '../fixtures.ts';
import { payWithCard, readKey } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { found, makePartner } from '../steps/partners.ts';
import { COMPANY, nameCompany, signUp, somebody } from '../steps/people.ts';
import { enter, enterConsole, enterWithNewFactor } from '../steps/requests.ts';

test('a partner buys vouchers and hands one out; a customer redeems it, and nobody does so again', async ({ page, product, axe }) => {
  // Two companies and the vendor.
  test.setTimeout(240_000);
  const mark = crypto.randomUUID().slice(0, 8);
  const [partner, customer] = [somebody('partner'), somebody('customer')];
  const [partnerCompany, customerCompany] = [`Eder Vertrieb ${mark} AG`, `Fulda Pumpen ${mark} GmbH`];
  await found(page, partner, partnerCompany);

  // Staff make the account a partner.
  await makePartner(page, partnerCompany);
  await page.context().clearCookies();

  // The partner buys three.
  const secret = await enterWithNewFactor(page, partner, '/partner/vouchers');
  await expect(page.getByRole('heading', { level: 1, name: 'Vouchers' })).toBeVisible();
  await expect(page.getByText('You have no vouchers yet.', { exact: false })).toBeVisible();
  await axe(page);
  // One link of the navigation leads to all that partners have.
  await press(page.getByRole('navigation', { name: 'Main' }), 'Partnership', 'link');
  for (const name of ['Clients', 'Codes', 'Commissions']) {
    await press(page.getByRole('group', { name: 'Partnership' }), name, 'link');
    await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
    await expect(page.getByRole('group', { name: 'Partnership' }).locator('[aria-current]')).toHaveText(name);
    await axe(page);
  }
  await page.goto('/partner/vouchers/new?count=501');
  await expect(page.getByRole('alert')).toContainText('At most 500 vouchers can be bought at once.');
  await axe(page);
  await page.goto('/partner/vouchers/new?sold=pln_gone.year&count=2');
  await expect(page.getByRole('alert')).toContainText('This plan is not sold any more.');
  await expect(page.locator('#price')).toHaveCount(0);
  await axe(page);
  await page.goto('/partner/vouchers');
  await press(page, 'Buy vouchers', 'link');
  await expect(page.getByRole('heading', { level: 1, name: 'Buy vouchers' })).toBeVisible();
  const plans = page.getByLabel('Plan', { exact: true });
  const startup = plans.locator('option').filter({ hasText: 'Startup: one month' }).first();
  await plans.selectOption((await startup.getAttribute('value')) ?? '');
  await page.getByLabel('Number of vouchers').fill('3');
  await press(page, 'Update price');
  await expect(page.locator('#price')).toContainText('89.70');
  await axe(page);
  await press(page, /^Pay .* by card$/);
  await expect(page.getByLabel('Card number')).toBeVisible();
  await payWithCard(page);
  await expect(page.getByRole('heading', { level: 1, name: 'Your vouchers are ready' })).toBeVisible({ timeout: 20_000 });
  await axe(page);
  await press(page, 'Open the vouchers', 'link');
  await expect(page.getByRole('heading', { level: 1, name: /^Vouchers for .*, Startup$/ })).toBeVisible();
  await expect(page.getByRole('row').filter({ hasText: 'Voucher 3' })).toContainText('Open');
  await axe(page);
  const batch = new URL(page.url()).pathname;

  // It downloads the codes, looks at one, and notes for whom that is.
  const download = (await page.getByRole('link', { name: 'Download the codes' }).getAttribute('href')) ?? '';
  const answer = await page.request.get(download);
  expect(answer.headers()['content-type']).toContain('text/csv');
  expect(answer.headers()['cache-control']).toContain('no-store');
  const codes = (await answer.text()).match(/VC(?:-[0-9A-Z]{5}){6}/g) ?? [];
  expect(new Set(codes).size).toBe(3);
  const code = codes[0] ?? '';
  await press(page, 'Voucher 1', 'link');
  await expect(page.getByRole('heading', { level: 1, name: 'Voucher 1' })).toBeVisible();
  await axe(page);
  await page.getByLabel('Note').fill('for Fulda Pumpen');
  await press(page, 'Save the note');
  await expect(page.getByText('The note is saved.')).toBeVisible();
  await press(page, 'Show the code');
  await expect(page.getByLabel('Voucher code')).toHaveValue(code);
  await axe(page);
  await page.context().clearCookies();

  // A customer who is new here redeems it.
  await page.goto('/redeem');
  await axe(page);
  await page.getByLabel('Voucher code').fill('VC-1');
  await press(page, 'Go on');
  await expect(page.getByRole('alert')).toContainText('A code has 30 letters and digits after VC-.');
  await expect(page.getByLabel('Voucher code')).toHaveValue('VC-1');
  await axe(page);
  await page.getByLabel('Voucher code').fill(code.toLowerCase());
  await press(page, 'Go on');
  await expect(page.getByRole('heading', { level: 1, name: 'For which company is it?' })).toBeVisible();
  // The code is as good as money, and stands in no address.
  await expect(page).toHaveURL(/\/redeem$/);
  await axe(page);
  await press(page.getByRole('main'), 'Sign up', 'link');
  await signUp(page, customer);
  await nameCompany(page, { ...COMPANY, name: customerCompany });
  await expect(page.getByRole('heading', { level: 1, name: /^A license for / })).toBeVisible();
  await expect(page).toHaveURL(/\/redeem$/);
  await expect(page.getByText('it does not renew', { exact: false })).toBeVisible();
  await axe(page);
  await press(page, 'Redeem the voucher');
  await readKey(page);
  await axe(page);
  await press(page, 'Open the license', 'link');
  await expect(page.getByText(`From a voucher by ${partnerCompany}`)).toBeVisible();
  await axe(page);

  // It is redeemed once.
  await page.goto(`/redeem?code=${code}`);
  await expect(page.getByText('Your company has redeemed this voucher before.')).toBeVisible();
  await expect(page).toHaveURL(/\/redeem$/);
  await axe(page);
  await page.context().clearCookies();

  // The partner sees that, and not by whom.
  await enter(page, partner, batch, secret);
  const row = page.getByRole('row').filter({ hasText: 'Voucher 1' });
  await expect(row).toContainText('Redeemed');
  await expect(row).toContainText('for Fulda Pumpen');
  await expect(row).toContainText('Not a client of yours');
  await expect(page.getByText(customerCompany)).toHaveCount(0);
  await axe(page);
  await page.context().clearCookies();

  // Staff take one of the two that are left back.
  await enterConsole(page, '/staff/invoices');
  await page.getByRole('row').filter({ hasText: partnerCompany }).getByRole('link').first().click();
  const vouchers = page.locator('#vouchers');
  await expect(vouchers).toContainText('3 vouchers for');
  await expect(page.locator('#credit')).toContainText('of which 2 are open');
  await axe(page);
  await vouchers.getByLabel('How many to take back').fill('1');
  await press(vouchers, 'Take the vouchers back');
  await expect(page.getByText('The vouchers are void, and whoever bought them is told by mail.')).toBeVisible();
  await expect(page.locator('#credit')).toContainText('of which 1 is open');
  await page.context().clearCookies();
  await enter(page, partner, batch, secret);
  await expect(page.getByRole('row').filter({ hasText: 'Voucher 2' })).toContainText('Open');
  await expect(page.getByRole('row').filter({ hasText: 'Voucher 3' })).toContainText('Void');
});
