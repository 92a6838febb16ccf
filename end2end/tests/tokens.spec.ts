import { expect, test } from '../fixtures.ts';
import { ADMIN } from '../product.ts';
import { buy } from '../steps/buying.ts';
import { askAndDo } from '../steps/license.ts';
import { activate } from '../steps/licensing_api.ts';
import { enterConsole, haveAddressConfirmed } from '../steps/requests.ts';
import { askForToken, manage, readNewToken } from '../steps/tokens.ts';

const HOUR_S = 3_600;

test('an owner makes an API token, a program uses it, and once it is revoked it is worth nothing', { tag: '@everywhere' }, async ({ page, product, axe }) => {
  const { key, license, person } = await buy(page, { plan: 'Startup' });
  await haveAddressConfirmed(product, person);
  const id = license.split('/').at(-1);
  await product.sandbox.clock({ advance_s: HOUR_S });
  const { body: lease } = await activate(product.url, { key, product: 'iot-platform', instance: 'node-a', version: '4.2.1' });
  await page.goto('/account');
  await page.getByRole('link', { name: 'Manage API tokens' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'API tokens' })).toBeVisible();
  await expect(page.getByText('There is no token yet.')).toBeVisible();
  await axe(page);

  await askForToken(page, { name: 'Inventory of plant 7', scopes: [] });
  await expect(page.getByRole('alert')).toContainText('Tick at least one thing that the token may do.');
  await expect(page.getByLabel('What is it for?')).toHaveValue('Inventory of plant 7');
  await axe(page);
  const scopes = ['See licenses', 'See instances', 'Free seats, block and unblock instances'];
  await askForToken(page, { name: 'Inventory of plant 7', scopes });
  await expect(page).toHaveURL(/\/confirm/);
  const token = await readNewToken(page, person);
  await axe(page);
  await page.goto('/account/tokens');
  await expect(page.getByLabel('New API token')).toHaveCount(0);
  const row = page.getByRole('row').filter({ hasText: 'Inventory of plant 7' });
  await expect(row).toContainText('Never');
  await expect(row).toContainText(token.slice(0, 9));
  expect((await product.inbox(person.email, /A new API token: Inventory of plant 7/)).text).not.toContain(token);
  await axe(page);

  const { status, body } = await manage(product.url, token, '/licenses');
  expect([status, body.items.map((it: { id: string }) => it.id)]).toEqual([200, [id]]);
  expect(JSON.stringify(body)).not.toContain(key);
  const instance = `/licenses/${id}/instances/${lease.instance_id}`;
  expect((await manage(product.url, token, `${instance}/free`, { method: 'POST' })).body.instance.state).toBe('deactivated');
  expect((await manage(product.url, token, '/invoices')).body.code).toBe('insufficient_scope');
  await page.goto('/account/tokens');
  await expect(row).toContainText(/(just now|1 min ago) from 127\.0\.0\.1/);

  await askAndDo(page, 'Revoke… Inventory of plant 7', 'Revoke the token');
  await expect(page.getByText('The token is revoked. Every call with it is refused from now on.')).toBeVisible();
  await expect(row).toContainText('Revoked');
  await axe(page);
  const refused = await manage(product.url, token, '/licenses');
  expect([refused.status, refused.body.code]).toEqual([401, 'invalid_token']);
});

test('an admin gives a build pipeline a token, and it publishes a release', async ({ page, product, axe }) => {
  await enterConsole(page);
  await page.getByRole('link', { name: 'API tokens', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'API tokens' })).toBeVisible();
  await axe(page);
  const name = `Pipeline ${crypto.randomUUID().slice(0, 8)}`;
  await askForToken(page, { name, scopes: ['See products and releases', 'Publish releases'] });
  const token = await readNewToken(page, ADMIN);
  await axe(page);

  const publish = { method: 'POST', body: JSON.stringify({ version: `9.${Date.now()}`, channel: 'beta' }) };
  const path = '/products/iot-platform/releases';
  expect((await manage(product.url, token, path, publish)).body.created).toBe(true);
  const again = await manage(product.url, token, path, publish);
  expect([again.status, again.body.created]).toEqual([200, false]);
  expect((await manage(product.url, token, '/licenses')).body.code).toBe('insufficient_scope');
});
