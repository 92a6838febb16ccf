import { expect, test } from '../fixtures.ts';
import { buy } from '../steps/buying.ts';
import { giveCard, MASTERCARD } from '../steps/cards.ts';

test('the card that is charged is shown, and another one is given', async ({ page, axe }) => {
  const { license } = await buy(page, { plan: 'Maker' });
  // The license does not wait for what is only good to know.
  await expect(async () => {
    await page.goto(license);
    await expect(page.getByText(/^Visa ending in 4242, until \w+ \d{4}/)).toBeVisible({ timeout: 100 });
  }).toPass({ intervals: [100, 250], timeout: 20_000 });
  await page.getByRole('link', { name: 'Change the card' }).click();
  await expect(page.getByText(/is paid with Visa ending in 4242\. The next charge is on \d+ \w+ \d{4}\./)).toBeVisible();
  await axe(page);
  await giveCard(page, license, MASTERCARD, { forAll: true });
  await expect(page.getByText('The new card is charged from now on.')).toBeVisible();
  await expect(page.getByText('Mastercard ending in 4444', { exact: true })).toBeVisible();
  await axe(page);
  await page.goto(license);
  await expect(page.getByText(/^Mastercard ending in 4444, until December 2034/)).toBeVisible();
});

test('whoever leaves the page for the card keeps the one there is', async ({ page }) => {
  const { license } = await buy(page, { plan: 'Maker' });
  await expect(async () => {
    await page.goto(`${license}/card`);
    await expect(page.getByText('Visa ending in 4242', { exact: true })).toBeVisible({ timeout: 100 });
  }).toPass({ intervals: [100, 250], timeout: 20_000 });
  await page.getByRole('button', { name: 'Give another card' }).click();
  await page.getByRole('link', { name: /Back/ }).click();
  await expect(page.getByText('Visa ending in 4242', { exact: true })).toBeVisible();
});
