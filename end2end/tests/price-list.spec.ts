import { expect, test } from '../fixtures.ts';

/** The whole first load as sent, page included, in bytes (1 kB is 1,000 bytes). */
const FIRST_LOAD = 180_000;

test('a visitor opens the price list without logging in', async ({ page, axe }) => {
  const answer = await page.goto('/');
  expect(answer?.status()).toBe(200);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page).toHaveTitle(/\S/);
  await axe(page);
});

test('nothing sticks out of the screen to the right', async ({ page }) => {
  await page.goto('/');
  const box = await page.locator('body').boundingBox();
  const screen = page.viewportSize();
  expect(box === null || screen === null ? undefined : box.x + box.width).toBeLessThanOrEqual(screen?.width ?? 0);
  // Read through the protocol, because scripts may be off.
  const metrics = await (await page.context().newCDPSession(page)).send('Page.getLayoutMetrics');
  expect(metrics.cssContentSize.width).toBeLessThanOrEqual(screen?.width ?? 0);
});

test('the first load stays within its budget', { tag: '@js-only' }, async ({ page }) => {
  const sizes: Promise<number>[] = [];
  page.on('requestfinished', (request) => sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize)));
  await page.goto('/', { waitUntil: 'networkidle' });
  const total = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  expect(total).toBeGreaterThan(0);
  expect(total).toBeLessThanOrEqual(FIRST_LOAD);
});
