import { expect, test } from '../fixtures.ts';
import { payWithCard } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { found, makePartner } from '../steps/partners.ts';
import { linkInMail, somebody } from '../steps/people.ts';
import { enter, enterWithNewFactor, haveAddressConfirmed } from '../steps/requests.ts';
import { askForToken, manage, readNewToken } from '../steps/tokens.ts';

test('a program of a partner orders for a client, and the client has the license once it is paid', async ({ page, product, axe }) => {
  // Three people, two companies and a program.
  test.setTimeout(240_000);
  const mark = crypto.randomUUID().slice(0, 8);
  const [partner, client] = [somebody('partner'), somebody('client')];
  const [partnerCompany, clientCompany] = [`Lahn Vertrieb ${mark} AG`, `Saale Pumpen ${mark} GmbH`];
  for (const [person, name] of [[partner, partnerCompany], [client, clientCompany]] as const) {
    await found(page, person, name);
  }
  await makePartner(page, partnerCompany);
  await page.context().clearCookies();
  await haveAddressConfirmed(product, partner);
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

  // The partner makes a token for its program.
  await enter(page, partner, '/account/tokens', secret);
  await expect(page.getByRole('heading', { level: 1, name: 'API tokens' })).toBeVisible();
  const scopes = ["See orders, and a partner's clients", "Order for a partner's clients, give orders up"];
  await askForToken(page, { name: 'Web shop', scopes });
  const token = await readNewToken(page, partner);
  await axe(page);

  // The program orders, twice by mistake; the partner pays.
  const { body: clients } = await manage(product.url, token, '/clients');
  const known = clients.items.find((it: { company: string }) => it.company === clientCompany);
  expect(known.status).toBe('active');
  const wanted = { client_id: known.id, plan: 'startup', product: 'iot-platform', interval: 'month', seats: 2, currency: 'usd' };
  const place = (key: string, more: object) =>
    manage(product.url, token, '/orders', {
      method: 'POST',
      headers: { 'idempotency-key': key },
      body: JSON.stringify({ ...wanted, ...more }),
    });
  const first = await place(`${mark}-1`, { payer: 'partner' });
  expect([first.status, first.body.created, first.body.order.status]).toEqual([200, true, 'open']);
  const again = await place(`${mark}-1`, { payer: 'partner' });
  expect([again.body.created, again.body.order.id]).toEqual([false, first.body.order.id]);
  await page.goto(first.body.order.payment_url);
  await expect(page.getByLabel('Card number')).toBeVisible();
  await payWithCard(page);
  await expect(page.getByText('The license is in your client', { exact: false })).toBeVisible({ timeout: 20_000 });
  const { body: paid } = await manage(product.url, token, `/orders/${first.body.order.id}`);
  expect([paid.status, paid.payment_url]).toEqual(['paid', null]);
  expect(paid.license_id).toMatch(/^lic_/);

  // The next one is the client's to pay, who is asked to; another is given up before anybody pays.
  const asked = await place(`${mark}-2`, { payer: 'client' });
  expect([asked.body.created, asked.body.order.payment_url]).toEqual([true, null]);
  const left = await place(`${mark}-3`, { payer: 'partner' });
  const cancelled = await manage(product.url, token, `/orders/${left.body.order.id}/cancel`, { method: 'POST' });
  expect([cancelled.body.changed, cancelled.body.order.status]).toEqual([true, 'cancelled']);
  const { body: orders } = await manage(product.url, token, `/orders?client_id=${known.id}`);
  expect(orders.items.map((it: { status: string }) => it.status).sort()).toEqual(['cancelled', 'open', 'paid']);
  await page.context().clearCookies();

  // The client has the license that its partner pays, and the order that it is to pay itself.
  await enter(page, client, await linkInMail(product, client, /has a license of/, /licenses/));
  await expect(page.getByText(`${partnerCompany}, your partner`)).toBeVisible();
  expect(new URL(page.url()).pathname).toBe(`/licenses/${paid.license_id}`);
  await page.goto(`/orders/${asked.body.order.id}?left=1`);
  await expect(page.getByRole('heading', { level: 1, name: 'Your partner has ordered this for you' })).toBeVisible();
});
