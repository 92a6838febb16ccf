import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Mail, readMails } from './mail.ts';

const root = resolve(import.meta.dirname, '..');
/** Where the built programs and the built site lie; `cargo xtask e2e` says so. */
const programs = process.env.LEASEHOLD_PROGRAMS ?? join(root, 'target/debug');
const site = process.env.LEASEHOLD_SITE ?? join(root, 'target/site');

/** What is sold unless a journey says otherwise. */
const CATALOG = 'demo/iot-platform.toml';
/** Names and values of the programs, which xtask/src/product.rs knows as well. */
const STRIPE_KEY = 'sk_test_journey';
const WEBHOOK_SECRET = 'whsec_journey';
/**
 * What a journey logs in with as the vendor's staff. A code works once, and several journeys share a product: therefore
 * `logIn` takes a fresh administrator for each log-in, and this one stands for all of them.
 */
export const ADMIN = { email: 'admin@example.com', password: 'journey-password-2026' };
/** The secret of every administrator's app. */
export const ADMIN_SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';

const READY_WITHIN_MS = 30_000;
const STOPPED_WITHIN_MS = 10_000;

/** Switches of the sandbox that make Stripe misbehave. */
export interface Chaos {
  duplicate?: boolean;
  shuffle?: boolean;
  drop?: number | 'all';
  delay_ms?: number;
  fail_next?: '500' | '429' | '402' | '400' | 'timeout';
  /** What answers say of all objects of a kind instead of what is. */
  amend?: { object: string; member: string; value: unknown }[];
}

/** The local Stripe of one product. */
export interface Sandbox {
  url: string;
  chaos(switches: Chaos): Promise<void>;
  /** Sends an event's webhook again. */
  resend(eventId: string): Promise<void>;
  /** Moves the test clock, which product and sandbox share. */
  clock(change: { advance_s: number } | { set: string }): Promise<void>;
  /** Something happens that is neither the vendor's doing nor Stripe's: a bank renews a card, a holder disputes. */
  happen(what: 'card' | 'dispute', details: Record<string, unknown>): Promise<void>;
  /** Every object and delivery that the sandbox knows. */
  state(): Promise<unknown>;
  /** A call of Stripe's API, as the vendor makes it in Stripe's dashboard. */
  api(path: string, form: Record<string, string>): Promise<StripeObject>;
}

/** What every object of Stripe's has. */
export interface StripeObject {
  id: string;
}

/** One running copy of the product with its own database, clock, mails and Stripe. */
export interface Product {
  url: string;
  sandbox: Sandbox;
  /** The test clock's file (RFC 3339, or an offset in seconds). */
  clockFile: string;
  /** Waits for a mail to the address, newest first, whose subject or text matches. */
  inbox(address: string, matching?: RegExp): Promise<Mail>;
  /** Starts one more server on the same database and returns its address; needs PostgreSQL. */
  addNode(): Promise<string>;
  /** Makes a member of staff with the role `admin` and a second factor whose secret is ADMIN_SECRET. */
  newAdmin(): Promise<{ email: string; password: string }>;
  /** Runs `server ARGUMENTS…` with this product's configuration and returns what it printed. */
  command(...args: string[]): Promise<string>;
  /** What server and sandbox have logged so far. */
  log(): Promise<string>;
  stop(): Promise<void>;
}

/** What may differ between products. */
export interface Options {
  /** What is sold, relative to the repository; the demo catalog when left out. */
  catalog?: string;
  /** A database of its own that is empty; a file of SQLite when left out. */
  databaseUrl?: string;
  /** Settings that differ, by the names of environment variables. */
  settings?: Record<string, string>;
  /** The host name under which browsers open it; passkeys need one that is no address. */
  host?: string;
}

/** The products that run here, by every address that they answer. */
const products = new Map<string, Product>();

/** The product that answers at this address. */
export function productAt(url: string): Product {
  const product = products.get(new URL(url).origin);
  if (product === undefined) throw new Error(`no product answers at ${url}`);
  return product;
}

/** Starts a product on free loopback ports in a temporary folder. */
export async function startProduct({ catalog = CATALOG, databaseUrl, settings = {}, host = '127.0.0.1' }: Options = {}): Promise<Product> {
  const folder = await mkdtemp(join(tmpdir(), 'leasehold-journey-'));
  const [port, sandboxPort] = await freePorts();
  const url = `http://${host}:${port}`;
  const sandboxUrl = `http://127.0.0.1:${sandboxPort}`;
  const clockFile = join(folder, 'clock');
  const mails = join(folder, 'mail');
  const masterKey = join(folder, 'master.key');
  const logFile = join(folder, 'log');
  await mkdir(mails);
  await writeFile(clockFile, '');
  const env = {
    ...process.env,
    LEASEHOLD_TEST_CLOCK: clockFile,
    LEASEHOLD__SERVER__LISTEN: `127.0.0.1:${port}`,
    LEASEHOLD__SERVER__PUBLIC_ORIGIN: url,
    LEASEHOLD__SERVER__SITE_ROOT: site,
    // Journeys come from many addresses, as if through a proxy.
    LEASEHOLD__SERVER__TRUSTED_PROXIES: '127.0.0.1',
    LEASEHOLD__DATABASE__URL: databaseUrl ?? `sqlite:${join(folder, 'leasehold.db')}`,
    LEASEHOLD__STRIPE__API_BASE: sandboxUrl,
    LEASEHOLD__STRIPE__SECRET_KEY: STRIPE_KEY,
    LEASEHOLD__STRIPE__WEBHOOK_SECRET: WEBHOOK_SECRET,
    LEASEHOLD__MAIL__TRANSPORT: 'file',
    LEASEHOLD__MAIL__DIRECTORY: mails,
    LEASEHOLD__KEYS__MASTER_KEY_FILE: masterKey,
    LEASEHOLD__KEYS__CREATE: 'true',
    ...settings,
  };

  const log = await open(logFile, 'a');
  const running: ChildProcess[] = [];
  const start = (program: string, args: string[], different: NodeJS.ProcessEnv = {}) => {
    const child = spawn(join(programs, program), args, { cwd: root, env: { ...env, ...different }, stdio: ['ignore', log.fd, log.fd] });
    running.push(child);
    return child;
  };
  const readLog = () => readFile(logFile, 'utf8');
  const stop = async () => {
    const ends = await Promise.allSettled(running.reverse().map(end));
    const printed = await readLog();
    await log.close();
    await rm(folder, { recursive: true, force: true });
    const failed = ends.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw new Error(`${failed.reason}\n${printed.slice(-4_000)}`);
  };
  const command = (...args: string[]) => runToEnd(join(programs, 'server'), args, env);
  const newAdmin = async () => {
    const email = `admin-${crypto.randomUUID().slice(0, 8)}@example.com`;
    const vendor = ['--vendor', await vendorOf(catalog)];
    const staff = ['admin', 'create-staff', '--role', 'admin', '--email', email, '--password-stdin', '--totp-secret-stdin'];
    await runToEnd(join(programs, 'server'), [...staff, ...vendor], env, `${ADMIN.password}\n${ADMIN_SECRET}\n`);
    return { email, password: ADMIN.password };
  };
  const post = async (path: string, body: unknown) => {
    const answer = await fetch(`${sandboxUrl}/_sandbox/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`sandbox ${path}: ${answer.status} ${await answer.text()}`);
  };

  try {
    const webhook = ['--webhook-url', `http://127.0.0.1:${port}/stripe/webhook/${await vendorOf(catalog)}`, '--webhook-secret', WEBHOOK_SECRET];
    const sandbox = start('stripe-sandbox', ['--listen', `127.0.0.1:${sandboxPort}`, ...webhook]);
    await Promise.all([ready(sandbox, `${sandboxUrl}/_sandbox/state`), command('migrate')]);
    await command('admin', 'apply-catalog', catalog, '--yes');
    const server = start('server', ['serve']);
    await ready(server, `http://127.0.0.1:${port}/readyz`);
  } catch (error) {
    const printed = await readLog();
    // What did not start is the failure to tell of, even when it does not stop either.
    await stop().catch(() => undefined);
    throw new Error(`the product did not start: ${error}\n${printed}`);
  }

  const product: Product = {
    url,
    clockFile,
    newAdmin,
    sandbox: {
      url: sandboxUrl,
      chaos: (switches) => post('chaos', switches),
      resend: (event_id) => post('resend', { event_id }),
      clock: (change) => post('clock', change),
      happen: (what, details) => post(what, details),
      state: async () => (await fetch(`${sandboxUrl}/_sandbox/state`)).json(),
      api: async (path, form) => {
        const answer = await fetch(`${sandboxUrl}/v1/${path}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${STRIPE_KEY}` },
          body: new URLSearchParams(form),
        });
        if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
        return (await answer.json()) as StripeObject;
      },
    },
    inbox: (address, matching = /(?:)/) => waitForMail(mails, address, matching),
    addNode: async () => {
      const [port] = await freePorts();
      const node = start('server', ['serve'], { LEASEHOLD__SERVER__LISTEN: `127.0.0.1:${port}` });
      await ready(node, `http://127.0.0.1:${port}/readyz`);
      products.set(`http://127.0.0.1:${port}`, product);
      return `http://127.0.0.1:${port}`;
    },
    command,
    log: readLog,
    stop,
  };
  products.set(url, product);
  return product;
}

/** The code of the vendor whose catalog the file is. */
async function vendorOf(catalog: string): Promise<string> {
  const code = /^code\s*=\s*"([^"]+)"/m.exec(await readFile(resolve(root, catalog), 'utf8'))?.[1];
  if (code === undefined) throw new Error(`${catalog} names no vendor`);
  return code;
}

async function waitForMail(directory: string, address: string, matching: RegExp): Promise<Mail> {
  const until = Date.now() + 15_000;
  for (;;) {
    const mails = await readMails(directory, address);
    const found = mails.find((mail) => matching.test(mail.subject) || matching.test(mail.text));
    if (found !== undefined) return found;
    if (Date.now() > until) {
      throw new Error(`no mail to ${address} matching ${matching}; there are: ${mails.map((mail) => mail.subject).join(', ')}`);
    }
    await wait(50);
  }
}

async function ready(child: ChildProcess, url: string): Promise<void> {
  let failure: Error | undefined;
  child.once('error', (error) => {
    failure = error;
  });
  const until = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    if (failure !== undefined) throw failure;
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}`);
    if (Date.now() > until) throw new Error(`${url} did not answer 200 (last: ${answer?.status ?? 'nothing'})`);
    await wait(50);
  }
}

/** Asks a child to stop. One that has to be killed is a failure. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((done) => child.once('exit', done));
  child.kill('SIGTERM');
  let killed = false;
  const timer = setTimeout(() => {
    killed = true;
    child.kill('SIGKILL');
  }, STOPPED_WITHIN_MS);
  await ended;
  clearTimeout(timer);
  if (killed) throw new Error(`${child.spawnfile} did not stop within ${STOPPED_WITHIN_MS} ms of SIGTERM`);
}

function runToEnd(program: string, args: string[], env: NodeJS.ProcessEnv, input = ''): Promise<string> {
  return new Promise((done, failed) => {
    const child = spawn(program, args, { cwd: root, env, stdio: ['pipe', 'pipe', 'pipe'] });
    // A program that never reads its input closes it; that is no failure.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    child.once('error', failed);
    child.once('close', (code) =>
      code === 0 ? done(printed) : failed(new Error(`${program} ${args.join(' ')} ended with ${code}:\n${printed}`)),
    );
  });
}

/** Two loopback ports that are free now. Both are held until both are known, so they differ. */
async function freePorts(): Promise<[number, number]> {
  const hold = () =>
    new Promise<{ port: number; close: () => Promise<void> }>((done, failed) => {
      const server = createServer();
      server.once('error', failed);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        if (address === null || typeof address === 'string') return failed(new Error('no port'));
        done({ port: address.port, close: () => new Promise((closed) => server.close(() => closed())) });
      });
    });
  const [first, second] = [await hold(), await hold()];
  await Promise.all([first.close(), second.close()]);
  return [first.port, second.port];
}
