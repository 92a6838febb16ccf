import { expect, test } from '../fixtures.ts';
import { payWithCard } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { revealKey } from '../steps/license.ts';
import { found, openPartnership } from '../steps/partners.ts';
import { confirmAddress, enterCode, linkInMail, logIn, setUpFactor, somebody } from '../steps/people.ts';
import { nextCode } from '../steps/totp.ts';

test('a partner invites a client, orders for it and pays; the client has the license, and ends it', async ({ page, product, axe, complaints }) => {
  // Three people, two companies and the vendor: the longest way of all.
  test.setTimeout(240_000);
  const mark = crypto.randomUUID().slice(0, 8);
  const [partner, client] = [somebody('partner'), somebody('client')];
  const [partnerCompany, clientCompany] = [`Lahn Vertrieb ${mark} AG`, `Saale Pumpen ${mark} GmbH`];
  for (const [person, name] of [[partner, partnerCompany], [client, clientCompany]] as const) {
    await found(page, person, name);
  }

  // Staff make the account a partner; what cannot be is refused, with what was typed.
  await openPartnership(page, partnerCompany);
  await expect(page.getByText(`${partnerCompany} is no partner.`)).toBeVisible();
  await axe(page);
  await page.getByLabel('Commission in percent').fill('120');
  await page.getByLabel('Discount for clients in percent').fill('10');
  await press(page, 'Make it a partner');
  await expect(page.getByRole('alert')).toContainText('Write a percentage from 0 to 90');
  await expect(page.getByLabel('Discount for clients in percent')).toHaveValue('10');
  await axe(page);
  await page.getByLabel('Commission in percent').fill('20');
  await press(page, 'Make it a partner');
  await expect(page.getByText('The account is a partner. Its owners are told by mail.')).toBeVisible();
  await axe(page);
  await page.context().clearCookies();

  // A partner needs a second factor, then invites.
  await product.inbox(partner.email, /is a partner of/);
  await page.goto('/log-in?next=%2Fpartner%2Fclients');
  await logIn(page, partner);
  await expect(page.getByRole('heading', { level: 1, name: 'Second factor' })).toBeVisible();
  const secret = (await page.getByLabel('Secret', { exact: true }).inputValue()).replaceAll(/\s/g, '');
  await setUpFactor(page);
  await page.goto('/partner/clients');
  await expect(page.getByRole('heading', { level: 1, name: 'Clients' })).toBeVisible();
  await expect(page.getByText('You have no clients yet.', { exact: false })).toBeVisible();
  await axe(page);
  await page.getByLabel('Company', { exact: true }).fill(clientCompany);
  await page.getByLabel('E-mail address of an owner there').fill(partner.email);
  await press(page, 'Send the invitation');
  await expect(page.getByRole('alert')).toContainText('That is your own address.');
  await axe(page);
  await page.getByLabel('E-mail address of an owner there').fill(client.email);
  await press(page, 'Send the invitation');
  await expect(page.getByText('The invitation is on its way.')).toBeVisible();
  await expect(page.getByRole('row').filter({ hasText: client.email })).toContainText('invited, until');
  await axe(page);
  await page.goto('/partner/renewals');
  await expect(page.getByText('Nothing renews or ends within the next 60 days.')).toBeVisible();
  await axe(page);
  await page.context().clearCookies();

  // The client confirms its address and accepts.
  const invitation = await linkInMail(product, client, /wants to look after your licenses/, /relations/);
  await page.goto(invitation);
  await logIn(page, client);
  await expect(page.getByRole('heading', { level: 1, name: 'A partner for you' })).toBeVisible();
  await expect(page.getByText('Confirm your e-mail address first', { exact: false })).toBeVisible();
  await axe(page);
  await confirmAddress(page, product, client);
  await page.goto(invitation);
  await axe(page);
  await press(page, `Accept for ${clientCompany}`);
  await expect(page.getByText('You have a partner now. It is told by mail.')).toBeVisible();
  await axe(page);
  await page.context().clearCookies();

  // The partner orders, and pays.
  await page.goto(await linkInMail(product, partner, /is your client/, /partner\/clients\//));
  await logIn(page, partner);
  await enterCode(page, await nextCode(product, secret));
  await expect(page.getByRole('heading', { level: 1, name: clientCompany })).toBeVisible();
  await expect(page.getByText('This client has no license yet.')).toBeVisible();
  await axe(page);
  const clientPage = new URL(page.url()).pathname;
  await page.getByRole('link', { name: /^Order .*, Startup$/ }).click();
  await expect(page.getByText(`You order for ${clientCompany}`)).toBeVisible();
  await expect(page.getByRole('row').filter({ hasText: 'Discount for your clients' })).toContainText('29.90');
  await axe(page);
  await page.getByLabel('Who pays').selectOption('client');
  await press(page, 'Update price');
  await expect(page.getByRole('button', { name: 'Send the order to the client' })).toBeVisible();
  await axe(page);
  await page.getByLabel('Who pays').selectOption('partner');
  await press(page, 'Update price');
  await press(page, /^Pay .* by card$/);
  await expect(page.getByLabel('Card number')).toBeVisible();
  await payWithCard(page);
  await expect(page.getByText('The license is in your client', { exact: false })).toBeVisible({ timeout: 20_000 });
  await axe(page);
  await press(page, 'Open the client', 'link');
  const row = page.locator('#licenses').getByRole('row').filter({ hasText: 'Startup' });
  await expect(row).toContainText('You');
  await expect(row).toContainText('renews on');
  await axe(page);
  await row.getByRole('link', { name: /Startup$/ }).first().click();
  await expect(page.getByText('Nothing has been activated under this license yet.')).toBeVisible();
  await axe(page);

  // It asks the vendor about the license; the message says whose it is.
  await page.getByRole('link', { name: /^Ask a question about License / }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'New message' })).toBeVisible();
  await expect(page.getByRole('main').getByText(clientCompany)).toBeVisible();
  await axe(page);
  const question = `A second line ${mark}`;
  await page.getByLabel('Subject', { exact: true }).fill(question);
  await page.getByLabel('Message', { exact: true }).fill('They open a second line in May. Do three seats do?');
  await press(page, 'Send the message');
  await expect(page.getByRole('heading', { level: 1, name: question })).toBeVisible();
  const thread = new URL(page.url()).pathname;
  await expect(page.getByRole('link', { name: clientCompany })).toHaveAttribute('href', clientPage);
  await axe(page);
  await page.getByRole('link', { name: /^License / }).click();
  await expect(page.getByText('Nothing has been activated under this license yet.')).toBeVisible();
  const support = /\S+@\S+/.exec((await page.getByRole('contentinfo').getByText('@').textContent()) ?? '')?.[0] ?? '';
  const received = await product.inbox(support, new RegExp(question));
  expect(received.text.replaceAll(/\s+/g, ' ')).toContain(`Belongs to: ${clientCompany}`);
  await page.goto('/partner/renewals');
  await expect(page.getByRole('row').filter({ hasText: clientCompany })).toContainText('renews');
  await axe(page);
  await page.goto(clientPage);
  await row.getByRole('link', { name: /^Change / }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Change the plan' })).toBeVisible();
  await axe(page);
  await page.context().clearCookies();

  // The client has the license with its key, and who pays is said.
  await page.goto(await linkInMail(product, client, /has a license of/, /licenses/));
  await logIn(page, client);
  await expect(page.getByText(`${partnerCompany}, your partner`)).toBeVisible();
  await expect(page.getByRole('link', { name: 'Cancel…' })).toHaveCount(0);
  await axe(page);
  await revealKey(page, client);
  await page.goto('/messages');
  await expect(page.getByText('Nothing was written yet.', { exact: false })).toBeVisible();
  await page.goto('/account/partners');
  await axe(page);
  await page.getByRole('link', { name: partnerCompany }).click();
  await press(page, `End the relation… ${partnerCompany}`);
  await press(page.getByRole('dialog'), 'End the relation');
  await expect(page.getByText('That is over. The other side is told by mail.')).toBeVisible();
  await axe(page);
  await page.context().clearCookies();

  // The partner sees nothing of it any more.
  await product.inbox(partner.email, /is no longer your client/);
  complaints.expect(/404/);
  await page.goto(`/log-in?next=${encodeURIComponent(clientPage)}`);
  await logIn(page, partner);
  await enterCode(page, await nextCode(product, secret));
  await expect(page.getByRole('heading', { level: 1, name: 'There is nothing here' })).toBeVisible();
  await page.goto(thread);
  await expect(page.getByRole('main')).toContainText('They open a second line in May.');
  await expect(page.getByText('Something that this account does not see any more')).toBeVisible();
  await expect(page.getByRole('main').getByText(clientCompany)).toHaveCount(0);
  await axe(page);
});
