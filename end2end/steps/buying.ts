import { expect, type Page } from '@playwright/test';
import type { Product } from '../product.ts';
import { press } from './interactions.ts';
import { COMPANY, type Company, type Person, somebody } from './people.ts';
import { hiddenValues, newCustomer, send } from './requests.ts';

/** What a license key looks like. */
const KEY = /LH-[0-9A-HJKMNP-TV-Z-]{26,}/;

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
  /** The license key, as the page of the order shows it. */
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
  await pay(page, page.url());
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
  expect(key).toMatch(new RegExp(`^${KEY.source}$`));
  return key;
}

/**
 * Orders with a new login and company, by requests: what a browser does up to there is the first journey of buy.spec.ts.
 * Answers the address of the payment page, of which nothing is shown yet.
 */
async function placeOrder(page: Page, { plan, interval = 'month', seats }: Wish, company: Company, person: Person): Promise<string> {
  await newCustomer(page, company, person);
  const review = new URLSearchParams({ plan: plan.toLowerCase(), interval });
  if (seats !== undefined) review.set('seats', String(seats));
  const answer = await page.request.get(`/buy?${review}`);
  return send(page, 'place-order', hiddenValues(await answer.text(), 'place-order'));
}

/** Pays on a payment page that is not shown, and answers where the browser would be sent back to. */
async function pay(page: Page, payment: string): Promise<string> {
  const answer = await page.request.post(payment, { form: { action: '4242' }, maxRedirects: 0 });
  expect(answer.status()).toBe(303);
  return answer.headers()['location'] ?? '';
}

/** Places an order with a new login and company, and opens the payment page. */
export async function order(page: Page, wish: Wish, company: Company = COMPANY, person = somebody()): Promise<Person> {
  await page.goto(await placeOrder(page, wish, company, person));
  await expect(page.getByLabel('Card number')).toBeVisible();
  return person;
}

/** Buys with a new login and company. The browser is logged in then, and shows nothing of it. */
export async function buy(page: Page, wish: Wish, company: Company = COMPANY): Promise<Purchase> {
  const person = somebody();
  const back = await pay(page, await placeOrder(page, wish, company, person));
  let [key, license] = ['', ''];
  await expect(async () => {
    const html = await (await page.request.get(back)).text();
    key = KEY.exec(html)?.[0] ?? '';
    license = /href="(\/licenses\/lic_[^"/?#]+)"/.exec(html)?.[1] ?? '';
    expect([key, license]).not.toContain('');
  }).toPass({ intervals: [50, 100, 250], timeout: 20_000 });
  return { person, key, license, order: new URL(back).pathname };
}
