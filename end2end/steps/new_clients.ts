import type { Page } from '@playwright/test';
import { press } from './interactions.ts';
import { COMPANY } from './people.ts';

/** As a partner, makes an account for a client, and has the mail to take it over sent to an address. */
export async function makeClient(page: Page, company: string, email: string): Promise<void> {
  await page.goto('/partner/clients/new');
  await page.getByLabel('Name of your contact there').fill('Eve Example');
  await page.getByLabel('E-mail address of your contact').fill(email);
  await page.getByLabel('Company', { exact: true }).fill(company);
  await page.getByLabel('Country', { exact: true }).selectOption({ label: COMPANY.country });
  await page.getByLabel('Street and number').fill(COMPANY.street);
  await page.getByLabel('City').fill(COMPANY.city);
  await press(page, 'Make the account');
}
