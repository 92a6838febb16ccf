import { expect, test } from '../fixtures.ts';
import { planCard } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { enterConsole } from '../steps/requests.ts';
import { reloadUntil } from '../steps/time.ts';

// The price list has more on it afterwards, so it is a vendor of its own.
test.use({ settings: { LEASEHOLD__MAIL__FROM: 'catalog@nordwind.example' } });

test('an administrator uploads a product, takes its plan off the price list and on again, and publishes a release', async ({ page, axe }) => {
  // Runs share a vendor, so each sells something else.
  const tail = crypto.randomUUID().slice(0, 6);
  const [code, product, plan] = [`bench-${tail}`, `Workbench ${tail}`, `Bench ${tail}`];
  const sold = `
[[products]]
code = "${code}"
name = "${product}"
description = "For the bench."

[[products.plans]]
code = "bench"
name = "${plan}"
kind = "subscription"
license_type = "floating"
max_seats = 5
tagline = "For one bench"
limits = { devices = 5 }
prices.usd.month = { base = "7.00", extra_seat = "5.00" }
`;

  await enterConsole(page);
  await page.getByRole('link', { name: 'Catalog', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Catalog' })).toBeVisible();
  await expect(page.getByRole('row').filter({ hasText: 'Startup' })).toContainText('$299.00 a month');
  await axe(page);

  // What is there already is said by the file; one more product is added to it.
  const download = await page.request.get('/staff/catalog/catalog.toml');
  expect(download.headers()['content-type']).toContain('application/toml');
  const vendor = (await download.text()).split('[[products]]')[0] ?? '';
  await press(page, 'Upload a file', 'link');
  await expect(page.getByRole('heading', { level: 1, name: 'Upload a catalog file' })).toBeVisible();
  await axe(page);
  const broken = (vendor + sold).replace('max_seats', 'most_seats');
  await page.getByLabel('Catalog file').fill(broken);
  await press(page, 'Show what it changes');
  await expect(page.getByRole('alert')).toContainText('This file cannot be applied');
  await expect(page.locator('#faults')).toContainText('line ');
  await expect(page.locator('#faults')).toContainText('most_seats');
  await expect(page.getByLabel('Catalog file')).toHaveValue(/most_seats/);
  await axe(page);
  await page.getByLabel('Catalog file').fill(vendor + sold);
  await press(page, 'Show what it changes');
  const changes = page.locator('#changes').getByRole('listitem');
  await expect(changes.first()).toHaveText(`+ product ${code}`);
  await expect(changes.nth(1)).toHaveText(`+ plan ${code}/bench`);
  await expect(changes).toHaveCount(4);
  await axe(page);
  await press(page, 'Apply the changes');
  await expect(page.getByText('The changes are applied.', { exact: false })).toBeVisible();
  const row = page.getByRole('row').filter({ hasText: plan });
  await expect(row).toContainText('$7.00 a month');
  await expect(row).toContainText('On it');
  // A job tells Stripe.
  await reloadUntil(page, () => expect(page.getByText(/waits? for Stripe/)).toHaveCount(0, { timeout: 100 }));
  await axe(page);

  await page.goto('/');
  await expect(planCard(page, plan)).toContainText('$7 a month');

  // Off the price list, but still there for staff.
  await page.goto('/staff/catalog');
  await page.getByRole('link', { name: plan, exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: plan })).toBeVisible();
  await expect(page.locator('#versions')).toContainText('the first one');
  const planPage = new URL(page.url()).pathname;
  await axe(page);
  await press(page, 'Take off the price list');
  await expect(page.getByRole('dialog')).toContainText('Licenses under it go on');
  await axe(page);
  await press(page, 'Take it off');
  await expect(page.getByText('The plan is off the price list.', { exact: false })).toBeVisible();
  await axe(page);
  await page.goto('/');
  await expect(planCard(page, 'Startup')).toBeVisible();
  await expect(page.getByRole('heading', { name: plan })).toHaveCount(0);
  await page.goto('/staff/catalog/preview');
  await expect(planCard(page, plan)).toContainText('Not on the price list');
  await axe(page);
  await page.goto(planPage);
  await press(page, 'Put on the price list');
  await expect(page.getByText('The plan is on the price list.')).toBeVisible();
  await page.goto('/');
  await expect(planCard(page, plan)).toBeVisible();

  // A release, once.
  await page.goto('/staff/catalog');
  await press(page, `Releases ${product}`, 'link');
  await expect(page.getByRole('heading', { level: 1, name: product })).toBeVisible();
  await expect(page.getByText('No release is published yet.', { exact: false })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Publish a release, with curl' })).toContainText(`/products/${code}/releases`);
  await axe(page);
  const publish = page.locator('#publish');
  for (const expected of ['The release is published.', 'Version 1.0.0 was published before']) {
    await publish.getByLabel('Version', { exact: true }).fill('1.0.0');
    await press(publish, 'Publish the release');
    await expect(page.getByText(expected, { exact: false }).first()).toBeVisible();
  }
  await expect(page.getByRole('alert')).toContainText('It stays as it is.');
  await expect(page.locator('#releases').getByRole('row').filter({ hasText: '1.0.0' })).toContainText('stable');
  await axe(page);

  // A changed file shows what differs, and a file of another vendor is refused.
  await page.goto('/staff/catalog/upload');
  await page.getByLabel('Catalog file').fill((vendor + sold).replace('code = "nordwind"', 'code = "falter"'));
  await press(page, 'Show what it changes');
  await expect(page.locator('#faults')).toContainText('This is the catalog of falter');
  await page.getByLabel('Catalog file').fill((vendor + sold).replace('For the bench.', 'For every bench.'));
  await press(page, 'Show what it changes');
  await expect(changes).toHaveText([`~ product ${code}: description`]);
  await press(page, 'Apply the changes');
  await expect(page.getByText('The changes are applied.', { exact: false })).toBeVisible();
  await expect(page.locator(`#${code}`)).toContainText('For every bench.');
});
