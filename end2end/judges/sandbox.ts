import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const programs = process.env.LEASEHOLD_PROGRAMS ?? resolve(import.meta.dirname, '../../target/debug');

/** A test key as the Stripe CLI accepts it: at least twelve characters. */
export const KEY = 'sk_test_0123456789abcdef';

/** The local Stripe alone, without the product. */
export interface LocalStripe {
  url: string;
  port: number;
  folder: string;
  /** Moves its clock, which stands still otherwise. */
  advance(seconds: number): Promise<void>;
  /** An act of the console below /_sandbox/. */
  act(path: string, body: unknown): Promise<any>;
  /** All events so far, oldest first, as the API lists them. */
  events(): Promise<any[]>;
  stop(): Promise<void>;
}

/** Starts the sandbox on a free port, with a clock of its own that stands at `now`. */
export async function startStripe(now = '2027-01-31T12:00:00Z'): Promise<LocalStripe> {
  const folder = await mkdtemp(join(tmpdir(), 'leasehold-judge-'));
  const clock = join(folder, 'clock');
  await writeFile(clock, now);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { ...process.env, LEASEHOLD_TEST_CLOCK: clock, RUST_LOG: 'error' };
  const child = spawn(join(programs, 'stripe-sandbox'), ['--listen', `127.0.0.1:${port}`], { env, stdio: 'ignore' });
  await ready(child, `${url}/_sandbox/state`);
  const act = async (path: string, body: unknown) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${url}/_sandbox/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  return {
    url,
    port,
    folder,
    act,
    advance: (advance_s) => act('clock', { advance_s }),
    events: async () => {
      const found: any[] = [];
      for (let more = true; more; ) {
        const after = found.length > 0 ? `&starting_after=${found.at(-1).id}` : '';
        const answer = await fetch(`${url}/v1/events?limit=100${after}`, { headers: { authorization: `Bearer ${KEY}` } });
        const page = (await answer.json()) as { data: any[]; has_more: boolean };
        found.push(...page.data);
        more = page.has_more;
      }
      return found.reverse();
    },
    stop: async () => {
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function ready(child: ChildProcess, url: string): Promise<void> {
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  for (let look = 0; look < 200; look += 1) {
    if ((await fetch(url).catch(() => undefined))?.ok) return;
    if (failure !== undefined) throw failure;
    if (child.exitCode !== null) throw new Error(`the sandbox ended with ${child.exitCode}`);
    await wait(50);
  }
  throw new Error('the sandbox did not answer');
}

async function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer().once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address !== null && typeof address === 'object' ? done(address.port) : failed(new Error('no port'))));
    });
  });
}
