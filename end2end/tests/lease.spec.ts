import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import { expect, test } from '../fixtures.ts';
import { buy } from '../steps/buying.ts';
import { lease } from '../steps/licensing_api.ts';
import { pythonWith } from '../steps/python.ts';

// The libraries go by the time of the world, which that of a product whose clock somebody else has moved is not.
test.use({ settings: { LEASEHOLD__MAIL__FROM: 'leases@nordwind.example' } });

const run = promisify(execFile);

test('libraries that are not ours verify a lease with nothing but the JWKS', { tag: '@once' }, async ({ page, product }) => {
  const { key } = await buy(page, { plan: 'Startup' });
  const token = await lease(product.url, { key, product: 'iot-platform', instance: 'node-a', version: '4.2.1' });
  const jwks = `${product.url}/.well-known/jwks.json`;

  const keys = createRemoteJWKSet(new URL(jwks));
  const expected = { issuer: product.url, audience: 'iot-platform', typ: 'lease+jwt', algorithms: ['EdDSA'] };
  const { payload, protectedHeader } = await jwtVerify(token, keys, expected);
  expect(protectedHeader).toMatchObject({ alg: 'EdDSA', typ: 'lease+jwt' });
  expect(payload).toMatchObject({
    ver: 1,
    pln: 'startup',
    lty: 'floating',
    seats: 2,
    idn: { kind: 'instance', id: 'node-a' },
    lim: { devices: 500, assets: 500 },
  });
  await expect(jwtVerify(token, keys, { ...expected, audience: 'plan-desk' })).rejects.toThrow(errors.JWTClaimValidationFailed);
  await expect(jwtVerify(tampered(token), keys, expected)).rejects.toThrow(errors.JWSSignatureVerificationFailed);

  const python = pythonWith('PyJWT');
  const script = resolve(import.meta.dirname, '../verify_lease.py');
  const verify = (token: string) => run(python, [script, jwks, product.url, 'iot-platform', token]);
  expect(JSON.parse((await verify(token)).stdout)).toMatchObject({ pln: 'startup', seats: 2 });
  await expect(verify(tampered(token))).rejects.toThrow(/InvalidSignatureError/);
});

/** The same token with one claim changed and the signature kept. */
function tampered(token: string): string {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const changed = Buffer.from(JSON.stringify({ ...claims, seats: claims.seats + 1 })).toString('base64url');
  return [header, changed, signature].join('.');
}
