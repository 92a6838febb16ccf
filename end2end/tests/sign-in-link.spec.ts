import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import { Product } from '../product.ts';
import { press } from '../steps/interactions.ts';
import { COMPANY, enterCode, linkInMail, logOut, type Person, setUpFactor, somebody } from '../steps/people.ts';
import { haveAddressConfirmed, newCustomer } from '../steps/requests.ts';
import { nextCode } from '../steps/totp.ts';

/** A new customer with a confirmed address, logged in. */
async function customer(page: Page, product: Product): Promise<Person> {
  const person = await newCustomer(page, COMPANY, somebody('by-mail'));
  await haveAddressConfirmed(product, person);
  return person;
}

/** Asks for a link on the log-in page that is open, and answers it. */
async function askForLink(page: Page, product: Product, person: Person): Promise<string> {
  await press(page, 'Mail me a link instead', 'link');
  await page.getByLabel('E-mail address').fill(person.email);
  await press(page, 'Mail me a link');
  await expect(page.getByRole('heading', { level: 1, name: 'Look into your mailbox' })).toBeVisible();
  return linkInMail(product, person, /^Log in to /, /\/log-in\/by-link\?token=/);
}

test('a customer logs in by a mailed link, which works once', { tag: '@everywhere' }, async ({ page, product, axe }) => {
  const person = await customer(page, product);
  await page.context().clearCookies();
  await page.goto('/log-in/link');
  await expect(page.getByRole('heading', { level: 1, name: 'Log in by mail' })).toBeVisible();
  await axe(page);
  await page.goto('/log-in?next=%2Finvoices');
  const link = await askForLink(page, product, person);
  await axe(page);

  // Opening it, as mail scanners do, uses nothing up.
  await page.goto(link);
  await page.reload();
  await expect(page.getByRole('heading', { level: 1, name: 'Log in with this link' })).toBeVisible();
  await expect(page.getByText(`It logs this browser in as ${person.email}.`, { exact: false })).toBeVisible();
  await axe(page);
  await press(page.getByRole('main'), 'Log in');
  await expect(page).toHaveURL(/\/invoices$/);

  await logOut(page);
  await page.goto(link);
  await expect(page.getByRole('heading', { level: 1, name: 'This link does not work any more' })).toBeVisible();
  await axe(page);
});

test('a mailed link in another browser asks for the code all the same', async ({ page, browser, product, axe }) => {
  const person = await customer(page, product);
  await page.goto('/account/second-factor');
  const secret = (await page.getByLabel('Secret', { exact: true }).inputValue()).replaceAll(/\s/g, '');
  await setUpFactor(page);
  await logOut(page);
  await page.goto('/log-in');
  const link = await askForLink(page, product, person);

  const other = await browser.newPage({ baseURL: product.url });
  await other.goto(link);
  await press(other.getByRole('main'), 'Log in');
  await axe(other);
  await enterCode(other, await nextCode(product, secret));
  await expect(other).toHaveURL(/\/overview$/);
  await product.inbox(person.email, /^New log-in to /);
  await other.close();
});
