import { expect, test } from '../fixtures.ts';
import { ADMIN } from '../product.ts';
import { choosePlan, payWithCard, planCard, readKey } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { logIn, nameCompany, signUp, somebody } from '../steps/people.ts';

// An add-on goes from the price list, so it is a vendor of its own.
test.use({ settings: { LEASEHOLD__MAIL__FROM: 'withdrawn@nordwind.example' } });

test('an add-on that is not sold any more stays with whoever has it, and its form leads to its plan', async ({ page, browser, axe, complaints }) => {
  complaints.expect(/status of 404/);
  const sso = page.getByRole('checkbox', { name: /^Single sign-on/ });
  await choosePlan(page, { plan: 'Startup' });
  await signUp(page, somebody());
  await nameCompany(page);
  await sso.check();
  await press(page, 'Update price');
  await expect(page.getByRole('row', { name: /Startup: Single sign-on/ })).toContainText('$99.00');
  await expect(page).toHaveURL(/single_sign_on/);
  const order = page.url();
  await press(page, 'Pay $398.00 by card');
  await payWithCard(page);
  await readKey(page);
  const license = (await page.getByRole('link', { name: 'Open the license' }).getAttribute('href')) ?? '';

  // The form is open twice: what the one withdraws, the other cannot change.
  const context = await browser.newContext();
  const staff = await context.newPage();
  await staff.goto('/log-in?next=%2Fstaff%2Fcatalog');
  await logIn(staff, ADMIN);
  await staff.getByRole('link', { name: 'Startup', exact: true }).click();
  await expect(staff.getByRole('heading', { level: 1, name: 'Startup' })).toBeVisible();
  const planPage = new URL(staff.url()).pathname;
  const review = staff.locator('#review');
  const options = staff.locator('#options');
  await staff.goto(`${planPage}/edit`);
  await options.getByRole('link', { name: 'Single sign-on', exact: true }).click();
  await expect(staff.getByRole('heading', { level: 1, name: 'Change Single sign-on' })).toBeVisible();
  const form = staff.url();
  const other = await context.newPage();
  await other.goto(form);
  await other.getByLabel('Name', { exact: true }).fill('One log-in for all');
  await staff.getByLabel('Do not sell it any more').check();
  await press(staff, 'Show what changes');
  await expect(review).toContainText('~ plan iot-platform/startup: addons');
  await axe(staff);
  await press(review, 'Save');
  await expect(staff.getByText('The changes are saved.', { exact: false })).toBeVisible();
  await expect(staff.getByRole('heading', { level: 1, name: 'Change Startup' })).toBeVisible();
  await expect(options).toContainText('Audit log');
  await expect(options).not.toContainText('Single sign-on');
  await press(other, 'Show what changes');
  await expect(other.getByText('Somebody else has taken this off the price list meanwhile', { exact: false })).toBeVisible();
  await expect(other.getByRole('heading', { level: 1, name: 'Change Startup' })).toBeVisible();
  await axe(other);
  await other.goto(form);
  await expect(other.getByRole('heading', { level: 1, name: 'There is nothing here' })).toBeVisible();

  // Its code stays its own: whoever has it would have another all at once.
  await press(options, 'New add-on', 'link');
  await staff.getByLabel('Code', { exact: true }).fill('single_sign_on');
  await staff.getByLabel('Name', { exact: true }).fill('Another');
  await staff.getByLabel('Feature 1', { exact: true }).fill('single_sign_on');
  await press(staff, 'Show what changes');
  await expect(staff.getByRole('alert')).toBeVisible();
  await expect(staff.getByLabel('Code', { exact: true })).toHaveAttribute('aria-invalid', 'true');
  await axe(staff);
  await staff.goto(planPage);
  await expect(staff.locator('#on-top').getByRole('row').filter({ hasText: 'Single sign-on' })).toContainText(/no$/);
  await axe(staff);
  await context.close();

  // Whoever has it keeps it; nobody else comes to it, not by an old address either.
  await page.goto(license);
  await expect(page.getByText('Single sign-on', { exact: true })).toBeVisible();
  await page.goto(`${license}/change`);
  await expect(sso).toBeChecked();
  await axe(page);
  await page.context().clearCookies();
  await page.goto('/');
  await expect(planCard(page, 'Startup')).toContainText('Audit log');
  await expect(planCard(page, 'Startup')).not.toContainText('Single sign-on');
  await page.goto(order);
  await signUp(page, somebody());
  await nameCompany(page);
  await expect(page.getByRole('checkbox', { name: /^Audit log/ })).toBeVisible();
  await expect(sso).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Pay $299.00 by card' })).toBeVisible();
});
