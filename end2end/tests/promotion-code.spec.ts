import { expect, test } from '../fixtures.ts';
import { payWithCard, planCard, readKey } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { nameCompany, signUp, somebody } from '../steps/people.ts';
import { promotionCode } from '../steps/promotions.ts';
import { newCustomer } from '../steps/requests.ts';

test('a link with a code takes it to the order, where it is a line, and to the payment', async ({ page, product, axe }) => {
  const code = await promotionCode(product, { percent_off: '25', duration: 'once' });
  await page.goto(`/?code=${code}`);
  await expect(page.getByText(`Your code ${code} goes along with your order`)).toBeVisible();
  await axe(page);
  // It survives the choice of another interval, signing up and naming the company.
  await page.getByRole('group', { name: 'Billing' }).getByRole('link', { name: /^Yearly/ }).click();
  await press(planCard(page, 'Startup'), 'Choose Startup');
  await signUp(page, somebody());
  await nameCompany(page);
  const line = page.getByRole('row', { name: new RegExp(`^${code}, 25 % off the first payment`) });
  await expect(line).toContainText('$747.50');
  await expect(page.getByRole('row', { name: /^To pay now/ })).toContainText('$2,242.50');
  await axe(page);
  await press(page, 'Pay $2,242.50 by card');
  await expect(page.getByText('747.50').first()).toBeVisible();
  await payWithCard(page);
  await readKey(page);
});

test('a code that does not apply says why, and the order can be placed without it', async ({ page, product, axe }) => {
  const code = await promotionCode(product, { percent_off: '25', duration: 'once' }, {
    'restrictions[minimum_amount]': '50000',
    'restrictions[minimum_amount_currency]': 'usd',
  });
  await newCustomer(page);
  await page.goto(`/?code=${code}`);
  await press(planCard(page, 'Startup'), 'Choose Startup');
  await expect(page.getByRole('alert')).toContainText('This code is for orders of $500.00 or more');
  await axe(page);
  await page.getByLabel('Promotion code').fill('NO-SUCH-CODE');
  await press(page, 'Update price');
  await expect(page.getByRole('alert')).toContainText('There is no such code');
  await expect(page.getByLabel('Promotion code')).toHaveAccessibleDescription(/There is no such code/);
  // With two more instances the order is large enough.
  await page.getByLabel('Promotion code').fill(code);
  await page.getByRole('spinbutton', { name: 'Instances' }).fill('4');
  await press(page, 'Update price');
  await expect(page.getByRole('row', { name: /25 % off/ })).toContainText('$149.25');
  await expect(page.getByRole('alert')).toBeHidden();
});

test('a code for everything leaves nothing to pay', async ({ page, product }) => {
  const code = await promotionCode(product, { percent_off: '100', duration: 'once' });
  await newCustomer(page);
  await page.goto(`/?interval=once&code=${code}`);
  await press(planCard(page, 'Perpetual'), 'Choose Perpetual');
  await expect(page.getByRole('row', { name: /^To pay now/ })).toContainText('$0.00');
  await press(page, 'Go on to the payment page');
  await page.getByRole('button', { name: 'Complete order' }).click();
  await readKey(page);
});
