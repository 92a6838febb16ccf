import { expect, type Page } from '@playwright/test';
import { press } from './interactions.ts';
import { confirmPassword } from './license.ts';
import type { Person } from './people.ts';

/** What a token looks like, as secret scanners are told. */
export const TOKEN = /^lh_[0-9A-Za-z]{38}$/;

/** An answer of the management API. */
export interface Managed {
  status: number;
  body: any;
}

/** Calls the management API as a program does: no browser, no cookies. */
export async function manage(
  origin: string,
  token: string,
  path: string,
  { headers, ...init }: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> } = {},
): Promise<Managed> {
  const response = await fetch(`${origin}/api/manage/v1${path}`, {
    ...init,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
  });
  return { status: response.status, body: await response.json() };
}

/** Fills in the form that makes a token, on the page that is open, and sends it. */
export async function askForToken(page: Page, { name, scopes }: { name: string; scopes: string[] }): Promise<void> {
  await page.getByLabel('What is it for?').fill(name);
  for (const scope of scopes) await page.getByRole('checkbox', { name: scope, exact: true }).check();
  await press(page, 'Make the token');
}

/** Sends the form once more where the password was asked for in between, and reads the new token. */
export async function readNewToken(page: Page, person: Person): Promise<string> {
  if (new URL(page.url()).pathname === '/confirm') {
    await confirmPassword(page, person);
    await press(page, 'Make the token');
  }
  const field = page.getByLabel('New API token');
  await expect(field).toHaveValue(TOKEN);
  return field.inputValue();
}
