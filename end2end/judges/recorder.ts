import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { TYPES } from './wire.ts';

const run = promisify(execFile);
const end2end = resolve(import.meta.dirname, '..');

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** Examples of one object that differ in more than their values are as good as the type can tell. */
const EXAMPLES = 24;

/** Keeps what the sandbox answers, by the `object` it is, one of each shape. */
export class Recorder {
  readonly #shapes = new Map<string, Map<string, Json>>();

  /** Looks through an answer for objects of Stripe, also nested ones and those of events. */
  record(value: unknown): void {
    if (Array.isArray(value)) return value.forEach((element) => this.record(element));
    if (value === null || typeof value !== 'object') return;
    const members = value as { [name: string]: Json };
    const kind = members.object;
    if (typeof kind === 'string' && kind !== 'list' && kind !== 'event' && members.deleted !== true) {
      const shapes = this.#shapes.get(kind) ?? new Map<string, Json>();
      this.#shapes.set(kind, shapes.set(shape(members), members));
    }
    Object.values(members).forEach((member) => this.record(member));
  }

  kinds(): string[] {
    return [...this.#shapes.keys()].sort();
  }

  /** A TypeScript file that assigns every example to its type of stripe-node. */
  source(): string {
    const lines = ["import type Stripe from 'stripe';", "import type { Wire } from '../../wire.ts';", ''];
    for (const [kind, shapes] of [...this.#shapes].sort()) {
      const type = TYPES[kind];
      if (type === undefined) continue;
      [...shapes.values()].slice(0, EXAMPLES).forEach((example, number) => {
        const name = `${kind.replace(/\W/g, '_')}_${number}`;
        lines.push(`export const ${name}: Wire<Stripe.${type}> = ${JSON.stringify(example)};`);
      });
    }
    return lines.join('\n');
  }
}

/** What of a value the type can tell apart: names, kinds, and short words, which may be one of a list. */
function shape(value: Json, depth = 0): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return /^[a-z_]{1,40}$/.test(value) ? value : 'text';
  if (typeof value !== 'object') return typeof value;
  if (depth > 4) return '…';
  if (Array.isArray(value)) return `[${[...new Set(value.map((element) => shape(element, depth + 1)))].join()}]`;
  const free = (name: string) => name === 'metadata' || name === 'available';
  const member = ([name, member]: [string, Json]) => `${name}:${free(name) ? 'free' : shape(member, depth + 1)}`;
  return `{${Object.entries(value).map(member).join()}}`;
}

/** Lets `tsc` judge sources beside the types of stripe-node; answers what it complains about, with their names. */
export async function judge(sources: { [name: string]: string }): Promise<string> {
  // Below the package, so that the compiler finds stripe-node.
  const folder = join(end2end, 'judges/.recorded', Object.keys(sources).join('-'));
  await mkdir(folder, { recursive: true });
  try {
    for (const [name, source] of Object.entries(sources)) await writeFile(join(folder, `${name}.ts`), source);
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../../../tsconfig.json', include: ['*.ts'] }));
    const tsc = join(end2end, 'node_modules/typescript/bin/tsc');
    return await run(process.execPath, [tsc, '--noEmit', '-p', folder], { maxBuffer: 64 * 1024 * 1024 }).then(
      () => '',
      (failure) => `${failure.stdout}${failure.stderr}`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
