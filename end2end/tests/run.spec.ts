import { expect, test } from '../fixtures.ts';
import { buy } from '../steps/buying.ts';
import { type DemoProduct, type Start, startDemoProduct } from '../steps/demo_product.ts';
import { interactions } from '../steps/interactions.ts';
import { agreeToPayNow, freeSeat, instanceRow, previewChange, revealKey } from '../steps/license.ts';

const TEN_DAYS_S = 10 * 86_400;

test('a running product follows its license through more seats, a bigger plan and a freed seat', async ({ page, product, axe }) => {
  const running: DemoProduct[] = [];
  const start = async (options: Start) => {
    const started = await startDemoProduct(product, options);
    running.push(started);
    return started;
  };
  try {
    const { key, license, person } = await buy(page, { plan: 'Maker' });
    // Mid-period, so that a part of a month is what changes cost.
    await product.sandbox.clock({ advance_s: TEN_DAYS_S });

    // The first node activates, creates devices up to its limit, and is seen.
    const a = await start({ key, instance: 'node-a' });
    expect(await a.status()).toMatchObject({ running: true, device_limit: 10, license: { stage: null, plan_code: 'maker' } });
    const created = await a.create(12);
    expect(created).toMatchObject({ ok: false, status: { devices: 10 } });
    expect(created.message).toContain('10 created, 10 of 10 devices');
    expect((await a.check()).ok).toBe(true);
    await page.goto(license);
    await expect(instanceRow(page, 'node-a')).toContainText('Running');
    await expect(instanceRow(page, 'node-a')).toContainText('4.2.1');
    await expect(instanceRow(page, 'node-a')).toContainText('just now');
    await expect(page.getByText('10 of 10, full')).toBeVisible();
    await axe(page);
    expect(await revealKey(page, person)).toBe(key);
    await axe(page);

    // A second node finds no seat, and is told who has it.
    const refused = await start({ key, instance: 'node-b' });
    expect(await refused.status()).toMatchObject({ running: false, license: { last_error: { code: 'seats_exhausted' } } });
    expect(refused.printed()).toContain('held by instance node-a');

    // Two more instances: what the preview says is what is charged, and what the invoice says.
    await page.goto(license);
    await page.getByRole('link', { name: 'Add instances' }).click();
    await previewChange(page, { seats: 3 });
    await axe(page);
    const forSeats = await agreeToPayNow(page);
    await expect(page).toHaveURL(new RegExp(`${license}$`));
    await expect(page.getByText(/Runs on any 3 instances at a time/)).toBeVisible();
    const b = await start({ key, instance: 'node-b' });
    const c = await start({ key, instance: 'node-c' });
    for (const node of [b, c]) expect(await node.status()).toMatchObject({ running: true, license: { stage: null } });

    // A bigger plan reaches the process that runs since the beginning.
    await page.getByRole('link', { name: 'Change plan' }).click();
    await previewChange(page, { plan: 'Prototype', seats: 3 });
    const forPlan = await agreeToPayNow(page);
    await expect(page.getByText(/Prototype plan/)).toBeVisible();
    const checked = await a.check();
    expect(checked).toMatchObject({ ok: true, status: { device_limit: 50, license: { plan_code: 'prototype' } } });
    expect((await a.create(40)).status.devices).toBe(50);

    // One node too many is refused with the list of holders.
    const d = await start({ key, instance: 'node-d' });
    expect((await d.status()).license.last_error?.code).toBe('seats_exhausted');
    for (const holder of ['node-a', 'node-b', 'node-c']) expect(d.printed()).toContain(`held by instance ${holder}`);

    // Freeing a seat takes two interactions, and the next one has it.
    await page.goto(license);
    const before = interactions(page);
    await freeSeat(page, 'node-b');
    expect(interactions(page) - before).toBe(2);
    await expect(instanceRow(page, 'node-b')).toContainText('Freed');
    await axe(page);
    await d.stop();
    const again = await start({ key, instance: 'node-d' });
    expect(await again.status()).toMatchObject({ running: true, license: { stage: null } });
    expect(await b.check()).toMatchObject({ ok: false, status: { license: { last_error: { code: 'instance_deactivated' } } } });

    await page.goto('/invoices');
    for (const amount of [forSeats, forPlan]) await expect(page.getByRole('row').filter({ hasText: amount })).toHaveCount(1);
    await expect(page.getByText(/^Nothing is open\./)).toBeVisible();
  } finally {
    await Promise.all(running.map((node) => node.stop()));
  }
});

test('fewer seats than are held are refused with the holders, and wait for the period to end otherwise', async ({ page, product, axe }) => {
  const { key, license } = await buy(page, { plan: 'Maker', seats: 3 });
  const nodes: DemoProduct[] = [];
  try {
    for (const instance of ['node-a', 'node-b']) nodes.push(await startDemoProduct(product, { key, instance }));
    await page.goto(`${license}/change`);
    await page.getByRole('spinbutton').fill('1');
    await page.getByRole('button', { name: 'Show the price' }).click();
    await expect(page.getByText('This change cannot be made')).toBeVisible();
    await expect(page.getByText('Demo product node-b')).toBeVisible();
    await axe(page);

    await previewChange(page, { seats: 2 });
    await expect(page.getByText(/Nothing is charged now/).first()).toBeVisible();
    await page.getByRole('button', { name: /^Change on \d+ \w+ \d{4}$/ }).click();
    await expect(page.getByText(/Changes to Maker with 2 instances on/)).toBeVisible();
    await axe(page);
    await page.getByRole('button', { name: 'Keep the present plan' }).click();
    await expect(page.getByText(/Changes to Maker with 2 instances on/)).toBeHidden();
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
  }
});
