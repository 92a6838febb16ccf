import { expect, test } from '../fixtures.ts';
import { ADMIN } from '../product.ts';
import { buy } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { logIn, signUp, somebody } from '../steps/people.ts';

test('the error table of the API has an anchor for every problem', async ({ page, product, axe }) => {
  const refused = await fetch(`${product.url}/api/v1/licenses/activate`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' });
  expect(refused.status).toBe(400);
  const { type } = (await refused.json()) as { type: string };
  await page.goto(new URL(type, product.url).href);
  await expect(page.locator(new URL(type, product.url).hash)).toBeVisible();
  await axe(page);
});

test('what is not there says so and leads on', async ({ page, axe, complaints }) => {
  complaints.expect(/status of 404/);
  const answer = await page.goto('/docs/nothing-here');
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole('heading', { level: 1, name: 'There is nothing here' })).toBeVisible();
  await axe(page);
});

test('the forms of the account page keep what they are told', { tag: '@everywhere' }, async ({ page, axe }) => {
  const { person } = await buy(page, { plan: 'Maker' });
  await page.goto('/account');
  await page.getByRole('link', { name: 'Edit the company details' }).click();
  await axe(page);
  await page.getByLabel('Company', { exact: true }).fill('Weser Sensorik AG');
  await press(page, 'Save the company details');
  await expect(page.getByText('The company details are saved.')).toBeVisible();
  await expect(page.getByText('Weser Sensorik AG').first()).toBeVisible();

  await page.getByRole('link', { name: 'Change the password' }).click();
  await page.getByLabel('Present password').fill('a wrong password');
  await page.getByLabel('New password').fill('four loud geese sleep');
  await press(page, 'Change the password');
  await expect(page.getByRole('alert')).toContainText('This is not your present password.');
  await axe(page);
  await page.getByLabel('Present password').fill(person.password);
  await page.getByLabel('New password').fill('four loud geese sleep');
  await press(page, 'Change the password');
  await expect(page.getByText('Your password is changed.')).toBeVisible();
});

test('somebody who has bought nothing is told what to do next', async ({ page, axe }) => {
  await page.goto('/sign-up');
  await signUp(page, { ...somebody(), password: 'short' });
  await expect(page.getByRole('alert')).toContainText('Use at least');
  await axe(page);
  await signUp(page, somebody('nobody'));
  await expect(page.getByRole('heading', { level: 1, name: 'Your company' })).toBeVisible();
});

test("the vendor's staff see how things stand, and customers do not", async ({ page, axe, complaints }) => {
  await page.goto('/log-in');
  await logIn(page, ADMIN);
  await expect(page).toHaveURL(/\/staff$/);
  await axe(page);
  await page.context().clearCookies();
  await buy(page, { plan: 'Maker' });
  complaints.expect(/status of 404/);
  await page.goto('/staff');
  await expect(page.getByText('There is nothing here')).toBeVisible();
});
