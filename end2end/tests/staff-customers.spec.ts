import { expect, test } from '../fixtures.ts';
import { ADMIN } from '../product.ts';
import { buy, listedLicenses } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { COMPANY, logIn } from '../steps/people.ts';

test('staff find a customer, issue a license by hand and extend it, and leave what a subscription pays alone', { tag: '@everywhere' }, async ({ page, product, axe }) => {
  const company = `Ems Antriebe ${crypto.randomUUID().slice(0, 8)} GmbH`;
  const { person } = await buy(page, { plan: 'Startup' }, { ...COMPANY, name: company });
  await page.context().clearCookies();
  await page.goto('/log-in');
  await logIn(page, ADMIN);

  // By the beginning of an address, of the company, and not by what is within it.
  const field = page.getByRole('searchbox', { name: 'Search' });
  await field.fill('sensorik nowhere');
  await press(page, 'Search');
  await expect(page.getByText('Nothing begins with “sensorik nowhere”.')).toBeVisible();
  await axe(page);
  for (const typed of [person.email, company.slice(0, 21).toLowerCase()]) {
    await field.fill(typed);
    await press(page, 'Search');
    await expect(page.getByRole('heading', { level: 1, name: 'Search' })).toBeVisible();
    await expect(page.getByRole('link', { name: company, exact: true })).toBeVisible();
  }
  await axe(page);

  await page.getByRole('link', { name: 'Customers', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Customers' })).toBeVisible();
  await axe(page);
  await page.getByLabel('Company, e-mail address or id').fill('Antriebe');
  await page.getByLabel('Country').selectOption({ label: 'Germany' });
  await press(page, 'Show');
  const row = page.getByRole('row').filter({ hasText: company });
  await expect(row).toContainText('1 of 1 active');
  await row.getByRole('link').click();
  await expect(page.getByRole('heading', { level: 1, name: company })).toBeVisible();
  await expect(page.getByRole('row').filter({ hasText: person.email })).toContainText('Owner');
  await axe(page);

  await press(page.locator('#licenses'), /, Startup$/, 'link');
  await expect(page.locator('#extend')).toContainText('Its end follows what its subscription has paid');
  await page.getByRole('link', { name: company, exact: true }).click();

  await press(page, 'Issue a license', 'link');
  await expect(page.getByRole('heading', { level: 1, name: 'Issue a license' })).toBeVisible();
  await axe(page);
  const plan = await page.getByRole('option', { name: /, Startup \(until a day\)$/ }).getAttribute('value');
  await page.getByLabel('Plan').selectOption(plan ?? '');
  await page.getByLabel('Seats').fill('999999');
  await page.getByLabel('Reason').fill('for the trade fair');
  await press(page, 'Issue the license');
  await expect(page.getByRole('alert')).toContainText('The plan has between');
  await expect(page.getByLabel('Reason')).toHaveValue('for the trade fair');
  await axe(page);
  await page.getByLabel('Seats').fill('3');
  await press(page, 'Issue the license');
  await expect(page.getByText('The license is issued. Its owners are told by mail.')).toBeVisible();
  await expect(page.getByText('By hand: for the trade fair')).toBeVisible();
  await axe(page);
  const mail = await product.inbox(person.email, /A license of .* for you/);
  expect(mail.text).not.toContain('trade fair');

  const year = new Date().getUTCFullYear() + 4;
  const extend = page.locator('#extend');
  await extend.getByLabel('Last day').fill('2020-01-01');
  await extend.getByLabel('Reason').fill('as agreed');
  await press(extend, 'Extend');
  await expect(extend.getByRole('alert')).toContainText('The last day must lie after');
  await axe(page);
  await extend.getByLabel('Last day').fill(`${year}-05-31`);
  await press(extend, 'Extend');
  await expect(page.getByText('The license is extended. Its owners are told by mail.')).toBeVisible();
  await expect(extend).toContainText(`31 May ${year}`);

  await page.context().clearCookies();
  await page.goto('/log-in?next=%2Flicenses');
  await logIn(page, person);
  await expect(listedLicenses(page, 'Startup')).toHaveCount(2);
});
