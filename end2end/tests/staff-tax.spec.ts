import { expect, test } from '../fixtures.ts';
import { ADMIN } from '../product.ts';
import { press } from '../steps/interactions.ts';
import { logIn } from '../steps/people.ts';

test('an administrator sees how tax is reckoned, and tells Stripe where the vendor is and what it sells', async ({ page, axe }) => {
  const street = `Am Hafen ${crypto.randomUUID().slice(0, 6)}`;
  await page.goto('/log-in');
  await logIn(page, ADMIN);
  await page.goto('/staff/settings');
  await press(page, 'See how tax is reckoned', 'link');
  await expect(page.getByRole('heading', { level: 1, name: 'Tax' })).toBeVisible();
  await axe(page);
  await press(page, 'Ask Stripe now');
  await expect(page.getByText('This is what Stripe says now.')).toBeVisible();
  const card = page.locator('#stripe-tax');
  await expect(card).toContainText('Active');
  await expect(card).toContainText('Germany');
  await axe(page);

  // What only Stripe knows to be wrong is said in its words, and nothing typed is lost.
  await press(page, 'Change Stripe Tax', 'link');
  await axe(page);
  await card.getByLabel('What you sell').selectOption('txcd_10202003');
  await card.getByLabel('Street and number').fill(street);
  await card.getByLabel('City').fill('Bremen');
  await card.getByLabel('State or province').fill('');
  await card.getByLabel('Country').selectOption('US');
  await press(card, 'Tell Stripe');
  await expect(page.getByRole('alert')).toContainText('Stripe refuses that: Missing required param');
  await expect(card.getByLabel('Street and number')).toHaveValue(street);
  await axe(page);
  await card.getByLabel('Country').selectOption('DE');
  await press(card, 'Tell Stripe');
  await expect(page.getByText('Stripe knows it, and reckons like that from now on.')).toBeVisible();
  await expect(card).toContainText(street);
  await expect(card).toContainText('Downloaded software for businesses (txcd_10202003)');
  await axe(page);
});
