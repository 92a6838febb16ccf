import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import { buy } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { confirmPassword } from '../steps/license.ts';
import { COMPANY, logIn, type Person, signUp, somebody } from '../steps/people.ts';
import { newCustomer } from '../steps/requests.ts';

const DAY_S = 86_400;

/** Opens a page that may ask for the password first. */
async function open(page: Page, path: string, person: Person): Promise<void> {
  await page.goto(path);
  await confirmPassword(page, person);
}

// A month passes.
test.use({ settings: { LEASEHOLD__MAIL__FROM: 'closing@nordwind.example' } });

test('an owner closes the account, thinks better of it, closes it for good, and goes as well', async ({ page, product, axe }) => {
  const { person, license } = await buy(page, { plan: 'Maker' });
  await page.goto('/account');
  await expect(page.getByRole('link', { name: 'Delete your sign-in' })).toBeVisible();
  await press(page, 'Close the account', 'link');
  await confirmPassword(page, person);
  await expect(page.getByRole('heading', { level: 1, name: 'Close the account' })).toBeVisible();
  await expect(page.getByText('one subscription that runs', { exact: false })).toBeVisible();
  await axe(page);

  // What is refused keeps what was typed.
  await page.getByLabel('Name of the company').fill('Somebody else');
  await press(page, 'Close the account in 30 days');
  await expect(page.getByRole('alert')).toContainText('Type the name of the company');
  await expect(page.getByLabel('Name of the company')).toHaveValue('Somebody else');
  await axe(page);
  await page.getByLabel('Name of the company').fill(COMPANY.name);
  await press(page, 'Close the account in 30 days');
  await expect(page.getByRole('heading', { level: 1, name: /^This account closes on / })).toBeVisible();
  await axe(page);
  await product.inbox(person.email, /^Your account closes on /);

  // Every page says so, and leads back.
  await page.goto('/overview');
  await expect(page.getByText('This account closes on', { exact: false })).toBeVisible();
  await axe(page);
  await press(page, 'Keep it', 'link');
  await press(page, 'Keep the account');
  await expect(page.getByText('The account stays.', { exact: false })).toBeVisible();
  await product.inbox(person.email, /^Your account stays open$/);
  await page.goto('/overview');
  await expect(page.getByText('This account closes on', { exact: false })).toHaveCount(0);

  await open(page, '/account/close', person);
  await page.getByLabel('Name of the company').fill(COMPANY.name.toLowerCase());
  await press(page, 'Close the account in 30 days');
  await expect(page.getByRole('heading', { level: 1, name: /^This account closes on / })).toBeVisible();
  await product.sandbox.clock({ advance_s: 31 * DAY_S });
  await product.inbox(person.email, /^Your account is closed$/);

  // Nothing of it is there any more for who is left.
  await page.goto(license);
  if (new URL(page.url()).pathname === '/log-in') await logIn(page, person);
  await expect(page.getByRole('heading', { level: 1, name: 'Your company' })).toBeVisible();

  await open(page, '/account/delete', person);
  await expect(page.getByRole('heading', { level: 1, name: 'Delete your sign-in' })).toBeVisible();
  await axe(page);
  await page.getByLabel('Your e-mail address').fill('somebody@else.example.com');
  await press(page, 'Delete your sign-in for good');
  await expect(page.getByRole('alert')).toContainText('Type the address that you log in with.');
  await page.getByLabel('Your e-mail address').fill(person.email);
  await press(page, 'Delete your sign-in for good');
  await expect(page.getByText('Your sign-in is deleted. Good-bye.')).toBeVisible();
  await product.inbox(person.email, /^Your sign-in is deleted$/);

  await page.goto('/log-in');
  await logIn(page, person);
  await expect(page.getByRole('alert')).toContainText('Address or password is not right.');
  await page.goto('/sign-up');
  await signUp(page, person);
  await expect(page.getByRole('heading', { level: 1, name: 'Your company' })).toBeVisible();
});

test('the only owner of a company does not go before it', async ({ page, axe }) => {
  const person = await newCustomer(page, COMPANY, somebody('only-owner'));
  await open(page, '/account/delete', person);
  await expect(page.getByText('Nobody else owns these companies.', { exact: false })).toBeVisible();
  await expect(page.getByRole('main').getByText(COMPANY.name, { exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Delete your sign-in for good' })).toHaveCount(0);
  await axe(page);
});
