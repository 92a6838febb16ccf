import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import { press } from '../steps/interactions.ts';
import { found, makePartner } from '../steps/partners.ts';
import { COMPANY, confirmAddress, logIn, logOut, nameCompany, signUp, somebody } from '../steps/people.ts';
import { haveAddressConfirmed, newCustomer } from '../steps/requests.ts';

// No passkey belongs to an address: these journeys open the portal by a name.
test.use({ host: 'localhost' });

const LOG_IN = 'Log in with a passkey';

/** A device with passkeys, whose owner touches it at once; answers how many it keeps. */
async function giveDevice(page: Page): Promise<() => Promise<number>> {
  const chromium = await page.context().newCDPSession(page);
  await chromium.send('WebAuthn.enable');
  const options = {
    protocol: 'ctap2',
    transport: 'internal',
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    automaticPresenceSimulation: true,
  } as const;
  const { authenticatorId } = await chromium.send('WebAuthn.addVirtualAuthenticator', { options });
  return async () => (await chromium.send('WebAuthn.getCredentials', { authenticatorId })).credentials.length;
}

test('a customer adds a passkey, logs in and confirms with it, and removes it', { tag: '@js-only' }, async ({ page, product, axe }) => {
  const kept = await giveDevice(page);
  const person = somebody('passkey');
  await page.goto('/sign-up');
  await signUp(page, person);
  await nameCompany(page);

  // A stranger could have signed up with the address: first it is confirmed.
  await page.goto('/account/passkeys/new');
  await expect(page.getByText('Confirm your e-mail address first')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Add the passkey' })).toHaveCount(0);
  await axe(page);
  await confirmAddress(page, product, person);
  await expect(page).toHaveURL(/\/overview$/);
  await page.goto('/account');
  await axe(page);
  await page.getByRole('link', { name: 'Add a passkey' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Passkeys' })).toBeVisible();
  await expect(page.getByText('You have no passkey yet.')).toBeVisible();
  await axe(page);
  await page.getByRole('link', { name: 'Add a passkey' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Add a passkey' })).toBeVisible();
  const name = page.getByRole('textbox', { name: 'Name' });
  await expect(name).toHaveValue('Chrome on Linux');
  await axe(page);
  await name.fill('Ada’s phone');
  await press(page, 'Add the passkey');
  await expect(page.getByText('Your passkey is added.')).toBeVisible();
  expect(await kept()).toBe(1);
  const row = page.getByRole('row').filter({ hasText: 'Ada’s phone' });
  await expect(row).toContainText('not yet');
  await axe(page);
  const added = await product.inbox(person.email, /A new passkey for/);
  expect(added.text.replaceAll(/\s+/g, ' ')).toContain('Ada’s phone');

  // The same device makes no second one.
  await page.getByRole('link', { name: 'Add a passkey' }).click();
  await press(page, 'Add the passkey');
  await expect(page.getByRole('alert')).toContainText('This device has a passkey of yours already.');
  expect(await kept()).toBe(1);

  // It lets its owner in by itself, and where the person wanted to go.
  await logOut(page);
  await page.goto('/account/passkeys');
  await expect(page).toHaveURL(/\/log-in\?next=/);
  await axe(page);
  await press(page, LOG_IN);
  await expect(page.getByRole('heading', { level: 1, name: 'Passkeys' })).toBeVisible();
  await expect(row).not.toContainText('not yet');

  // It has another name from now on.
  await press(row, /^Rename…/);
  const form = page.getByRole('dialog', { name: 'Rename “Ada’s phone”' });
  await form.getByRole('textbox').fill('Blue phone');
  await press(form, 'Save the name');
  const renamed = page.getByRole('row').filter({ hasText: 'Blue phone' });
  await expect(renamed).toBeVisible();

  // A while later it stands for password and code, before it is removed.
  await product.sandbox.clock({ advance_s: 11 * 60 });
  await page.goto('/account/passkeys');
  await press(renamed, /^Remove…/);
  await press(page.getByRole('dialog', { name: 'Remove “Blue phone”?' }), 'Remove the passkey');
  await expect(page.getByRole('heading', { level: 1, name: 'Your password, please' })).toBeVisible();
  await axe(page);
  await press(page, 'Use a passkey instead');
  await expect(page.getByRole('heading', { level: 1, name: 'Passkeys' })).toBeVisible();
  await press(renamed, /^Remove…/);
  await press(page.getByRole('dialog', { name: 'Remove “Blue phone”?' }), 'Remove the passkey');
  await expect(page.getByText('The passkey is removed.')).toBeVisible();
  await expect(page.getByText('You have no passkey yet.')).toBeVisible();
  await product.inbox(person.email, /A passkey for .* was removed/);

  // The device still offers it; we do not take it.
  await logOut(page);
  await page.goto('/log-in');
  await press(page, LOG_IN);
  await expect(page.getByRole('alert').first()).toContainText('This passkey lets you in no more');
  await axe(page);
  await page.goto('/overview');
  await expect(page).toHaveURL(/\/log-in$/);
});

test('passkeys are offered where a script can ask for them, and a password works everywhere', async ({ page, product, javaScriptEnabled, axe }) => {
  const person = await newCustomer(page, COMPANY, somebody('passkey'));
  await haveAddressConfirmed(product, person);
  await page.goto('/account/passkeys/new');
  await expect(page.getByRole('button', { name: 'Add the passkey' })).toBeVisible({ visible: javaScriptEnabled });
  await expect(page.getByText('Adding a passkey needs JavaScript')).toBeVisible({ visible: !javaScriptEnabled });
  await axe(page);
  await logOut(page);
  await page.goto('/log-in');
  await expect(page.getByRole('button', { name: LOG_IN })).toBeVisible({ visible: javaScriptEnabled });
  await axe(page);
  await page.getByLabel('E-mail address').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await expect(page).toHaveURL(/\/overview$/);
});

test('a passkey is the second factor of a partner, and the password alone opens nothing', { tag: '@js-only' }, async ({ page, product, axe }) => {
  test.setTimeout(180_000);
  const kept = await giveDevice(page);
  const person = somebody('partner');
  const company = `Nidda Vertrieb ${crypto.randomUUID().slice(0, 8)} AG`;
  await found(page, person, company);
  await haveAddressConfirmed(product, person);
  await makePartner(page, company);
  await page.context().clearCookies();

  // In place of an app that shows codes.
  await page.goto('/log-in?next=%2Fpartner%2Fclients');
  await logIn(page, person);
  await expect(page.getByRole('heading', { level: 1, name: 'Second factor' })).toBeVisible();
  await axe(page);
  await press(page.locator('#passkey'), 'Add a passkey', 'link');
  await press(page, 'Add the passkey');
  await expect(page.getByText('Your passkey is added.')).toBeVisible();
  expect(await kept()).toBe(1);
  await expect(page.getByRole('heading', { level: 1, name: 'Clients' })).toBeVisible();

  // The password alone: neither the work, nor another factor in the passkey's place.
  await logOut(page);
  await page.goto('/log-in?next=%2Fpartner%2Fclients');
  await logIn(page, person);
  await expect(page.getByRole('heading', { level: 1, name: 'Your passkey, please' })).toBeVisible();
  await expect(page.getByLabel('Password', { exact: true })).toHaveCount(0);
  await axe(page);
  await page.goto('/account/second-factor');
  await expect(page.getByRole('heading', { level: 1, name: 'Your passkey, please' })).toBeVisible();
  await page.goto('/partner/clients');
  await press(page, 'Use a passkey instead');
  await expect(page.getByRole('heading', { level: 1, name: 'Clients' })).toBeVisible();

  // With the passkey nothing else is asked for.
  await logOut(page);
  await page.goto('/log-in?next=%2Fpartner%2Fclients');
  await press(page, LOG_IN);
  await expect(page.getByRole('heading', { level: 1, name: 'Clients' })).toBeVisible();
});
