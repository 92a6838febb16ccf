import { expect, type Page } from '@playwright/test';
import type { Product } from '../product.ts';
import { customerAtStripe } from './at_stripe.ts';
import { choosePlan, type Wish } from './buying.ts';
import { press } from './interactions.ts';
import type { Person } from './people.ts';
import { newCustomer } from './requests.ts';

/** An order that waits for its money. */
export interface Awaited {
  person: Person;
  /** What to transfer, in cents. */
  cents: number;
}

/** From the price list, with a new login and company, to the page that says where the money goes. */
export async function orderByTransfer(page: Page, wish: Wish): Promise<Awaited> {
  const person = await newCustomer(page);
  await choosePlan(page, wish);
  await press(page, 'Order by bank transfer');
  await expect(page.getByRole('heading', { level: 1, name: 'Pay by bank transfer' })).toBeVisible();
  return { person, cents: await missingCents(page) };
}

/** What is still to be transferred, as the page says it. */
export async function missingCents(page: Page): Promise<number> {
  const amount = await page.getByRole('definition').first().innerText();
  return Math.round(Number(amount.replaceAll(/[^0-9.]/g, '')) * 100);
}

/** Money of somebody arrives at the bank. */
export async function transfer(product: Product, person: Person, cents: number, currency = 'usd'): Promise<void> {
  const { customer } = await customerAtStripe(product, person);
  await product.sandbox.api(`test_helpers/customers/${customer}/fund_cash_balance`, { amount: String(cents), currency });
}
