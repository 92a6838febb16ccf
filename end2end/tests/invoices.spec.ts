import { expect, test } from '../fixtures.ts';
import { buy, choosePlan } from '../steps/buying.ts';
import { downloadLink, downloadPdf, paidInvoice, readXml, unzip } from '../steps/documents.ts';
import { COMPANY, nameCompany, signUp, somebody } from '../steps/people.ts';
import { reloadUntil } from '../steps/time.ts';

test('invoice and receipt are documents that print every name that was taken', { tag: '@everywhere' }, async ({ page, axe }) => {
  const company = {
    name: 'Ελληνικά Δίκτυα Ύδρευσης Α.Ε.',
    country: 'Vietnam',
    street: 'вулиця Хрещатик 22, під’їзд 3',
    postalCode: '700000',
    city: 'Thành phố Hồ Chí Minh',
  };
  const { person } = await buy(page, { plan: 'Startup', seats: 3 }, company);
  const row = page.getByRole('row').filter({ hasText: 'First payment' });
  await expect(async () => {
    // The invoice is fetched by a job of its own, after the license was made.
    await page.goto('/invoices');
    await expect(row).toContainText('Paid', { timeout: 100 });
  }).toPass({ intervals: [100, 250], timeout: 20_000 });
  await expect(page.getByText(`A copy of each is mailed to ${person.email}.`)).toBeVisible();
  await axe(page);

  const link = page.getByRole('link', { name: /^PDF of \S+$/ });
  const number = ((await link.textContent()) ?? '').replace(/^PDF of /, '').trim();
  const invoice = await downloadPdf(page, (await link.getAttribute('href')) ?? '');
  expect(invoice.name).toBe(`invoice-${number}.pdf`);
  for (const expected of [number, company.name, company.street, company.city, 'Nordwind IoT GmbH', 'DE314159265', '$448.00']) {
    expect(invoice.text).toContain(expected);
  }
  const again = await downloadPdf(page, (await link.getAttribute('href')) ?? '');
  expect(again.bytes.equals(invoice.bytes), 'it never changes').toBe(true);

  const receipt = page.getByRole('link', { name: `Receipt of ${number}` });
  expect((await downloadPdf(page, (await receipt.getAttribute('href')) ?? '')).text).toContain('$448.00');

  // Nobody else's business.
  const stranger = await page.context().browser()?.newContext();
  const answer = await stranger?.request.get(new URL((await link.getAttribute('href')) ?? '', page.url()).href, { maxRedirects: 0 });
  expect(answer?.headers()['content-type'] ?? '').not.toContain('pdf');
  await stranger?.close();
});

test('a name that invoices cannot print is refused with a sentence, and nothing typed is lost', async ({ page, axe }) => {
  await choosePlan(page, { plan: 'Maker' });
  await signUp(page, somebody());
  for (const [name, letter] of [['北京传感科技有限公司', '北'], ['شركة الشبكات', 'ش']] as const) {
    await nameCompany(page, { ...COMPANY, name });
    await expect(page.getByRole('alert')).toContainText(`Invoices cannot print “${letter}”`);
    await expect(page.getByLabel('Company', { exact: true })).toHaveValue(name);
    await expect(page.getByLabel('City')).toHaveValue(COMPANY.city);
    await expect(page.getByLabel('Country', { exact: true })).toHaveValue('DE');
  }
  await axe(page);
  await nameCompany(page);
  await expect(page.getByRole('heading', { level: 1, name: 'Review and pay' })).toBeVisible();
});

test('a VAT id of another country turns the charge, and accountants take along what says so', async ({ page, axe }) => {
  const company = { name: 'Capteurs de la Loire SARL', country: 'France', street: '4 quai de la Fosse', postalCode: '44000', city: 'Nantes' };
  const vatId = 'FR40303265045';
  await buy(page, { plan: 'Startup', seats: 3 }, { ...company, vatId });
  const number = await paidInvoice(page);
  // The documents are made by a job of their own.
  const last = page.getByRole('link', { name: `CII of ${number}`, exact: true });
  await reloadUntil(page, () => expect(last).toBeVisible({ timeout: 100 }));
  await expect(page.getByRole('row').filter({ hasText: 'First payment' })).toContainText('$448.00');

  const pdf = await downloadLink(page, `PDF of ${number}`);
  const { text } = await downloadPdf(page, pdf.path);
  for (const expected of ['Reverse charge', vatId, '$448.00']) expect(text).toContain(expected);

  // The XML beside it says the same: AE is the code of EN 16931 for it.
  const xml = new Map<string, Buffer>();
  for (const [syntax, root, category] of [
    ['UBL', 'Invoice', 'ID AE'],
    ['CII', 'CrossIndustryInvoice', 'CategoryCode AE'],
  ] as const) {
    const { bytes, type } = await downloadLink(page, `${syntax} of ${number}`);
    expect(type).toContain('application/xml');
    const read = await readXml(page, bytes.toString('utf8'));
    expect(read.root).toBe(root);
    for (const expected of [category, `ID ${number}`]) expect(read.holds).toContain(expected);
    expect(read.holds.filter((held) => held.endsWith(` ${vatId}`)), 'the buyer').not.toEqual([]);
    xml.set(`${number}-${syntax.toLowerCase()}.xml`, bytes);
  }

  // All of the year, as it was downloaded one by one.
  const href = await page.locator('#years').getByRole('link', { name: /^All documents/ }).first().getAttribute('href');
  const zip = await page.request.get(href ?? '');
  expect(zip.headers()['content-type']).toBe('application/zip');
  const files = unzip(await zip.body());
  expect(files.get(`invoice-${number}.pdf`)?.equals(pdf.bytes), [...files.keys()].join()).toBe(true);
  for (const [name, bytes] of xml) expect(files.get(name)?.equals(bytes), name).toBe(true);
  await axe(page);
});
