import { expect, test } from '../fixtures.ts';
import { payWithCard } from '../steps/buying.ts';
import { startDemoProduct } from '../steps/demo_product.ts';
import { press } from '../steps/interactions.ts';
import { revealKey } from '../steps/license.ts';
import { found, makePartner } from '../steps/partners.ts';
import { linkInMail, somebody } from '../steps/people.ts';
import { enter, enterWithNewFactor, haveAddressConfirmed } from '../steps/requests.ts';
import { letDaysPass, reloadUntil } from '../steps/time.ts';

// Time passes in this journey, so it has a product of its own.
test.use({ settings: { LEASEHOLD__MAIL__FROM: 'continued@nordwind.example' } });

test('a client goes on at its own expense with what its partner has paid for, and nothing that runs notices', async ({ page, product, axe }) => {
  // Two companies and the vendor, and a month.
  test.setTimeout(240_000);
  const mark = crypto.randomUUID().slice(0, 8);
  const [partner, client] = [somebody('partner'), somebody('client')];
  const [partnerCompany, clientCompany] = [`Lahn Vertrieb ${mark} AG`, `Saale Pumpen ${mark} GmbH`];
  for (const [person, name] of [[partner, partnerCompany], [client, clientCompany]] as const) {
    await found(page, person, name);
  }
  await makePartner(page, partnerCompany);
  await page.context().clearCookies();

  // The partner invites its client, which accepts.
  const secret = await enterWithNewFactor(page, partner, '/partner/clients');
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

  // The partner orders, and pays.
  await enter(page, partner, await linkInMail(product, partner, /is your client/, /partner\/clients\//), secret);
  await page.getByRole('link', { name: /^Order .*, Startup$/ }).click();
  await press(page, /^Pay .* by card$/);
  await expect(page.getByLabel('Card number')).toBeVisible();
  await payWithCard(page);
  await expect(page.getByText('The license is in your client', { exact: false })).toBeVisible({ timeout: 20_000 });
  await page.context().clearCookies();

  // While it pays, there is nothing to take over.
  await enter(page, client, await linkInMail(product, client, /has a license of/, /licenses/));
  const license = new URL(page.url()).pathname;
  const key = await revealKey(page, client);
  await page.goto(`${license}/continue`);
  await expect(page.getByText('Your partner pays for this license and goes on paying', { exact: false })).toBeVisible();
  await axe(page);
  const running = await startDemoProduct(product, { key, instance: 'node-a' });
  try {
    expect((await running.status()).license.plan_code).toBe('startup');

    // The client ends the relation, and goes on by itself.
    await page.goto('/account/partners');
    await page.getByRole('link', { name: partnerCompany }).click();
    await press(page, `End the relation… ${partnerCompany}`);
    await press(page.getByRole('dialog'), 'End the relation');
    await expect(page.getByText('That is over. The other side is told by mail.')).toBeVisible();
    await page.goto(license);
    await reloadUntil(page, () =>
      expect(page.getByText(/What somebody else pays for this license ends on \d+ \w+ \d{4}\./)).toBeVisible({ timeout: 100 }));
    await axe(page);
    await press(page, 'Continue this license', 'link');
    await expect(page.getByRole('heading', { level: 1, name: 'Continue this license' })).toBeVisible();
    await expect(page.getByRole('row').filter({ hasText: 'Total before tax' })).toContainText('299.00');
    await expect(page.getByText(/\d+ \w+ \d{4}, when what is paid is over/)).toBeVisible();
    await axe(page);
    await press(page, /^Continue for \$299\.00 a month from \d+ \w+ \d{4} on$/);
    await expect(page.getByLabel('Card number')).toBeVisible();
    await page.goto(`${license}/continue`);
    await expect(page.getByText('An order to continue this license waits for its payment already.', { exact: false })).toBeVisible();
    await axe(page);
    await press(page, 'Open the order', 'link');
    await press(page, 'Continue to payment', 'link');
    await payWithCard(page);
    await expect(page.getByRole('heading', { level: 1, name: 'Your license goes on' })).toBeVisible({ timeout: 20_000 });
    await axe(page);
    await press(page, 'Open the license', 'link');
    await expect(page.getByText(/Renews on \d+ \w+ \d{4} for \$299\.00 before tax/)).toBeVisible();
    await axe(page);
    await product.inbox(partner.email, /continues its license for/);
    await product.inbox(client.email, /Your license for .* goes on/);

    // What the partner has paid ends: the client is charged, and what runs goes on with the key that it has.
    await letDaysPass(page, product, client, 31.2);
    const checked = await running.check();
    expect(checked.ok, checked.message).toBe(true);
    expect(checked.status.license.last_error).toBeNull();
    await page.goto('/invoices');
    // With the tax of the company's country.
    await reloadUntil(page, () => expect(page.getByRole('row').filter({ hasText: '355.81' }).first()).toBeVisible({ timeout: 100 }));
    await page.goto(license);
    expect(await revealKey(page, client)).toBe(key);
  } finally {
    await running.stop();
  }
});
