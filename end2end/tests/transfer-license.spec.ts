import { expect, test } from '../fixtures.ts';
import { buy } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { confirmPassword, revealKey } from '../steps/license.ts';
import { COMPANY, confirmAddress, linkInMail, logIn, type Person, somebody } from '../steps/people.ts';
import { enter, newCustomer } from '../steps/requests.ts';
import type { Page } from '@playwright/test';

/** Offers the license whose page for that is open; the password is typed where it was not typed lately. */
async function offer(page: Page, person: Person, email: string): Promise<void> {
  await page.getByLabel('E-mail address of an owner there').fill(email);
  await press(page, 'Ask them to take it over');
  if (new URL(page.url()).pathname !== '/confirm') return;
  await confirmPassword(page, person);
  await expect(page.getByLabel('E-mail address of an owner there')).toHaveValue(email);
  await press(page, 'Ask them to take it over');
}

test('an owner hands a license over, and the owner of another account takes it with a key of its own', { tag: '@everywhere' }, async ({ page, product, axe, complaints }) => {
  const receiver = await newCustomer(page, { ...COMPANY, name: 'Allgäu Optik AG' }, somebody('receiver'));
  await page.context().clearCookies();

  const { key, license, person } = await buy(page, { plan: 'Perpetual', interval: 'once' });
  await page.goto(license);
  await press(page, 'Hand over…', 'link');
  await expect(page.getByRole('heading', { level: 1, name: 'Hand the license over' })).toBeVisible();
  await axe(page);
  await offer(page, person, person.email);
  await expect(page.getByRole('alert')).toContainText('That is your own address.');
  await axe(page);

  // What was offered can be taken back.
  await offer(page, person, 'nobody@example.org');
  await expect(page.getByText('This license is offered to nobody@example.org.')).toBeVisible();
  await axe(page);
  await press(page, 'Withdraw the offer');
  await expect(page.getByText('That is over. The license stays where it is.')).toBeVisible();
  await press(page, 'Hand over…', 'link');
  await offer(page, person, receiver.email);
  await expect(page.getByText(`This license is offered to ${receiver.email}.`)).toBeVisible();

  // The receiver logs in, confirms the address, and decides.
  await page.context().clearCookies();
  const link = await linkInMail(product, receiver, /wants to hand a license of/, /handovers/);
  await page.goto(link);
  await logIn(page, receiver);
  await expect(page.getByRole('heading', { level: 1, name: 'A license for you' })).toBeVisible();
  await expect(page.getByText('Confirm your e-mail address first')).toBeVisible();
  await axe(page);
  await confirmAddress(page, product, receiver);
  await page.goto(link);
  await axe(page);
  await press(page, 'Take it over for Allgäu Optik AG');
  await expect(page.getByText('The license has gone over. Both sides are told by mail.')).toBeVisible();
  await expect(page).toHaveURL(new RegExp(`${license}$`));
  expect(await revealKey(page, receiver)).not.toBe(key);
  await axe(page);

  await page.context().clearCookies();
  await enter(page, person, '/licenses');
  await expect(page.getByRole('heading', { level: 1, name: 'Licenses' })).toBeVisible();
  complaints.expect(/404/);
  await page.goto(license);
  await expect(page.getByRole('heading', { level: 1, name: 'There is nothing here' })).toBeVisible();
});

test('a license that a subscription pays stays with its payer, and the page says why', async ({ page, axe }) => {
  const { license } = await buy(page, { plan: 'Startup' });
  await page.goto(license);
  await expect(page.getByRole('link', { name: 'Hand over…' })).toBeHidden();
  await page.goto(`${license}/hand-over`);
  await expect(page.getByText('A subscription pays for this license, and whoever pays stays the same.')).toBeVisible();
  await axe(page);
});
