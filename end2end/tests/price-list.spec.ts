import { expect, test } from '../fixtures.ts';
import { planCard } from '../steps/buying.ts';

/** The whole first load as sent, page included, in bytes (1 kB is 1,000 bytes). */
const FIRST_LOAD = 180_000;

test('a visitor opens the price list without logging in', async ({ page, axe }) => {
  const answer = await page.goto('/');
  expect(answer?.status()).toBe(200);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page).toHaveTitle(/\S/);
  await axe(page);
});

test('the list shows every plan and its price by the month, by the year and for ever', { tag: '@everywhere' }, async ({ page, axe }) => {
  await page.goto('/');
  const billing = page.getByRole('group', { name: 'Billing' });
  const monthly = [['Maker', '$10'], ['Prototype', '$39'], ['Pilot', '$99'], ['Startup', '$299'], ['Business', '$499']];
  for (const [plan = '', price = ''] of monthly) await expect(planCard(page, plan)).toContainText(`${price} a month`);
  await expect(billing.getByRole('link', { name: 'Monthly' })).toHaveAttribute('aria-current', 'true');

  await billing.getByRole('link', { name: /^Yearly/ }).click();
  await expect(billing.getByRole('link', { name: 'Yearly, 2 months free' })).toHaveAttribute('aria-current', 'true');
  const yearly = [['Maker', '$100'], ['Prototype', '$390'], ['Pilot', '$990'], ['Startup', '$2,990'], ['Business', '$4,990']];
  for (const [plan = '', price = ''] of yearly) await expect(planCard(page, plan)).toContainText(`${price} a year`);
  await axe(page);

  await billing.getByRole('link', { name: 'Perpetual' }).click();
  await expect(planCard(page, 'Perpetual')).toContainText('$4,999 once');
  // 40 % of 4,999.
  await expect(page.getByText(/one more year of updates costs \$1,999\.60/)).toBeVisible();
  await axe(page);
});

test('the price follows the number of instances', { tag: '@everywhere' }, async ({ page, javaScriptEnabled }) => {
  await page.goto('/');
  const startup = planCard(page, 'Startup');
  await expect(startup.getByRole('status')).toHaveText('$299 a month for 2 instances');
  if (javaScriptEnabled) {
    await startup.getByRole('button', { name: 'One instance more' }).click();
    await expect(startup.getByRole('status')).toHaveText('$448 a month for 3 instances');
    await expect(startup.getByRole('button', { name: 'Update price' })).toBeHidden();
  }
  await startup.getByRole('spinbutton', { name: 'Instances' }).fill('5');
  if (!javaScriptEnabled) await startup.getByRole('button', { name: 'Update price' }).click();
  await expect(startup.getByRole('status')).toHaveText('$746 a month for 5 instances');
  // What was chosen is what is ordered, also for somebody who has to sign up first.
  await startup.getByRole('button', { name: 'Choose Startup' }).click();
  await expect(page).toHaveURL(/\/sign-up\?next=/);
  expect(new URL(page.url()).searchParams.get('next')).toMatch(/^\/buy\?.*seats=5/);
});

test('nothing sticks out of the screen to the right', { tag: '@everywhere' }, async ({ page }) => {
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
