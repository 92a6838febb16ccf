import { expect, test } from '../fixtures.ts';
import { buy, payWithCard } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';

test('a subscription becomes a perpetual license, less the money that is unused', async ({ page, axe }) => {
  const { license } = await buy(page, { plan: 'Startup', seats: 2 });
  await page.goto(license);
  await page.getByRole('link', { name: 'Buy it for ever' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Buy it for ever' })).toBeVisible();
  await expect(page.getByRole('row').filter({ hasText: 'Perpetual, 2 instances, $4,999.00 each' })).toContainText('$9,998.00');
  await expect(page.getByRole('row').filter({ hasText: 'Unused time of the subscription' })).toContainText(/[−-]\$\d+\.\d\d/);
  await axe(page);
  await press(page, /^Pay \$9,\d+\.\d\d by card$/);
  await payWithCard(page);
  await expect(page.getByText('The license is yours for ever.')).toBeVisible({ timeout: 20_000 });
  await axe(page);
  await page.getByRole('link', { name: 'Open the license' }).click();
  await expect(page.getByText(/Yours for ever, with updates until \d+ \w+ \d{4}\./)).toBeVisible();
  await expect(page.getByRole('link', { name: 'Cancel…' })).toBeHidden();
});
