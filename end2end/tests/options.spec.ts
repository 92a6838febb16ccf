import { expect, test } from '../fixtures.ts';
import { choosePlan, payWithCard, planCard, readKey } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { agreeToPayNow } from '../steps/license.ts';
import { nameCompany, signUp, somebody } from '../steps/people.ts';

test('an add-on is chosen with the order, added and given up by a change', async ({ page, axe }) => {
  test.setTimeout(90_000);
  await page.goto('/');
  await expect(planCard(page, 'Startup')).toContainText('Audit log: $15 per instance a month');
  await choosePlan(page, { plan: 'Startup' });
  await signUp(page, somebody());
  await nameCompany(page);
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
