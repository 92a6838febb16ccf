import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Product } from '../product.ts';

const STEP_S = 30;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The time of the product, which a test clock may have moved. */
async function now(product: Pick<Product, 'clockFile'>): Promise<number> {
  const text = (await readFile(product.clockFile, 'utf8')).trim();
  if (text === '') return Date.now();
  return /^[+-]/.test(text) ? Date.now() + Number(text) * 1000 : Date.parse(text);
}

function bytes(base32: string): Buffer {
  const bits = [...base32.replaceAll(/\s/g, '')].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

/** What an authenticator app with this secret shows now (RFC 6238: SHA-1, 30 seconds, six digits). */
export async function totp(product: Pick<Product, 'clockFile'>, secret: string): Promise<string> {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor((await now(product)) / 1000 / STEP_S)));
  const digest = createHmac('sha1', bytes(secret)).update(counter).digest();
  const at = (digest.at(-1) ?? 0) & 0x0f;
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** Lets the app go on to its next code, by the product's clock. */
export async function nextCode(product: Product, secret: string): Promise<string> {
  await product.sandbox.clock({ advance_s: STEP_S });
  return totp(product, secret);
}
