import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import { buy } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { enterConsole } from '../steps/requests.ts';

/** The newest row of the log in which this was done. */
function done(page: Page, what: string) {
  return page.getByRole('row').filter({ hasText: what }).first();
}

/** Chooses what is listed. */
async function filter(page: Page, answers: { area?: string; object?: string }): Promise<void> {
  const search = page.getByRole('search', { name: 'Filter' });
  const fold = search.getByText('Filter', { exact: true });
  if (!(await search.getByLabel('What was changed', { exact: true }).isVisible())) await fold.click();
  if (answers.area !== undefined) await search.getByLabel('What was changed', { exact: true }).selectOption({ label: answers.area });
  if (answers.object !== undefined) await search.getByLabel('Id of what was changed').fill(answers.object);
  await press(search, 'Show');
}

test('an owner sees who changed what, from where, and what it was before', { tag: '@everywhere' }, async ({ page, axe }) => {
  const { license, person } = await buy(page, { plan: 'Startup' });
  await page.goto('/account?edit=company');
  await page.getByLabel('Street and number').fill('Am Speicher 9');
  await press(page, 'Save the company details');
  await expect(page.getByText('Am Speicher 9')).toBeVisible();

  await page.getByRole('link', { name: 'Open the audit log' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Audit log' })).toBeVisible();
  const changed = done(page, 'Changed the company details');
  await expect(changed).toContainText(person.email);
  await expect(changed).toContainText(/\d+\.\d+\.\d+\.\d+|[0-9a-f:]+:[0-9a-f]+/);
  await changed.getByText('Details', { exact: true }).click();
  await expect(changed).toContainText('Am Speicher 7 → Am Speicher 9');
  await axe(page);

  await filter(page, { area: 'Licenses' });
  await expect(done(page, 'Created the license')).toContainText('Stripe');
  await expect(page.getByRole('row').filter({ hasText: 'Changed the company details' })).toHaveCount(0);
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download as CSV' }).click();
  const table = await readFile(await (await download).path(), 'utf8');
  expect(table.split('\r\n')[0]).toContain('occurred_at,id,actor_kind,actor,');
  expect(table).toContain('license.create');
  expect(table).not.toContain('account.update');

  const id = new URL(license, page.url()).pathname.split('/').pop() ?? '';
  await filter(page, { area: 'Anything', object: `${id}x` });
  await expect(page.getByText('Nothing in the log is like that.', { exact: false })).toBeVisible();
  await axe(page);
  await page.getByRole('link', { name: 'Show everything' }).click();
  await expect(done(page, 'Changed the company details')).toBeVisible();

  await page.context().clearCookies();
  await enterConsole(page);
  await page.getByRole('link', { name: 'Open the audit log' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Audit log' })).toBeVisible();
  await filter(page, { object: id });
  await expect(done(page, 'Created the license')).toContainText('Weser Sensorik GmbH');
  await axe(page);
});
