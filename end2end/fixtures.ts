import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, type BrowserContext, expect, type Page, test as base } from '@playwright/test';
import { type Product, startProduct } from './product.ts';

const SCHEMES = ['light', 'dark'] as const;
type Scheme = (typeof SCHEMES)[number];

/** What the pages of a journey complained about; a test that leaves anything here fails. */
export interface Complaints {
  /** Accepts complaints that the journey provokes on purpose. */
  expect(pattern: RegExp): void;
}

interface Fixtures {
  /** Fails the test on console errors, page errors and violations of the content security policy. */
  complaints: Complaints;
  /** Fails when axe finds anything on the page, in light or in dark, or when it is wider than the screen. */
  axe: (page: Page) => Promise<void>;
}

interface WorkerFixtures {
  /** What the worker's product sells; the demo catalog when undefined. */
  catalog: string | undefined;
  /** Settings of the worker's product that differ, by the names of environment variables. */
  settings: Record<string, string>;
  /** The host name of the worker's product. */
  host: string;
  /** The worker's own product, shared by its tests: journeys sign up with addresses of their own. */
  product: Product;
}

/** Where a picture of every page that axe is asked about goes, in light and in dark, so that people can look at them. */
const pictures = process.env.LEASEHOLD_PICTURES;

export const test = base.extend<Fixtures, WorkerFixtures>({
  catalog: [undefined, { option: true, scope: 'worker' }],

  settings: [{}, { option: true, scope: 'worker' }],

  host: ['127.0.0.1', { option: true, scope: 'worker' }],

  product: [
    async ({ catalog, settings, host }, use) => {
      const product = await startProduct({ catalog, settings, host });
      await use(product);
      await product.stop();
    },
    { scope: 'worker', timeout: 90_000 },
  ],

  baseURL: async ({ product }, use) => use(product.url),

  // Every test comes from a network address of its own, because sign-ups from one are limited.
  extraHTTPHeaders: async ({}, use) => use({ 'x-forwarded-for': freshNetworkAddress() }),

  complaints: [
    async ({ context, product }, use, info) => {
      const found: string[] = [];
      const accepted: RegExp[] = [];
      collect(context, found);
      await use({ expect: (pattern) => accepted.push(pattern) });
      const left = found.filter((complaint) => !accepted.some((pattern) => pattern.test(complaint)));
      if (left.length > 0 || info.status !== info.expectedStatus) {
        await info.attach('log of the product', { body: await product.log(), contentType: 'text/plain' });
      }
      expect(left, 'the browser complained').toEqual([]);
    },
    { auto: true },
  ],

  axe: async ({ browser, javaScriptEnabled }, use, info) => {
    const clean = join(info.project.outputDir, 'axe-clean');
    await use(async (page) => {
      // Polled: a page that has just come may not have its styles yet.
      await expect.poll(() => sticksOut(page), 'reflow').toEqual([]);
      const seen = join(clean, await skeleton(page));
      if (existsSync(seen)) return;
      if (pictures !== undefined) await takePictures(page, join(pictures, info.project.name));
      const found = javaScriptEnabled ? await inBothSchemes(page, page) : await onCopy(browser, page);
      expect(found, 'axe').toEqual([]);
      if (javaScriptEnabled) await page.emulateMedia({ colorScheme: null });
      await mkdir(clean, { recursive: true });
      await writeFile(seen, page.url());
    });
  },
});

export { expect };

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/**
 * What axe finds, one line per element. The colour scheme matters to contrast alone, so the other rules are asked once.
 */
async function violations(page: Page, shown: Page, colorScheme: Scheme): Promise<string[]> {
  await page.emulateMedia({ colorScheme });
  const contrastAlone = colorScheme === 'dark';
  const found = await page.evaluate((contrastAlone) => {
    const { axe } = window as unknown as { axe: typeof import('axe-core') };
    const runOnly = contrastAlone ? { runOnly: ['color-contrast'] } : {};
    return axe.run(document, { resultTypes: ['violations'], ...runOnly });
  }, contrastAlone);
  return found.violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id}: ${help}: ${node.target.join(' ')} on ${shown.url()} in ${colorScheme}`),
  );
}

/** Reflow (WCAG 1.4.10): nothing is wider than the screen. */
async function sticksOut(page: Page): Promise<string[]> {
  const [width, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth] as const);
  return width > screen ? [`${page.url()} is ${width} px wide on a screen of ${screen} px`] : [];
}

/**
 * What axe judges of a page, as a hash: its elements with their attributes and whether they have text, in their order, on
 * this screen. Journeys come by the same pages again and again, with other names and numbers on them or another count of
 * rows; axe, which takes a second, is asked about each shape once per run.
 */
async function skeleton(page: Page): Promise<string> {
  const shape = await page.evaluate(() => {
    // Values that differ from one object to the next.
    const passing = /[0-9a-z]*_[0-9A-Za-z]{10,}|[0-9a-f-]{32,}|\d+/g;
    const text = new Set(['alt', 'content', 'datetime', 'href', 'nonce', 'placeholder', 'src', 'title', 'value']);
    const draw = (element: Element): string => {
      const attributes = [...element.attributes]
        .map(({ name, value }) => `${name}=${text.has(name) ? value !== '' : value.replace(passing, '#')}`)
        .sort();
      const children = [...element.children].filter((child) => child.tagName !== 'SCRIPT').map(draw);
      const says = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
      // Rows of the same kind count once.
      const kinds = children.filter((child, place) => child !== children[place - 1]);
      return `<${element.tagName} ${attributes.join(' ')} ${says}>${kinds.join('')}</>`;
    };
    return draw(document.documentElement);
  });
  return createHash('sha256').update(JSON.stringify([page.viewportSize(), shape])).digest('hex');
}

async function takePictures(page: Page, folder: string): Promise<void> {
  const address = new URL(page.url()).pathname.replace(/[0-9a-z]*_[0-9A-Za-z]{10,}/g, 'id');
  const shape = crypto.randomUUID().slice(0, 8);
  const name = address.replaceAll('/', '.').replace(/^\.$/, '.price-list').slice(1, 60);
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(folder, `${name}-${shape}-${colorScheme}.png`), fullPage: true });
  }
  await page.emulateMedia({ colorScheme: null });
}

/** Asks axe in both schemes. */
async function inBothSchemes(page: Page, shown: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const found: string[] = [];
  for (const colorScheme of SCHEMES) found.push(...(await violations(page, shown, colorScheme)));
  return found;
}

/** axe is a script itself. A page of a browser without scripts is copied, as it stands, into one that has them. */
async function onCopy(browser: Browser, page: Page): Promise<string[]> {
  const body = (await page.content()).replace(/<script\b[^>]*>[\s\S]*?<\/script>/gi, '').replace(/<\/?noscript\b[^>]*>/gi, '');
  // A new context takes the project's options, scripts off among them, unless told otherwise.
  const context = await browser.newContext({ javaScriptEnabled: true, viewport: page.viewportSize() });
  try {
    const copy = await context.newPage();
    await copy.route(page.url(), (route) => route.fulfill({ body, contentType: 'text/html; charset=utf-8' }));
    await copy.goto(page.url());
    return await inBothSchemes(copy, page);
  } finally {
    await context.close();
  }
}

/**
 * Chromium reports what the policy refuses as a console error, so the console alone shows violations, also on pages
 * without JavaScript. A request that the server answered with an error status is reported there as well.
 */
function collect(context: BrowserContext, found: string[]): void {
  context.on('console', (message) => {
    if (message.type() === 'error') found.push(`console: ${message.text()} (${message.location().url})`);
  });
  context.on('weberror', (error) => found.push(`script: ${error.error().message}`));
}

/** An e-mail address that no other test uses, and too long for one line of a phone. */
export function freshAddress(name: string): string {
  return `${name}-${crypto.randomUUID().slice(0, 8)}@engineering.subsidiary.example.com`;
}

/** An address of the block for benchmarks (RFC 2544), which the product takes from its proxy. */
export function freshNetworkAddress(): string {
  const [a = 0, b = 0] = crypto.getRandomValues(new Uint8Array(2));
  return `198.18.${a}.${b}`;
}
