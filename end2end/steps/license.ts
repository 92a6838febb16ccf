import { expect, type Page } from '@playwright/test';
import { press } from './interactions.ts';
import type { Person } from './people.ts';

/** The row of an instance in the license's table; the demo product calls itself after its instance. */
export function instanceRow(page: Page, instance: string) {
  return page.getByRole('row').filter({ hasText: `Demo product ${instance}` });
}

/** Frees a seat: the question, and the answer. */
export async function freeSeat(page: Page, instance: string): Promise<void> {
  const name = `Free the seat of Demo product ${instance}`;
  await press(page, name);
  const dialog = page.getByRole('dialog', { name: `${name}?` });
  await expect(dialog).toBeVisible();
  await press(dialog, name);
}

/** Asks what a change costs, on the page for it. */
export async function previewChange(
  page: Page,
  change: { plan?: string; interval?: 'Monthly' | 'Yearly'; seats?: number },
): Promise<void> {
  await expect(page.getByRole('heading', { level: 1, name: 'Change the plan' })).toBeVisible();
  if (change.plan !== undefined) await page.getByRole('radio', { name: new RegExp(`^${change.plan}`) }).check();
  if (change.interval !== undefined) await page.getByRole('radio', { name: new RegExp(`^${change.interval}`) }).check();
  if (change.seats !== undefined) await page.getByRole('spinbutton').fill(String(change.seats));
  await press(page, 'Show the price');
  await expect(page.getByRole('heading', { name: 'What it costs' })).toBeVisible();
}

/** Agrees to what the preview charges at once, and returns that amount, as in `$12.34`. */
export async function agreeToPayNow(page: Page): Promise<string> {
  const button = page.getByRole('button', { name: /^Pay .* now and change$/ });
  const amount = /^Pay (\S+) now/.exec((await button.textContent()) ?? '')?.[1] ?? '';
  await expect(page.getByRole('row').filter({ hasText: 'Charged now' })).toContainText(amount);
  await press(page, /^Pay .* now and change$/);
  return amount;
}

/** Shows the key on the license's page and reads it; the password is typed where it was not typed lately. */
export async function revealKey(page: Page, person: Person): Promise<string> {
  await press(page, 'Reveal the license key');
  await confirmPassword(page, person);
  return shownKey(page);
}

/** Types the password, if the page that is open asks for it. */
export async function confirmPassword(page: Page, person: Person): Promise<void> {
  if (new URL(page.url()).pathname !== '/confirm') return;
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await press(page, 'Go on');
}

/** The key on the license's page, while it is shown. */
export async function shownKey(page: Page): Promise<string> {
  const field = page.getByLabel('Key of this license');
  await expect(field).toHaveValue(/^LH-[0-9A-Z-]{26,}$/);
  return field.inputValue();
}

/** Replaces the key on the license's page; the old one works for as long as the choice says. */
export async function replaceKey(page: Page, person: Person, overlap: string): Promise<string> {
  await press(page, 'Replace…');
  const dialog = page.getByRole('dialog', { name: 'Replace the license key?' });
  await dialog.getByLabel('How long the old key goes on working').selectOption({ label: overlap });
  await press(dialog, 'Replace the key');
  await confirmPassword(page, person);
  return shownKey(page);
}

/** Opens the page of an instance from its license's page. */
export async function openInstance(page: Page, instance: string): Promise<void> {
  await page.getByRole('link', { name: `Demo product ${instance}`, exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: `Demo product ${instance}` })).toBeVisible();
}

/** Does something on an instance's page that asks first: the button that asks, and the one that does it. */
export async function askAndDo(page: Page, asks: string, does: string): Promise<void> {
  await press(page, asks);
  await press(page.getByRole('dialog'), does);
}
