import type { Page } from '@playwright/test';
import { expect, freshAddress, test } from '../fixtures.ts';
import { Product } from '../product.ts';
import { press } from '../steps/interactions.ts';
import { COMPANY, linkInMail, logIn, type Person, somebody } from '../steps/people.ts';
import { haveAddressConfirmed, newCustomer } from '../steps/requests.ts';

/** A new customer with a confirmed address, logged in, and with the address that is to come. */
async function customer(page: Page, product: Product): Promise<{ before: Person; after: Person }> {
  const before = somebody('old-address');
  await newCustomer(page, COMPANY, before);
  await haveAddressConfirmed(product, before);
  return { before, after: { ...before, email: freshAddress('new-address') } };
}

/** Asks for the change on the page that is open. */
async function ask(page: Page, email: string): Promise<void> {
  await page.getByLabel('New e-mail address').fill(email);
  await press(page, 'Mail a link to the new address');
}

/** The link in the mail to the new address. */
function confirmation(product: Product, after: Person): Promise<string> {
  return linkInMail(product, after, /^Confirm your new e-mail address/, /\/account\/email\/confirm\?token=/);
}

test('an address changes by the mail to the new one, and the old one is told', { tag: '@everywhere' }, async ({ page, browser, product, axe }) => {
  const { before, after } = await customer(page, product);
  await page.goto('/account');
  await page.getByRole('link', { name: 'Change the e-mail address' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Change the e-mail address' })).toBeVisible();
  await axe(page);
  await ask(page, before.email);
  await expect(page.getByRole('alert')).toContainText('This is your address already.');
  await expect(page.getByLabel('New e-mail address')).toHaveValue(before.email);
  await axe(page);

  // What was asked for can be taken back.
  await ask(page, after.email);
  await expect(page.getByText(`We have mailed a link to ${after.email}.`, { exact: false })).toBeVisible();
  await axe(page);
  const first = await confirmation(product, after);
  await press(page, 'Take the change back');
  await expect(page.getByText('The change is taken back.', { exact: false })).toBeVisible();
  await page.goto(first);
  await expect(page.getByRole('heading', { level: 1, name: 'This link does not work any more' })).toBeVisible();
  await axe(page);

  // So that the newest mail is known by its date.
  await product.sandbox.clock({ advance_s: 5 });
  await page.goto('/account/email');
  await ask(page, after.email);
  const notice = await product.inbox(before.email, /^Your e-mail address for .+ is to change$/);
  expect(notice.text.replaceAll(/\s+/g, ' ')).toContain(`as ${after.email} from now on`);
  await expect.poll(() => confirmation(product, after)).not.toBe(first);
  const link = await confirmation(product, after);

  // Whoever reads the mail has to be the one who asked.
  const other = await browser.newPage({ baseURL: product.url });
  await other.goto(link);
  await expect(other).toHaveURL(/\/log-in\?next=/);
  await logIn(other, before);
  await expect(other.getByRole('heading', { level: 1, name: 'Confirm your new e-mail address' })).toBeVisible();
  await axe(other);
  await press(other, 'Change my address');
  await expect(other.getByText('Your e-mail address is changed.', { exact: false })).toBeVisible();
  await product.inbox(before.email, /^Your e-mail address for .+ was changed$/);
  await other.close();

  // All other browsers are logged out, and only the new address logs in.
  await page.goto('/account');
  await expect(page).toHaveURL(/\/log-in\?next=/);
  await logIn(page, before);
  await expect(page.getByRole('alert')).toContainText('Address or password is not right.');
  await logIn(page, after);
  await expect(page.getByText(`You are logged in as ${after.email}`, { exact: false })).toBeVisible();
});

test('who did not change the address has it back, and nobody else stays in', { tag: '@everywhere' }, async ({ page, browser, product, axe }) => {
  const { before, after } = await customer(page, product);
  await page.goto('/account/email');
  await ask(page, after.email);
  await page.goto(await confirmation(product, after));
  await press(page, 'Change my address');
  await expect(page.getByText('Your e-mail address is changed.', { exact: false })).toBeVisible();

  const link = await linkInMail(product, before, /^Your e-mail address for .+ was changed$/, /\/not-me\?token=/);
  const owner = await browser.newPage({ baseURL: product.url });
  await owner.goto(link);
  await expect(owner.getByRole('heading', { level: 1, name: 'It was not you?' })).toBeVisible();
  await axe(owner);
  await press(owner, 'It was not me: lock the others out');
  await expect(owner.getByRole('heading', { level: 1, name: 'Choose a new password' })).toBeVisible();
  const again = { ...before, password: 'eleven loud geese land' };
  await owner.getByLabel('New password', { exact: true }).fill(again.password);
  await press(owner, 'Set the new password');
  await expect(owner.getByText('Your new password is set.', { exact: false })).toBeVisible();
  await logIn(owner, again);
  await expect(owner).toHaveURL(/\/overview$/);
  await product.inbox(after.email, /was undone$/);
  await owner.goto(link);
  await expect(owner.getByRole('heading', { level: 1, name: 'This link does not work any more' })).toBeVisible();
  await axe(owner);
  await owner.close();

  await page.goto('/account');
  await expect(page).toHaveURL(/\/log-in\?next=/);
  await logIn(page, after);
  await expect(page.getByRole('alert')).toContainText('Address or password is not right.');
});
