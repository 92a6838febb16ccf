import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import { ADMIN_SECRET } from '../product.ts';
import { press } from '../steps/interactions.ts';
import { COMPANY, enterCode, linkInMail, logIn, logOut, nameCompany, setUpFactor, signUp, somebody } from '../steps/people.ts';
import { reloadUntil } from '../steps/time.ts';
import { nextCode, totp } from '../steps/totp.ts';

const DAY_S = 86_400;

/** Sends the form that asks for the reset, on the page that is open. */
async function send(admin: Page, reason: string): Promise<void> {
  const card = admin.locator('#reset');
  await card.getByLabel('Reason').fill(reason);
  await press(card, 'Reset in 24 hours');
}

/** Asks for the reset on the page that is open, until it waits. */
async function ask(admin: Page, reason: string): Promise<void> {
  await send(admin, reason);
  await expect(admin.getByText('The reset happens on', { exact: false })).toBeVisible();
}

test('an administrator resets a lost second factor, which its owner refuses, calls off, and then waits for', async ({ page, browser, product, axe }) => {
  const person = somebody('lost-factor');
  const company = `Ilme Werkstatt ${crypto.randomUUID().slice(0, 8)} GmbH`;
  await page.goto('/sign-up');
  await signUp(page, person);
  await nameCompany(page, { ...COMPANY, name: company });
  await page.goto('/account/second-factor');
  const secret = await page.getByLabel('Secret', { exact: true }).inputValue();
  await setUpFactor(page);

  const context = await browser.newContext({ baseURL: product.url });
  const admin = await context.newPage();
  const colleague = await product.newAdmin();
  await admin.goto('/log-in');
  await logIn(admin, colleague);
  await enterCode(admin, await totp(product, ADMIN_SECRET));
  await admin.getByRole('searchbox', { name: 'Search' }).fill(person.email);
  await press(admin, 'Search');
  await admin.getByRole('link', { name: company, exact: true }).click();
  await expect(admin.getByRole('heading', { level: 1, name: company })).toBeVisible();
  await axe(admin);
  await press(admin, `Second factor ${person.email}`, 'link');
  await expect(admin.getByRole('heading', { level: 1, name: `Second factor of ${person.email}` })).toBeVisible();
  await axe(admin);
  await send(admin, 'lost');
  await expect(admin.getByRole('alert')).toContainText('at least 10 characters');
  await expect(admin.locator('#reset').getByLabel('Reason')).toHaveValue('lost');
  await axe(admin);
  await ask(admin, 'Called from the number in the contract');
  await expect(admin.getByText('The reset is asked for.', { exact: false })).toBeVisible();
  await axe(admin);

  // Whoever is logged in sees it, and the mail leads everybody else to the same.
  await page.goto('/account');
  await expect(page.getByText('Your second factor is to be reset', { exact: false })).toBeVisible();
  await expect(page.getByText('Called from the number in the contract.', { exact: false })).toBeVisible();
  await axe(page);
  await logOut(page);
  const subject = /^Your second factor for .+ is to be reset$/;
  const link = await linkInMail(product, person, subject, /\/factor-reset\?token=/);
  await page.goto(link);
  await expect(page.getByRole('heading', { level: 1, name: 'Your second factor is to be reset' })).toBeVisible();
  await axe(page);
  await press(page, 'I have it: refuse the reset');
  await expect(page.getByText('The reset is refused.', { exact: false })).toBeVisible();
  await expect(page.getByRole('heading', { level: 1, name: 'There is nothing to refuse' })).toBeVisible();
  await axe(page);
  await product.inbox(colleague.email, /^A reset of a second factor at .+ was refused$/);
  await admin.reload();
  await expect(admin.getByText('The person refused a reset on', { exact: false })).toBeVisible();

  // An administrator takes the next one back, and using the second factor calls the one after that off.
  await ask(admin, 'Called once more, from the same number');
  await press(admin, 'Take the reset back');
  await expect(admin.getByText('The reset is taken back.', { exact: false })).toBeVisible();
  await ask(admin, 'Came to our desk with a passport');
  await page.goto('/log-in');
  await logIn(page, person);
  await enterCode(page, await nextCode(product, secret));
  await expect(page.getByText('so its reset is called off', { exact: false })).toBeVisible();
  await product.inbox(person.email, /You have your second factor after all/);
  await admin.reload();
  await expect(admin.getByText('The second factor was used, which called a reset off', { exact: false })).toBeVisible();

  // Signed in, the person needs no mail to refuse.
  await ask(admin, 'Came to our desk once more');
  await page.goto('/account/second-factor');
  await axe(page);
  await press(page, 'I have it: refuse the reset');
  await expect(page.getByText('The reset is refused.', { exact: false })).toBeVisible();

  // Then it is lost indeed, and a day later the password lets in.
  await admin.reload();
  await ask(admin, 'Came to our desk, and the phone is at the bottom of the lake');
  await product.sandbox.clock({ advance_s: DAY_S + 60 });
  await product.inbox(person.email, /^Your second factor for .+ was reset$/);
  await page.goto('/account');
  await expect(page).toHaveURL(/\/log-in\?next=/);
  await logIn(page, person);
  await expect(page.getByRole('link', { name: 'Set up a second factor' })).toBeVisible();
  await reloadUntil(admin, () => expect(admin.getByText('It was reset on', { exact: false })).toBeVisible());
  await axe(admin);
  await context.close();
});
