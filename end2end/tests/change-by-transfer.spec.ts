import { expect, test } from '../fixtures.ts';
import { press } from '../steps/interactions.ts';
import { missingCents, orderByTransfer, transfer } from '../steps/transfers.ts';
import { reloadUntil } from '../steps/time.ts';

test('a change that is paid by transfer is dropped, ordered again, and made when its money is there', async ({ page, product, axe }) => {
  const { person, cents } = await orderByTransfer(page, { plan: 'Startup' });
  await transfer(product, person, cents);
  await product.inbox(person.email, /is ready/);
  await page.goto('/licenses');
  await page.getByRole('link', { name: /^Open .*\bStartup$/ }).click();
  const license = new URL(page.url()).pathname;

  const order = async () => {
    await page.goto(`${license}/change`);
    await page.getByRole('radio', { name: /Business/ }).check();
    await press(page, 'Show the price');
    await expect(page.getByText('To be transferred')).toBeVisible();
    await expect(page.getByText(/^If the full amount has not arrived by .*, the change is not made/)).toBeVisible();
    await axe(page);
    await press(page, /^Order the change for \$[0-9.,]+ by bank transfer$/);
    await expect(page.getByRole('heading', { level: 1, name: 'Pay by bank transfer' })).toBeVisible();
    await expect(page.getByText('The change is ordered.', { exact: false }).first()).toBeVisible();
    return missingCents(page);
  };

  await order();
  await axe(page);
  await page.goto(license);
  await expect(page.getByText(/Renews on .* for \$299\.00 before tax/)).toBeVisible();
  await expect(page.getByText(/A change to Business with .* waits for your transfer$/)).toBeVisible();
  await axe(page);
  await press(page, 'Drop the change');
  await expect(page.getByText('The change is dropped, and its invoice is void.', { exact: false }).first()).toBeVisible();
  await expect(page.getByText(/waits for your transfer$/)).toBeHidden();

  const difference = await order();
  await page.goto(`${license}/change?plan=business&interval=month&seats=9`);
  await expect(page.getByText(/Another change of this license waits for its transfer/)).toBeVisible();
  await transfer(product, person, difference);
  await product.inbox(person.email, /Your change to Business is made/);
  await page.goto(license);
  await reloadUntil(page, () => expect(page.getByText('Business', { exact: true }).first()).toBeVisible({ timeout: 100 }));
  await expect(page.getByText(/waits for your transfer$/)).toBeHidden();
});
