import { expect, test } from '../fixtures.ts';
import { press } from '../steps/interactions.ts';
import { invitationLink, invite, join, rowOf } from '../steps/invitations.ts';
import { setUpFactor, somebody } from '../steps/people.ts';
import { enterConsole } from '../steps/requests.ts';

test('an administrator invites a colleague, who sees what the role allows until it is over', async ({ page, browser, product, axe, complaints }) => {
  complaints.expect(/status of 404/);
  const colleague = somebody('support');
  const name = `Sue ${colleague.email.slice(8, 16)}`;
  await enterConsole(page);
  await page.getByRole('link', { name: 'People', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'People' })).toBeVisible();
  await axe(page);
  await invite(page, colleague, 'Support');
  await expect(page.getByText('The invitation is on its way.', { exact: false })).toBeVisible();
  await axe(page);

  await page.context().clearCookies();
  await page.goto(await invitationLink(product, colleague));
  await axe(page);
  await join(page, colleague, name);
  await setUpFactor(page);
  await expect(page.getByRole('heading', { level: 1, name: 'Console' })).toBeVisible();
  await page.goto('/staff/people');
  await expect(rowOf(page, name)).toContainText('Support');
  await expect(page.locator('#invite')).toHaveCount(0);
  await expect(page.getByRole('link', { name: /^Change / })).toHaveCount(0);
  await axe(page);
  await page.goto('/staff/signing-keys');
  await expect(page.getByText('Your role may look at the keys.', { exact: false })).toBeVisible();

  // While the colleague is at work, an administrator ends it.
  const context = await browser.newContext({ baseURL: product.url });
  const admin = await context.newPage();
  await enterConsole(admin, '/staff/people');
  await admin.getByRole('link', { name: `Change ${name}` }).click();
  await axe(admin);
  await press(admin, 'Take out…');
  await press(admin.getByRole('dialog'), 'Take the person out');
  await expect(admin.getByText('The person is out.', { exact: false })).toBeVisible();
  await expect(rowOf(admin, name)).toHaveCount(0);
  await context.close();

  const answer = await page.goto('/staff');
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole('heading', { level: 1, name: 'There is nothing here' })).toBeVisible();
  await product.inbox(colleague.email, /^You do not belong to the staff of .* any more$/);
});
