import { expect, type Page } from '@playwright/test';
import { press } from './interactions.ts';
import { COMPANY, type Person } from './people.ts';
import { enterConsole, newCustomer } from './requests.ts';

/** Signs somebody up with a company; the browser is logged out again. */
export async function found(page: Page, person: Person, name: string): Promise<void> {
  await newCustomer(page, { ...COMPANY, name }, person);
  await page.context().clearCookies();
}

/** Opens the page of a company's partnership as the vendor's staff. */
export async function openPartnership(page: Page, company: string): Promise<void> {
  await enterConsole(page, '/staff/customers');
  await page.getByLabel('Company, e-mail address or id').fill(company);
  await press(page, 'Show');
  await page.getByRole('row').filter({ hasText: company }).getByRole('link').click();
  await press(page, 'Partnership', 'link');
}

/** Makes a company a partner, with 20 % for it and 10 % off for its clients. The staff stay logged in. */
export async function makePartner(page: Page, company: string): Promise<void> {
  await openPartnership(page, company);
  await page.getByLabel('Commission in percent').fill('20');
  await page.getByLabel('Discount for clients in percent').fill('10');
  await press(page, 'Make it a partner');
  await expect(page.getByText('The account is a partner. Its owners are told by mail.')).toBeVisible();
}
