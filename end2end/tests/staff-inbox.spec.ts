import { expect, test } from '../fixtures.ts';
import { type Product } from '../product.ts';
import { buy } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { enterConsole } from '../steps/requests.ts';
import { reloadUntil } from '../steps/time.ts';

// Stripe misbehaves in this journey, so it has a product of its own.
test.use({ settings: { LEASEHOLD__MAIL__FROM: 'inbox@nordwind.example' } });

const NOTHING = 'Nothing waits for you: every event has been handled, and no work has been given up.';

/** Somebody writes something on the newest invoice, at Stripe itself; answers the invoice's id. */
async function touchInvoice(product: Product): Promise<string> {
  const call = async (path: string, body?: string) => {
    const method = body === undefined ? 'GET' : 'POST';
    const headers = { authorization: 'Bearer sk_test_journey', 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await fetch(`${product.sandbox.url}/v1/${path}`, { method, headers, body });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return await answer.json();
  };
  const { data } = (await call('invoices?limit=1')) as { data: [{ id: string }] };
  await call(`invoices/${data[0].id}`, 'description=looked+at');
  return data[0].id;
}

test('an event that could not be handled is found, replayed with all others, and handled once its reason is mended', async ({ page, product, axe }) => {
  await buy(page, { plan: 'Maker' });
  // From now on Stripe answers invoices whose amounts cannot be read.
  await product.sandbox.chaos({ amend: [{ object: 'invoice', member: 'subtotal', value: 'many' }] });
  const invoice = await touchInvoice(product);
  await page.context().clearCookies();
  await enterConsole(page);
  await expect(page.getByRole('heading', { level: 1, name: 'Console' })).toBeVisible();
  await reloadUntil(page, () => expect(page.getByRole('link', { name: 'See what failed' })).toBeVisible({ timeout: 100 }));
  await axe(page);
  await page.getByRole('link', { name: 'See what failed' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Failed events and work' })).toBeVisible();
  const failed = page.getByRole('row').filter({ hasText: 'invoice.updated' }).filter({ hasText: invoice }).first();
  await expect(failed).toContainText(/tried (once|\d+ times)/);
  await axe(page);
  await press(page, /^Replay (all \d+|it)$/);
  await expect(page.getByText('Everything that failed is begun again.', { exact: false })).toBeVisible();

  await press(page, 'See all work that was given up', 'link');
  await expect(page.getByRole('heading', { level: 1, name: 'Work that was given up' })).toBeVisible();
  await axe(page);
  await press(page, 'Dismissed', 'link');
  await expect(page.getByText('Nothing was dismissed.', { exact: false })).toBeVisible();
  await axe(page);

  await page.getByRole('link', { name: 'Events', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Events of Stripe' })).toBeVisible();
  await expect(page.getByRole('row').filter({ hasText: 'checkout.session.completed' })).toContainText('Handled');
  await axe(page);
  await page.getByLabel('Find', { exact: true }).fill(invoice);
  await press(page, 'Find');
  await expect(page.getByRole('row').filter({ hasText: 'checkout.session.completed' })).toHaveCount(0);
  await reloadUntil(page, () => expect(page.getByRole('link', { name: /^Failed \([1-9]\d*\)$/ })).toBeVisible({ timeout: 100 }));
  await page.getByRole('link', { name: /^Failed \(/ }).click();
  await page.getByRole('row').filter({ hasText: 'invoice.updated' }).first().getByRole('link').first().click();
  await expect(page.getByRole('heading', { level: 1, name: 'invoice.updated' })).toBeVisible();
  await expect(page.getByRole('region', { name: 'As it came' })).toContainText('"type": "invoice.updated"');
  await axe(page);
  await press(page, 'Handle again');
  await expect(page.getByText('The event failed again; its new reason is in the list.')).toBeVisible();

  await product.sandbox.chaos({ amend: [] });
  await press(page, 'Handle again');
  await expect(page.getByText('The event was handled.')).toBeVisible();
  await expect(page.getByRole('main')).toContainText('Handled');
  await page.goto('/staff/failed');
  // What the purchase itself left unhandled, unless the worker has been quicker.
  const all = page.getByRole('button', { name: /^Replay (all \d+|it)$/ });
  if ((await all.count()) > 0) await all.click();
  await reloadUntil(page, () => expect(page.getByText(NOTHING)).toBeVisible({ timeout: 100 }));
  await axe(page);
});

test('for customers there is nothing where only staff may look', async ({ page }) => {
  await buy(page, { plan: 'Maker' });
  for (const path of ['/staff', '/staff/events', '/staff/failed', '/staff/events/evt_1', '/staff/ledger/entries.csv']) {
    const answer = await page.request.get(path);
    expect(answer.status(), path).toBe(404);
    expect(await answer.text(), path).toContain('There is nothing here');
  }
});
