import { expect, test } from '../fixtures.ts';
import { buy } from '../steps/buying.ts';
import { startDemoProduct } from '../steps/demo_product.ts';
import { press } from '../steps/interactions.ts';
import { askAndDo } from '../steps/license.ts';
import { enter, enterConsole } from '../steps/requests.ts';

test('staff find a license, suspend it and reinstate it, and what runs under it hears of both', async ({ page, product, axe }) => {
  const { key, license, person } = await buy(page, { plan: 'Startup' });
  const node = await startDemoProduct(product, { key, instance: 'node-a' });
  const code = async () => (await node.check()).status.license.last_error?.code;
  try {
    await page.context().clearCookies();
    await enterConsole(page);
    await page.getByRole('link', { name: 'Licenses', exact: true }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Licenses' })).toBeVisible();
    await axe(page);
    await page.goto(`/staff/licenses?find=${key}`);
    await page.getByRole('row').filter({ hasText: 'Weser Sensorik GmbH' }).getByRole('link').click();
    await expect(page.getByText(/It grants leases\./)).toBeVisible();
    await axe(page);

    await press(page, 'Suspend…');
    const dialog = page.getByRole('dialog');
    await expect(dialog).toContainText(/Whatever reaches the server hears of it at its next check/);
    await dialog.getByLabel('Reason').fill('unusual use');
    await axe(page);
    await press(dialog, 'Suspend the license');
    await expect(page.getByText(/Suspended by staff on .* Reason noted: unusual use/)).toBeVisible();
    expect(await code()).toBe('license_suspended');
    await product.inbox(person.email, /^Your license of .* is suspended$/);
    await press(page, 'Reinstate');
    await expect(page.getByText('The license is reinstated.')).toBeVisible();
    expect((await node.check()).ok).toBe(true);

    await page.getByLabel('Limits', { exact: true }).fill('devices');
    await page.locator('#overrides-card').getByLabel('Reason').fill('agreed with sales');
    await press(page, 'Save');
    await expect(page.getByRole('alert')).toContainText('“devices” is no limit.');
    await expect(page.locator('#overrides-card').getByLabel('Reason')).toHaveValue('agreed with sales');
    await axe(page);
    await page.getByLabel('Limits', { exact: true }).fill('devices = 777');
    await press(page, 'Save');
    await expect(page.getByText(/The license has its own limits and features/)).toBeVisible();
    expect((await node.check()).status.device_limit).toBe(777);

    await askAndDo(page, 'Revoke lease Demo product node-a', 'Revoke the lease of Demo product node-a');
    await expect(page.getByText('The lease of Demo product node-a was revoked.')).toBeVisible();
    expect((await node.check()).ok).toBe(true);

    await page.getByRole('link', { name: 'Signing keys' }).click();
    await expect(page.getByText('Signs every lease since', { exact: false })).toBeVisible();
    await axe(page);
    await askAndDo(page, 'Rotate…', 'Rotate the keys');
    await expect(page.getByRole('row').filter({ hasText: 'Retired' })).toContainText('Signs no more');
    expect((await node.check()).ok).toBe(true);
    await axe(page);

    await page.goto(`/staff/licenses?find=${key}`);
    await page.getByRole('row').filter({ hasText: 'Weser Sensorik GmbH' }).getByRole('link').click();
    await press(page, 'Revoke…');
    await page.getByRole('dialog').getByLabel('Reason').fill('asked for');
    await press(page.getByRole('dialog'), 'Revoke the license for good');
    await expect(page.getByText('A revoked license stays revoked.')).toBeVisible();
    await axe(page);
    expect(await code()).toBe('license_revoked');

    await page.context().clearCookies();
    await enter(page, person, license);
    await expect(page.getByText(/It was revoked and allows nothing any more/)).toBeVisible();
    await axe(page);
  } finally {
    await node.stop();
  }
});
