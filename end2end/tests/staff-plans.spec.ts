import { expect, test } from '../fixtures.ts';
import { choosePlan, goToPayment, payWithCard, planCard, readKey } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { lease } from '../steps/licensing_api.ts';
import { enterConsole, newCustomer } from '../steps/requests.ts';
import { reloadUntil } from '../steps/time.ts';

// The price list has more on it afterwards, so it is a vendor of its own.
test.use({ settings: { LEASEHOLD__MAIL__FROM: 'catalog@nordwind.example' } });

test('an administrator makes a product with a plan and its prices, and changes what the plan gives', async ({ page, axe }) => {
  // A product of its own, which nobody can buy: runs share a vendor.
  const code = `edge-${crypto.randomUUID().slice(0, 6)}`;
  const name = `Edge ${code}`;
  const alert = page.getByRole('alert');
  const review = page.locator('#review');
  await enterConsole(page, '/staff/catalog/products/new');
  await expect(page.getByRole('heading', { level: 1, name: 'New product' })).toBeVisible();
  await axe(page);
  await page.getByLabel('Code', { exact: true }).fill('Edge');
  await page.getByLabel('Name', { exact: true }).fill(name);
  await press(page, 'Show what changes');
  await expect(alert).toContainText('lower-case letters, digits');
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue(name);
  await axe(page);
  await page.getByLabel('Code', { exact: true }).fill(code);
  await press(page, 'Show what changes');
  await expect(review).toContainText(`+ product ${code}`);
  await axe(page);
  await press(review, 'Save');
  await expect(page.getByText('The changes are saved.', { exact: false })).toBeVisible();
  await expect(page.getByRole('heading', { level: 1, name: `Change ${name}` })).toBeVisible();

  // A plan with a limit; what was typed is there again after a look at what would change.
  await press(page, 'New plan', 'link');
  await expect(page.getByRole('heading', { level: 1, name: 'New plan' })).toBeVisible();
  await axe(page);
  await page.getByLabel('Code', { exact: true }).fill('small');
  await page.getByLabel('Name', { exact: true }).fill('Small');
  await page.getByLabel('Limit 1', { exact: true }).fill('devices');
  await page.getByLabel('At most, of limit 1').fill('few');
  await press(page, 'Show what changes');
  await expect(alert).toContainText('Give a whole number, or write unlimited.');
  await expect(page.getByLabel('Limit 1', { exact: true })).toHaveValue('devices');
  await axe(page);
  await page.getByLabel('At most, of limit 1').fill('5');
  await press(page, 'Show what changes');
  await expect(review).toContainText(`+ plan ${code}/small`);
  await press(review, 'Change something');
  await expect(page.getByLabel('At most, of limit 1')).toHaveValue('5');
  await expect(alert).toHaveCount(0);
  await press(page, 'Show what changes');
  await press(review, 'Save');

  // Its prices, which go to Stripe by themselves.
  await expect(page.getByRole('heading', { level: 1, name: 'Prices of Small' })).toBeVisible();
  await expect(page.getByText('This plan is not published: nobody can buy it.')).toBeVisible();
  await axe(page);
  await page.getByLabel('Currency: Addition 1').fill('usd');
  await page.getByLabel('Base price: Addition 1').fill('10.505');
  await page.getByLabel('Each further instance: Addition 1').fill('5');
  await press(page, 'Show what changes');
  await expect(alert).toContainText('at most two decimals');
  await axe(page);
  await page.getByLabel('Base price: Addition 1').fill('10');
  await press(page, 'Show what changes');
  await expect(review).toContainText('base per month: 10.00 USD');
  await press(review, 'Save');
  const base = page.getByRole('row').filter({ hasText: 'Base price' });
  await expect(base).toContainText('$10.00');
  await reloadUntil(page, () => expect(base).toContainText('Has it', { timeout: 100 }));
  await axe(page);
  await page.getByLabel('Base price: By the month, USD').fill('12.50');
  await press(page, 'Show what changes');
  await expect(review).toContainText('10.00 USD becomes 12.50 USD; who bought keeps the old price');
  await press(review, 'Save');
  await expect(base).toContainText('$12.50');

  // What it gives changes with a version.
  await press(page, 'Change the plan', 'link');
  await expect(page.getByRole('heading', { level: 1, name: 'Change Small' })).toBeVisible();
  await axe(page);
  await page.getByLabel('At most, of limit 1').fill('6');

  // Whoever has not seen the last change overwrites nothing unawares.
  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.getByLabel('Line under the name').fill('For a start');
  await press(other, 'Show what changes');
  await press(other.locator('#review'), 'Save');
  await expect(other.getByText('The changes are saved.', { exact: false })).toBeVisible();
  await other.close();
  await press(page, 'Show what changes');
  await expect(alert).toContainText('Somebody else has changed this');
  await expect(page.getByLabel('At most, of limit 1')).toHaveValue('6');
  await axe(page);
  await page.getByLabel('Line under the name').fill('For a start');
  await press(page, 'Show what changes');
  await expect(review).toContainText(`~ plan ${code}/small: limits`);
  await expect(review).toContainText('This makes version 2 of the plan. No license is of version 1.');
  await axe(page);
  await press(review, 'Save');
  await expect(page.getByText('The changes are saved.', { exact: false })).toBeVisible();
  await expect(page.getByLabel('At most, of limit 1')).toHaveValue('6');

  // What is sold on top of it: an add-on, and packs of its limit.
  await press(page, 'New add-on', 'link');
  await expect(page.getByRole('heading', { level: 1, name: 'New add-on of Small' })).toBeVisible();
  await axe(page);
  await page.getByLabel('Code', { exact: true }).fill('reports');
  await page.getByLabel('Name', { exact: true }).fill('Reports');
  await page.getByLabel('By the month, USD', { exact: true }).fill('3');
  await press(page, 'Show what changes');
  await expect(alert).toContainText('An add-on must give something');
  await expect(page.getByLabel('By the month, USD', { exact: true })).toHaveValue('3');
  await axe(page);
  await page.getByLabel('Feature 1', { exact: true }).fill('reports');
  await press(page, 'Show what changes');
  await expect(review).toContainText(`~ plan ${code}/small: addons`);
  await press(review, 'Save');
  await expect(page.getByRole('heading', { level: 1, name: 'Change Small' })).toBeVisible();
  const options = page.locator('#options');
  await expect(options).toContainText('Reports');
  await press(options, 'New pack', 'link');
  await expect(page.getByRole('heading', { level: 1, name: 'New pack of Small' })).toBeVisible();
  await axe(page);
  await page.getByLabel('Limit', { exact: true }).selectOption({ label: 'devices' });
  await page.getByLabel('More of the limit in each pack').fill('10');
  await page.getByLabel('Each pack in tier 1: By the month, USD').fill('2');
  await press(page, 'Show what changes');
  await press(review, 'Save');
  await expect(options).toContainText('10 more devices');
  await options.getByRole('link', { name: 'Reports', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Change Reports' })).toBeVisible();
  await axe(page);
  await page.getByLabel('Do not sell it any more').check();
  await press(page, 'Show what changes');
  await press(review, 'Save');
  await expect(options).not.toContainText('Reports');

  // A draft is on no price list.
  await page.goto('/');
  await expect(page.getByRole('heading', { name })).toHaveCount(0);
});

test('a plan made by forms goes on the price list, and whoever has bought it keeps its version until it is moved', async ({ page, product, axe }) => {
  test.setTimeout(240_000);
  const tail = crypto.randomUUID().slice(0, 6);
  const [code, plan] = [`gate-${tail}`, `Gate ${tail}`];
  const review = page.locator('#review');
  const save = async () => {
    await press(page, 'Show what changes');
    await press(review, 'Save');
    await expect(review).toHaveCount(0);
  };
  await enterConsole(page, '/staff/catalog/products/new');
  await page.getByLabel('Code', { exact: true }).fill(code);
  await page.getByLabel('Name', { exact: true }).fill(`Gateway ${tail}`);
  await save();
  await press(page, 'New plan', 'link');
  await page.getByLabel('Code', { exact: true }).fill('gate');
  await page.getByLabel('Name', { exact: true }).fill(plan);
  await page.getByLabel('Limit 1', { exact: true }).fill('devices');
  await page.getByLabel('At most, of limit 1').fill('5');
  await save();

  // Without a price it stays a draft.
  await page.goto('/staff/catalog');
  await page.getByRole('link', { name: plan, exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: plan })).toBeVisible();
  const planPage = new URL(page.url()).pathname;
  await press(page, 'Put on the price list');
  await expect(page.getByRole('alert')).toContainText('It has no price yet. Give it one first.');
  await axe(page);
  const file = await page.request.get('/staff/catalog/catalog.toml');
  expect(await file.text()).toContain(`name = "${plan}"`);
  await page.goto(`${planPage}/prices`);
  await page.getByLabel('Currency: Addition 1').fill('usd');
  await page.getByLabel('Base price: Addition 1').fill('10');
  await page.getByLabel('Each further instance: Addition 1').fill('5');
  await save();
  const base = page.getByRole('row').filter({ hasText: 'Base price' });
  await reloadUntil(page, () => expect(base).toContainText('Has it', { timeout: 100 }));
  await page.goto(planPage);
  await press(page, 'Put on the price list');
  await expect(page.getByText('The plan is on the price list.')).toBeVisible();
  await page.goto('/staff/catalog/preview');
  await expect(planCard(page, plan)).toContainText('$10 a month');
  await expect(page.getByText(/waits? for Stripe/)).toHaveCount(0);
  await page.context().clearCookies();

  // A customer buys it.
  const person = await newCustomer(page);
  await choosePlan(page, { plan });
  await goToPayment(page);
  await payWithCard(page);
  const key = await readKey(page);
  const license = (await page.getByRole('link', { name: 'Open the license' }).getAttribute('href')) ?? '';
  const devices = async () => {
    const token = await lease(product.url, { key, product: code, instance: 'gate-1', version: '1.0.0' });
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).lim.devices;
  };
  expect(await devices()).toBe(5);
  await page.context().clearCookies();

  // What the plan gives changes; the customer has what it bought, until staff move its license.
  await enterConsole(page, `${planPage}/edit`);
  await page.getByLabel('At most, of limit 1').fill('6');
  await press(page, 'Show what changes');
  await expect(review).toContainText('This makes version 2 of the plan. 1 license keeps version 1 until you move it.');
  await press(review, 'Save');
  await expect(page.getByText('The changes are saved.', { exact: false })).toBeVisible();
  expect(await devices()).toBe(5);
  await page.goto(planPage);
  await expect(page.locator('#versions')).toContainText('devices: 5 becomes 6');
  await axe(page);
  await page.goto(`/staff${license}`);
  const version = page.locator('#plan-version');
  await expect(version).toContainText(`Sold as version 1 of ${plan}; today's is version 2.`);
  await expect(version).toContainText('devices: 5 becomes 6');
  await axe(page);
  await press(version, "Move to today's version");
  await expect(page.getByText("The license has today's version of its plan.", { exact: false })).toBeVisible();
  await expect(version).toContainText(`Version 2 of ${plan}, as it is sold today.`);
  expect(await devices()).toBe(6);
  await product.inbox(person.email, new RegExp(`^What ${plan} gives you has changed$`));
});
