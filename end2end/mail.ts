import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One mail that the product "sent" into its mail directory. */
export interface Mail {
  to: string;
  subject: string;
  /** The plain text, decoded, with `\n` at the end of lines. */
  text: string;
  /** Every http(s) address in the text, in order. */
  links: string[];
}

/** Mails to the address in a directory of .eml files, newest first. */
export async function readMails(directory: string, address: string): Promise<Mail[]> {
  const names = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith('.eml'));
  const read = await Promise.all(
    names.map(async (name) => {
      const raw = await readFile(join(directory, name), 'latin1');
      return { mail: parseMail(raw), at: await sentAt(raw), name };
    }),
  );
  return read
    .filter(({ mail }) => mail.to.toLowerCase().includes(address.toLowerCase()))
    // File names settle the order of mails of one second, in case they sort by time.
    .sort((a, b) => b.at - a.at || (a.name < b.name ? 1 : -1))
    .map(({ mail }) => mail);
}

async function sentAt(raw: string): Promise<number> {
  return Date.parse(header(split(raw).head, 'date') ?? '') || 0;
}

/** Reads the parts of RFC 5322 and MIME that the product's own mails use. */
export function parseMail(raw: string): Mail {
  const { head } = split(raw);
  const text = plainText(raw) ?? '';
  return {
    to: words(header(head, 'to') ?? ''),
    subject: words(header(head, 'subject') ?? ''),
    text,
    links: text.match(/https?:\/\/[^\s<>"')\]]+/g) ?? [],
  };
}

function split(raw: string): { head: string; body: string } {
  const unix = raw.replaceAll('\r\n', '\n');
  const end = unix.indexOf('\n\n');
  return end < 0 ? { head: unix, body: '' } : { head: unix.slice(0, end), body: unix.slice(end + 2) };
}

/** A header's value, unfolded. */
function header(head: string, name: string): string | undefined {
  const unfolded = head.replace(/\n[ \t]+/g, ' ');
  return new RegExp(`^${name}:[ \\t]*(.*)$`, 'im').exec(unfolded)?.[1];
}

/** The first text/plain part, however deep in multiparts. */
function plainText(raw: string): string | undefined {
  const { head, body } = split(raw);
  const type = header(head, 'content-type') ?? 'text/plain';
  const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1];
  if (/^multipart\//i.test(type) && boundary !== undefined) {
    const parts = `\n${body}`.split(`\n--${boundary}`).slice(1).filter((part) => !part.startsWith('--'));
    for (const part of parts) {
      const text = plainText(part.replace(/^[ \t]*\n/, ''));
      if (text !== undefined) return text;
    }
    return undefined;
  }
  return /^text\/plain/i.test(type) ? decode(body, header(head, 'content-transfer-encoding') ?? '7bit') : undefined;
}

function decode(body: string, encoding: string): string {
  switch (encoding.trim().toLowerCase()) {
    case 'base64':
      return Buffer.from(body, 'base64').toString('utf8').replaceAll('\r\n', '\n');
    case 'quoted-printable':
      return quotedPrintable(body.replace(/=\n/g, ''));
    default:
      return Buffer.from(body, 'latin1').toString('utf8');
  }
}

function quotedPrintable(text: string): string {
  const bytes = text.replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** Decodes `=?utf-8?b?…?=` and `=?utf-8?q?…?=` (RFC 2047). */
function words(value: string): string {
  return value
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, kind: string, text: string) =>
      kind.toLowerCase() === 'b' ? Buffer.from(text, 'base64').toString('utf8') : quotedPrintable(text.replaceAll('_', ' ')),
    );
}
