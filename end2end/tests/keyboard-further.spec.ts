import type { Browser, Locator, Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import { ADMIN_SECRET } from '../product.ts';
import { buy } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { Keyboard } from '../steps/keyboard.ts';
import { makeClient } from '../steps/new_clients.ts';
import { found, makePartner } from '../steps/partners.ts';
import { COMPANY, confirmAddress, linkInMail, logIn, nameCompany, type Person, setUpFactor, signUp, somebody } from '../steps/people.ts';
import { reloadUntil } from '../steps/time.ts';
import { totp } from '../steps/totp.ts';

// What keyboard.spec.ts leaves: tasks that are less common, each where it begins. A plan changes in these journeys, so they
// have a product of their own.
test.use({ settings: { LEASEHOLD__MAIL__FROM: 'keyboard-further@nordwind.example' } });

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });
const button = (place: Page | Locator, name: string | RegExp) => place.getByRole('button', { name, exact: typeof name === 'string' });
const link = (place: Page | Locator, name: string | RegExp) => place.getByRole('link', { name, exact: typeof name === 'string' });

/** Another person's window, which is none of the keyboard's business. */
async function elsewhere(browser: Browser, act: (page: Page) => Promise<void>): Promise<void> {
  const page = await browser.newPage();
  await act(page);
  await page.close();
}

/** Logs in on the page that is open. */
async function writeLogIn(page: Page, keyboard: Keyboard, person: Person): Promise<void> {
  await expect(heading(page, 'Log in')).toBeVisible();
  await keyboard.type(page.getByLabel('E-mail address'), person.email);
  await keyboard.type(page.getByLabel('Password', { exact: true }), person.password);
  await keyboard.press(button(page, 'Log in'));
}

test('a customer minds the account without a mouse', { tag: '@once' }, async ({ page, product }) => {
  const keyboard = new Keyboard(page);
  const { person, key, license } = await buy(page, { plan: 'Startup' });
  await confirmAddress(page, product, person);

  await test.step('give another card', async () => {
    await page.goto(license);
    await reloadUntil(page, () => expect(link(page, 'Change the card')).toBeVisible({ timeout: 500 }));
    await keyboard.press(link(page, 'Change the card'));
    await expect(heading(page, 'Card')).toBeVisible();
    await keyboard.press(button(page, 'Give another card'));
    await keyboard.type(page.getByLabel('Card number'), '5555 5555 5555 4444');
    await keyboard.type(page.getByLabel('Expiry (MM/YY)'), '12/34');
    await keyboard.type(page.getByLabel('CVC'), '123');
    await keyboard.press(button(page, 'Save card'));
    await expect(page.getByText('The new card is charged from now on.')).toBeVisible();
  });

  await test.step('replace the key', async () => {
    await page.goto(license);
    await keyboard.press(button(page, 'Replace…'));
    const dialog = page.getByRole('dialog', { name: 'Replace the license key?' });
    await keyboard.choose(dialog.getByLabel('How long the old key goes on working'), /^1 day$/);
    await keyboard.press(button(dialog, 'Replace the key'));
    await expect(page.getByLabel('Key of this license')).toHaveValue(/^LH-/);
    await expect(page.getByLabel('Key of this license')).not.toHaveValue(key);
  });

  await test.step('change the company details', async () => {
    await page.goto('/account');
    await keyboard.press(link(page, 'Edit the company details'));
    await keyboard.type(page.getByLabel('City'), 'Hamburg');
    await keyboard.press(button(page, 'Save the company details'));
    await expect(page.getByText('Hamburg')).toBeVisible();
  });

  await test.step('make an API token', async () => {
    await page.goto('/account');
    await keyboard.press(link(page, 'Manage API tokens'));
    await keyboard.type(page.getByLabel('What is it for?'), 'Inventory');
    await keyboard.tick(page.getByRole('checkbox', { name: 'See licenses', exact: true }));
    await keyboard.press(button(page, 'Make the token'));
    await expect(page.getByLabel('New API token')).toHaveValue(/^lh_/);
  });

  await test.step('act for another company, and come back', async () => {
    await page.goto('/account');
    await keyboard.press(link(page, 'Add another company'));
    await expect(heading(page, 'Your company')).toBeVisible();
    await nameCompany(page, { ...COMPANY, name: 'Elbe Pumpen GmbH' });
    await expect(page.getByRole('banner')).toContainText('Elbe Pumpen GmbH · Owner');
    await keyboard.press(button(page, 'Switch…'));
    await keyboard.press(button(page.getByRole('dialog'), `${COMPANY.name} · Owner`));
    await expect(page.getByText('You act for the other company now.')).toBeVisible();
  });

  await test.step('set a new password by mail', async () => {
    await keyboard.press(button(page, 'Log out'));
    await expect(page.getByText('You are logged out.')).toBeVisible();
    await page.goto('/log-in');
    await keyboard.press(link(page, 'Forgotten the password?'));
    await keyboard.type(page.getByLabel('E-mail address'), person.email);
    await keyboard.press(button(page, 'Mail me a link'));
    await expect(heading(page, 'Look into your mailbox')).toBeVisible();
    await page.goto(await linkInMail(product, person, /Set a new password/, /reset-password/));
    const changed = { ...person, password: 'four loud geese sleep' };
    await keyboard.type(page.getByLabel('New password'), changed.password);
    await keyboard.press(button(page, 'Set the new password'));
    await expect(page.getByText('Your new password is set.')).toBeVisible();
    await writeLogIn(page, keyboard, changed);
    await expect(heading(page, 'Overview')).toBeVisible();
  });
});

test('a partner corrects an address and hands a voucher out without a mouse, and a customer redeems it', { tag: '@once' }, async ({ page, browser, product }) => {
  const keyboard = new Keyboard(page);
  const mark = crypto.randomUUID().slice(0, 8);
  const [partner, owner, customer] = [somebody('partner'), somebody('owner'), somebody('customer')];
  const [partnerCompany, clientCompany] = [`Ulster Vertrieb ${mark} AG`, `Felda Pumpen ${mark} GmbH`];
  await elsewhere(browser, async (other) => {
    await found(other, partner, partnerCompany);
    await makePartner(other, partnerCompany);
  });
  await page.goto('/log-in?next=%2Fpartner%2Fclients');
  await logIn(page, partner);
  await setUpFactor(page);
  await makeClient(page, clientCompany, somebody('mistyped').email);

  await test.step('correct the address of whom was asked', async () => {
    await keyboard.type(page.getByLabel('Who is asked to take it over'), owner.email);
    await keyboard.press(button(page, 'Send the mail again'));
    await expect(page.getByText('The mail is on its way. The link before it works no more.')).toBeVisible();
  });

  await test.step('take the account over', async () => {
    await elsewhere(browser, async (other) => {
      const keys = new Keyboard(other);
      await other.goto(await linkInMail(product, owner, /has made an account of/, /\/join\?token=/));
      await keys.type(other.getByLabel('Your name'), 'Olga Owner');
      await keys.type(other.getByLabel('Password', { exact: true }), owner.password);
      await keys.press(button(other, 'Sign up and join'));
      await expect(other.getByText('Welcome. You have joined.')).toBeVisible();
    });
  });

  let code = '';
  await test.step('show the code of a voucher', async () => {
    await page.goto('/partner/vouchers/new');
    const plans = page.getByLabel('Plan', { exact: true });
    await keyboard.choose(plans, /Maker: one month/);
    await keyboard.type(page.getByLabel('Number of vouchers'), '1');
    await keyboard.press(button(page, 'Update price'));
    await expect(page).toHaveURL(/count=1/);
    await keyboard.press(button(page, /^Pay .* by card$/));
    await page.getByRole('button', { name: 'Pay with 4242 (succeeds)' }).click();
    await keyboard.press(link(page, 'Open the vouchers'));
    await keyboard.press(link(page, 'Voucher 1'));
    await keyboard.type(page.getByLabel('Note'), 'for Felda');
    await keyboard.press(button(page, 'Save the note'));
    await expect(page.getByText('The note is saved.')).toBeVisible();
    await keyboard.press(button(page, 'Show the code'));
    await expect(page.getByLabel('Voucher code')).toHaveValue(/^VC-/);
    code = await page.getByLabel('Voucher code').inputValue();
  });

  await test.step('redeem it', async () => {
    await elsewhere(browser, async (other) => {
      const keys = new Keyboard(other);
      await other.goto('/sign-up');
      await signUp(other, customer);
      await nameCompany(other);
      await other.goto('/redeem');
      await keys.type(other.getByLabel('Voucher code'), code);
      await keys.press(button(other, 'Go on'));
      await keys.press(button(other, 'Redeem the voucher'));
      await expect(other.getByLabel('Your key')).toHaveValue(/^LH-/);
    });
  });
});

test('the staff change the catalog, act for a customer and let colleagues in without a mouse', { tag: '@once' }, async ({ page, browser, product }) => {
  const keyboard = new Keyboard(page);
  const company = `Orla Antriebe ${crypto.randomUUID().slice(0, 8)} GmbH`;
  await elsewhere(browser, async (other) => {
    await other.goto('/sign-up');
    await signUp(other, somebody('customer'));
    await nameCompany(other, { ...COMPANY, name: company });
    await other.goto('/messages/new');
    await other.getByLabel('Subject', { exact: true }).fill(company);
    await other.getByLabel('Message', { exact: true }).fill('Can somebody have a look?');
    await press(other, 'Send the message');
    await expect(heading(other, company)).toBeVisible();
  });
  await page.goto('/log-in');
  await writeLogIn(page, keyboard, await product.newAdmin());
  await keyboard.type(page.getByLabel('Code', { exact: true }), await totp(product, ADMIN_SECRET));
  await keyboard.press(button(page, 'Log in'));
  await expect(heading(page, 'Console')).toBeVisible();

  await test.step('follow a number to its list', async () => {
    await keyboard.press(link(page.getByRole('main'), /message/i).first());
    await expect(heading(page, 'Messages')).toBeVisible();
    await expect(page.getByRole('row').filter({ hasText: company }).first()).toBeVisible();
  });

  await test.step('change what a plan says', async () => {
    await page.goto('/staff/catalog');
    await keyboard.press(link(page, 'Startup'));
    await expect(heading(page, 'Startup')).toBeVisible();
    await keyboard.press(link(page, 'Edit'));
    await expect(heading(page, 'Change Startup')).toBeVisible();
    await keyboard.type(page.getByLabel('Line under the name'), 'For keyboards of your own');
    await keyboard.press(button(page, 'Show what changes'));
    await keyboard.press(button(page.locator('#review'), 'Save'));
    await expect(page.getByText('The changes are saved.', { exact: false })).toBeVisible();
  });

  await test.step('change a price', async () => {
    await page.goto('/staff/catalog');
    await keyboard.press(link(page, 'Startup'));
    await expect(heading(page, 'Startup')).toBeVisible();
    await keyboard.press(link(page, 'Prices'));
    await expect(heading(page, 'Prices of Startup')).toBeVisible();
    await keyboard.type(page.getByLabel('Base price: By the month, USD'), '309.00');
    await keyboard.press(button(page, 'Show what changes'));
    await keyboard.press(button(page.locator('#review'), 'Save'));
    await expect(page.getByRole('row').filter({ hasText: 'Base price' }).first()).toContainText('$309.00');
  });

  await test.step('take a plan off the price list and put it on again', async () => {
    await page.goto('/staff/catalog');
    await keyboard.press(link(page, 'Startup'));
    await expect(heading(page, 'Startup')).toBeVisible();
    await keyboard.press(button(page, 'Take off the price list'));
    await keyboard.press(button(page.getByRole('dialog'), 'Take it off'));
    await expect(page.getByText('The plan is off the price list.', { exact: false })).toBeVisible();
    await keyboard.press(button(page, 'Put on the price list'));
    await expect(page.getByText('The plan is on the price list.')).toBeVisible();
  });

  await test.step('publish a release', async () => {
    await page.goto('/staff/catalog');
    await keyboard.press(link(page, /^Releases /).first());
    const publish = page.locator('#publish');
    await keyboard.type(publish.getByLabel('Version', { exact: true }), '77.0.0');
    await keyboard.press(button(publish, 'Publish the release'));
    await expect(page.getByText('The release is published.', { exact: false }).first()).toBeVisible();
  });

  await test.step('invite a colleague', async () => {
    await page.goto('/staff/people');
    const card = page.locator('#invite');
    await keyboard.type(card.getByLabel('E-mail address of the person'), somebody('support').email);
    await keyboard.pick(card.getByRole('radio', { name: /^Support/ }));
    await keyboard.press(button(card, 'Send the invitation'));
    await expect(page.getByText('The invitation is on its way.', { exact: false })).toBeVisible();
  });

  await test.step('make an account a partner', async () => {
    await page.goto('/staff/customers');
    await keyboard.type(page.getByLabel('Company, e-mail address or id'), company);
    await keyboard.press(button(page, 'Show'));
    await keyboard.press(link(page.getByRole('row').filter({ hasText: company }), company));
    await keyboard.press(link(page, 'Partnership'));
    await keyboard.type(page.getByLabel('Commission in percent'), '20');
    await keyboard.type(page.getByLabel('Discount for clients in percent'), '10');
    await keyboard.press(button(page, 'Make it a partner'));
    await expect(page.getByText('The account is a partner. Its owners are told by mail.')).toBeVisible();
  });

  await test.step('act as a customer, and stop', async () => {
    await keyboard.press(link(page.getByRole('main'), company));
    const act = page.locator('#act');
    await keyboard.type(act.getByLabel('Reason'), 'Ticket 4711: a seat is stuck');
    await keyboard.press(button(act, 'Act as this customer'));
    await expect(page.getByText(`You act as ${company}.`)).toBeVisible();
    await keyboard.press(button(page, 'Stop'));
    await expect(page.getByText('You act for yourself again.', { exact: false })).toBeVisible();
  });

  await test.step('rotate the signing keys', async () => {
    await page.goto('/staff/signing-keys');
    await keyboard.press(button(page, 'Rotate…'));
    await keyboard.press(button(page.getByRole('dialog'), 'Rotate the keys'));
    await expect(page.getByText('The next key signs from now on', { exact: false })).toBeVisible();
  });
});
