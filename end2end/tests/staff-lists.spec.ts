import { expect, test } from '../fixtures.ts';
import { ADMIN } from '../product.ts';
import { buy } from '../steps/buying.ts';
import { startDemoProduct } from '../steps/demo_product.ts';
import { press } from '../steps/interactions.ts';
import { COMPANY, logIn } from '../steps/people.ts';

test('staff look through everything that happened in an account, and take it along', { tag: '@everywhere' }, async ({ page, product, axe }) => {
  const company = `Oste Pumpen ${crypto.randomUUID().slice(0, 8)} GmbH`;
  const { key } = await buy(page, { plan: 'Startup' }, { ...COMPANY, name: company });
  const node = await startDemoProduct(product, { key, instance: 'oste-a' });
  try {
    await page.context().clearCookies();
    await page.goto('/log-in');
    await logIn(page, ADMIN);
    await page.goto('/staff/customers');
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
  } finally {
    await node.stop();
  }
});
