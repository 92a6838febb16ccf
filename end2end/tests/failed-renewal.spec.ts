import { expect, test } from '../fixtures.ts';
import { letCardEnd } from '../steps/at_stripe.ts';
import { buy } from '../steps/buying.ts';
import { FAILS_LATER, giveCard, MASTERCARD } from '../steps/cards.ts';
import { press } from '../steps/interactions.ts';
import { logOut } from '../steps/people.ts';
import { enter, enterConsole } from '../steps/requests.ts';
import { letDaysPass, reloadUntil } from '../steps/time.ts';

// Time passes in these journeys, so they have a product of their own.
test.use({ settings: { LEASEHOLD__MAIL__FROM: 'renewals@nordwind.example' } });

const FAILED = /^(■ )?The renewal of .* over \$\d+\.\d\d did not go through\.$/;

test('a renewal fails, every page says so, and paying it settles all', async ({ page, product, axe }) => {
  const { license, person } = await buy(page, { plan: 'Maker' });
  await giveCard(page, license, FAILS_LATER);
  await letDaysPass(page, product, person, 31.2);
  await reloadUntil(page, () => expect(page.getByText(FAILED)).toBeVisible({ timeout: 100 }));
  await expect(page.getByText(/^Everything works until /)).toBeVisible();
  await axe(page);
  for (const place of ['/licenses', '/invoices', '/account', license]) {
    await page.goto(place);
    await expect(page.getByText(FAILED)).toBeVisible();
  }
  await axe(page);
  const mail = await product.inbox(person.email, /did not go through/);
  const invoice = mail.links.find((link) => link.startsWith(product.sandbox.url));
  expect(invoice, mail.text).toBeDefined();

  // The vendor's staff see it as well.
  await logOut(page);
  await enterConsole(page);
  await page.getByRole('link', { name: 'Payments', exact: true }).click();
  await expect(page.getByRole('row').filter({ hasText: person.email })).toContainText('$11.90');
  await axe(page);
  await page.context().clearCookies();

  // The mail leads to the page on which it is paid, without a login.
  await page.goto(invoice ?? '');
  await page.getByRole('button', { name: 'Pay with 4242 (succeeds)' }).click();
  await expect(page.getByText(/^Paid: /)).toBeVisible();
  await enter(page, person);
  await reloadUntil(page, () => expect(page.getByText(FAILED)).toBeHidden({ timeout: 100 }));
  await product.inbox(person.email, /your payment to .* has arrived/);
});

test('what is suspended after its grace works again as soon as another card has paid', async ({ page, product, axe }) => {
  const { license, person } = await buy(page, { plan: 'Maker' });
  await giveCard(page, license, FAILS_LATER);
  await letDaysPass(page, product, person, 31.2);
  await product.inbox(person.email, /did not go through/);
  await letDaysPass(page, product, person, 14.2);
  const suspended = /is suspended, because its renewal is not paid\.$/;
  await reloadUntil(page, () => expect(page.getByText(suspended)).toBeVisible({ timeout: 100 }));
  await axe(page);
  await product.inbox(person.email, /Your license for .* is suspended/);
  await giveCard(page, license, MASTERCARD);
  await expect(page.getByText(/has paid the open invoice\.$/)).toBeVisible();
  await expect(page.getByText(suspended)).toBeHidden();
  await page.goto(license);
  await expect(page.getByText(/Renews on \d+ \w+ \d{4} for \$10\.00 before tax/)).toBeVisible();
  await product.inbox(person.email, /Your license for .* works again/);
  await press(page, 'Log out');
});

test('a card that ends soon is warned of on every page and by mail, until another one is given', async ({ page, product, axe }) => {
  const { license, person } = await buy(page, { plan: 'Maker' });
  await page.goto(`${license}/card`);
  await reloadUntil(page, () => expect(page.getByText('Visa ending in 4242', { exact: true })).toBeVisible({ timeout: 100 }));
  const { month, after } = await letCardEnd(product, person, 2);
  // The worker looks for such cards a few times a day, so it has to have heard of this one before the days pass.
  await reloadUntil(page, () => expect(page.getByText(month, { exact: true })).toBeVisible({ timeout: 100 }));
  await letDaysPass(page, product, person, after);
  const ends = page.getByText(`Visa ending in 4242 ends with ${month}.`);
  await reloadUntil(page, () => expect(ends).toBeVisible({ timeout: 100 }));
  await axe(page);
  await page.goto('/invoices');
  await expect(ends).toBeVisible();
  const mail = await product.inbox(person.email, /Your card with .* ends soon/);
  expect(mail.links.some((link) => link.endsWith(`${license}/card`)), mail.text).toBe(true);

  await giveCard(page, license, MASTERCARD, { forAll: true });
  await expect(page.getByText('Mastercard ending in 4444', { exact: true })).toBeVisible();
  await page.goto('/overview');
  await expect(ends).toBeHidden();
});
