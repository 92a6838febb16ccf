import { expect, type Page } from '@playwright/test';
import type { Product } from '../product.ts';
import { press } from './interactions.ts';
import { COMPANY, type Company, nameCompany, type Person, signUp, somebody } from './people.ts';

/** How often one pays. */
export type Interval = 'month' | 'year' | 'once';

/** What somebody wants to buy. */
export interface Wish {
  plan: string;
  interval?: Interval;
  seats?: number;
}

/** A finished purchase. */
export interface Purchase {
  person: Person;
  /** The license key, as the success page shows it. */
  key: string;
  /** Path of the license's page. */
  license: string;
  /** Path of the page on which the order ended. */
  order: string;
}

/** One link for each license of a plan, on the page that lists them. */
export function listedLicenses(page: Page, plan: string) {
  return page.getByRole('link', { name: new RegExp(`^Open .*\\b${plan}$`) });
}

/** The card of a plan in the price list. */
export function planCard(page: Page, plan: string) {
  return page.locator('section').filter({ has: page.getByRole('button', { name: `Choose ${plan}`, exact: true }) }).last();
}

/** Chooses a plan and a number of seats in the price list. */
export async function choosePlan(page: Page, { plan, interval = 'month', seats }: Wish): Promise<void> {
  await page.goto(`/?interval=${interval}`);
  if (seats !== undefined) await planCard(page, plan).getByRole('spinbutton').fill(String(seats));
  await press(page, `Choose ${plan}`);
}

/** Goes on from the review of an order to Stripe's payment page. */
export async function goToPayment(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { level: 1, name: 'Review and pay' })).toBeVisible();
  await press(page, /^Pay .* by card$/);
  await expect(page.getByLabel('Card number')).toBeVisible();
}

/** The sandbox's own button for a card that works. */
export async function payWithCard(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Pay with 4242 (succeeds)' }).click();
}

/** Pays, and is gone before the browser is sent back: the page of the order is never opened. */
export async function payAndVanish(page: Page): Promise<void> {
  const answer = await page.request.post(page.url(), { form: { action: '4242' }, maxRedirects: 0 });
  expect(answer.status()).toBe(303);
}

/** Where the payment page that is open will send the browser back to. */
export async function returnAddress(page: Page, product: Product): Promise<string> {
  const { objects } = (await product.sandbox.state()) as { objects: { 'checkout.session': Session[] } };
  const id = new URL(page.url()).pathname.split('/').pop();
  const session = objects['checkout.session'].find((session) => session.id === id);
  if (session === undefined) throw new Error(`the sandbox knows no session ${id}`);
  return session.success_url;
}

interface Session {
  id: string;
  success_url: string;
}

/** Waits on the success page until the key is there, and reads it. */
export async function readKey(page: Page): Promise<string> {
  await expect(page.getByRole('heading', { level: 1, name: 'Your license is ready' })).toBeVisible({ timeout: 20_000 });
  const key = await page.getByLabel('Your key').inputValue();
  expect(key).toMatch(/^LH-[0-9A-HJKMNP-TV-Z-]{26,}$/);
  return key;
}

/** From the price list to the payment page, with a new login and company. */
export async function order(page: Page, wish: Wish, company: Company = COMPANY, person = somebody()): Promise<Person> {
  await choosePlan(page, wish);
  await signUp(page, person);
  await nameCompany(page, company);
  await goToPayment(page);
  return person;
}

/** The whole way from the price list to the key. */
export async function buy(page: Page, wish: Wish, company: Company = COMPANY): Promise<Purchase> {
  const person = await order(page, wish, company);
  await payWithCard(page);
  const key = await readKey(page);
  const license = await page.getByRole('link', { name: 'Open the license' }).getAttribute('href');
  return { person, key, license: license ?? '', order: new URL(page.url()).pathname };
}
