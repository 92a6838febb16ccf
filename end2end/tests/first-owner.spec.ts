import { expect, test } from '../fixtures.ts';
import { ADMIN } from '../product.ts';
import { press } from '../steps/interactions.ts';
import { join } from '../steps/invitations.ts';
import { makeClient } from '../steps/new_clients.ts';
import { found, makePartner } from '../steps/partners.ts';
import { linkInMail, logIn, setUpFactor, somebody } from '../steps/people.ts';

const LINK = /\/join\?token=/;

test('a partner asks at another address, and staff ask a first owner where the partner has gone', async ({ page, browser, product, axe }) => {
  const mark = crypto.randomUUID().slice(0, 8);
  const [partner, mistyped, owner, absent, heir] = [
    somebody('partner'), somebody('mistyped'), somebody('owner'), somebody('absent'), somebody('heir'),
  ];
  const [partnerCompany, first, second] = [`Nahe Vertrieb ${mark} AG`, `Rodach Pumpen ${mark} GmbH`, `Itz Pumpen ${mark} GmbH`];
  // Whoever is asked may have a login already.
  await found(page, owner, `Steinach Pumpen ${mark} GmbH`);
  await found(page, partner, partnerCompany);
  await makePartner(page, partnerCompany);
  await page.context().clearCookies();
  await page.goto('/log-in?next=%2Fpartner%2Fclients');
  await logIn(page, partner);
  await setUpFactor(page);

  await test.step('the address is corrected', async () => {
    await makeClient(page, first, mistyped.email);
    await expect(page.getByText('Nobody has taken this account over yet.')).toBeVisible();
    const wrong = await linkInMail(product, mistyped, /has made an account of/, LINK);
    const field = page.getByLabel('Who is asked to take it over');
    await expect(field).toHaveValue(mistyped.email);
    await field.fill(partner.email);
    await press(page, 'Send the mail again');
    await expect(page.getByRole('alert')).toContainText('That is your own address.');
    await expect(field).toHaveValue(partner.email);
    await axe(page);
    await field.fill(owner.email);
    await press(page, 'Send the mail again');
    await expect(page.getByText('The mail is on its way. The link before it works no more.')).toBeVisible();
    await expect(field).toHaveValue(owner.email);
    await page.goto('/partner/clients');
    await expect(page.getByRole('row').filter({ hasText: first })).toContainText(owner.email);

    const other = await browser.newPage();
    await other.goto(wrong);
    await expect(other.getByRole('heading', { level: 1, name: 'This invitation does not work any more' })).toBeVisible();
    await other.goto(await linkInMail(product, owner, /has made an account of/, LINK));
    await expect(other.getByText(`${partnerCompany} has made this account.`)).toBeVisible();
    await press(other.getByRole('main'), 'Log in', 'link');
    await logIn(other, owner);
    await expect(other.getByRole('heading', { level: 1, name: `Join ${first}` })).toBeVisible();
    await axe(other);
    await press(other, 'Accept the invitation');
    await expect(other.getByText('Welcome. You have joined.')).toBeVisible();
    await expect(other.getByRole('banner')).toContainText(`${first} · Owner`);
    await other.close();
  });

  await test.step('the partner orders, and goes before anybody has come', async () => {
    await makeClient(page, second, absent.email);
    await page.getByRole('link', { name: /^Order .*, Community$/ }).click();
    await expect(page.getByText(`You order for ${second}`)).toBeVisible();
    await press(page, 'Get the license');
    await expect(page.getByText('The license is in your client', { exact: false })).toBeVisible();
    await press(page, 'Open the client', 'link');
    await press(page, `End the relation… ${second}`);
    await axe(page);
    await press(page.getByRole('dialog'), 'End the relation');
    await expect(page.getByRole('heading', { level: 1, name: 'Clients' })).toBeVisible();
    await expect(page.getByRole('row').filter({ hasText: first })).not.toContainText('not taken over');
    await page.context().clearCookies();
  });

  await test.step('staff ask somebody to be the first owner', async () => {
    await page.goto('/log-in?next=%2Fstaff%2Fcustomers');
    await logIn(page, ADMIN);
    await page.getByLabel('Company, e-mail address or id').fill(second);
    await press(page, 'Show');
    await page.getByRole('row').filter({ hasText: second }).getByRole('link').click();
    await expect(page.getByRole('heading', { level: 1, name: second })).toBeVisible();
    const card = page.locator('#first-owner');
    const field = card.getByLabel('E-mail address of the owner to be');
    await axe(page);
    await field.fill('heir@pumpen');
    await press(card, 'Ask the first owner');
    await expect(card.getByRole('alert')).toBeVisible();
    await expect(field).toHaveValue('heir@pumpen');
    await axe(page);
    await field.fill(heir.email);
    await press(card, 'Ask the first owner');
    await expect(page.getByText('The mail is on its way. Links that were sent before work no more.')).toBeVisible();
    await page.context().clearCookies();
  });

  await test.step('who was asked takes the account over, and whoever was asked before does not', async () => {
    await page.goto(await linkInMail(product, absent, /has made an account of/, LINK));
    await expect(page.getByRole('heading', { level: 1, name: 'This invitation does not work any more' })).toBeVisible();
    await page.goto(await linkInMail(product, heir, /./, LINK));
    await expect(page.getByRole('heading', { level: 1, name: `Join ${second}` })).toBeVisible();
    await expect(page.getByText(partnerCompany)).toHaveCount(0);
    await axe(page);
    await join(page, heir, 'Hanna Heir');
    await page.goto('/licenses');
    await expect(page.getByRole('link', { name: /^Open .*Community$/ })).toBeVisible();
  });
});
