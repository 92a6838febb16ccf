import { expect, type Page } from '@playwright/test';
import { press } from './interactions.ts';

/** Stripe's test numbers: one that works, and one that is taken now and refused when it is charged. */
export const MASTERCARD = '5555 5555 5555 4444';
export const FAILS_LATER = '4000 0000 0000 0341';

/** Gives another card, from the page of a license on. */
export async function giveCard(page: Page, license: string, number: string, { forAll = false } = {}): Promise<void> {
  await page.goto(`${license}/card`);
  await expect(page.getByRole('heading', { level: 1, name: 'Card' })).toBeVisible();
  if (forAll) await page.getByLabel('Use it for all licenses of this account').check();
  await press(page, 'Give another card');
  await page.getByLabel('Card number').fill(number);
  await page.getByLabel('Expiry (MM/YY)').fill('12/34');
  await page.getByLabel('CVC').fill('123');
  await page.getByRole('button', { name: 'Save card' }).click();
  await expect(page.getByText(/^(▲|●)? ?The new card is /)).toBeVisible();
}
