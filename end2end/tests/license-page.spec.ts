import { expect, test } from '../fixtures.ts';
import { buy, choosePlan, goToPayment, payWithCard, readKey } from '../steps/buying.ts';
import { type DemoProduct, startDemoProduct } from '../steps/demo_product.ts';
import { interactions } from '../steps/interactions.ts';
import { askAndDo, freeSeat, instanceRow, openInstance, replaceKey, revealKey } from '../steps/license.ts';
import { activate, cloneInstance } from '../steps/licensing_api.ts';

const HOUR_S = 3_600;
const DAY_S = 24 * HOUR_S;

test('a license shows who runs under it; one is freed, another is blocked, unblocked and deleted', { tag: '@everywhere' }, async ({ page, product, axe }) => {
  const { key, license } = await buy(page, { plan: 'Startup' });
  await page.goto(license);
  await expect(page.getByText('Nothing has been activated yet.')).toBeVisible();
  await axe(page);
  const nodes: DemoProduct[] = [];
  try {
    for (const instance of ['node-a', 'node-b']) nodes.push(await startDemoProduct(product, { key, instance }));
    const [a, b] = nodes;
    await page.goto(license);
    for (const instance of ['node-a', 'node-b']) await expect(instanceRow(page, instance)).toContainText('Running');
    await expect(page.getByText('2 of 2, full')).toBeVisible();
    await expect(page.getByText('Demo product node-b was activated, version 4.2.1.')).toBeVisible();
    await expect(page.getByRole('heading', { name: 'If the connection dies' })).toBeVisible();
    await expect(page.getByText('It stops working.')).toBeVisible();

    const before = interactions(page);
    await freeSeat(page, 'node-a');
    expect(interactions(page) - before).toBe(2);
    await expect(instanceRow(page, 'node-a')).toContainText('Freed');
    expect((await a?.check())?.status.license.last_error?.code).toBe('instance_deactivated');

    await openInstance(page, 'node-b');
    await axe(page);
    await askAndDo(page, 'Block… Demo product node-b', 'Block Demo product node-b');
    await expect(page.getByText('Blocked: it gets no lease until you unblock it.')).toBeVisible();
    await axe(page);
    expect((await b?.check())?.status.license.last_error?.code).toBe('instance_blocked');
    await page.getByRole('button', { name: 'Unblock Demo product node-b' }).click();
    await expect(page.getByText('It is unblocked and may activate again.')).toBeVisible();
    await expect(page.getByText('Demo product node-b was unblocked.')).toBeVisible();

    await askAndDo(page, 'Delete… Demo product node-b', 'Delete Demo product node-b');
    await expect(page).toHaveURL(new RegExp(`${license}(#instances)?$`));
    await expect(instanceRow(page, 'node-b')).toHaveCount(0);
    await expect(page.getByText('Demo product node-b was deleted.')).toBeVisible();
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
  }
});

test('a key is shown to whoever types the password, and its replacement leaves the old one its overlap', async ({ page, product, axe }) => {
  const { key, license, person } = await buy(page, { plan: 'Startup' });
  await product.sandbox.clock({ advance_s: HOUR_S });
  await page.goto(license);
  expect(await revealKey(page, person)).toBe(key);
  await axe(page);
  await page.goto(license);
  await expect(page.getByLabel('Key of this license')).not.toHaveValue(key);

  const replaced = await replaceKey(page, person, '1 day');
  expect(replaced).not.toBe(key);
  await expect(page.getByText(/^The license key was replaced\./)).toBeVisible();
  await axe(page);
  const take = (key: string, instance: string) => activate(product.url, { key, product: 'iot-platform', instance, version: '4.2.1' });
  expect((await take(key, 'node-a')).status).toBe(200);
  await product.sandbox.clock({ advance_s: DAY_S + HOUR_S });
  expect((await take(key, 'node-b')).body.code).toBe('license_key_replaced');
  expect((await take(replaced, 'node-b')).status).toBe(200);
});

test('two copies under one identity wait until the owner decides which may go on', async ({ page, product, axe }) => {
  const { key, license } = await buy(page, { plan: 'Startup' });
  await cloneInstance(product.url, key, 'vm-1');
  const take = () => activate(product.url, { key, product: 'iot-platform', instance: 'vm-1', version: '4.2.1' });
  expect((await take()).body.code).toBe('instance_conflict');

  await page.goto(license);
  await expect(page.getByText('Two copies of vm-1 run under one identity.')).toBeVisible();
  await expect(page.getByRole('row').filter({ hasText: 'vm-1' })).toContainText('Conflict');
  await axe(page);
  await page.getByRole('link', { name: 'Decide' }).click();
  await expect(page.getByText(/a copy showed the secret of an activation that another copy had replaced/)).toHaveCount(3);
  await axe(page);
  await page.getByRole('button', { name: 'Let the next one take over' }).click();
  await expect(page.getByText('That is decided.')).toBeVisible();
  await expect(page.getByText('It was decided that the next copy of vm-1 takes over.')).toBeVisible();
  expect((await take()).status).toBe(200);
});

test('what happens when the connection dies can be asked for any moment', async ({ page, product, axe }) => {
  const { key, license } = await buy(page, { plan: 'Startup' });
  await activate(product.url, { key, product: 'iot-platform', instance: 'node-a', version: '4.2.1' });
  await page.goto(`${license}?at=2199-01-01T00:00`);
  await expect(page.getByText(/By then the license has ended, unless it is renewed/)).toBeVisible();
  await axe(page);
  const field = page.getByLabel('The connection dies at (UTC)');
  await field.fill(new Date(Date.now() + 5 * DAY_S * 1_000).toISOString().slice(0, 16));
  await page.getByRole('button', { name: 'Work it out' }).click();
  await expect(page.getByText(/If node-a loses its connection at/)).toBeVisible();
  await expect(page).toHaveURL(/at=\d{4}-/);
});

test('licenses are found by what the address says', async ({ page, product, axe }) => {
  const { key } = await buy(page, { plan: 'Maker' });
  await choosePlan(page, { plan: 'Startup' });
  await goToPayment(page);
  await payWithCard(page);
  const second = await readKey(page);
  await activate(product.url, { key, product: 'iot-platform', instance: 'node-a', version: '4.2.1' });
  const links = page.getByRole('link', { name: /^Open / });

  await page.goto('/licenses');
  await expect(links).toHaveCount(2);
  await expect(page.getByText('2 licenses', { exact: true })).toBeVisible();
  await axe(page);
  await page.getByText('Filter', { exact: true }).click();
  await page.getByLabel('Status', { exact: true }).selectOption({ label: 'Active' });
  await page.getByLabel('Last contact', { exact: true }).selectOption({ label: 'Within an hour' });
  await page.getByLabel('Version begins with').fill('4.2');
  await page.getByRole('button', { name: 'Apply' }).click();
  await expect(page).toHaveURL(/status=active/);
  await expect(links).toHaveCount(1);
  await expect(page.getByRole('link', { name: 'Open Nordwind IoT Platform, Maker' })).toBeVisible();
  await axe(page);

  // The end of a key, as it stands on the license's page, finds the license; so does the whole key.
  for (const text of [second.slice(-4), second]) {
    await page.goto(`/licenses?find=${text}`);
    await expect(links).toHaveCount(1);
    await expect(page.getByRole('link', { name: /^Open .*Startup$/ })).toBeVisible();
  }
  await page.goto('/licenses?contact=never');
  await expect(links).toHaveCount(1);
  await page.goto('/licenses?find=nothing+is+called+this');
  await expect(page.getByText('No license fits all of this.')).toBeVisible();
  await axe(page);
  await page.getByRole('link', { name: 'Show all licenses' }).last().click();
  await expect(links).toHaveCount(2);
});
