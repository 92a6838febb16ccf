import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import { buy } from '../steps/buying.ts';
import { startDemoProduct } from '../steps/demo_product.ts';
import { press } from '../steps/interactions.ts';
import { enterConsole } from '../steps/requests.ts';

// What is counted here is all that there is, so this journey has a product of its own.
test.use({ settings: { LEASEHOLD__MAIL__FROM: 'overview@nordwind.example' } });

/** The rows of the list on the page. */
function rows(page: Page) {
  return page.getByRole('row').filter({ has: page.getByRole('rowheader') });
}

/** Follows a number of the console's first page and finds as many rows; answers the number. */
async function leadsToAsMany(page: Page, name: string): Promise<number> {
  await page.goto('/staff');
  const link = page.getByRole('main').getByRole('link', { name: new RegExp(`^\\d+ ${name}$`) });
  const number = Number.parseInt(await link.innerText(), 10);
  await link.click();
  await expect(page).not.toHaveURL(/\/staff$/);
  await expect(rows(page)).toHaveCount(number);
  return number;
}

test('a new vendor is told what to begin with, and each number of the console leads to what it counts', async ({ page, product, axe }) => {
  await enterConsole(page);
  await expect(page.getByRole('heading', { level: 2, name: 'Set up your portal' })).toBeVisible();
  await expect(page.getByText('Nobody was refused in the last 24 hours.')).toBeVisible();
  await expect(page.getByText(/^No subscription is paid yet\./)).toBeVisible();
  await axe(page);
  // Each list says what will be on it.
  for (const [path, empty] of [
    ['instances', /^Nothing has been activated yet\./],
    ['denials', /^Nobody has been refused yet\./],
    ['orders', /^Nobody has ordered yet\./],
    ['refunds', /^Nothing was given back yet\./],
    ['subscriptions', /^No subscription is paid yet\./],
  ] as const) {
    await page.goto(`/staff/${path}`);
    await expect(page.getByText(empty)).toBeVisible();
    await axe(page);
  }

  await page.context().clearCookies();
  const { key } = await buy(page, { plan: 'Startup' });
  const nodes = [];
  try {
    // Two seats are included; the third is refused.
    for (const instance of ['node-a', 'node-b', 'node-c']) nodes.push(await startDemoProduct(product, { key, instance }));
    await page.context().clearCookies();
    await enterConsole(page);
    await expect(page.getByRole('heading', { level: 1, name: 'Console' })).toBeVisible();
    await axe(page);

    expect(await leadsToAsMany(page, 'Active licenses')).toBe(1);
    expect(await leadsToAsMany(page, 'Ending within 30 days')).toBe(0);
    expect(await leadsToAsMany(page, 'Live leases')).toBe(2);
    await expect(rows(page).filter({ hasText: 'node-a' })).toContainText('Live');
    await axe(page);
    expect(await leadsToAsMany(page, 'All seats are taken')).toBe(1);
    await expect(rows(page)).toContainText('node-c');
    await axe(page);
    expect(await leadsToAsMany(page, 'Placed this month')).toBe(1);
    await expect(rows(page)).toContainText('Paid');
    await axe(page);
    for (const name of ['Messages without an answer', 'Overdue payments', 'Undecided disputes', 'Refunds on their way']) {
      expect(await leadsToAsMany(page, name)).toBe(0);
    }

    // Money: the sum of the rows is the number, here of one.
    await page.goto('/staff');
    await page.getByRole('link', { name: /^\$299\.00 new this month, USD$/ }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Revenue of subscriptions' })).toBeVisible();
    await expect(rows(page)).toHaveCount(1);
    await expect(rows(page)).toContainText('$299.00');
    await axe(page);
    await page.getByRole('link', { name: 'Ended this month', exact: true }).click();
    await expect(rows(page)).toHaveCount(0);
    await page.getByRole('link', { name: 'Now', exact: true }).click();
    const csv = await page.request.get((await page.getByRole('link', { name: 'Table (CSV)' }).getAttribute('href')) ?? '');
    expect(await csv.text()).toContain(',month,USD,299.00,');

    // The filters are forms.
    await page.getByRole('link', { name: 'Instances', exact: true }).click();
    await page.getByLabel('Name, identity, customer or id').fill('node-b');
    await press(page, 'Show');
    await expect(rows(page)).toHaveCount(1);
    await rows(page).getByRole('link', { name: /node-b$/ }).click();
    await expect(page.getByText(/It grants leases\./)).toBeVisible();
    await page.goto('/staff/licenses?ends=30');
    await expect(page.getByText('No license fits all of this.', { exact: false })).toBeVisible();
    await axe(page);
  } finally {
    for (const node of nodes) await node.stop();
  }
});
