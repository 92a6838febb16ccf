import type { Browser, Locator, Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import { ADMIN_SECRET, type Product } from '../product.ts';
import { buy, planCard } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { Keyboard } from '../steps/keyboard.ts';
import { activate } from '../steps/licensing_api.ts';
import { makePartner } from '../steps/partners.ts';
import { COMPANY, linkInMail, logIn, type Person, somebody } from '../steps/people.ts';
import { haveAddressConfirmed, newCustomer } from '../steps/requests.ts';
import { reloadUntil } from '../steps/time.ts';
import { totp } from '../steps/totp.ts';

// Settings are changed and Stripe misbehaves in these journeys, so they have a product of their own.
test.use({ settings: { LEASEHOLD__MAIL__FROM: 'keyboard@nordwind.example' } });

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });
const button = (place: Page | Locator, name: string | RegExp) => place.getByRole('button', { name, exact: typeof name === 'string' });
const link = (place: Page | Locator, name: string | RegExp) => place.getByRole('link', { name, exact: typeof name === 'string' });

/** Fills in the page of the company. */
async function writeCompany(page: Page, keyboard: Keyboard, name: string): Promise<void> {
  await expect(heading(page, 'Your company')).toBeVisible();
  await keyboard.type(page.getByLabel('Company', { exact: true }), name);
  await keyboard.find(page.getByLabel('Country', { exact: true }), COMPANY.country);
  await keyboard.type(page.getByLabel('Street and number'), COMPANY.street);
  await keyboard.type(page.getByLabel('Postal code'), COMPANY.postalCode);
  await keyboard.type(page.getByLabel('City'), COMPANY.city);
  await keyboard.press(button(page, /^(Go on to payment|Save the company)$/));
}

/** Pays on the page of an order, and on Stripe's. */
async function pay(page: Page, keyboard: Keyboard): Promise<void> {
  await expect(heading(page, 'Review and pay')).toBeVisible();
  await keyboard.press(button(page, /^Pay .* by card$/));
  await keyboard.type(page.getByLabel('Card number'), '4242 4242 4242 4242');
  await keyboard.type(page.getByLabel('Expiry (MM/YY)'), '12/34');
  await keyboard.type(page.getByLabel('CVC'), '123');
  await keyboard.press(button(page, 'Subscribe'));
}

async function writeLogIn(page: Page, keyboard: Keyboard, person: Person): Promise<void> {
  await expect(heading(page, 'Log in')).toBeVisible();
  await keyboard.type(page.getByLabel('E-mail address'), person.email);
  await keyboard.type(page.getByLabel('Password', { exact: true }), person.password);
  await keyboard.press(button(page, 'Log in'));
}

/** Writes to the vendor from the page that is open. */
async function writeMessage(page: Page, keyboard: Keyboard, subject: string): Promise<void> {
  await keyboard.press(link(page, /^Contact /));
  await expect(heading(page, 'New message')).toBeVisible();
  await keyboard.type(page.getByLabel('Subject', { exact: true }), subject);
  await keyboard.type(page.getByLabel('Message', { exact: true }), 'How many nodes may run?');
  await keyboard.press(button(page, 'Send the message'));
  await expect(heading(page, subject)).toBeVisible();
}

async function inviteColleague(page: Page, keyboard: Keyboard): Promise<void> {
  await page.goto('/account/members');
  const card = page.locator('#invite');
  await keyboard.type(card.getByLabel('E-mail address of the person'), somebody('colleague').email);
  await keyboard.pick(card.getByRole('radio', { name: /^Technical/ }));
  await keyboard.press(button(card, 'Send the invitation'));
  await expect(page.getByText('The invitation is on its way.', { exact: false })).toBeVisible();
}

/** Another person's window, which is none of the keyboard's business. */
async function elsewhere(browser: Browser, act: (page: Page) => Promise<void>): Promise<void> {
  const page = await browser.newPage();
  await act(page);
  await page.close();
}

test('a customer needs no mouse', { tag: '@once' }, async ({ page, context, product }) => {
  test.setTimeout(300_000);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const keyboard = new Keyboard(page);
  const person = somebody('keys');
  let key = '';
  let license = '';

  await test.step('sign up and buy', async () => {
    await page.goto('/?interval=month');
    await keyboard.type(planCard(page, 'Startup').getByRole('spinbutton'), '3');
    await keyboard.press(button(page, 'Choose Startup'));
    await expect(heading(page, 'Sign up')).toBeVisible();
    await keyboard.type(page.getByLabel('E-mail address'), person.email);
    await keyboard.type(page.getByLabel('Password', { exact: true }), person.password);
    await keyboard.press(button(page, 'Sign up and go on'));
    await writeCompany(page, keyboard, COMPANY.name);
    await pay(page, keyboard);
    await expect(heading(page, 'Your license is ready')).toBeVisible();
  });

  await test.step('copy the key', async () => {
    key = await page.getByLabel('Your key').inputValue();
    await keyboard.press(button(page, 'Copy key'));
    await expect(page.getByText('License key copied')).toBeVisible();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key);
    await keyboard.press(link(page, 'Open the license'));
    await expect(page).toHaveURL(/\/licenses\/lic_/);
    license = new URL(page.url()).pathname;
  });

  await test.step('log out and log in', async () => {
    await keyboard.press(button(page, 'Log out'));
    await expect(page.getByText('You are logged out.')).toBeVisible();
    await page.goto(`/log-in?next=${encodeURIComponent(license)}`);
    await writeLogIn(page, keyboard, person);
    await expect(page).toHaveURL(new RegExp(`${license}$`));
  });

  await test.step('see the key again', async () => {
    await keyboard.press(button(page, 'Reveal the license key'));
    await expect(page.getByLabel('Key of this license')).toHaveValue(key);
  });

  await test.step('free a seat', async () => {
    expect((await activate(product.url, { key, product: 'iot-platform', instance: 'node-a', version: '4.2.1' })).status).toBe(200);
    await page.goto(license);
    const question = 'Free the seat of node-a';
    await keyboard.press(button(page, question));
    const dialog = page.getByRole('dialog', { name: `${question}?` });
    await expect(dialog).toBeVisible();
    // Escape closes it, and the focus is where it was.
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    await expect(button(page, question)).toBeFocused();
    await page.keyboard.press('Enter');
    await keyboard.press(button(dialog, question));
    await expect(page.getByRole('row').filter({ hasText: 'node-a' })).toContainText('Freed');
  });

  await test.step('take more seats', async () => {
    await page.goto(`${license}/change`);
    await keyboard.type(page.getByRole('spinbutton'), '4');
    await keyboard.press(button(page, 'Show the price'));
    await keyboard.press(button(page, /^Pay .* now and change$/));
    await expect(page.getByText('The change is made and paid.').first()).toBeVisible();
  });

  await test.step('cancel, and take it back', async () => {
    await page.goto(license);
    await keyboard.press(link(page, 'Cancel…'));
    await expect(heading(page, 'Cancel the subscription')).toBeVisible();
    await keyboard.choose(page.getByLabel('Why do you cancel?'), /^We do not need it any more$/);
    await keyboard.press(button(page, /^Cancel on \d+ \w+ \d{4}$/));
    await expect(page.getByText(/^Cancelled: it ends on /)).toBeVisible();
    await keyboard.press(button(page, 'Keep the subscription'));
    await expect(page.getByText('The cancellation was taken back.').first()).toBeVisible();
  });

  await test.step('download an invoice', async () => {
    await page.goto('/invoices');
    await reloadUntil(page, () => expect(link(page, /^PDF of \S+$/).first()).toBeVisible({ timeout: 100 }));
    const download = page.waitForEvent('download');
    await keyboard.press(link(page, /^PDF of \S+$/).first());
    expect((await download).suggestedFilename()).toMatch(/^invoice-.*\.pdf$/);
  });

  await test.step('invite a colleague', async () => {
    await page.goto(await linkInMail(product, person, /Confirm your e-mail address/, /verify-email/));
    await keyboard.press(button(page, 'Confirm the address'));
    await expect(page.getByText('Your e-mail address is confirmed.')).toBeVisible();
    await inviteColleague(page, keyboard);
  });

  await test.step('write to the vendor', async () => {
    await page.goto(license);
    await writeMessage(page, keyboard, 'A question about nodes');
  });
});

test('a partner needs no mouse', { tag: '@once' }, async ({ page, browser, product }) => {
  test.setTimeout(300_000);
  const keyboard = new Keyboard(page);
  const mark = crypto.randomUUID().slice(0, 8);
  const [partner, client] = [somebody('partner'), somebody('client')];
  const [partnerCompany, clientCompany] = [`Ilm Vertrieb ${mark} AG`, `Unstrut Pumpen ${mark} GmbH`];
  const campaign = `Ilm ${mark}`;
  for (const [person, name] of [[partner, partnerCompany], [client, clientCompany]] as const) {
    await elsewhere(browser, async (other) => {
      await newCustomer(other, { ...COMPANY, name }, person);
      await haveAddressConfirmed(product, person);
    });
  }
  await elsewhere(browser, async (staff) => {
    await makePartner(staff, partnerCompany);
    await staff.goto('/staff/campaigns/new');
    await staff.getByLabel('Name', { exact: true }).fill(campaign);
    await staff.getByLabel('Whose').selectOption({ label: partnerCompany });
    await staff.getByLabel(/^Percent/).fill('10');
    await press(staff, 'Create the campaign');
    await expect(staff.getByText('The campaign is there.')).toBeVisible();
  });

  await test.step('log in and set up the second factor', async () => {
    await page.goto('/log-in?next=%2Fpartner%2Fclients');
    await writeLogIn(page, keyboard, partner);
    await expect(heading(page, 'Second factor')).toBeVisible();
    const secret = await page.getByLabel('Secret', { exact: true }).inputValue();
    await keyboard.type(page.getByLabel('Code', { exact: true }), await totp(product, secret));
    await keyboard.press(button(page, 'Turn it on'));
    await keyboard.press(button(page, 'I have kept them'));
    await expect(page).not.toHaveURL(/second-factor/);
  });

  await test.step('invite a client', async () => {
    await page.goto('/partner/clients');
    await expect(heading(page, 'Clients')).toBeVisible();
    await keyboard.type(page.getByLabel('Company', { exact: true }), clientCompany);
    await keyboard.type(page.getByLabel('E-mail address of an owner there'), client.email);
    await keyboard.press(button(page, 'Send the invitation'));
    await expect(page.getByText('The invitation is on its way.')).toBeVisible();
  });
  await elsewhere(browser, async (other) => {
    await other.goto(await linkInMail(product, client, /wants to look after your licenses/, /relations/));
    await logIn(other, client);
    await press(other, `Accept for ${clientCompany}`);
    await expect(other.getByText('You have a partner now. It is told by mail.')).toBeVisible();
  });

  await test.step('open the client', async () => {
    await page.goto('/partner/clients');
    await keyboard.press(link(page.getByRole('row').filter({ hasText: clientCompany }), clientCompany));
    await expect(heading(page, clientCompany)).toBeVisible();
  });

  await test.step('order for the client and pay', async () => {
    await keyboard.press(link(page, /^Order .*, Startup$/));
    await pay(page, keyboard);
    await expect(page.getByText('The license is in your client', { exact: false })).toBeVisible();
  });

  await test.step('look at the license of the client', async () => {
    await keyboard.press(link(page, 'Open the client'));
    const row = page.locator('#licenses').getByRole('row').filter({ hasText: 'Startup' });
    await keyboard.press(link(row, /Startup$/).first());
    await expect(page.getByText('Nothing has been activated under this license yet.')).toBeVisible();
  });

  await test.step('see what renews', async () => {
    await page.goto('/partner/renewals');
    await keyboard.press(link(page.getByRole('row').filter({ hasText: clientCompany }), clientCompany));
    await expect(heading(page, clientCompany)).toBeVisible();
  });

  await test.step('make an account for a client', async () => {
    await page.goto('/partner/clients');
    await keyboard.press(link(page, 'New client'));
    await expect(heading(page, 'New client')).toBeVisible();
    await keyboard.type(page.getByLabel('Name of your contact there'), 'Eve Example');
    await keyboard.type(page.getByLabel('E-mail address of your contact'), somebody('contact').email);
    await keyboard.type(page.getByLabel('Company', { exact: true }), `Wipper Pumpen ${mark} GmbH`);
    await keyboard.find(page.getByLabel('Country', { exact: true }), COMPANY.country);
    await keyboard.type(page.getByLabel('Street and number'), COMPANY.street);
    await keyboard.type(page.getByLabel('City'), COMPANY.city);
    await keyboard.press(button(page, 'Make the account'));
    await expect(heading(page, `Wipper Pumpen ${mark} GmbH`)).toBeVisible();
  });

  await test.step('find a client', async () => {
    await page.goto('/partner/clients');
    await keyboard.type(page.getByLabel('Name or e-mail address'), 'unstrut');
    await keyboard.press(button(page, 'Show'));
    await expect(page.getByRole('row').filter({ hasText: clientCompany })).toBeVisible();
    await expect(page.getByRole('row').filter({ hasText: 'Wipper' })).toHaveCount(0);
  });

  await test.step('take the statement of the month along', async () => {
    await page.goto('/partner/commissions');
    await keyboard.press(link(page, 'This month so far'));
    await expect(page).toHaveURL(/\/partner\/commissions\/\d{4}-\d{2}$/);
    const download = page.waitForEvent('download');
    await keyboard.press(link(page, 'Table (CSV)'));
    expect((await download).suggestedFilename()).toMatch(/\.csv$/);
  });

  await test.step('add a code', async () => {
    await page.goto('/partner/codes');
    await keyboard.press(link(page, campaign));
    await expect(heading(page, campaign)).toBeVisible();
    const add = page.locator('#add');
    await keyboard.type(add.getByLabel('Code', { exact: true }), `ILM-${mark.toUpperCase()}`);
    await keyboard.press(button(add, 'Add the code'));
    await expect(page.getByText('The codes are there.')).toBeVisible();
  });

  await test.step('buy vouchers', async () => {
    await page.goto('/partner/vouchers');
    await keyboard.press(link(page, 'Buy vouchers'));
    await expect(heading(page, 'Buy vouchers')).toBeVisible();
    await keyboard.choose(page.getByLabel('Plan', { exact: true }), /Startup: one month/);
    await keyboard.type(page.getByLabel('Number of vouchers'), '2');
    await keyboard.press(button(page, 'Update price'));
    await keyboard.press(button(page, /^Pay .* by card$/));
    await keyboard.type(page.getByLabel('Card number'), '4242 4242 4242 4242');
    await keyboard.type(page.getByLabel('Expiry (MM/YY)'), '12/34');
    await keyboard.type(page.getByLabel('CVC'), '123');
    await keyboard.press(button(page, /^Pay [^w]/));
    await expect(heading(page, 'Your vouchers are ready')).toBeVisible();
  });

  await test.step('end the relation', async () => {
    await page.goto('/partner/clients');
    await keyboard.press(link(page.getByRole('row').filter({ hasText: clientCompany }), clientCompany));
    await keyboard.press(button(page, `End the relation… ${clientCompany}`));
    await keyboard.press(button(page.getByRole('dialog'), 'End the relation'));
    await expect(page.getByText('That is over. The other side is told by mail.')).toBeVisible();
  });
});

/** The newest invoice, which Stripe tells of once more. */
async function touchInvoice(product: Product): Promise<void> {
  const state = (await product.sandbox.state()) as { objects: { invoice: { id: string }[] } };
  const invoice = state.objects.invoice.at(-1);
  if (invoice === undefined) throw new Error('there is no invoice');
  await product.sandbox.api(`invoices/${invoice.id}`, { description: 'looked at' });
}

test('the staff of the vendor need no mouse', { tag: '@once' }, async ({ page, browser, product }) => {
  test.setTimeout(300_000);
  const keyboard = new Keyboard(page);
  const tail = crypto.randomUUID().slice(0, 8);
  const company = `Ems Antriebe ${tail} GmbH`;
  const subject = `How many nodes ${tail}`;
  let [invoice, license] = ['', ''];
  await elsewhere(browser, async (customer) => {
    ({ license } = await buy(customer, { plan: 'Startup' }, { ...COMPANY, name: company }));
    await customer.goto('/messages/new');
    await customer.getByLabel('Subject', { exact: true }).fill(subject);
    await customer.getByLabel('Message', { exact: true }).fill('How many nodes may run?');
    await press(customer, 'Send the message');
    await customer.goto('/invoices');
    const pdf = link(customer, /^PDF of \S+$/);
    await reloadUntil(customer, () => expect(pdf).toBeVisible({ timeout: 100 }));
    invoice = ((await pdf.textContent()) ?? '').replace(/^PDF of /, '').trim();
  });

  await test.step('log in with a code', async () => {
    await page.goto('/log-in');
    await writeLogIn(page, keyboard, await product.newAdmin());
    await expect(heading(page, 'Your code, please')).toBeVisible();
    await keyboard.type(page.getByLabel('Code', { exact: true }), await totp(product, ADMIN_SECRET));
    await keyboard.press(button(page, 'Log in'));
    await expect(heading(page, 'Console')).toBeVisible();
  });

  await test.step('find a customer', async () => {
    await keyboard.type(page.getByRole('searchbox', { name: 'Search' }), company);
    await keyboard.press(button(page, 'Search'));
    await expect(heading(page, 'Search')).toBeVisible();
    await keyboard.press(link(page, company));
    await expect(heading(page, company)).toBeVisible();
  });

  await test.step('issue a license', async () => {
    await keyboard.press(link(page, 'Issue a license'));
    await expect(heading(page, 'Issue a license')).toBeVisible();
    await keyboard.choose(page.getByLabel('Plan'), /, Startup \(until a day\)$/);
    await keyboard.type(page.getByLabel('Seats'), '3');
    await keyboard.type(page.getByLabel('Reason'), 'for the trade fair');
    await keyboard.press(button(page, 'Issue the license'));
    await expect(page.getByText('The license is issued. Its owners are told by mail.')).toBeVisible();
  });

  await test.step('suspend a license and reinstate it', async () => {
    await page.goto(`/staff${license}`);
    await keyboard.press(button(page, 'Suspend…'));
    const dialog = page.getByRole('dialog');
    await keyboard.type(dialog.getByLabel('Reason'), 'unusual use');
    await keyboard.press(button(dialog, 'Suspend the license'));
    await expect(page.getByText(/Suspended by staff on .* Reason noted: unusual use/)).toBeVisible();
    await keyboard.press(button(page, 'Reinstate'));
    await expect(page.getByText('The license is reinstated.')).toBeVisible();
  });

  await test.step('answer a message', async () => {
    await page.goto('/staff/messages');
    await keyboard.press(link(page.getByRole('row').filter({ hasText: subject }), subject));
    await keyboard.type(page.getByLabel('Message', { exact: true }), 'Two.');
    await keyboard.press(button(page, 'Send the answer'));
    await expect(page.getByText('The answer is sent, and mailed to the customer.')).toBeVisible();
  });

  await test.step('give money back', async () => {
    await page.goto('/staff/invoices');
    await keyboard.type(page.getByLabel('Number of an invoice'), invoice);
    await keyboard.press(button(page, 'Show'));
    await keyboard.press(link(page, invoice));
    await expect(heading(page, invoice)).toBeVisible();
    await keyboard.type(page.getByLabel('Amount, with tax'), '10.00');
    await keyboard.press(button(page, 'Issue the credit note'));
    await expect(page.getByText('The credit note is issued, and the customer is told.')).toBeVisible();
  });

  await test.step('make a campaign', async () => {
    await page.goto('/staff/campaigns/new');
    await keyboard.type(page.getByLabel('Name', { exact: true }), `Fair ${tail}`);
    await keyboard.type(page.getByLabel(/^Code/), `KEYS-${tail.toUpperCase()}`);
    await keyboard.type(page.getByLabel(/^Percent/), '10');
    await keyboard.tick(page.getByRole('checkbox', { name: /^Startup/ }));
    await keyboard.press(button(page, 'Create the campaign'));
    await expect(page.getByText('The campaign is there.')).toBeVisible();
  });

  await test.step('begin failed work again', async () => {
    // Stripe answers invoices whose amounts cannot be read.
    await product.sandbox.chaos({ amend: [{ object: 'invoice', member: 'subtotal', value: 'many' }] });
    try {
      await touchInvoice(product);
      await page.goto('/staff/failed');
      const replay = button(page, /^Replay (all \d+|it)$/);
      await reloadUntil(page, () => expect(replay).toBeVisible({ timeout: 100 }));
      await keyboard.press(replay);
      await expect(page.getByText('Everything that failed is begun again.', { exact: false })).toBeVisible();
    } finally {
      await product.sandbox.chaos({ amend: [] });
    }
  });

  await test.step('change a setting', async () => {
    await page.goto('/staff/settings');
    await keyboard.press(link(page, 'Change What customers see'));
    const shop = page.locator('#shop');
    await keyboard.type(shop.getByLabel('Headline of the price list'), 'Run it without a mouse.');
    await keyboard.press(button(shop, 'Save'));
    await expect(page.getByText('The settings are saved.', { exact: false })).toBeVisible();
  });

  await test.step('ask the audit log', async () => {
    await page.goto('/staff/audit');
    const search = page.getByRole('search', { name: 'Filter' });
    await keyboard.press(search.locator('summary'));
    await keyboard.type(search.getByLabel('Id of what was changed'), license.split('/').at(-1) ?? '');
    await keyboard.press(button(search, 'Show'));
    await expect(page.getByRole('row').filter({ hasText: 'Created the license' })).toContainText(company);
  });
});
