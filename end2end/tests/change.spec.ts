import { expect, test } from '../fixtures.ts';
import { buy } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { agreeToPayNow, previewChange } from '../steps/license.ts';
import { reloadUntil } from '../steps/time.ts';

const PLANNED = /^(○ )?Changes to Startup with 2 instances on \d+ \w+ \d{4}\.$/;

test('a change is charged as it was shown, a planned one is seen and taken back', { tag: '@everywhere' }, async ({ page, axe }) => {
  const { license } = await buy(page, { plan: 'Startup', seats: 3 });
  const plan = async (seats: number) => {
    await page.goto(`${license}/change`);
    await previewChange(page, { seats });
  };
  await plan(4);
  await axe(page);
  const amount = await agreeToPayNow(page);
  await expect(page.getByText('The change is made and paid.').first()).toBeVisible();
  await page.goto('/invoices');
  await reloadUntil(page, () => expect(page.getByRole('row').filter({ hasText: amount })).toBeVisible({ timeout: 100 }));

  // Fewer seats wait for the end of what is paid.
  await plan(2);
  await axe(page);
  await press(page, /^Change on \d+ \w+ \d{4}$/);
  await expect(page.getByText(PLANNED)).toBeVisible();
  await axe(page);
  await press(page, 'Keep the present plan');
  await expect(page.getByText('Everything stays as it is. No change is planned.').first()).toBeVisible();
  await expect(page.getByText(PLANNED)).toBeHidden();

  // Whatever drops a planned change says so before.
  await plan(2);
  await press(page, /^Change on \d+ \w+ \d{4}$/);
  await plan(5);
  await expect(page.getByText('The change that was planned for the end of the period falls away.')).toBeVisible();
  await page.goto(`${license}/cancel`);
  await expect(page.getByText(/^The change that is planned for that day falls away now/)).toBeVisible();
  await press(page, /^Cancel on \d+ \w+ \d{4}$/);
  await expect(page.getByText(PLANNED)).toBeHidden();
  await plan(2);
  await expect(page.getByText(/^This subscription is cancelled and ends on .*, so nothing would come after it\./)).toBeVisible();
  await axe(page);
});

test('monthly becomes yearly at once, and yearly becomes monthly when the year is over', async ({ page, axe }) => {
  const { license } = await buy(page, { plan: 'Startup' });
  await page.goto(`${license}/change`);
  await previewChange(page, { interval: 'Yearly' });
  await expect(page.getByText(/^Startup with 2 instances, from the moment you agree\. .* it costs \$2,990\.00 a year before tax\./)).toBeVisible();
  await axe(page);
  await agreeToPayNow(page);
  await expect(page.getByText('The change is made and paid.').first()).toBeVisible();
  await page.goto(license);
  const renews = page.getByText(/Renews on \d+ \w+ \d{4} for \$2,990\.00 before tax\./).first();
  await reloadUntil(page, () => expect(renews).toBeVisible({ timeout: 100 }));

  await page.goto(`${license}/change`);
  await previewChange(page, { interval: 'Monthly' });
  await expect(page.getByText(/Nothing is charged now and nothing changes until then; .* \$299\.00 a month before tax\./)).toBeVisible();
  await press(page, /^Change on \d+ \w+ \d{4}$/);
  await expect(page.getByText(PLANNED)).toBeVisible();
  await expect(page.getByText(/From then on it costs \$299\.00 a month, before tax\./)).toBeVisible();
  await axe(page);
});
