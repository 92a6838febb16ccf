import { expect, type Page } from '@playwright/test';
import { ADMIN_SECRET, type Product, productAt } from '../product.ts';
import { COMPANY, type Company, linkInMail, type Person, somebody } from './people.ts';
import { nextCode, totp } from './totp.ts';

/*
 * What most journeys begin with and are not about: the forms of our pages, sent with the cookies of the browser as it would
 * send them without scripts, and no page is shown. How a person fills them in is in people.ts and buying.ts, and seen where
 * it is what a journey is about.
 */

/** Codes of the countries whose names journeys choose. */
const COUNTRIES: Record<string, string> = { France: 'FR', Germany: 'DE', Vietnam: 'VN' };

/** Sends the form of an act, and answers where it leads to. */
export async function send(page: Page, act: string, form: Record<string, string>): Promise<string> {
  const headers = { accept: 'text/html', 'sec-fetch-site': 'same-origin' };
  const answer = await page.request.post(`/act/${act}`, { form, headers, maxRedirects: 0 });
  expect([302, 303], `${act}: ${answer.status()}`).toContain(answer.status());
  const { location = '' } = answer.headers();
  return location;
}

/** The hidden values of the first form on a page that sends this act. */
export function hiddenValues(html: string, act: string): Record<string, string> {
  const form = html.split('<form').find((form) => form.slice(0, form.indexOf('>')).includes(`action="/act/${act}"`));
  if (form === undefined) throw new Error(`there is no form that sends ${act}`);
  const hidden = (form.split('</form>')[0]?.match(/<input\b[^>]*>/g) ?? []).filter((input) => input.includes('type="hidden"'));
  return Object.fromEntries(hidden.map((input) => [attribute(input, 'name'), attribute(input, 'value')]));
}

function attribute(element: string, name: string): string {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(element)?.[1] ?? '';
  return value.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
}

/** Signs somebody up, without a company. */
export async function register(page: Page, person = somebody()): Promise<Person> {
  expect(await send(page, 'sign-up', { ...person, name: '', next: '/overview' }), 'sign-up').toBe('/overview');
  return person;
}

/** Signs somebody up with a company; nothing is shown yet. */
export async function newCustomer(page: Page, company: Company = COMPANY, person = somebody()): Promise<Person> {
  await register(page, person);
  const { name, street, postalCode, city, vatId = '' } = company;
  const country = COUNTRIES[company.country];
  if (country === undefined) throw new Error(`the code of ${company.country} is not known`);
  const form = { company: name, country, vat_id: vatId, line1: street, postal_code: postalCode, city, next: '/overview' };
  expect(await send(page, 'create-account', form), 'create-account').toBe('/overview');
  return person;
}

/** Logs somebody in, with the next code of an app where there is one, and opens a page. */
export async function enter(page: Page, person: Person, path = '/overview', secret?: string): Promise<void> {
  const next = new URL(path, 'http://portal').pathname;
  const leads = await send(page, 'log-in', { ...person, next });
  if (secret === undefined) {
    expect(leads, 'log-in').toBe(next);
  } else {
    const code = await nextCode(await productOf(page), secret);
    expect(await send(page, 'enter-code', { code, next }), 'enter-code').toBe(next);
  }
  await page.goto(path);
}

/** Logs an administrator of the vendor in, and opens a page of the console. */
export async function enterConsole(page: Page, path = '/staff'): Promise<void> {
  const product = await productOf(page);
  await send(page, 'log-in', { ...(await product.newAdmin()), next: '/staff' });
  const code = await totp(product, ADMIN_SECRET);
  expect(await send(page, 'enter-code', { code, next: '/staff' }), 'enter-code').toBe('/staff');
  await page.goto(path);
}

/** Logs somebody in who needs a second factor and has none, sets one up, and opens a page; answers the app's secret. */
export async function enterWithNewFactor(page: Page, person: Person, path: string): Promise<string> {
  const own = '/account/second-factor';
  await send(page, 'log-in', { ...person, next: own });
  const html = await (await page.request.get(own)).text();
  const secret = (/<textarea id="secret"[^>]*>([^<]+)</.exec(html)?.[1] ?? '').replaceAll(/\s/g, '');
  const code = await totp(await productOf(page), secret);
  expect(await send(page, 'set-second-factor', { code }), 'set-second-factor').toBe(own);
  // The page with the codes says once that it is on.
  const said = await (await page.request.get(own)).text();
  expect(said.includes('Your second factor is on.'), 'set-second-factor').toBe(true);
  await send(page, 'keep-recovery-codes', {});
  await page.goto(path);
  return secret;
}

/** Confirms somebody's address by the mailed link, in no browser. */
export async function haveAddressConfirmed(product: Product, person: Person): Promise<void> {
  const link = await linkInMail(product, person, /Confirm your e-mail address/, /verify-email/);
  const answer = await fetch(`${product.url}/act/verify-email`, {
    method: 'POST',
    headers: { accept: 'text/html', 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ token: new URL(link).searchParams.get('token') ?? '' }),
    redirect: 'manual',
  });
  expect(answer.headers.get('location')).toMatch(/result=verified$/);
}

/** The product to which the requests of a page go, whatever it shows. */
async function productOf(page: Page): Promise<Product> {
  return productAt((await page.request.get('/healthz')).url());
}
