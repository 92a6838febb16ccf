import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Product } from '../product.ts';

const programs = process.env.LEASEHOLD_PROGRAMS ?? resolve(import.meta.dirname, '../../target/debug');

/** How the demo product stands: `describe_json` of sdk/examples/demo_product. */
export interface Status {
  version: string;
  instance: string;
  devices: number;
  device_limit: number;
  running: boolean;
  license: {
    stage: string | null;
    plan_code: string | null;
    licensed_until: string | null;
    instance_id: string | null;
    last_error: { code: string | null; message: string; remedy: string } | null;
    over_limit: { name: string; used: number; limit: number }[];
    plan: { updates_until: string | null } | null;
  };
}

/** What a command came to: `ok` is false where the product refused. */
export interface Done {
  ok: boolean;
  message: string;
  status: Status;
}

/** One running process of the demo product. */
export interface DemoProduct {
  /** Stays the same for the life of this value: the process is never restarted. */
  pid: number;
  status(): Promise<Status>;
  create(devices: number): Promise<Done>;
  check(): Promise<Done>;
  release(): Promise<Done>;
  /** Everything it has printed. */
  printed(): string;
  stop(): Promise<void>;
}

/** What one starts it with. */
export interface Start {
  key: string;
  instance: string;
  version?: string;
  releasedOn?: string;
}

/** Starts the demo product against the portal and waits until it has tried to activate. */
export async function startDemoProduct(product: Product, { key, instance, version, releasedOn }: Start): Promise<DemoProduct> {
  const folder = await mkdtemp(join(tmpdir(), 'leasehold-demo-product-'));
  const args = ['--server', product.url, '--instance-id', instance, '--data-dir', folder, '--control', '127.0.0.1:0'];
  if (version !== undefined) args.push('--version', version);
  if (releasedOn !== undefined) args.push('--released-on', releasedOn);
  const child = spawn(join(programs, 'examples/demo_product'), args, {
    // The key comes from the environment, as the success page's three lines have it.
    env: { ...process.env, LEASEHOLD_LICENSE_KEY: key, LEASEHOLD_TEST_CLOCK: product.clockFile },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  const listen = (chunk: Buffer) => {
    printed += chunk.toString();
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  const stop = async () => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  let control: string;
  try {
    control = await until(child, () => printed, /^control: (http\S+)$/m);
    await until(child, () => printed, /^(activated|not activated: .*)$/m);
  } catch (error) {
    await stop();
    throw new Error(`the demo product did not start: ${error}\n${printed}`);
  }
  const post = async (path: string, body: unknown = {}): Promise<Done> => {
    const answer = await fetch(`${control}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { ok: answer.ok, ...((await answer.json()) as { message: string; status: Status }) };
  };
  return {
    pid: child.pid ?? 0,
    status: async () => (await fetch(`${control}/status`)).json() as Promise<Status>,
    create: (count) => post('/devices', { count }),
    check: () => post('/check'),
    release: () => post('/release'),
    printed: () => printed,
    stop,
  };
}

/** Waits for a line of the program, and returns its first group. */
async function until(child: ChildProcess, printed: () => string, line: RegExp): Promise<string> {
  const last = Date.now() + 20_000;
  for (;;) {
    const found = line.exec(printed());
    if (found !== null) return found[1] ?? '';
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    if (Date.now() > last) throw new Error(`it never said ${line}`);
    await wait(25);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((done) => child.once('exit', done));
  child.kill('SIGTERM');
  await ended;
}
