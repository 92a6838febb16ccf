import { expect, test } from '../fixtures.ts';
import { payWithCard } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { join } from '../steps/invitations.ts';
import { found, makePartner } from '../steps/partners.ts';
import { COMPANY, linkInMail, logIn, setUpFactor, somebody } from '../steps/people.ts';

test('a partner makes a client, orders and renews for it, and whoever is asked takes it over or declines', { tag: '@everywhere' }, async ({ page, product, axe }) => {
  test.setTimeout(240_000);
  const mark = crypto.randomUUID().slice(0, 8);
  const [partner, contact, other] = [somebody('partner'), somebody('contact'), somebody('contact')];
  const [partnerCompany, clientCompany] = [`Werra Vertrieb ${mark} AG`, `Ohre Pumpen ${mark} GmbH`];
  await found(page, partner, partnerCompany);
  await makePartner(page, partnerCompany);
  await page.context().clearCookies();
  await page.goto('/log-in?next=%2Fpartner%2Fclients');
  await logIn(page, partner);
  await setUpFactor(page);

  // What cannot be is said all at once, and nothing typed is lost.
  await page.goto('/partner/clients');
  await press(page, 'New client', 'link');
  await expect(page.getByRole('heading', { level: 1, name: 'New client' })).toBeVisible();
  await axe(page);
  const fill = async (company: string, email: string) => {
    await page.getByLabel('Name of your contact there').fill('Eve Example');
    await page.getByLabel('E-mail address of your contact').fill(email);
    await page.getByLabel('Company', { exact: true }).fill(company);
    await page.getByLabel('Country', { exact: true }).selectOption({ label: COMPANY.country });
    await page.getByLabel('Street and number').fill(COMPANY.street);
    await page.getByLabel('City').fill(COMPANY.city);
    await press(page, 'Make the account');
  };
  await fill(clientCompany, partner.email);
  await expect(page.getByRole('alert')).toContainText('That is your own address.');
  await expect(page.getByLabel('Company', { exact: true })).toHaveValue(clientCompany);
  await axe(page);
  await fill(clientCompany, contact.email);
  await expect(page.getByText('The client is there.', { exact: false })).toBeVisible();
  await expect(page.getByRole('heading', { level: 1, name: clientCompany })).toBeVisible();
  await expect(page.getByText('Nobody has taken this account over yet.')).toBeVisible();
  await axe(page);

  // It orders what it pays itself.
  await page.getByRole('link', { name: /^Order .*, Perpetual$/ }).click();
  await expect(page.getByText(`You order for ${clientCompany}`)).toBeVisible();
  await expect(page.getByLabel('Who pays')).toHaveCount(0);
  await axe(page);
  await press(page, /^Pay .* by card$/);
  await payWithCard(page);
  await expect(page.getByText('The license is in your client', { exact: false })).toBeVisible({ timeout: 20_000 });
  await press(page, 'Open the client', 'link');
  const clientPage = new URL(page.url()).pathname;
  const row = page.locator('#licenses').getByRole('row').filter({ hasText: 'Perpetual' });
  await row.getByRole('link', { name: /^Renew updates/ }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Renew updates' })).toBeVisible();
  await page.getByRole('link', { name: '2 years', exact: true }).click();
  await expect(page.getByRole('heading', { level: 2, name: '2 more years of updates' })).toBeVisible();
  await expect(page.getByText('Discount for your clients', { exact: false })).toBeVisible();
  await axe(page);
  await press(page, /^Pay .* by card$/);
  await payWithCard(page);
  await expect(page.getByRole('heading', { level: 1, name: 'It is there' })).toBeVisible({ timeout: 20_000 });
  await axe(page);
  await page.goto(clientPage);
  const year = new Date().getUTCFullYear() + 3;
  await expect(row).toContainText(String(year));
  await row.getByRole('link', { name: /^Add seats/ }).click();
  await page.getByLabel('Further machines').fill('2');
  await press(page, 'Update price');
  await expect(page.getByRole('heading', { level: 2, name: '2 more machines' })).toBeVisible();
  await axe(page);

  // A second client, for whoever does not want it; both are found and taken along.
  await page.goto('/partner/clients/new');
  await fill(`Bode Pumpen ${mark} GmbH`, other.email);
  await expect(page.getByText('The client is there.', { exact: false })).toBeVisible();
  await page.goto('/partner/clients');
  await page.getByLabel('Name or e-mail address').fill('ohre');
  await press(page, 'Show');
  const rows = page.getByRole('table', { name: 'Clients' }).getByRole('row');
  await expect(rows.filter({ hasText: clientCompany })).toContainText('not taken over');
  await expect(rows.filter({ hasText: 'Bode' })).toHaveCount(0);
  await axe(page);
  const table = await page.request.get('/partner/clients.csv?search=ohre');
  expect(table.headers()['content-type']).toContain('text/csv');
  expect(await table.text()).toContain(`${clientCompany},${contact.email},not_taken_over,1,`);
  await page.getByLabel('Name or e-mail address').fill('nobody is called so');
  await press(page, 'Show');
  await expect(page.getByText('No client of yours has that in its name or address.')).toBeVisible();
  await axe(page);
  await page.context().clearCookies();

  // Whoever was asked takes the account over, with its license.
  await page.goto(await linkInMail(product, contact, /has made an account of/, /\/join\?token=/));
  await expect(page.getByRole('heading', { level: 1, name: `Join ${clientCompany}` })).toBeVisible();
  await expect(page.getByText(`${partnerCompany} has made this account.`)).toBeVisible();
  await axe(page);
  await join(page, contact, 'Eve Example');
  await page.goto('/licenses');
  await expect(page.getByRole('link', { name: /^Open .*Perpetual$/ })).toBeVisible();
  await page.goto('/account/partners');
  await expect(page.getByRole('link', { name: partnerCompany })).toBeVisible();
  await product.inbox(partner.email, /is your client/);
  await page.context().clearCookies();

  // The other one declines, and the link is worth nothing then.
  const declined = await linkInMail(product, other, /has made an account of/, /\/join\?token=/);
  await page.goto(declined);
  await press(page, 'Decline the account');
  await expect(page.getByText('You have declined. Whoever made the account is told by mail.')).toBeVisible();
  await page.goto(declined);
  await expect(page.getByRole('heading', { level: 1, name: 'This invitation does not work any more' })).toBeVisible();
  await product.inbox(partner.email, /is no longer your client/);
});
