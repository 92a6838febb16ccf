import { expect, type Page } from '@playwright/test';
import { ADMIN } from '../product.ts';
import { press } from './interactions.ts';
import { COMPANY, logIn, nameCompany, type Person, signUp } from './people.ts';

/** Signs somebody up with a company, and leaves. */
export async function found(page: Page, person: Person, name: string): Promise<void> {
  await page.goto('/sign-up');
  await signUp(page, person);
  await nameCompany(page, { ...COMPANY, name });
  await page.context().clearCookies();
}

/** Opens the page of a company's partnership as the vendor's staff. */
export async function openPartnership(page: Page, company: string): Promise<void> {
  await page.goto('/log-in?next=%2Fstaff%2Fcustomers');
  await logIn(page, ADMIN);
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
