import { expect, test } from '../fixtures.ts';
import { payWithCard, planCard, readKey } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { enterConsole, newCustomer } from '../steps/requests.ts';
import { reloadUntil } from '../steps/time.ts';

test('staff make a campaign, one customer uses its code, the next is told that it is used up', async ({ page, axe }) => {
  const tail = crypto.randomUUID().slice(0, 8).toUpperCase();
  const [name, code] = [`Fair ${tail}`, `FAIR-${tail}`];

  await enterConsole(page);
  await page.getByRole('link', { name: 'Campaigns', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Campaigns' })).toBeVisible();
  await axe(page);
  await page.goto('/staff/campaigns/new');
  await expect(page.getByRole('heading', { level: 1, name: 'New campaign' })).toBeVisible();
  await axe(page);

  // What cannot be is said, and nothing typed is lost.
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel(/^Code/).fill(code);
  await page.getByLabel(/^Percent/).fill('250');
  await page.getByRole('checkbox', { name: /^Startup/ }).check();
  await page.getByLabel(/^Redemptions in all/).fill('1');
  await press(page, 'Create the campaign');
  await expect(page.getByRole('alert')).toContainText('Give a percentage above 0 and at most 100');
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue(name);
  await expect(page.getByRole('checkbox', { name: /^Startup/ })).toBeChecked();
  await axe(page);
  await page.getByLabel(/^Percent/).fill('12.5');
  await press(page, 'Create the campaign');
  await expect(page.getByText('The campaign is there.')).toBeVisible();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  const campaign = new URL(page.url()).pathname;
  const facts = page.locator('section').filter({ has: page.getByRole('heading', { name: 'What it takes off' }) });
  await expect(facts).toContainText('12.5 % off the first payment');
  await expect(facts).toContainText('Startup');
  await axe(page);

  // Many codes, taken along as a table.
  const draw = page.locator('#draw');
  await draw.getByLabel('How many').fill('25');
  await draw.getByLabel(/^Beginning/).fill(`EXPO${tail}`);
  await press(draw, 'Draw the codes');
  await expect(page.getByText('The codes are there.')).toBeVisible();
  await expect(page.locator('#codes')).toContainText('20 of 26');
  await axe(page);
  const table = await page.request.get(`${campaign}/codes.csv`);
  expect(table.headers()['content-type']).toContain('text/csv');
  const lines = (await table.text()).trim().split('\r\n');
  expect(lines).toHaveLength(27);
  expect(lines[0]).toBe('code,made_on,state,limit,redeemed,reserved');
  const drawn = lines.filter((line) => line.startsWith(`EXPO${tail}-`));
  expect(new Set(drawn.map((line) => line.split(',')[0])).size).toBe(25);

  // A customer types the code on the review, and pays less.
  await page.context().clearCookies();
  await newCustomer(page);
  await page.goto('/');
  await press(planCard(page, 'Startup'), 'Choose Startup');
  await page.getByLabel('Promotion code').fill(code.toLowerCase());
  await press(page, 'Update price');
  await expect(page.getByRole('row', { name: new RegExp(`^${code}, 12.5 % off the first payment`) })).toContainText('$37.38');
  await axe(page);
  await press(page, /^Pay \$261\.62 by card$/);
  // Stripe's page takes no other code, so that the limits hold.
  await expect(page.getByLabel('Card number')).toBeVisible();
  await expect(page.getByLabel('Promotion code')).toHaveCount(0);
  await payWithCard(page);
  await readKey(page);

  // The next one is told at once.
  await page.context().clearCookies();
  await newCustomer(page);
  await page.goto(`/?code=${code}`);
  await press(planCard(page, 'Startup'), 'Choose Startup');
  await expect(page.getByRole('alert')).toContainText('This code was used as often as it can be.');
  await axe(page);

  // Staff see what it brought in, and let it rest.
  await page.context().clearCookies();
  await enterConsole(page, campaign);
  await expect(page.locator('#statistics')).toContainText('1 of 1');
  // The invoice is fetched by a job of its own.
  await reloadUntil(page, () => expect(page.locator('#statistics')).toContainText('$261.62', { timeout: 100 }));
  await axe(page);
  const change = page.locator('#edit');
  await change.getByLabel(/^Redemptions in all/).fill('5');
  await press(change, 'Save');
  await expect(page.getByText('The campaign is changed.')).toBeVisible();
  await press(page, 'Pause the campaign');
  await expect(page.getByText('The campaign rests: none of its codes works.')).toBeVisible();
  await axe(page);

  await page.context().clearCookies();
  await newCustomer(page);
  await page.goto(`/?code=${code}`);
  await press(planCard(page, 'Startup'), 'Choose Startup');
  await expect(page.getByRole('alert')).toContainText('This code cannot be used at the moment.');
});
