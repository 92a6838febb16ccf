import { expect, test } from '../fixtures.ts';
import { buy, payWithCard } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { letDaysPass, reloadUntil } from '../steps/time.ts';

// Time passes in this journey, so it has a product of its own.
test.use({ settings: { LEASEHOLD__MAIL__FROM: 'updates@nordwind.example' } });

test('updates renew by themselves once that is agreed to, and are switched off again', async ({ page, product, axe }) => {
  const { license, person } = await buy(page, { plan: 'Perpetual', interval: 'once' });
  await page.goto(`${license}/updates`);
  await expect(page.getByText(/Nothing is charged before, and you can switch it off at any time\.$/)).toBeVisible();
  await axe(page);
  await press(page, /^Renew for \$1,999\.60 a year from \d+ \w+ \d{4} on$/);
  await payWithCard(page);
  await expect(page.getByText('Updates renew by themselves from now on.').first()).toBeVisible({ timeout: 20_000 });
  await axe(page);
  await page.goto(license);
  const first = /^automatic, \$1,999\.60 on (\d+ \w+ \d{4})$/;
  const day = first.exec((await page.getByText(first).textContent()) ?? '')?.[1] ?? '';
  const year = Number(day.slice(-4));

  // The card is charged on the day on which updates end, and a year more is there.
  await letDaysPass(page, product, person, 366.2);
  await page.goto(license);
  const later = day.replace(String(year), String(year + 1));
  await reloadUntil(page, () => expect(page.getByText(`automatic, $1,999.60 on ${later}`)).toBeVisible({ timeout: 100 }));
  await expect(page.getByText(new RegExp(`with updates until \\d+ \\w+ ${year + 1}\\.`))).toBeVisible();

  await page.goto(`${license}/updates`);
  await press(page, 'Switch it off');
  await expect(page.getByText('Updates do not renew by themselves any more.').first()).toBeVisible();
  await page.goto(license);
  await expect(page.getByText('by hand', { exact: true })).toBeVisible();
});

test('the end of updates is told of in time', async ({ page, product, axe }) => {
  const { license, person } = await buy(page, { plan: 'Perpetual', interval: 'once' });
  await letDaysPass(page, product, person, 320);
  const ending = /^(○ )?Updates of .* end on \d+ \w+ \d{4}\.$/;
  await expect(page.getByText(ending)).toBeVisible();
  await axe(page);
  await product.inbox(person.email, /Updates of .* end on/);
  await page.goto(`${license}/updates`);
  await expect(page.getByText(ending)).toBeVisible();
});
