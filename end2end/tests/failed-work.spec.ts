import { expect, test as base } from '../fixtures.ts';
import { ADMIN } from '../product.ts';
import { press } from '../steps/interactions.ts';
import { Keyboard } from '../steps/keyboard.ts';
import { logIn } from '../steps/people.ts';
import { openPostOffice, type PostOffice } from '../steps/post_office.ts';
import { reloadUntil } from '../steps/time.ts';

const TEST_MAIL = /^Subject: A test mail of /m;

/** The product writes to a mail server that refuses what it is told to refuse. */
const test = base.extend<object, { office: PostOffice }>({
  office: [
    async ({}, use) => {
      const office = await openPostOffice();
      await use(office);
      await office.close();
    },
    { scope: 'worker' },
  ],
  settings: [
    async ({ office }, use) =>
      use({
        LEASEHOLD__MAIL__TRANSPORT: 'smtp',
        LEASEHOLD__MAIL__HOST: '127.0.0.1',
        LEASEHOLD__MAIL__PORT: String(office.port),
        LEASEHOLD__MAIL__TLS: 'none',
      }),
    { scope: 'worker' },
  ],
});

test('of two mails that were refused for good one is dismissed, and the other goes out when it is replayed', async ({ page, office, axe }) => {
  // Whoever logs in with a browser that is new is written to as well.
  const taken = () => office.taken.filter((mail) => TEST_MAIL.test(mail)).length;
  await page.goto('/log-in');
  await logIn(page, ADMIN);
  office.refuses = TEST_MAIL;
  for (let count = 0; count < 2; count += 1) {
    await page.goto('/staff/settings');
    await press(page, 'Send me a test mail');
    await expect(page.getByText('The mail is on its way to your own address.', { exact: false })).toBeVisible();
  }
  const work = page.getByRole('row').filter({ hasText: 'Send a mail' });
  await page.goto('/staff/failed');
  await reloadUntil(page, () => expect(work).toHaveCount(2, { timeout: 500 }));
  await expect(work.first()).toContainText('refused for good');
  await expect(work.first()).toContainText('not wanted here');
  await expect(work.first()).toContainText('tried once');
  await expect(work.first().getByRole('link', { name: /^See the mail / })).toHaveAttribute('href', /^\/staff\/mails\/job_/);
  await axe(page);

  // What is dismissed waits for nobody, and is found among the dismissed.
  // Both acts by keyboard alone.
  const keyboard = new Keyboard(page);
  await keyboard.press(work.first().getByRole('button', { name: /^Dismiss / }));
  await expect(page.getByText('It is off the list.', { exact: false })).toBeVisible();
  await expect(work).toHaveCount(1);
  await press(page, 'See all work that was given up', 'link');
  await expect(page.getByRole('heading', { level: 1, name: 'Work that was given up' })).toBeVisible();
  await expect(work).toHaveCount(1);
  await axe(page);
  await press(page, 'Dismissed', 'link');
  await expect(work).toHaveCount(1);
  await expect(work.getByRole('button', { name: /^Dismiss / })).toHaveCount(0);
  await axe(page);

  // The other one is begun again once the reason is mended.
  office.refuses = undefined;
  await press(page, 'Waiting for you', 'link');
  await keyboard.press(work.getByRole('button', { name: /^Replay / }));
  await expect(page.getByText('The work was begun again.')).toBeVisible();
  await expect.poll(taken).toBe(1);
  await page.goto('/staff/failed');
  await expect(page.getByText('Nothing waits for you', { exact: false })).toBeVisible();

  // So is what was dismissed, should it be needed after all.
  await page.goto('/staff/failed/jobs?view=dismissed');
  await press(work, /^Replay /);
  await expect(page.getByText('The work was begun again.')).toBeVisible();
  await expect.poll(taken).toBe(2);
  await page.goto('/staff/failed/jobs?view=dismissed');
  await expect(page.getByText('Nothing was dismissed.', { exact: false })).toBeVisible();
});
