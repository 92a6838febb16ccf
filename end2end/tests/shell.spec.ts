import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from '../fixtures.ts';
import type { Product } from '../product.ts';
import { buy } from '../steps/buying.ts';

// The command line goes by the time of the world, which that of a product whose clock somebody else has moved is not.
test.use({ settings: { LEASEHOLD__MAIL__FROM: 'shell@nordwind.example' } });

const programs = process.env.LEASEHOLD_PROGRAMS ?? resolve(import.meta.dirname, '../../target/debug');

/** How the program ends: `Outcome` of sdk/examples/leasehold. */
const LICENSED = 0;
const FAILED = 1;
const WRONG_LINE = 2;
const REFUSED = 3;
const UNAVAILABLE = 4;
const NOT_ACTIVATED = 5;

/** A proxy that is not there: the network is gone. */
const NO_NETWORK = ['--proxy', 'http://127.0.0.1:9'];

/** What a run of the program came to. */
interface Ended {
  code: number;
  printed: string;
  complained: string;
}

/** A shell on a machine of the customer's, for one instance, with the vendor's keys in a file. */
interface Shell {
  /** Runs `leasehold ARGUMENTS…`; `key` is the license key in the environment. */
  leasehold(args: string[], key?: string): Promise<Ended>;
  /** What the program keeps between calls. */
  folder: string;
}

function openShell(product: Product, folder: string, instance: string): Shell {
  const settings = {
    LEASEHOLD_SERVER: product.url,
    LEASEHOLD_INSTANCE: instance,
    LEASEHOLD_DATA_DIR: folder,
    LEASEHOLD_TRUST: join(folder, 'trust.json'),
  };
  return {
    folder: join(folder, instance),
    leasehold: (args, key) =>
      new Promise((done, failed) => {
        const env = { ...process.env, ...settings, ...(key === undefined ? {} : { LEASEHOLD_LICENSE_KEY: key }) };
        const child = spawn(join(programs, 'examples/leasehold'), args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
        let printed = '';
        let complained = '';
        child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
        child.stderr.on('data', (chunk: Buffer) => (complained += chunk.toString()));
        child.once('error', failed);
        child.once('close', (code) => done({ code: code ?? -1, printed, complained }));
      }),
  };
}

/** The key with a mistake in its last character. */
function mistyped(key: string): string {
  return key.slice(0, -1) + (key.endsWith('7') ? '8' : '7');
}

test('a shell activates, checks, shows and releases, and scripts can tell how it went', { tag: '@once' }, async ({ page, product }) => {
  const { key, license } = await buy(page, { plan: 'Maker' });
  const folder = await mkdtemp(join(tmpdir(), 'leasehold-shell-'));
  try {
    const { keys } = (await (await fetch(`${product.url}/.well-known/jwks.json`)).json()) as { keys: unknown[] };
    await writeFile(join(folder, 'trust.json'), JSON.stringify({ iss: product.url, keys }));
    const [a, b] = [openShell(product, folder, 'shell-a'), openShell(product, folder, 'shell-b')];
    const row = page.getByRole('row').filter({ hasText: 'shell-a' });

    // Before anything is activated there is nothing to check, and nothing was sent.
    expect(await a.leasehold(['show'])).toMatchObject({ code: NOT_ACTIVATED, printed: expect.stringMatching(/^stage +stop$/m) });
    expect(await a.leasehold(['check'])).toMatchObject({ code: NOT_ACTIVATED, complained: expect.stringContaining('Activate with a license key.') });
    expect((await a.leasehold(['release'])).code).toBe(NOT_ACTIVATED);
    expect((await a.leasehold(['activate'])).code).toBe(WRONG_LINE);
    expect(await a.leasehold(['activate', mistyped(key)])).toMatchObject({ code: FAILED, complained: expect.stringContaining('mistyped') });
    expect((await a.leasehold([...NO_NETWORK, 'activate'], key)).code).toBe(UNAVAILABLE);

    // It takes the seat, says what the license is, and keeps the key for its owner alone.
    const activated = await a.leasehold(['activate'], key);
    expect(activated, activated.complained).toMatchObject({ code: LICENSED });
    for (const line of [/^stage +licensed$/m, /^plan +maker$/m, /^seats +1$/m, /^limit +devices: 10$/m, /^lease until +\S+Z$/m]) {
      expect(activated.printed).toMatch(line);
    }
    expect(activated.printed + activated.complained).not.toContain(key);
    const kept = join(a.folder, 'license.key');
    expect((await readFile(kept, 'utf8')).trim()).toBe(key);
    expect((await stat(kept)).mode & 0o777).toBe(0o600);
    await page.goto(license);
    await expect(row).toContainText('Running');

    // Another machine is told who has the seat, and keeps no key.
    const refused = await b.leasehold(['activate'], key);
    expect(refused).toMatchObject({ code: REFUSED, printed: '' });
    expect(refused.complained).toContain('seats_exhausted');
    expect(refused.complained).toContain('held by instance shell-a since');
    expect((await b.leasehold(['check'])).code).toBe(NOT_ACTIVATED);

    // Each check is answered with a lease; programs read it as JSON.
    const status = async (...args: string[]) => {
      const ended = await a.leasehold(['--json', ...args]);
      expect(ended, ended.complained).toMatchObject({ code: LICENSED });
      return JSON.parse(ended.printed);
    };
    const checked = await status('check');
    expect(checked).toMatchObject({ stage: null, plan_code: 'maker', server: product.url, failing_since: null });
    expect(license.split('/').at(-1)).toBe(checked.license_id);

    // Without the network it shows what it knows, and the lease goes on.
    expect(await status(...NO_NETWORK, 'show')).toMatchObject({ stage: null, licensed_until: checked.licensed_until });
    expect(await status(...NO_NETWORK, 'check')).toMatchObject({ stage: 'warn', licensed_until: checked.licensed_until });
    expect(await a.leasehold([...NO_NETWORK, 'release'])).toMatchObject({ code: UNAVAILABLE });
    expect(await status('show')).toMatchObject({ stage: 'warn' });
    expect(await status('check')).toMatchObject({ stage: null, failing_since: null });

    // What the vendor decides arrives with the next check, with what to do about it.
    const which = ['--license', checked.license_id as string];
    await product.command('admin', 'license', 'suspend', ...which);
    const told = await a.leasehold(['check']);
    expect(told).toMatchObject({ code: REFUSED, complained: expect.stringContaining('Ask the vendor why it was suspended.') });
    expect(await status('show')).toMatchObject({ stage: 'warn' });
    await product.command('admin', 'license', 'reinstate', ...which);
    expect(await status('check')).toMatchObject({ stage: null });

    // The seat is given back, and the other machine has it at once.
    const released = await a.leasehold(['release']);
    expect(released).toMatchObject({ code: LICENSED, printed: expect.stringContaining('released; another may have the seat from') });
    expect((await a.leasehold(['check'])).code).toBe(NOT_ACTIVATED);
    expect((await a.leasehold(['show'])).code).toBe(NOT_ACTIVATED);
    expect((await b.leasehold(['activate'], key)).code).toBe(LICENSED);
    await page.goto(license);
    await expect(row).toContainText('Released');
    await expect(page.getByRole('row').filter({ hasText: 'shell-b' })).toContainText('Running');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
