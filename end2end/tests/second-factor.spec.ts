import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import { Product } from '../product.ts';
import { press } from '../steps/interactions.ts';
import { COMPANY, enterCode, logIn, logOut, type Person, somebody } from '../steps/people.ts';
import { newCustomer } from '../steps/requests.ts';
import { nextCode } from '../steps/totp.ts';

const PAGE = '/account/second-factor';

/** Types password and code on the page that is open. */
async function confirm(page: Page, person: Person, code?: string): Promise<void> {
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  if (code !== undefined) await page.getByLabel('Code', { exact: true }).fill(code);
  await press(page, 'Go on');
}

/** The recovery codes that are shown. */
async function shownCodes(page: Page): Promise<string[]> {
  await expect(page.getByRole('heading', { level: 1, name: 'Your recovery codes' })).toBeVisible();
  return (await page.getByRole('region', { name: 'Your recovery codes' }).innerText()).trim().split(/\s+/);
}

/** Opens the second step, with the right password. */
async function toSecondStep(page: Page, person: Person): Promise<void> {
  await page.goto('/log-in');
  await logIn(page, person);
}

/** A new customer who has just turned a second factor on; answers its secret and the codes that are shown. */
async function setUp(page: Page, product: Product, person: Person): Promise<{ secret: string; codes: string[] }> {
  await page.getByRole('link', { name: 'Set up a second factor' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Second factor' })).toBeVisible();
  await expect(page.getByRole('img', { name: /^QR code/ })).toBeVisible();
  const secret = (await page.getByLabel('Secret', { exact: true }).inputValue()).replaceAll(/\s/g, '');
  await page.getByLabel('Code', { exact: true }).fill('000000');
  await press(page, 'Turn it on');
  await expect(page.getByRole('alert')).toContainText('This is not the code that goes with the picture.');
  expect((await page.getByLabel('Secret', { exact: true }).inputValue()).replaceAll(/\s/g, '')).toBe(secret);
  await page.getByLabel('Code', { exact: true }).fill(await nextCode(product, secret));
  await press(page, 'Turn it on');
  await expect(page.getByText('Your second factor is on.')).toBeVisible();
  const mail = await product.inbox(person.email, /A second factor protects your account/);
  expect(mail.text.replaceAll(/\s+/g, ' ')).toContain('we ask for a code of your app whenever you log in');
  return { secret, codes: await shownCodes(page) };
}

test('a customer sets up a second factor, logs in with codes, and turns it off', { tag: '@everywhere' }, async ({ page, product, axe }) => {
  const person = await newCustomer(page, COMPANY, somebody('factor'));
  await page.goto('/account');
  await axe(page);
  const { secret, codes } = await setUp(page, product, person);
  expect(new Set(codes).size).toBe(10);
  await axe(page);
  // They stay when the page is loaded again, until they are kept.
  await page.reload();
  expect(await shownCodes(page)).toEqual(codes);
  await expect(page.getByRole('link', { name: 'Save as a file' })).toHaveAttribute('download', 'recovery-codes.txt');
  await press(page, 'I have kept them');
  await expect(page.getByText(/on since \d+ \w+ \d{4}/)).toBeVisible();
  await axe(page);

  await logOut(page);
  await toSecondStep(page, person);
  await axe(page);
  await enterCode(page, '000000');
  await expect(page.getByRole('alert')).toContainText('This code is not right, or was used before.');
  await axe(page);
  const code = await nextCode(product, secret);
  await enterCode(page, code);
  await expect(page).toHaveURL(/\/overview$/);

  // The code that was used is refused, and a recovery code works in its place, once.
  await logOut(page);
  await toSecondStep(page, person);
  await enterCode(page, code);
  await expect(page.getByRole('alert')).toContainText('was used before');
  await enterCode(page, codes[0] ?? '');
  await expect(page).toHaveURL(/\/overview$/);
  const mail = await product.inbox(person.email, /A recovery code .* was used/);
  expect(mail.text.replaceAll(/\s+/g, ' ')).toContain('9 are left.');
  await logOut(page);
  await toSecondStep(page, person);
  await enterCode(page, codes[0] ?? '');
  await expect(page.getByRole('alert')).toContainText('was used before');
  await enterCode(page, await nextCode(product, secret));
  await expect(page).toHaveURL(/\/overview$/);

  // New codes take the place of the old ones.
  await page.goto(PAGE);
  await expect(page.getByText('9 are left, for when your app is lost.')).toBeVisible();
  await axe(page);
  await press(page, 'Make new codes…');
  await press(page, 'Make new codes');
  const fresh = await shownCodes(page);
  expect(fresh.filter((code) => codes.includes(code))).toEqual([]);
  await press(page, 'I have kept them');
  await product.inbox(person.email, /New recovery codes/);

  // A while later, password and code are asked for before it is turned off.
  await product.sandbox.clock({ advance_s: 11 * 60 });
  await page.goto(PAGE);
  await press(page, 'Turn it off…');
  await press(page, 'Turn the second factor off');
  await expect(page.getByRole('heading', { level: 1, name: 'Your password and a code, please' })).toBeVisible();
  await axe(page);
  await confirm(page, person, '000000');
  await expect(page.getByRole('alert')).toContainText('This code is not right');
  await confirm(page, person, fresh[0]);
  await press(page, 'Turn it off…');
  await press(page, 'Turn the second factor off');
  await expect(page.getByText('Your second factor is off.')).toBeVisible();
  await product.inbox(person.email, /Your second factor .* was turned off/);
  await logOut(page);
  await toSecondStep(page, person);
  await expect(page).toHaveURL(/\/overview$/);
});

test('a person sees every browser, is told of new ones, and logs them out', async ({ page, browser, product, axe }) => {
  const person = await newCustomer(page, COMPANY, somebody('browsers'));
  const other = await browser.newPage({ baseURL: product.url, javaScriptEnabled: false });
  await other.goto('/log-in');
  await logIn(other, person);
  await expect(other).toHaveURL(/\/overview$/);
  const mail = await product.inbox(person.email, /New log-in/);
  const told = mail.text.replaceAll(/\s+/g, ' ');
  expect(told).toContain('Somebody has logged in with a browser that we do not know');
  expect(told).toMatch(/Chrome on Linux/);

  await page.goto('/account');
  const list = page.getByRole('table', { name: 'Logged-in browsers' });
  await expect(list.getByRole('row').filter({ hasText: 'this browser' })).toContainText('198.18.');
  await axe(page);
  await press(list, /^Log out Chrome on Linux$/);
  await expect(page.getByText('That browser is logged out.')).toBeVisible();
  await other.goto('/account');
  await expect(other).toHaveURL(/\/log-in\?next=/);
  await logIn(other, person);
  await expect(other.getByRole('heading', { level: 1, name: 'Account' })).toBeVisible();
  await page.goto('/account');
  await press(page, 'Log out all other browsers');
  await expect(page.getByText('All other browsers are logged out.')).toBeVisible();
  await other.goto('/account');
  await expect(other).toHaveURL(/\/log-in\?next=/);
  await other.close();
});
