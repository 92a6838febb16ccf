import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inflateRawSync } from 'node:zlib';
import { expect, type Page } from '@playwright/test';

const run = promisify(execFile);

/** Downloads a document with the page's cookies, as its link would. */
export async function downloadPdf(page: Page, path: string): Promise<{ bytes: Buffer; text: string; name: string }> {
  const answer = await page.request.get(path);
  expect(answer.status(), path).toBe(200);
  expect(answer.headers()['content-type']).toBe('application/pdf');
  expect(answer.headers()['cache-control']).toContain('no-store');
  const bytes = await answer.body();
  expect(bytes.subarray(0, 5).toString()).toBe('%PDF-');
  const name = /filename="([^"]+)"/.exec(answer.headers()['content-disposition'] ?? '')?.[1] ?? '';
  return { bytes, text: await textOf(bytes), name };
}

/** The text of a PDF as poppler reads it, laid out as on paper. */
async function textOf(pdf: Buffer): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'leasehold-pdf-'));
  try {
    const file = join(folder, 'document.pdf');
    await writeFile(file, pdf);
    return (await run('pdftotext', ['-layout', '-enc', 'UTF-8', file, '-'])).stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Waits on the page of invoices until the only one there is paid, and answers its number. */
export async function paidInvoice(page: Page): Promise<string> {
  await expect(async () => {
    // The invoice is fetched by a job of its own, after the license was made.
    await page.goto('/invoices');
    await expect(page.getByRole('row').filter({ hasText: 'First payment' })).toContainText('Paid', { timeout: 100 });
  }).toPass({ intervals: [100, 250], timeout: 20_000 });
  const link = page.getByRole('link', { name: /^PDF of \S+$/ });
  return ((await link.textContent()) ?? '').replace(/^PDF of /, '').trim();
}

/** Downloads what a link of the page leads to, with the page's cookies. */
export async function downloadLink(page: Page, name: string): Promise<{ bytes: Buffer; type: string; path: string }> {
  const path = (await page.getByRole('link', { name, exact: true }).getAttribute('href')) ?? '';
  const answer = await page.request.get(path);
  expect(answer.status(), path).toBe(200);
  return { bytes: await answer.body(), type: answer.headers()['content-type'] ?? '', path };
}

/** Reads XML as a browser does, which fails where it is not well-formed: its root, and every element that holds text. */
export async function readXml(page: Page, xml: string): Promise<{ root: string; holds: string[] }> {
  const read = await page.evaluate((xml) => {
    const { documentElement } = new DOMParser().parseFromString(xml, 'application/xml');
    const all = [documentElement, ...documentElement.querySelectorAll('*')];
    const leaves = all.filter((element) => element.children.length === 0);
    return {
      root: documentElement.localName,
      isBroken: all.some((element) => element.localName === 'parsererror'),
      holds: leaves.map((element) => `${element.localName} ${element.textContent}`),
    };
  }, xml);
  expect(read.isBroken, xml).toBe(false);
  return read;
}

/** The files of a zip by their names, read by its central directory, as APPNOTE.TXT has it in 4.3. */
export function unzip(zip: Buffer): Map<string, Buffer> {
  const end = zip.lastIndexOf('PK\u0005\u0006', undefined, 'latin1');
  expect(end, 'the end of the directory').toBeGreaterThanOrEqual(0);
  const files = new Map<string, Buffer>();
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    expect(zip.toString('latin1', at, at + 4)).toBe('PK\u0001\u0002');
    const method = zip.readUInt16LE(at + 10);
    const [packed, size] = [zip.readUInt32LE(at + 20), zip.readUInt32LE(at + 24)];
    const [nameLength, extra, comment] = [zip.readUInt16LE(at + 28), zip.readUInt16LE(at + 30), zip.readUInt16LE(at + 32)];
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
    const local = zip.readUInt32LE(at + 42);
    const begin = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const content = zip.subarray(begin, begin + packed);
    const file = method === 0 ? content : inflateRawSync(content);
    expect(file.length, name).toBe(size);
    files.set(name, file);
    at += 46 + nameLength + extra + comment;
  }
  return files;
}
