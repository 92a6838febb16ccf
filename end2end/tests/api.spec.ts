import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '../fixtures.ts';
import { buy } from '../steps/buying.ts';
import { call } from '../steps/licensing_api.ts';

const run = promisify(execFile);

/** A Python beside which schemathesis is installed. */
const python = process.env.LEASEHOLD_TEST_PYTHON;

/** Stops drawing new calls after so many seconds. */
const DRAW_FOR_S = 60;

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
const LIMITS = ['INSTANCE_PER_S', 'LICENSE_PER_S', 'FAILURES_PER_S'];
test.use({ settings: Object.fromEntries(LIMITS.map((name) => [`LEASEHOLD__LIMITS__${name}`, '0'])) });

test('schemathesis finds no 5xx and no answer that is not described', { tag: '@once' }, async ({ page, product }, info) => {
  test.setTimeout(240_000);
  if (python === undefined) {
    if (process.env.CI === 'true') throw new Error('LEASEHOLD_TEST_PYTHON names no Python with schemathesis');
    console.warn('SKIPPED: schemathesis, because LEASEHOLD_TEST_PYTHON is not set');
    return;
  }
  const { key } = await buy(page, { plan: 'Startup' });
  await mkdir(info.outputDir, { recursive: true });
  const options = ['--checks', CHECKS.join(','), '--phases', 'examples,coverage,fuzzing', '--seed', '20261121'];
  const bounds = ['--max-time', String(DRAW_FOR_S), '--max-failures', '5', '--suppress-health-check', 'all'];
  const quiet = ['--generation-database', 'none', '--no-color'];
  const schemathesis = join(dirname(python), 'schemathesis');
  const { stdout } = await run(schemathesis, ['run', `${product.url}/api/openapi.json`, ...options, ...bounds, ...quiet], {
    cwd: info.outputDir,
    env: {
      ...process.env,
      LEASEHOLD_KEY: key,
      LEASEHOLD_PRODUCT: 'iot-platform',
      PYTHONPATH: resolve(import.meta.dirname, '..'),
      SCHEMATHESIS_HOOKS: 'schemathesis_hooks',
    },
    maxBuffer: 64 * 1024 * 1024,
  }).catch((failure) => {
    throw new Error(`${failure.stdout}\n${failure.stderr}`);
  });
  const [, generated, passed] = /(\d+) generated, (\d+) passed/.exec(stdout) ?? [];
  expect(Number(passed), stdout.slice(-2_000)).toBe(Number(generated));
  expect(Number(generated)).toBeGreaterThan(500);
  // Some calls got as far as a seat, so successes were compared as well.
  const { body } = await call(product.url, 'licenses/instances', { license_key: key });
  expect(body.holders.length).toBeGreaterThan(0);
});
