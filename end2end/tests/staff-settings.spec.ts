import { expect, test } from '../fixtures.ts';
import { buy } from '../steps/buying.ts';
import { downloadPdf } from '../steps/documents.ts';
import { press } from '../steps/interactions.ts';
import { enterConsole } from '../steps/requests.ts';
import { reloadUntil } from '../steps/time.ts';

// The vendor is called something else afterwards, so it is a vendor of its own.
test.use({ settings: { LEASEHOLD__MAIL__FROM: 'settings@nordwind.example' } });

test('an administrator changes name and legal details, and the portal, mails and new invoices say so', async ({ page, axe }) => {
  // Each run gives other names: runs share a product.
  const brand = `Südwind ${crypto.randomUUID().slice(0, 6)}`;
  const legal = `${brand} AG`;
  await enterConsole(page);
  await page.getByRole('link', { name: 'Settings', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
  await axe(page);

  // What cannot be printed is refused, and nothing typed is lost.
  await press(page, 'Change What customers see', 'link');
  const shop = page.locator('#shop');
  await shop.getByLabel('Name', { exact: true }).fill('北風');
  await shop.getByLabel('Headline of the price list').fill('Run it in the south.');
  await axe(page);
  await press(shop, 'Save');
  await expect(page.getByRole('alert')).toContainText('documents cannot print “北”');
  await expect(shop.getByLabel('Headline of the price list')).toHaveValue('Run it in the south.');
  await axe(page);
  await shop.getByLabel('Name', { exact: true }).fill(brand);
  await shop.getByLabel('Hue of the accent colour').fill('20');
  await press(shop, 'Save');
  await expect(page.getByText('The settings are saved.', { exact: false })).toBeVisible();
  await expect(shop).toContainText(brand);
  await expect(page).toHaveTitle(new RegExp(brand));
  await expect(page.getByRole('banner')).toContainText(brand);

  // Whoever has not seen the last change overwrites nothing unawares.
  await press(page, 'Change What invoices say', 'link');
  const other = await page.context().newPage();
  await other.goto('/staff/settings?edit=shop');
  await other.locator('#shop').getByLabel('Sentence under it').fill('One key for the whole cluster.');
  await press(other.locator('#shop'), 'Save');
  await expect(other.getByText('The settings are saved.', { exact: false })).toBeVisible();
  await other.close();
  const invoices = page.locator('#invoices');
  await invoices.getByLabel('Registered name').fill(legal);
  await invoices.getByLabel('Register entry and management').fill('HRB 4711');
  await press(invoices, 'Save');
  await expect(page.getByRole('alert')).toContainText('Somebody else has changed the settings');
  await expect(invoices.getByLabel('Registered name')).toHaveValue(legal);
  await axe(page);
  await press(invoices, 'Save');
  await expect(page.getByText('The settings are saved.', { exact: false })).toBeVisible();
  await expect(invoices).toContainText('HRB 4711');
  for (const card of ['logo', 'transfer', 'tax']) {
    await page.goto(`/staff/settings?edit=${card}`);
    await expect(page.locator(`#${card}`).getByRole('button', { name: 'Save' })).toBeVisible();
    await axe(page);
  }

  await page.context().clearCookies();
  await buy(page, { plan: 'Maker' });
  const row = page.getByRole('row').filter({ hasText: 'First payment' });
  await expect(async () => {
    // The invoice is fetched by a job of its own, after the license was made.
    await page.goto('/invoices');
    await expect(row).toContainText('Paid', { timeout: 100 });
  }).toPass({ intervals: [100, 250], timeout: 20_000 });
  const link = page.getByRole('link', { name: /^PDF of \S+$/ });
  await expect(page.getByRole('contentinfo')).toContainText(legal);
  const pdf = await downloadPdf(page, (await link.getAttribute('href')) ?? '');
  for (const expected of [legal, 'HRB 4711']) expect(pdf.text).toContain(expected);
});

test('an administrator switches Stripe Tax off, the price list says so, and switches it on again', async ({ page, axe }) => {
  await enterConsole(page, '/staff/tax');
  await press(page, 'Switch Stripe Tax off', 'link');
  const card = page.locator('#tax');
  await card.getByLabel('Tax is reckoned').selectOption('nobody');
  await press(card, 'Save');
  await expect(card).toContainText('Not at all: none is charged');
  await press(page, 'See how tax is reckoned', 'link');
  await expect(page.getByText('Stripe Tax is switched off', { exact: false })).toBeVisible();
  await axe(page);
  await page.goto('/');
  await expect(page.getByText('No tax is added.', { exact: false })).toBeVisible();
  await page.goto('/staff/tax');
  await press(page, 'Switch Stripe Tax on', 'link');
  await card.getByLabel('Tax is reckoned').selectOption('stripe');
  await press(card, 'Save');
  await expect(card).toContainText('By Stripe Tax');
  await page.goto('/');
  await expect(page.getByText('the tax of your country is added at checkout', { exact: false })).toBeVisible();
});

test('an administrator sees in the mail log that a test mail went out', async ({ page, axe }) => {
  await enterConsole(page, '/staff/settings');
  await press(page, 'Send me a test mail');
  await expect(page.getByText('The mail is on its way to your own address.', { exact: false })).toBeVisible();
  await press(page, 'See all mails', 'link');
  await expect(page.getByRole('heading', { level: 1, name: 'Mails' })).toBeVisible();
  await axe(page);
  await page.getByLabel('Sent to').fill('ADMIN-');
  await press(page, 'Find');
  const row = page.getByRole('row').filter({ hasText: /A test mail of / }).first();
  await reloadUntil(page, () => expect(row).toContainText('Sent', { timeout: 100 }));
  await page.getByRole('link', { name: 'Failed', exact: true }).click();
  await expect(page.getByText('No mail fits.')).toBeVisible();
  await axe(page);
  await page.getByRole('link', { name: 'Sent', exact: true }).click();
  await row.getByRole('link').click();
  await expect(page.getByRole('heading', { level: 1, name: /^A test mail of / })).toBeVisible();
  await expect(page.getByRole('main')).toContainText('Taken by the mail server');
  await expect(page.getByRole('main')).toContainText('The text is not kept');
  await axe(page);
});
