import { expect, test } from '../fixtures.ts';
import { buy } from '../steps/buying.ts';
import { startDemoProduct } from '../steps/demo_product.ts';
import { press } from '../steps/interactions.ts';
import { COMPANY, somebody } from '../steps/people.ts';
import { enterConsole, register } from '../steps/requests.ts';
import { reloadUntil } from '../steps/time.ts';

test('staff look through everything that happened in an account, and take it along', { tag: '@everywhere' }, async ({ page, product, axe }) => {
  const company = `Oste Pumpen ${crypto.randomUUID().slice(0, 8)} GmbH`;
  const { key } = await buy(page, { plan: 'Startup' }, { ...COMPANY, name: company });
  const node = await startDemoProduct(product, { key, instance: 'oste-a' });
  try {
    await page.context().clearCookies();
    await enterConsole(page, '/staff/customers');
    await page.getByLabel('Company, e-mail address or id').fill(company);
    await press(page, 'Show');
    await press(page, company, 'link');
    await press(page, 'Show all activity of this customer', 'link');
    await expect(page.getByRole('heading', { level: 1, name: 'Activity' })).toBeVisible();
    const rows = page.getByRole('row').filter({ has: page.getByRole('rowheader') });
    await expect(rows.filter({ hasText: 'oste-a was activated' })).toContainText(company);
    await expect(rows.filter({ hasText: 'The license was created' })).toHaveCount(1);
    await axe(page);

    await page.getByLabel('What', { exact: true }).selectOption({ label: 'Instance: activated' });
    await press(page, 'Show');
    await expect(rows).toHaveCount(1);
    const href = await page.getByRole('link', { name: 'Table (CSV)' }).getAttribute('href');
    const csv = await (await page.request.get(href ?? '')).text();
    expect(csv).toContain(`,instance.activated,${company},`);
    expect(csv).not.toContain('license.created');
    await rows.getByRole('link', { name: /oste-a was activated/ }).click();
    await expect(page.getByText(/It grants leases\./)).toBeVisible();

    await page.goto('/staff/activity?type=lease.revoked&about=lic_none');
    await expect(page.getByText('Nothing passes this filter.', { exact: false })).toBeVisible();
    await axe(page);
    const instances = await page.request.get('/staff/instances.csv?find=oste-a');
    expect(await instances.text()).toContain(`,oste-a,`);
    await page.goto('/staff/instances?find=oste-a&contact=silent_day');
    await expect(page.getByLabel('Last contact')).toHaveValue('silent_day');
    await expect(page.getByText('oste-a', { exact: true })).toBeHidden();
  } finally {
    await node.stop();
  }
});

test('staff come from a customer to an order, its invoice and back, and find who has no account yet', { tag: '@everywhere' }, async ({ page, axe }) => {
  const company = `Luhe Messtechnik ${crypto.randomUUID().slice(0, 8)} GmbH`;
  const { person } = await buy(page, { plan: 'Startup' }, { ...COMPANY, name: company });
  await page.context().clearCookies();
  const stranger = await register(page, somebody('stranger'));
  await page.context().clearCookies();
  await enterConsole(page, '/staff/orders');
  await page.getByLabel('Customer', { exact: true }).fill(company);
  await press(page, 'Show');
  const orders = page.getByRole('row').filter({ hasText: company });
  await expect(orders).toHaveCount(1);
  await orders.getByRole('link', { name: 'Subscription', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Subscription' })).toBeVisible();
  await expect(page.getByRole('main')).toContainText(person.email);
  await expect(page.getByRole('main')).toContainText('Placed an order');
  // The invoice is fetched by a job of its own.
  await reloadUntil(page, () => expect(page.getByRole('link', { name: /^PDF of / })).toBeVisible({ timeout: 100 }));
  await axe(page);
  await page.getByRole('row').filter({ hasText: 'Paid' }).getByRole('link').first().click();
  await expect(page.getByText('Nothing was given back of this invoice.')).toBeVisible();
  await press(page, company, 'link');
  await expect(page.getByRole('heading', { level: 1, name: company })).toBeVisible();
  await press(page, 'Audit log of this customer', 'link');
  await expect(page.getByRole('row').filter({ hasText: 'Placed an order' })).toContainText(company);
  await axe(page);
  await page.goBack();
  await page.getByRole('link', { name: /^ord_/ }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Subscription' })).toBeVisible();

  await page.goto('/staff/invoices');
  await page.getByLabel('Customer', { exact: true }).fill(company);
  await page.getByLabel('Status', { exact: true }).selectOption({ label: 'Paid' });
  await press(page, 'Show');
  await expect(page.getByRole('row').filter({ hasText: company })).toHaveCount(1);
  await axe(page);

  await page.goto('/staff/customers');
  await press(page, 'Signed up without a company', 'link');
  await expect(page.getByRole('heading', { level: 1, name: 'Signed up without a company' })).toBeVisible();
  await expect(page.getByRole('row').filter({ hasText: stranger.email })).toContainText('Not yet');
  await expect(page.getByRole('row').filter({ hasText: person.email })).toHaveCount(0);
  await axe(page);
  await page.goto(`/staff/search?q=${encodeURIComponent(stranger.email)}`);
  await expect(page.getByRole('main').getByRole('link', { name: stranger.email })).toBeVisible();
  await axe(page);
});
