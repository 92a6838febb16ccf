import { expect, test } from '../fixtures.ts';
import { buy } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { COMPANY, linkInMail, logOut } from '../steps/people.ts';
import { enter, enterConsole } from '../steps/requests.ts';

test('staff act for a customer, visibly and without its keys, and the owner sees it and ends it', async ({ page, browser, product, axe }) => {
  const company = `Leine Messtechnik ${crypto.randomUUID().slice(0, 8)} GmbH`;
  const { person, key, license } = await buy(page, { plan: 'Startup' }, { ...COMPANY, name: company });
  await page.context().clearCookies();
  await enterConsole(page);
  await page.getByRole('searchbox', { name: 'Search' }).fill(person.email);
  await press(page, 'Search');
  await page.getByRole('link', { name: company, exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: company })).toBeVisible();
  const customer = page.url();

  const act = page.locator('#act');
  await act.getByLabel('Reason').fill('help');
  await press(act, 'Act as this customer');
  await expect(act.getByRole('alert')).toContainText('at least 10 characters');
  await expect(act.getByLabel('Reason')).toHaveValue('help');
  await axe(page);
  await act.getByLabel('Reason').fill('Ticket 4711: a seat is stuck');
  await press(act, 'Act as this customer');

  // Every page says so, and none has the key.
  await expect(page.getByText(`You act as ${company}.`)).toBeVisible();
  await axe(page);
  for (const path of ['/overview', '/licenses', license, '/invoices', '/account', '/account/members', '/account/audit']) {
    await page.goto(path);
    await expect(page.getByText(`You act as ${company}.`)).toBeVisible();
    await expect(page.getByText('Ticket 4711: a seat is stuck.', { exact: false }).first()).toBeVisible();
    expect(await page.content()).not.toContain(key);
    await axe(page);
  }
  await page.goto(license);
  await expect(page.getByRole('button', { name: 'Reveal the license key' })).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'Messages' })).toHaveCount(0);
  await page.goto('/staff');
  await expect(page.getByText(`You act as ${company}.`)).toBeVisible();

  await press(page, 'Stop');
  await expect(page.getByText('You act for yourself again.', { exact: false })).toBeVisible();
  await expect(page).toHaveURL(customer.split('#')[0] ?? customer);
  await expect(page.getByText(`You act as ${company}.`)).toHaveCount(0);

  // Once more, and this time the owner ends it.
  await act.getByLabel('Reason').fill('Ticket 4711: and once more');
  await press(act, 'Act as this customer');
  await expect(page.getByText(`You act as ${company}.`)).toBeVisible();
  const link = await linkInMail(product, person, /acts in your account$/, /\/account$/);
  const context = await browser.newContext({ baseURL: product.url });
  const owner = await context.newPage();
  await enter(owner, person, link);
  await expect(owner.getByText('Ticket 4711: and once more.', { exact: false })).toBeVisible();
  await axe(owner);
  await press(owner, 'End it now');
  await expect(owner.getByText('That is ended.', { exact: false })).toBeVisible();
  await owner.goto('/account/audit');
  const row = owner.getByRole('row').filter({ hasText: 'Ended acting for the customer' }).filter({ hasText: 'support' });
  await expect(row.first()).toContainText('acting for you');
  await context.close();

  await page.goto('/licenses');
  await expect(page.getByRole('heading', { level: 1, name: 'Console' })).toBeVisible();
  await logOut(page);
});
