import { expect, test } from '../fixtures.ts';
import { choosePlan, payWithCard, planCard, readKey } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { agreeToPayNow } from '../steps/license.ts';
import { newCustomer } from '../steps/requests.ts';

test('an add-on is chosen with the order, added and given up by a change', async ({ page, axe }) => {
  test.setTimeout(90_000);
  await newCustomer(page);
  await page.goto('/');
  await expect(planCard(page, 'Startup')).toContainText('Audit log: $15 per instance a month');
  await choosePlan(page, { plan: 'Startup' });
  const sso = page.getByRole('checkbox', { name: /^Single sign-on/ });
  const audit = page.getByRole('checkbox', { name: /^Audit log/ });
  await sso.check();
  await press(page, 'Update price');
  await expect(page.getByRole('row', { name: /Startup: Single sign-on/ })).toContainText('$99.00');
  await expect(sso).toBeChecked();
  await expect(audit).not.toBeChecked();
  await axe(page);
  await press(page, 'Pay $398.00 by card');
  await payWithCard(page);
  await readKey(page);
  const license = (await page.getByRole('link', { name: 'Open the license' }).getAttribute('href')) ?? '';
  await page.goto(license);
  await expect(page.getByText('Single sign-on', { exact: true })).toBeVisible();

  // Another one, at once.
  await page.goto(`${license}/change`);
  await expect(sso).toBeChecked();
  await audit.check();
  await press(page, 'Show the price');
  await expect(page.getByText(/^Startup with 2 instances, Audit log and Single sign-on, from the moment you agree/)).toBeVisible();
  await axe(page);
  const amount = await agreeToPayNow(page);
  await expect(page.getByText('The change is made and paid.').first()).toBeVisible();
  await expect(page.getByText('Audit log, Single sign-on', { exact: true })).toBeVisible();
  await page.goto('/invoices');
  await expect(page.getByRole('row').filter({ hasText: amount })).toBeVisible();

  // What is given up stays to the end of what is paid.
  await page.goto(`${license}/change`);
  await sso.uncheck();
  await press(page, 'Show the price');
  await expect(page.getByText('Single sign-on ends with the change.')).toBeVisible();
  await press(page, /^Change on \d+ \w+ \d{4}$/);
  await expect(page.getByText(/^(○ )?Changes to Startup with 2 instances and Audit log on \d+ \w+ \d{4}\.$/)).toBeVisible();
  await expect(page.getByText('Audit log, Single sign-on', { exact: true })).toBeVisible();
  await axe(page);
  await press(page, 'Keep the present plan');
  await expect(page.getByText('Everything stays as it is. No change is planned.').first()).toBeVisible();
});

test('packs are counted with the order, added at once and given up at the end of what is paid', async ({ page, axe, javaScriptEnabled }) => {
  test.setTimeout(90_000);
  await newCustomer(page);
  await page.goto('/');
  await expect(planCard(page, 'Pilot')).toContainText('50 devices: $25 a month, less from 5 packs on');
  await choosePlan(page, { plan: 'Pilot' });
  const packs = page.getByLabel('Packs of 50 devices');
  await expect(page.getByText('No further devices')).toBeVisible();
  await packs.fill('5');
  if (javaScriptEnabled) {
    // The price runs along; nothing is sent for it.
    await expect(page.getByText('250 devices more, $100.00 a month')).toBeVisible();
    await page.getByRole('button', { name: 'One pack of devices fewer' }).click();
    await expect(page.getByText('200 devices more, $100.00 a month')).toBeVisible();
    await page.getByRole('button', { name: 'One pack of devices more' }).click();
  }
  await press(page, 'Update price');
  await expect(page.getByText('250 devices more, $100.00 a month')).toBeVisible();
  await expect(page.getByRole('row', { name: /Pilot: 50 devices more/ })).toContainText('$20.00');
  await axe(page);
  await press(page, 'Pay $199.00 by card');
  await payWithCard(page);
  await readKey(page);
  const license = (await page.getByRole('link', { name: 'Open the license' }).getAttribute('href')) ?? '';
  await page.goto(license);
  await expect(page.getByText('Devices: 5 × 50', { exact: true })).toBeVisible();

  await page.goto(`${license}/change`);
  await expect(packs).toHaveValue('5');
  await packs.fill('10');
  await press(page, 'Show the price');
  await expect(page.getByText(/^Pilot with 1 instance and 500 devices more, from the moment you agree/)).toBeVisible();
  await axe(page);
  await agreeToPayNow(page);
  await expect(page.getByText('Devices: 10 × 50', { exact: true })).toBeVisible();

  await page.goto(`${license}/change`);
  await packs.fill('2');
  await press(page, 'Show the price');
  await expect(page.getByText('Devices: 600 now, 200 with the change.')).toBeVisible();
  await press(page, /^Change on \d+ \w+ \d{4}$/);
  await expect(page.getByText(/^(○ )?Changes to Pilot with 1 instance and 100 devices more on \d+ \w+ \d{4}\.$/)).toBeVisible();
  await expect(page.getByText('Devices: 10 × 50', { exact: true })).toBeVisible();
  await axe(page);
});

test('more packs than a license can have are refused where they are counted', async ({ page, axe }) => {
  await newCustomer(page);
  await page.goto('/buy?plan=pilot&interval=month&seats=1&pack_devices=99');
  const packs = page.getByLabel('Packs of 50 devices');
  await expect(packs).toHaveAccessibleDescription(/at most 16 packs of devices/);
  await axe(page);
  await packs.fill('16');
  await press(page, 'Update price');
  await expect(page.getByText('Pay $419.00 by card')).toBeVisible();
});
