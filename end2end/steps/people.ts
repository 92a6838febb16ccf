import { expect, type Page } from '@playwright/test';
import { freshAddress } from '../fixtures.ts';
import { ADMIN, ADMIN_SECRET, type Product, productAt } from '../product.ts';
import { press } from './interactions.ts';
import { totp } from './totp.ts';

/** Somebody who signs up. */
export interface Person {
  email: string;
  password: string;
}

/** What invoices are made out to. */
export interface Company {
  name: string;
  country: string;
  street: string;
  postalCode: string;
  city: string;
  vatId?: string;
}

export const COMPANY: Company = {
  name: 'Weser Sensorik GmbH',
  country: 'Germany',
  street: 'Am Speicher 7',
  postalCode: '28217',
  city: 'Bremen',
};

/** A person whom no other test knows. */
export function somebody(name = 'buyer'): Person {
  return { email: freshAddress(name), password: 'seven quiet herons wade' };
}

/** Fills in the sign-up page that is open, and sends it. */
export async function signUp(page: Page, person: Person): Promise<void> {
  await expect(page.getByRole('heading', { level: 1, name: 'Sign up' })).toBeVisible();
  await page.getByLabel('E-mail address').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await press(page, 'Sign up and go on');
}

/** Fills in the company page that is open, and sends it. */
export async function nameCompany(page: Page, company: Company = COMPANY): Promise<void> {
  await expect(page.getByRole('heading', { level: 1, name: 'Your company' })).toBeVisible();
  await page.getByLabel('Company', { exact: true }).fill(company.name);
  await page.getByLabel('Country', { exact: true }).selectOption({ label: company.country });
  await page.getByLabel('VAT id').fill(company.vatId ?? '');
  await page.getByLabel('Street and number').fill(company.street);
  await page.getByLabel('Postal code').fill(company.postalCode);
  await page.getByLabel('City').fill(company.city);
  await press(page, /^(Go on to payment|Save the company)$/);
}

/** Logs in on the page that is open; as `ADMIN`, with a code as well. */
export async function logIn(page: Page, person: Person): Promise<void> {
  if (person === ADMIN) {
    const product = productAt(page.url());
    await logIn(page, await product.newAdmin());
    await enterCode(page, await totp(product, ADMIN_SECRET));
    return;
  }
  await page.getByLabel('E-mail address').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await press(page, 'Log in');
}

/** Sets up a second factor on the page that is open, as everybody on the staff has to, and goes on from its codes. */
export async function setUpFactor(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { level: 1, name: 'Second factor' })).toBeVisible();
  const secret = await page.getByLabel('Secret', { exact: true }).inputValue();
  await page.getByLabel('Code', { exact: true }).fill(await totp(productAt(page.url()), secret));
  await press(page, 'Turn it on');
  await press(page, 'I have kept them');
}

/** Takes the second step of logging in, on the page that is open. */
export async function enterCode(page: Page, code: string): Promise<void> {
  await expect(page.getByRole('heading', { level: 1, name: 'Your code, please' })).toBeVisible();
  await page.getByLabel('Code', { exact: true }).fill(code);
  await press(page, 'Log in');
}

/** Logs out. */
export async function logOut(page: Page): Promise<void> {
  await press(page, 'Log out');
  await expect(page.getByText('You are logged out.')).toBeVisible();
}

/** The link in the newest mail whose subject or text matches. */
export async function linkInMail(product: Product, person: Person, matching: RegExp, link: RegExp): Promise<string> {
  const mail = await product.inbox(person.email, matching);
  const found = mail.links.find((address) => link.test(address));
  if (found === undefined) throw new Error(`no link like ${link} in "${mail.subject}":\n${mail.text}`);
  return found;
}

/** Confirms the address with the link that was mailed. */
export async function confirmAddress(page: Page, product: Product, person: Person): Promise<void> {
  await page.goto(await linkInMail(product, person, /Confirm your e-mail address/, /verify-email/));
  await press(page, 'Confirm the address');
}
