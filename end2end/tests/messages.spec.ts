import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import { buy } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { linkInMail } from '../steps/people.ts';
import { enterConsole } from '../steps/requests.ts';
import { letDaysPass } from '../steps/time.ts';

// Mails to the vendor and the answers of its staff are looked for in this journey, so it has a product of its own.
test.use({ settings: { LEASEHOLD__MAIL__FROM: 'messages@nordwind.example' } });

/** Where the vendor gets its mails, as every page says. */
async function supportAddress(page: Page): Promise<string> {
  const note = page.getByRole('contentinfo').getByText('@');
  return /\S+@\S+/.exec((await note.textContent()) ?? '')?.[0] ?? '';
}

test('a customer asks about a license from its page, staff answer, and both hear of it by mail', { tag: '@everywhere' }, async ({ page, browser, product, axe }) => {
  const { license, person } = await buy(page, { plan: 'Maker' });
  await page.goto(license);
  const support = await supportAddress(page);
  await press(page, /^Contact /, 'link');
  await expect(page.getByRole('heading', { level: 1, name: 'New message' })).toBeVisible();
  await expect(page.getByText(/^License .*Maker$/)).toBeVisible();
  await axe(page);
  const subject = `How many nodes (${Date.now()})`;
  await page.getByLabel('Subject', { exact: true }).fill('x'.repeat(121));
  await page.getByLabel('Message', { exact: true }).fill('How many nodes may run?\n\n<b>Two</b> lines.');
  await press(page, 'Send the message');
  await expect(page.getByRole('alert')).toContainText('A subject has at most 120 characters.');
  await axe(page);
  await expect(page.getByLabel('Message', { exact: true })).toHaveValue(/<b>Two<\/b> lines\.$/);
  await page.getByLabel('Subject', { exact: true }).fill(subject);
  await press(page, 'Send the message');
  await expect(page.getByRole('heading', { level: 1, name: subject })).toBeVisible();
  await expect(page.getByText('<b>Two</b> lines.')).toBeVisible();
  await axe(page);
  const received = await product.inbox(support, new RegExp(subject.replace(/[()]/g, '\\$&')));
  const inConsole = received.links.find((link) => /\/staff\/messages\/con_/.test(link)) ?? '';
  expect(inConsole).not.toBe('');

  const staff = await browser.newPage();
  await enterConsole(staff, '/staff/messages');
  const row = staff.getByRole('row').filter({ hasText: subject });
  await expect(row).toContainText('Open');
  await axe(staff);
  await row.getByRole('link', { name: subject }).click();
  await expect(staff).toHaveURL(inConsole);
  await press(staff, 'Assign to me');
  await expect(staff.getByText('The conversation is yours to care for.')).toBeVisible();
  await axe(staff);
  await staff.getByLabel('Message', { exact: true }).fill('Two.\nOne of them may be a spare.');
  await press(staff, 'Send the answer');
  await expect(staff.getByText('The answer is sent, and mailed to the customer.')).toBeVisible();
  await expect(staff.getByText('· mailed')).toBeVisible();

  const thread = await linkInMail(product, person, /One of them may be a spare/, /\/messages\/con_/);
  await page.goto('/overview');
  await expect(page.getByRole('link', { name: 'Messages (1)' })).toBeVisible();
  await page.goto('/messages');
  await expect(page.getByRole('row').filter({ hasText: subject })).toContainText('New answer');
  await axe(page);
  await page.goto(thread);
  await expect(page.getByText('Two. One of them may be a spare.')).toBeVisible();
  await page.getByLabel('Message', { exact: true }).fill('Thank you.');
  await press(page, 'Send the message');
  await expect(page.getByText('Your message is sent.')).toBeVisible();
  await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Messages', exact: true })).toBeVisible();

  // What staff have not read is not closed.
  await press(staff, 'Close the conversation');
  await expect(staff.getByText('It is not closed: a message has arrived that you have not read.')).toBeVisible();
  await expect(staff.getByText('Thank you.', { exact: true })).toBeVisible();
  await press(staff, 'Close the conversation');
  await expect(staff.getByText('It is closed.', { exact: true })).toBeVisible();
  await staff.goto('/staff/messages?status=closed&about=license&mine=true');
  await expect(staff.getByRole('row').filter({ hasText: subject })).toContainText('Closed');
  await staff.close();
  await page.reload();
  await expect(page.getByText('It is closed. Writing again opens it.')).toBeVisible();
  await axe(page);
});

test('an owner who agrees to it is asked for feedback, and the vendor reads it', async ({ page, browser, product, axe }) => {
  const { person } = await buy(page, { plan: 'Maker' });
  await page.goto('/account');
  const ask = page.getByLabel('Ask me for feedback');
  await expect(ask).not.toBeChecked();
  await ask.check();
  await press(page, 'Save');
  await expect(page.getByText('You will be asked for feedback, once.')).toBeVisible();
  await expect(ask).toBeChecked();
  await axe(page);
  await letDaysPass(page, product, person, 31);
  await page.goto(await linkInMail(product, person, /How is it going with/, /\/feedback$/));
  await axe(page);
  await page.getByLabel('How likely is it that you recommend us?').fill('9');
  await page.getByLabel('What is good, and what is not?').fill('=SUM(A1) is all that I miss.');
  await page.getByLabel('You may contact me about this').check();
  await press(page, 'Send');
  await expect(page.getByText('Thank you. Your answer is kept.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Send it changed' })).toBeVisible();
  await page.goto('/messages');
  await expect(page.getByRole('row').filter({ hasText: 'My feedback' })).toContainText('Waits for an answer');

  const staff = await browser.newPage();
  await enterConsole(staff, '/staff/feedback');
  await expect(staff.getByText(/9\.0 of 10/)).toBeVisible();
  await expect(staff.getByRole('row').filter({ hasText: person.email })).toContainText('=SUM(A1) is all that I miss.');
  await axe(staff);
  const download = staff.getByRole('link', { name: 'Download as CSV' });
  const table = await staff.request.get((await download.getAttribute('href')) ?? '');
  expect(await table.text()).toContain(`,9,,'=SUM(A1) is all that I miss.,yes,no`);
  await staff.close();
});
