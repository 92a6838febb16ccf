import { expect, type Page } from '@playwright/test';
import type { Product } from '../product.ts';
import type { Person } from './people.ts';
import { enter } from './requests.ts';

const DAY_S = 86_400;

/** Moves the clock that product and Stripe share; whoever was logged in may have to log in again. */
export async function letDaysPass(page: Page, product: Product, person: Person, days: number): Promise<void> {
  await product.sandbox.clock({ advance_s: Math.round(days * DAY_S) });
  await page.goto('/overview');
  if (new URL(page.url()).pathname === '/log-in') await enter(page, person);
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
}

/** Loads a page anew until it shows what a worker has to find out first. */
export async function reloadUntil(page: Page, shows: () => Promise<void>): Promise<void> {
  await expect(async () => {
    await page.reload();
    await shows();
  }).toPass({ intervals: [100, 250], timeout: 20_000 });
}
