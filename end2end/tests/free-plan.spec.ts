import { expect, test } from '../fixtures.ts';
import { choosePlan, planCard, readKey } from '../steps/buying.ts';
import { interactions, press } from '../steps/interactions.ts';
import { activate } from '../steps/licensing_api.ts';
import { nameCompany, signUp, somebody } from '../steps/people.ts';
import { newCustomer } from '../steps/requests.ts';

test('a plan that costs nothing is there without a card, in five interactions', async ({ page, product, axe }) => {
  await page.goto('/');
  await expect(planCard(page, 'Community')).toContainText('Free without a card');
  await choosePlan(page, { plan: 'Community' });
  const person = somebody();
  await signUp(page, person);
  await nameCompany(page);
  await expect(page.getByText(/Community, with 1 instance: free, without a card/)).toBeVisible();
  await expect(page.getByRole('button', { name: /by card/ })).toBeHidden();
  await expect(page.getByRole('button', { name: 'Order by bank transfer' })).toBeHidden();
  await axe(page);
  await press(page, 'Get the license');
  const key = await readKey(page);
  await axe(page);
  expect(interactions(page)).toBeLessThan(5);

  const { status } = await activate(product.url, { key, product: 'iot-platform', instance: 'node-a', version: '4.2.1' });
  expect(status).toBe(200);
  await product.inbox(person.email, /is ready/);
  await page.goto('/overview');
  await expect(page.getByText(/next charge/)).toBeHidden();
  await axe(page);
});

test('a trial without a card says what follows, and begins on a page without card fields', async ({ page, axe }) => {
  await newCustomer(page);
  await page.goto('/');
  await expect(planCard(page, 'Prototype')).toContainText('First 14 days free, no card needed');
  await choosePlan(page, { plan: 'Prototype' });
  await expect(page.getByText(/Free for 14 days, and no card is needed/)).toBeVisible();
  await axe(page);
  await press(page, 'Begin the free trial');
  await page.getByRole('button', { name: 'Subscribe' }).click();
  await readKey(page);
  await press(page, 'Open the license', 'link');
  await expect(page.getByText(/trial/i).first()).toBeVisible();
});
