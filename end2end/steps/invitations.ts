import { expect, type Locator, type Page } from '@playwright/test';
import type { Product } from '../product.ts';
import { press } from './interactions.ts';
import { linkInMail, type Person } from './people.ts';

/** Invites somebody on the page that is open: that of the members, or of the staff. */
export async function invite(page: Page, person: Person, role: string): Promise<void> {
  const card = page.locator('#invite');
  await card.getByLabel('E-mail address of the person').fill(person.email);
  await card.getByRole('radio', { name: new RegExp(`^${role}`) }).check();
  await press(card, 'Send the invitation');
}

/** The link of the newest invitation to a person. */
export function invitationLink(product: Product, person: Person): Promise<string> {
  return linkInMail(product, person, /^.+ invites you to /, /\/join\?token=/);
}

/** Signs up on the page of an invitation that is open. */
export async function join(page: Page, person: Person, name: string): Promise<void> {
  await page.getByLabel('Your name').fill(name);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await press(page, 'Sign up and join');
  await expect(page.getByText('Welcome. You have joined.')).toBeVisible();
}

/** Somebody's row in the list of members or staff; invitations stand in a list of their own. */
export function rowOf(page: Page, text: string): Locator {
  return page.getByRole('table', { name: /^(Members|People)$/ }).getByRole('row').filter({ hasText: text });
}
