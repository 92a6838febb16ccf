import { expect, test } from '../fixtures.ts';
import { buy } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { linkInMail, logIn, logOut } from '../steps/people.ts';
import { enterConsole } from '../steps/requests.ts';

test('a subscription is cancelled at the end of its period, and taken back', { tag: '@everywhere' }, async ({ page, browser, axe }) => {
  const { license } = await buy(page, { plan: 'Maker' });
  await page.goto(license);
  await page.getByRole('link', { name: 'Cancel…' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Cancel the subscription' })).toBeVisible();
  await axe(page);
  await page.getByLabel('Why do you cancel?').selectOption({ label: 'We do not need it any more' });
  await page.getByLabel('In your own words').fill('The greenhouse is closed.');
  await press(page, /^Cancel on \d+ \w+ \d{4}$/);
  await expect(page.getByText(/^Cancelled: it ends on \d+ \w+ \d{4}\.$/)).toBeVisible();
  await axe(page);
  // The vendor's staff read why.
  const staff = await browser.newPage();
  await enterConsole(staff, `/staff${license}`);
  await expect(staff.getByText('We do not need it any more: “The greenhouse is closed.”')).toBeVisible();
  await axe(staff);
  await staff.close();

  await press(page, 'Keep the subscription');
  await expect(page.getByText(/Renews on \d+ \w+ \d{4} for \$10\.00 before tax/)).toBeVisible();
  await expect(page.getByText('The cancellation was taken back.').first()).toBeVisible();
});

test('one logs out, logs in, and sets a new password by mail', async ({ page, product, axe }) => {
  const { person, license } = await buy(page, { plan: 'Maker' });
  await page.goto('/overview');
  await axe(page);
  await logOut(page);
  // The page of the license is behind the door, and what one asked for comes after it.
  await page.goto(license);
  await expect(page).toHaveURL(/\/log-in\?next=/);
  await axe(page);
  await logIn(page, { ...person, password: 'not the password' });
  await expect(page.getByRole('alert')).toContainText('Address or password is not right.');
  await expect(page.getByLabel('E-mail address')).toHaveValue(person.email);
  await logIn(page, person);
  await expect(page).toHaveURL(new RegExp(`${license}$`));
  await logOut(page);

  await page.goto('/log-in');
  await page.getByRole('link', { name: 'Forgotten the password?' }).click();
  await axe(page);
  await page.getByLabel('E-mail address').fill(person.email);
  await press(page, 'Mail me a link');
  await expect(page.getByRole('heading', { level: 1, name: 'Look into your mailbox' })).toBeVisible();
  await axe(page);
  const link = await linkInMail(product, person, /Set a new password/, /reset-password/);
  await page.goto(link);
  await axe(page);
  const changed = { ...person, password: 'four loud geese sleep' };
  await page.getByLabel('New password').fill(changed.password);
  await press(page, 'Set the new password');
  await expect(page.getByText('Your new password is set.')).toBeVisible();
  await logIn(page, person);
  await expect(page.getByRole('alert')).toContainText('Address or password is not right.');
  await logIn(page, changed);
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
  await product.inbox(person.email, /password .* was changed/);

  await page.goto(link);
  await expect(page.getByRole('heading', { level: 1, name: 'This link does not work any more' })).toBeVisible();
});
