import { expect, test } from '../fixtures.ts';
import { ADMIN_SECRET } from '../product.ts';
import { press } from '../steps/interactions.ts';
import { askAndDo } from '../steps/license.ts';
import { enterCode, logIn } from '../steps/people.ts';
import { totp } from '../steps/totp.ts';

// Time passes in this journey, so it has a product of its own.
test.use({ settings: { LEASEHOLD__MAIL__FROM: 'keys@nordwind.example' } });

/** Longer than a password counts as typed just now. */
const STEP_UP_S = 11 * 60;

test('an admin who logged in a while ago is asked for the password before the keys rotate, and told to press again', async ({ page, product, axe }) => {
  const admin = await product.newAdmin();
  await page.goto('/log-in');
  await logIn(page, admin);
  await enterCode(page, await totp(product, ADMIN_SECRET));
  await page.getByRole('link', { name: 'Signing keys', exact: true }).click();
  await expect(page.getByText('Signs every lease since', { exact: false })).toBeVisible();
  const bundle = page.getByRole('link', { name: 'Trust bundle (trust.json)' });
  await expect(bundle).toHaveAttribute('href', '/.well-known/trust.json');
  const retired = page.getByRole('row').filter({ hasText: 'Signs no more' });
  const before = await retired.count();

  await product.sandbox.clock({ advance_s: STEP_UP_S });
  await askAndDo(page, 'Rotate…', 'Rotate the keys');
  await expect(page).toHaveURL(/\/confirm\?/);
  await axe(page);
  await page.getByLabel('Password', { exact: true }).fill(admin.password);
  await page.getByLabel('Code', { exact: true }).fill(await totp(product, ADMIN_SECRET));
  await press(page, 'Go on');
  await expect(page).toHaveURL(/\/staff\/signing-keys$/);
  await expect(page.getByText('Nothing has happened yet', { exact: false })).toBeVisible();
  await expect(retired).toHaveCount(before);
  await axe(page);

  await askAndDo(page, 'Rotate…', 'Rotate the keys');
  await expect(page.getByText('The next key signs from now on', { exact: false })).toBeVisible();
  await expect(page.getByText('Nothing has happened yet', { exact: false })).toBeHidden();
  await expect(retired).toHaveCount(before + 1);
});
