import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { createLocalJWKSet, type JWK, jwtVerify } from 'jose';
import { expect, test } from '@playwright/test';
import { pythonWith } from '../steps/python.ts';

const run = promisify(execFile);
const programs = process.env.LEASEHOLD_PROGRAMS ?? resolve(import.meta.dirname, '../../target/debug');

const COUNT = 10_000;

interface Setup {
  issuer: string;
  audience: string;
  keys: JWK[];
}

interface Line {
  token: string;
  kind: string;
  accepted: boolean;
}

test('jose, PyJWT and the SDK agree on ten thousand random tokens, good and twisted', { tag: '@once' }, async () => {
  test.setTimeout(180_000);
  const now = Math.floor(Date.now() / 1000);
  const { stdout } = await run(join(programs, 'examples/token_corpus'), [`${COUNT}`, '1', `${now}`], {
    maxBuffer: 100 * 1024 * 1024,
  });
  const [first = '', ...rest] = stdout.trimEnd().split('\n');
  const setup = JSON.parse(first) as Setup;
  const corpus = rest.map((line) => JSON.parse(line) as Line);
  expect(corpus).toHaveLength(COUNT);
  const accepted = corpus.filter((line) => line.accepted).length;
  expect(accepted).toBeGreaterThan(COUNT / 3);
  expect(accepted).toBeLessThan((COUNT * 2) / 3);

  const keys = createLocalJWKSet({ keys: setup.keys });
  const required = ['iss', 'aud', 'sub', 'jti', 'iat', 'nbf', 'exp'];
  const options = { issuer: setup.issuer, audience: setup.audience, typ: 'lease+jwt', algorithms: ['EdDSA'] };
  const disagreements: string[] = [];
  for (const { token, kind, accepted } of corpus) {
    const verified = await jwtVerify(token, keys, {
      ...options,
      requiredClaims: required,
      clockTolerance: 60,
      currentDate: new Date(now * 1000),
    }).then(
      () => true,
      () => false,
    );
    if (verified !== accepted) disagreements.push(`jose ${verified}, SDK ${accepted}, ${kind}: ${token}`);
  }
  expect(disagreements).toEqual([]);

  const python = pythonWith('PyJWT');
  const folder = await mkdtemp(join(tmpdir(), 'leasehold-corpus-'));
  try {
    const file = join(folder, 'corpus.jsonl');
    await writeFile(file, stdout);
    const script = resolve(import.meta.dirname, '../verify_lease.py');
    const { stdout: verdicts } = await run(python, [script, '--corpus', file]);
    const theirs = [...verdicts.trim()].map((verdict) => verdict === '1');
    expect(theirs).toHaveLength(COUNT);
    expect(corpus.filter((line, i) => line.accepted !== theirs[i]).map((line) => `${line.kind}: ${line.token}`)).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
