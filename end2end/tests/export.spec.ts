import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import { buy } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { COMPANY } from '../steps/people.ts';

/** What a link gives out. Nothing in the archive is compressed, so its bytes can be searched. */
async function download(page: Page, label: string): Promise<{ name: string; text: string }> {
  const download = page.waitForEvent('download');
  await press(page, label, 'link');
  const file = await download;
  return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'latin1') };
}

test('an owner takes along what is kept about the company and about oneself', async ({ page, axe }) => {
  const { person, key } = await buy(page, { plan: 'Startup' }, { ...COMPANY, name: 'Weser Sensorik GmbH' });
  await page.goto('/account');
  await press(page, 'Download your data', 'link');
  await expect(page.getByRole('heading', { level: 1, name: 'Your data' })).toBeVisible();
  await axe(page);

  const company = await download(page, 'Download what is about the company');
  expect(company.name).toBe('company.zip');
  expect(company.text.slice(0, 2)).toBe('PK');
  for (const kept of ['account.json', 'licenses.json', 'audit.csv', 'Weser Sensorik GmbH', person.email]) {
    expect(company.text, kept).toContain(kept);
  }
  expect(company.text).not.toContain(key);

  const own = await download(page, 'Download what is about you');
  expect(own.name).toBe('me.zip');
  expect(own.text).toContain(person.email);
  expect(own.text).not.toContain('licenses.json');

  await page.goto('/account/audit');
  await expect(page.getByRole('row').filter({ hasText: 'Downloaded everything about the account' })).toContainText(person.email);
});
