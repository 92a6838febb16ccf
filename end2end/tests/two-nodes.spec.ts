import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '../fixtures.ts';
import { startProduct } from '../product.ts';
import { buy } from '../steps/buying.ts';
import { activate } from '../steps/licensing_api.ts';

const run = promisify(execFile);

/** A PostgreSQL server on which tests may make databases. */
const server = process.env.LEASEHOLD_TEST_POSTGRES_URL;

test('two servers on one database never sell the last seat twice', { tag: '@once' }, async ({ browser }) => {
  test.skip(server === undefined, 'LEASEHOLD_TEST_POSTGRES_URL is not set');
  const database = await freshDatabase(server ?? '');
  const product = await startProduct({ databaseUrl: database.url });
  try {
    const page = await browser.newPage({ baseURL: product.url });
    const { key } = await buy(page, { plan: 'Startup' });
    await page.close();
    const nodes = [product.url, await product.addNode()];
    const take = (node: number, instance: string) =>
      activate(nodes[node % nodes.length] ?? '', { key, product: 'iot-platform', instance, version: '4.2.1' });
    expect((await take(0, 'first')).status).toBe(200);

    const answers = await Promise.all(Array.from({ length: 64 }, (_, index) => take(index, `racer-${index}`)));
    const refused = answers.filter(({ status }) => status === 409);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(refused).toHaveLength(63);
    for (const { body } of refused) {
      expect(body.code).toBe('seats_exhausted');
      expect(body.holders).toHaveLength(2);
    }
  } finally {
    await product.stop();
    await database.drop();
  }
});

/** A database of its own on the server. */
async function freshDatabase(server: string): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `leasehold_journey_${crypto.randomUUID().replaceAll('-', '')}`;
  const say = (sql: string) => run('psql', ['--no-psqlrc', '--quiet', '--dbname', server, '--command', sql]);
  await say(`CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: async () => void (await say(`DROP DATABASE ${name} WITH (FORCE)`)) };
}
