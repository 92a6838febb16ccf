import { expect, test } from '../fixtures.ts';
import { startProduct } from '../product.ts';
import { buy, choosePlan, goToPayment, listedLicenses, order, payAndVanish, payWithCard, readKey, returnAddress } from '../steps/buying.ts';
import { interactions, press } from '../steps/interactions.ts';
import { activate } from '../steps/licensing_api.ts';
import { confirmAddress, nameCompany, signUp, somebody } from '../steps/people.ts';

/** From the price list, signed out, to the key on the clipboard: choose, sign up, company, pay, copy. */
const MOST_INTERACTIONS = 6;

const STARTUP = { plan: 'Startup' };

test('a visitor buys a plan and has the key at once', { tag: '@everywhere' }, async ({ page, product, axe }) => {
  const person = somebody();
  await choosePlan(page, STARTUP);
  await axe(page);
  await signUp(page, person);
  await axe(page);
  await nameCompany(page);
  await expect(page.getByRole('row', { name: /^Total before tax/ })).toContainText('$299.00');
  await axe(page);
  await goToPayment(page);
  await payWithCard(page);
  const key = await readKey(page);
  await axe(page);
  // The copy button is the last interaction.
  expect(interactions(page)).toBeLessThan(MOST_INTERACTIONS);

  const start = page.getByRole('region', { name: 'Start the product' });
  await expect(start).toContainText(`export LEASEHOLD_LICENSE_KEY=${key}`);
  await expect(start).toContainText(`export LEASEHOLD_SERVER=${product.url}`);
  const lines = (await start.innerText()).trim().split('\n');
  expect(lines).toHaveLength(3);

  const { status } = await activate(product.url, { key, product: 'iot-platform', instance: 'node-a', version: '4.2.1' });
  expect(status).toBe(200);
  await product.inbox(person.email, /Your license for Nordwind IoT Platform is ready/);

  // A new buyer need not wait for mail; the address is confirmed whenever there is time.
  await page.goto('/account');
  await expect(page.getByText('Please confirm your e-mail address')).toBeVisible();
  await axe(page);
  await confirmAddress(page, product, person);
  await expect(page.getByText('Your e-mail address is confirmed.')).toBeVisible();
  await page.goto('/account');
  await expect(page.getByText('Please confirm your e-mail address')).toBeHidden();
});

test('the key is on the clipboard after six interactions at most', { tag: '@js-only' }, async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await choosePlan(page, STARTUP);
  await signUp(page, somebody());
  await nameCompany(page);
  await goToPayment(page);
  await payWithCard(page);
  const key = await readKey(page);
  await press(page, 'Copy key');
  await expect(page.getByText('License key copied')).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key);
  expect(interactions(page)).toBeLessThanOrEqual(MOST_INTERACTIONS);
});

test('a declined card and a step at the bank do not lose the order', async ({ page, axe, complaints }) => {
  // A refused payment is answered 402, which the browser reports.
  complaints.expect(/status of 402/);
  await order(page, { plan: 'Maker' });
  await page.getByRole('button', { name: 'Declined' }).click();
  await expect(page.getByRole('alert')).toContainText(/declined/);
  await axe(page);

  await page.getByLabel('Card number').fill('4000 0025 0000 3155');
  await page.getByLabel('Expiry (MM/YY)').fill('12/34');
  await page.getByLabel('CVC').fill('123');
  await page.getByRole('button', { name: 'Subscribe' }).click();
  await expect(page.getByRole('heading', { name: '3-D Secure 2 test page' })).toBeVisible();
  await axe(page);
  await page.getByRole('button', { name: 'Fail' }).click();
  await expect(page.getByRole('heading', { name: 'Authentication failed' })).toBeVisible();
  await page.getByRole('link', { name: 'Try again' }).click();

  await page.getByRole('button', { name: '3-D Secure' }).click();
  await page.getByRole('button', { name: 'Complete' }).click();
  await readKey(page);
});

test('who leaves the payment page finds the order as it was', async ({ page }) => {
  await order(page, { plan: 'Pilot', seats: 2 });
  await page.getByRole('link', { name: 'Back' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'You have not paid yet' })).toBeVisible();
  await press(page, 'Change the order', 'link');
  await expect(page.getByRole('heading', { level: 1, name: 'Review and pay' })).toBeVisible();
  await expect(page.getByRole('spinbutton', { name: 'Instances' })).toHaveValue('2');
  await goToPayment(page);
  await payWithCard(page);
  await readKey(page);
});

test('the page after the payment shows how far it has come, and then the key by itself', async ({ page, product, context, axe }) => {
  await order(page, { plan: 'Maker' });
  const back = await context.newPage();
  await back.goto(await returnAddress(page, product));
  await expect(back.getByRole('heading', { level: 1, name: 'Waiting for your payment' })).toBeVisible();
  await expect(back.getByRole('listitem').filter({ hasText: 'Payment received' })).toHaveAttribute('aria-current', 'step');
  await payAndVanish(page);
  await readKey(back);
  await axe(back);
});

test.describe('a payment makes one license, whichever way it becomes known', () => {
  const maker = { plan: 'Maker' };

  test('by the return page, when the webhook is lost', async ({ page, product }) => {
    await product.sandbox.chaos({ drop: 'all' });
    try {
      await buy(page, maker);
    } finally {
      await product.sandbox.chaos({ drop: 0 });
    }
    await page.goto('/licenses');
    await expect(listedLicenses(page, 'Maker')).toHaveCount(1);
  });

  test('by the webhook, when the return page is never opened, and comes twice', async ({ page, product }) => {
    await product.sandbox.chaos({ duplicate: true, shuffle: true });
    const person = await order(page, maker);
    await payAndVanish(page);
    await product.inbox(person.email, /is ready/);
    await product.sandbox.chaos({ duplicate: false, shuffle: false });
    await page.goto('/licenses');
    await expect(listedLicenses(page, 'Maker')).toHaveCount(1);
  });
});

test('a payment that neither webhook nor return page told of is found by the reconciler', async ({ browser }) => {
  const product = await startProduct();
  try {
    const context = await browser.newContext({ baseURL: product.url });
    const page = await context.newPage();
    await product.sandbox.chaos({ drop: 'all' });
    const person = await order(page, { plan: 'Maker' });
    await payAndVanish(page);
    await page.goto('/licenses');
    await expect(listedLicenses(page, 'Maker')).toHaveCount(0);

    // The reconciler's next round.
    await product.sandbox.clock({ advance_s: 3_600 });
    await product.inbox(person.email, /is ready/);
    await page.reload();
    await expect(listedLicenses(page, 'Maker')).toHaveCount(1);
    await context.close();
  } finally {
    await product.stop();
  }
});
