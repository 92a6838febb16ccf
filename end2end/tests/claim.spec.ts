import { expect, test } from '../fixtures.ts';
import { buy } from '../steps/buying.ts';
import { interactions, press } from '../steps/interactions.ts';
import { call } from '../steps/licensing_api.ts';
import { logIn } from '../steps/people.ts';

const ASKS = { product: 'iot-platform', version: '4.2.1', identity: { kind: 'instance', id: 'node-a', name: 'Line 3' } };

test('a product without a screen gets its key from a person who follows its link', async ({ page, product, axe }) => {
  const { key, person } = await buy(page, { plan: 'Maker' });
  await page.context().clearCookies();

  const { body: started } = await call(product.url, 'claims/start', ASKS);
  const poll = () => call(product.url, 'claims/poll', { device_code: started.device_code });
  expect((await poll()).body).toMatchObject({ code: 'authorization_pending', retry_after_s: 5 });

  // Signed out: log in, and come back to the code.
  await page.goto(started.verification_uri_complete);
  await logIn(page, person);
  await expect(page.getByRole('heading', { level: 1, name: /asks for a license key$/ })).toBeVisible();
  await expect(page.getByText('Approve only what you started yourself.')).toBeVisible();
  await expect(page.getByText(started.user_code)).toBeVisible();
  await expect(page.getByText('Line 3 (instance node-a)')).toBeVisible();
  await axe(page);
  const before = interactions(page);
  await press(page, 'Approve');
  expect(interactions(page) - before).toBe(1);
  await expect(page.getByRole('heading', { level: 1, name: 'Approved' })).toBeVisible();
  await expect(page.getByText('Go back to your product: it continues by itself.')).toBeVisible();
  await axe(page);
  for (let again = 0; again < 2; again++) expect((await poll()).body).toEqual({ license_key: key });
});

test('a code is typed, and what one did not start is declined', async ({ page, product, axe, complaints }) => {
  complaints.expect(/status of 404/);
  await buy(page, { plan: 'Maker' });
  const { body: started } = await call(product.url, 'claims/start', ASKS);
  await page.goto('/claim');
  await axe(page);
  await page.getByLabel('Code').fill('AEIOU');
  await press(page, 'Go on');
  await expect(page.getByRole('alert')).toContainText('A code has eight letters and no vowels.');
  await axe(page);
  await page.getByLabel('Code').fill('BBBB-BBBB');
  await press(page, 'Go on');
  await expect(page.getByRole('alert')).toContainText('No product waits with this code.');
  await axe(page);
  await page.getByLabel('Code').fill(started.user_code.toLowerCase().replace('-', ' '));
  await press(page, 'Go on');
  await press(page, /^Decline/);
  await expect(page.getByRole('heading', { level: 1, name: 'Declined' })).toBeVisible();
  await axe(page);
  expect((await call(product.url, 'claims/poll', { device_code: started.device_code })).body.code).toBe('access_denied');
});
