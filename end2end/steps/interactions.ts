import type { Locator, Page } from '@playwright/test';

const counts = new WeakMap<Page, number>();

/**
 * Presses a button or follows a link by its accessible name, and counts it: an interaction is a form sent or a button
 * pressed. `place` is the page, or the part of it in which to look. Playwright waits for whatever page it leads to.
 */
export async function press(
  place: Page | Locator,
  name: string | RegExp,
  role: 'button' | 'link' = 'button',
): Promise<void> {
  const page = 'page' in place ? place.page() : place;
  counts.set(page, interactions(page) + 1);
  await place.getByRole(role, { name, exact: typeof name === 'string' }).click();
}

/** How many interactions the page's visitor has needed so far. Those on Stripe's pages do not count. */
export function interactions(page: Page): number {
  return counts.get(page) ?? 0;
}
