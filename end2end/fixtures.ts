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
  /** Copies a page as it stands into another that has axe, and returns that one. */
  copy: (page: Page) => Promise<Page>;
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

  copy: [
    async ({ browser }, use) => {
      // One for all tests of the worker: a new one costs more than axe does.
      let easel: Easel | undefined;
      await use(async (page) => {
        easel ??= await setUpEasel(browser);
        return easel.show(page);
      });
      await easel?.close();
    },
    { scope: 'worker' },
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

  axe: async ({ copy }, use, info) => {
    const clean = join(info.project.outputDir, 'axe-clean');
    await use(async (page) => {
      // Polled: a page that has just come may not have its styles yet.
      await expect.poll(() => sticksOut(page), 'reflow').toEqual([]);
      const shape = await skeleton(page);
      const seen = join(clean, shape);
      if (existsSync(seen)) return;
      if (pictures !== undefined) await takePictures(page, join(pictures, info.project.name));
      // axe gets a copy: it is a script itself, and where it has run before it is twice as fast.
      const shown = await copy(page);
      // What a script has changed meanwhile is another shape than axe is asked about.
      const known = (await skeleton(shown)) === shape;
      expect(known || (await skeleton(page)) !== shape, `the copy of ${page.url()} is like it`).toBe(true);
      expect(await inBothSchemes(shown, page), 'axe').toEqual([]);
      if (!known) return;
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
 * this screen, with these style sheets. Journeys come by the same pages again and again, with other names and numbers on
 * them or another count of rows, with a script and without; axe, which takes a second, is asked about each shape once per
 * run. An attribute that says something else each time makes every page a new shape: leptos puts the nonce into
 * `crossorigin`, too.
 */
async function skeleton(page: Page): Promise<string> {
  const shape = await page.evaluate(() => {
    // Values that differ from one object to the next: ids, and words with a digit in them.
    const passing = /[0-9a-z]*_[0-9A-Za-z]{10,}|[\w-]*\d[\w-]*/g;
    // It does not matter which text, address, number or picture it is.
    const text = new Set([
      ...['action', 'alt', 'content', 'd', 'data-props', 'datetime', 'formaction'],
      ...['href', 'label', 'nonce', 'placeholder', 'src', 'title', 'value'],
    ]);
    // What decides about looks and stands in no attribute.
    const states = [':checked', ':focus-visible', ':popover-open'];
    // Which sheet it is decides about colours; of the other links, nothing is seen.
    const unseen = 'script, link:not([rel="stylesheet"])';
    const draw = (element: Element): string => {
      const sheet = element.tagName === 'LINK';
      const attributes = [...element.attributes]
        .map(({ name, value }) => {
          if (sheet || name === 'class') return `${name}=${value}`;
          return `${name}=${text.has(name) ? value !== '' : value.replace(passing, '#')}`;
        })
        .sort();
      const is = states.filter((state) => element.matches(state)).join('');
      const children = [...element.children].filter((child) => !child.matches(unseen)).map(draw);
      const says = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
      // Rows of the same kind count once.
      const kinds = children.filter((child, place) => child !== children[place - 1]);
      return `<${element.tagName}${is} ${attributes.join(' ')} ${says}>${kinds.join('')}</>`;
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

/** Asks axe in both schemes about a page that shows what is on another. */
async function inBothSchemes(page: Page, shown: Page): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of SCHEMES) found.push(...(await violations(page, shown, colorScheme)));
  await page.emulateMedia({ colorScheme: null });
  return found;
}

/** A page with axe on which copies of others are shown. */
interface Easel {
  show(page: Page): Promise<Page>;
  close(): Promise<void>;
}

async function setUpEasel(browser: Browser): Promise<Easel> {
  // What is left out would be as in the test that comes first: scripts off, its network address.
  const context = await browser.newContext({ javaScriptEnabled: true, reducedMotion: 'reduce', extraHTTPHeaders: {} });
  const easel = await context.newPage();
  await easel.route(
    (url) => url.searchParams.has('easel'),
    (route) => route.fulfill({ body: '<!doctype html>', contentType: 'text/html; charset=utf-8' }),
  );
  let origin = '';
  return {
    show: async (page) => {
      const state = await page.evaluate(readState);
      const screen = page.viewportSize();
      if (screen !== null) await easel.setViewportSize(screen);
      // Style sheets and pictures come from where the page has them. Its document is written anew for each page, so that
      // axe stays, and what the engine has learnt about it.
      const from = new URL(page.url()).origin;
      if (from !== origin) {
        await easel.goto(`${from}/?easel`);
        await easel.evaluate(axeSource);
        origin = from;
      }
      await easel.setContent(withoutScripts(state.html));
      await easel.evaluate(writeState, { ...state, html: '' });
      return easel;
    },
    close: () => context.close(),
  };
}

/** The HTML of a page, and what does not stand in it, by the places of its elements among all. */
interface State {
  html: string;
  /** What is typed and chosen. */
  fields: { place: number; value: string; checked?: boolean }[];
  options: { place: number; selected: boolean }[];
  /** What is unfolded over the page. */
  open: number[];
  focused: number;
}

/** Runs in the browser. */
function readState(): State {
  const html = (document.doctype === null ? '' : '<!doctype html>') + document.documentElement.outerHTML;
  const state: State = { html, fields: [], options: [], open: [], focused: -1 };
  for (const [place, it] of [...document.body.querySelectorAll('*')].entries()) {
    if (it instanceof HTMLInputElement) state.fields.push({ place, value: it.value, checked: it.checked });
    if (it instanceof HTMLTextAreaElement) state.fields.push({ place, value: it.value });
    if (it instanceof HTMLOptionElement) state.options.push({ place, selected: it.selected });
    if (it.matches(':popover-open')) state.open.push(place);
    if (it === document.activeElement && it.matches(':focus-visible')) state.focused = place;
  }
  return state;
}

/** Runs in the browser. */
function writeState({ fields, options, open, focused }: Omit<State, 'html'>): void {
  const all = [...document.body.querySelectorAll<HTMLElement>('*')];
  for (const { place, value, checked } of fields) {
    const field = all[place] as HTMLInputElement;
    // Of some kinds the value is an attribute, and must not become one that was not there.
    if (field.value !== value && field.type !== 'file') field.value = value;
    if (checked !== undefined && field.checked !== checked) field.checked = checked;
  }
  for (const { place, selected } of options) (all[place] as HTMLOptionElement).selected = selected;
  for (const place of open) all[place]?.showPopover();
  all[focused]?.focus({ focusVisible: true } as FocusOptions);
}

/** HTML without its scripts, and without what is loaded for them. */
function withoutScripts(html: string): string {
  return html
    .replace(/<script\b[^>]*>[\s\S]*?<\/script>/gi, '')
    .replace(/<\/?noscript\b[^>]*>/gi, '')
    .replace(/<link\b[^>]*\brel="(module)?preload"[^>]*>/gi, '');
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
