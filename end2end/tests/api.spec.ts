import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '../fixtures.ts';
import { Product } from '../product.ts';
import { buy } from '../steps/buying.ts';
import { activate, call } from '../steps/licensing_api.ts';
import { pythonWith } from '../steps/python.ts';
import { haveAddressConfirmed } from '../steps/requests.ts';
import { askForToken, manage, readNewToken } from '../steps/tokens.ts';

const run = promisify(execFile);

/** Stops drawing new calls after so many seconds. */
const DRAW_FOR_S = 40;

/**
 * What has to hold for whatever is sent: no failure of the server, and no answer that the description does not promise.
 * That well-formed nonsense is refused, as an unknown key is, is no fault.
 */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'unsupported_method',
];

// Thousands of calls come from one address, so the limits have to be out of the way.
const LIMITS = ['INSTANCE_PER_S', 'LICENSE_PER_S', 'FAILURES_PER_S', 'TOKEN_PER_S'];
test.use({ settings: Object.fromEntries(LIMITS.map((name) => [`LEASEHOLD__LIMITS__${name}`, '0'])) });

/** Draws calls from a document, with what they cannot guess, and answers how many. */
async function draw(product: Product, document: string, folder: string, known: Record<string, string>, token?: string): Promise<number> {
  await mkdir(folder, { recursive: true });
  const options = ['--checks', CHECKS.join(','), '--phases', 'examples,coverage,fuzzing', '--seed', '20261121'];
  const bounds = ['--max-time', String(DRAW_FOR_S), '--max-failures', '5', '--suppress-health-check', 'all'];
  const quiet = ['--generation-database', 'none', '--no-color'];
  const bearer = token === undefined ? [] : ['--header', `Authorization: Bearer ${token}`];
  const schemathesis = join(dirname(pythonWith('schemathesis')), 'schemathesis');
  const { stdout } = await run(schemathesis, ['run', `${product.url}${document}`, ...options, ...bounds, ...quiet, ...bearer], {
    cwd: folder,
    env: {
      ...process.env,
      // Where it is set, schemathesis draws other calls.
      CI: undefined,
      LEASEHOLD_KNOWN: JSON.stringify(known),
      PYTHONPATH: resolve(import.meta.dirname, '..'),
      SCHEMATHESIS_HOOKS: 'schemathesis_hooks',
    },
    maxBuffer: 64 * 1024 * 1024,
  }).catch((failure) => {
    throw new Error(`${failure.stdout}\n${failure.stderr}`);
  });
  const [, generated, passed] = /(\d+) generated, (\d+) passed/.exec(stdout) ?? [];
  expect(Number(passed), stdout.slice(-2_000)).toBe(Number(generated));
  return Number(generated);
}

test('schemathesis finds no 5xx and no answer that is not described', { tag: '@once' }, async ({ page, product }, info) => {
  test.setTimeout(300_000);
  pythonWith('schemathesis');
  const { key, license, person } = await buy(page, { plan: 'Startup' });
  const seated = { license_key: key, product: 'iot-platform' };
  expect(await draw(product, '/api/openapi.json', join(info.outputDir, 'licensing'), seated)).toBeGreaterThan(500);
  // Some calls got as far as a seat, so successes were compared as well.
  const { body } = await call(product.url, 'licenses/instances', { license_key: key });
  expect(body.holders.length).toBeGreaterThan(0);

  await haveAddressConfirmed(product, person);
  await page.goto('/account/tokens');
  const scopes = await page.getByRole('checkbox').all();
  const names = await Promise.all(scopes.map(async (scope) => (await scope.evaluate((box: HTMLInputElement) => box.labels?.[0]?.textContent))?.trim() ?? ''));
  await askForToken(page, { name: 'Schemathesis', scopes: names });
  const token = await readNewToken(page, person);
  const { body: lease } = await activate(product.url, { key, product: 'iot-platform', instance: 'node-a', version: '4.2.1' });
  const invoices = async () => (await manage(product.url, token, '/invoices')).body.items;
  await expect.poll(async () => (await invoices()).length).toBeGreaterThan(0);
  const named = {
    license_id: license.split('/').at(-1) ?? '',
    instance_id: lease.instance_id ?? body.holders[0].id,
    invoice_id: (await invoices())[0].id,
    order_id: (await manage(product.url, token, '/orders')).body.items[0].id,
  };
  expect(await draw(product, '/api/manage/openapi.json', join(info.outputDir, 'management'), named, token)).toBeGreaterThan(300);
});
