import { expect, test } from '../fixtures.ts';
import { buy, payWithCard } from '../steps/buying.ts';
import { type DemoProduct, startDemoProduct } from '../steps/demo_product.ts';

/** demo/iot-platform.toml: published more than a year after any purchase in these journeys. */
const TOO_NEW = '5.0.0';

test('a perpetual license runs what was published within its year of updates, and one more year costs 40 %', async ({ page, product, axe }) => {
  const nodes: DemoProduct[] = [];
  const start = async (instance: string, version: string) => {
    const node = await startDemoProduct(product, { key, instance, version });
    nodes.push(node);
    return node;
  };
  const { key, license } = await buy(page, { plan: 'Perpetual', interval: 'once' });
  try {
    await page.goto(license);
    await expect(page.getByText(/Yours for ever, with updates until \d+ \w+ \d{4}\./)).toBeVisible();
    await expect(page.getByText(/^4\.2\.1, of 5 October 2026$/)).toBeVisible();
    await axe(page);

    const covered = await start('node-a', '4.2.1');
    expect(await covered.status()).toMatchObject({ running: true, device_limit: -1, license: { stage: null } });
    const later = await start('node-b', TOO_NEW);
    expect(await later.status()).toMatchObject({ running: false, license: { last_error: { code: 'version_not_covered' } } });
    expect(later.printed()).toContain('newest covered release: 4.2.1');
    await later.stop();

    await page.getByRole('link', { name: 'Renew updates' }).click();
    await expect(page.getByRole('row', { name: /one year of updates/ })).toContainText('$1,999.60');
    await axe(page);
    await page.getByRole('button', { name: /^Pay \$1,999\.60 by card$/ }).click();
    await payWithCard(page);
    await expect(page.getByRole('heading', { level: 1, name: 'Your updates are renewed' })).toBeVisible({ timeout: 20_000 });
    await axe(page);
    await covered.stop();
    const updated = await start('node-a', TOO_NEW);
    expect(await updated.status()).toMatchObject({ running: true, version: TOO_NEW, license: { stage: null } });
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
  }
});
