import { randomBytes } from 'node:crypto';
import { expect } from '@playwright/test';

/** An answer of the licensing API. */
export interface Answer {
  status: number;
  contentType: string;
  body: any;
}

/** Calls the licensing API as a product instance does: no browser, no cookies. */
export async function call(origin: string, endpoint: string, body: unknown): Promise<Answer> {
  const response = await fetch(`${origin}/api/v1/${endpoint}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return {
    status: response.status,
    contentType: response.headers.get('content-type') ?? '',
    body: await response.json(),
  };
}

/** Who activates what. */
export interface Activation {
  key: string;
  product: string;
  instance: string;
  version: string;
}

/** Activates an instance; a refusal is an answer too. */
export function activate(origin: string, { key, product, instance, version }: Activation): Promise<Answer> {
  return call(origin, 'licenses/activate', {
    license_key: key,
    product,
    version,
    identity: { kind: 'instance', id: instance },
    nonce: freshNonce(),
  });
}

/**
 * Lets two copies of an instance run: each activates in turn, and the other then shows its old secret. Three such
 * turns open a conflict.
 */
export async function cloneInstance(origin: string, key: string, instance: string): Promise<void> {
  const take = async () => (await activate(origin, { key, product: 'iot-platform', instance, version: '4.2.1' })).body;
  let other = await take();
  for (let turn = 0; turn < 3; turn += 1) {
    const next = await take();
    const shown = { instance_id: other.instance_id, secret: other.secret, nonce: freshNonce(), version: '4.2.1' };
    expect((await call(origin, 'licenses/check', shown)).body.code).toBe('instance_stale');
    other = next;
  }
}

/** Activates an instance that must be let in, and returns its lease. */
export async function lease(origin: string, activation: Activation): Promise<string> {
  const { status, body } = await activate(origin, activation);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.lease;
}

/** What a request is answered with inside its lease. */
export function freshNonce(): string {
  return randomBytes(24).toString('base64url');
}
