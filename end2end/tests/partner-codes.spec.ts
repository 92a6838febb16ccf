import { expect, test } from '../fixtures.ts';
import { payWithCard, planCard, readKey } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { found, makePartner } from '../steps/partners.ts';
import { COMPANY, nameCompany, signUp, somebody } from '../steps/people.ts';
import { enter, enterConsole, enterWithNewFactor, newCustomer } from '../steps/requests.ts';
import { reloadUntil } from '../steps/time.ts';

test('staff make a campaign for a partner, who adds codes, sees what they sold, and buys nothing with them', async ({ page, product, axe }) => {
  // A partner, its customers and the vendor, one after the other.
  test.setTimeout(240_000);
  const tail = crypto.randomUUID().slice(0, 8).toUpperCase();
  const [company, name, code] = [`Lahn Codes ${tail} AG`, `Partner ${tail}`, `PIA-${tail}`];
  const partner = somebody('partner');
  await found(page, partner, company);

  // Staff make it a partner, and a campaign of its own.
  await makePartner(page, company);
  await page.goto('/staff/campaigns/new');
  await axe(page);
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Whose').selectOption({ label: company });
  await page.getByLabel(/^Percent/).fill('250');
  await press(page, 'Create the campaign');
  await expect(page.getByRole('alert')).toContainText('Give a percentage above 0 and at most 100');
  await expect(page.getByLabel('Whose').locator('option:checked')).toHaveText(company);
  await page.getByLabel(/^Percent/).fill('12.5');
  await page.getByRole('checkbox', { name: /^Startup/ }).check();
  await press(page, 'Create the campaign');
  await expect(page.getByText('The campaign is there.')).toBeVisible();
  const facts = page.locator('section').filter({ has: page.getByRole('heading', { name: 'What it takes off' }) });
  await expect(facts).toContainText(company);
  await axe(page);
  await page.goto('/staff/campaigns');
  await page.getByLabel('Whose').selectOption({ label: company });
  await press(page, 'Show');
  await expect(page.getByRole('row').filter({ hasText: name })).toContainText(company);
  await axe(page);
  await page.getByLabel('Whose').selectOption({ label: 'Ours' });
  await press(page, 'Show');
  await expect(page.getByRole('row').filter({ hasText: name })).toHaveCount(0);
  await page.context().clearCookies();

  // The partner adds codes; what cannot be is said, and nothing typed is lost.
  const secret = await enterWithNewFactor(page, partner, '/partner/codes');
  await expect(page.getByRole('heading', { level: 1, name: 'Codes' })).toBeVisible();
  await expect(page.getByRole('row').filter({ hasText: name })).toContainText('12.5 % off the first payment');
  await expect(page.getByRole('row').filter({ hasText: name })).toContainText('nothing yet');
  await axe(page);
  await press(page, name, 'link');
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  await expect(page.getByText('This campaign has no code yet, so nobody can use it.', { exact: false })).toBeVisible();
  await expect(page.getByText('Nobody has bought with one of these codes yet.', { exact: false })).toBeVisible();
  const campaign = new URL(page.url()).pathname;
  await axe(page);
  const add = page.locator('#add');
  await add.getByLabel('Code', { exact: true }).fill('no code');
  await press(add, 'Add the code');
  await expect(page.getByRole('alert')).toContainText('A code has at most 60 letters, digits and dashes.');
  await expect(add.getByLabel('Code', { exact: true })).toHaveValue('no code');
  await axe(page);
  await add.getByLabel('Code', { exact: true }).fill(code);
  await press(add, 'Add the code');
  await expect(page.getByText('The codes are there.')).toBeVisible();
  const draw = page.locator('#draw');
  await draw.getByLabel('How many').fill('201');
  await press(draw, 'Draw the codes');
  await expect(page.getByRole('alert')).toContainText('Draw from 1 to 200 codes at a time');
  await draw.getByLabel('How many').fill('3');
  await draw.getByLabel(/^Beginning/).fill(`EXPO${tail}`);
  await press(draw, 'Draw the codes');
  await expect(page.getByText('The codes are there.')).toBeVisible();
  const row = page.locator('#codes').getByRole('row').filter({ hasText: code });
  await expect(row).toContainText('Active');
  await axe(page);
  const table = await page.request.get(`${campaign}/codes.csv`);
  expect(table.headers()['content-type']).toContain('text/csv');
  expect((await table.text()).trim().split('\r\n')).toHaveLength(5);
  const link = await row.getByText(/\?code=/).textContent();
  expect(link).toContain(`/?code=${code}`);

  // Its own orders take none of them.
  await page.goto(`/?code=${code}`);
  await press(planCard(page, 'Startup'), 'Choose Startup');
  await expect(page.getByRole('alert')).toContainText('This code is one of your own campaign');
  await axe(page);
  await page.context().clearCookies();

  // A customer follows the link and buys.
  await page.goto(link ?? '');
  await expect(page.getByText(`Your code ${code} goes along with your order`)).toBeVisible();
  await press(planCard(page, 'Startup'), 'Choose Startup');
  await signUp(page, somebody('customer'));
  await nameCompany(page);
  await expect(page.getByRole('row', { name: new RegExp(`^${code}, 12.5 % off the first payment`) })).toContainText('$37.38');
  await press(page, /^Pay \$261\.62 by card$/);
  await payWithCard(page);
  await readKey(page);
  await page.context().clearCookies();

  // The partner sees what it sold, not to whom, and lets the code rest.
  await enter(page, partner, campaign, secret);
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  // The invoice is fetched by a job of its own.
  await reloadUntil(page, () => expect(page.locator('#statistics')).toContainText('$261.62', { timeout: 100 }));
  const sale = page.locator('#sales').getByRole('row').filter({ hasText: code });
  await expect(sale).toContainText('$261.62');
  await expect(sale).toContainText('a customer');
  await expect(page.getByRole('main')).not.toContainText(COMPANY.name);
  await axe(page);
  await page.goto('/partner/codes');
  await expect(page.getByRole('row').filter({ hasText: name })).toContainText('$261.62');
  await axe(page);
  await page.goto(campaign);
  await press(row, `Pause ${code}`);
  await expect(page.getByText('The code rests.')).toBeVisible();
  await expect(row).toContainText('Paused');
  await axe(page);
  await page.context().clearCookies();
  await newCustomer(page);
  await page.goto(`/?code=${code}`);
  await press(planCard(page, 'Startup'), 'Choose Startup');
  await expect(page.getByRole('alert')).toContainText('This code cannot be used at the moment.');
  await page.context().clearCookies();

  // Staff see what partners sold, and by which orders.
  await enterConsole(page);
  const sales = page.locator('#partner-sales').getByRole('row').filter({ hasText: company });
  await expect(sales).toContainText('$261.62');
  await expect(sales).toContainText('1 order');
  await axe(page);
  await sales.getByRole('link').click();
  await expect(page.getByRole('heading', { level: 1, name: 'Orders' })).toBeVisible();
  await expect(page.getByRole('row').filter({ hasText: `through ${company}` })).toHaveCount(1);
  await expect(page.getByLabel('Partner', { exact: true }).locator('option:checked')).toHaveText(company);
  await axe(page);
});
