import Stripe from 'stripe';
import { expect, test } from '@playwright/test';
import { Recorder, judge } from '../judges/recorder.ts';
import { KEY, type LocalStripe, startStripe } from '../judges/sandbox.ts';
import { TYPES } from '../judges/wire.ts';

const DAY = 86_400;
const START = Date.parse('2027-01-31T12:00:00Z') / 1000;

let local: LocalStripe;
const recorder = new Recorder();

test.describe.configure({ mode: 'serial' });

test.beforeAll(async () => {
  local = await startStripe();
});

test.afterAll(async () => {
  await local.stop();
});

/** stripe-node against the sandbox; every answer is kept for the compiler to judge. */
function client(): Stripe {
  const recording: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init);
    if (answer.ok) recorder.record(await answer.clone().json());
    return answer;
  };
  return new Stripe(KEY, {
    host: '127.0.0.1',
    port: local.port,
    protocol: 'http',
    maxNetworkRetries: 0,
    telemetry: false,
    httpClient: Stripe.createFetchHttpClient(recording),
  });
}

async function refusal(call: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  const error = await call.then(
    () => undefined,
    (error) => error,
  );
  expect(error).toBeInstanceOf(Stripe.errors.StripeError);
  return error;
}

/** Advances a test clock and waits as Stripe's guide says. */
async function advance(stripe: Stripe, clock: string, to: number): Promise<void> {
  await stripe.testHelpers.testClocks.advance(clock, { frozen_time: to });
  await expect.poll(async () => (await stripe.testHelpers.testClocks.retrieve(clock)).status).toBe('ready');
}

async function shop(stripe: Stripe, more: Stripe.CustomerCreateParams = {}) {
  const product = await stripe.products.create({ name: 'IoT Platform' });
  const monthly = (unit_amount: number) =>
    stripe.prices.create({ product: product.id, currency: 'usd', unit_amount, recurring: { interval: 'month' } });
  const [startup, scale] = [await monthly(3_900), await monthly(9_900)];
  const perpetual = await stripe.prices.create({ product: product.id, currency: 'usd', unit_amount: 499_900 });
  const customer = await stripe.customers.create({ email: 'jo@acme.example', name: 'Acme', ...more });
  return { product, startup, scale, perpetual, customer };
}

test('buys, upgrades at the previewed price, fails a renewal, recovers and cancels on a test clock', { tag: '@once' }, async () => {
  const stripe = client();
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: START, name: 'a year' });
  const { startup, scale, customer } = await shop(stripe, { test_clock: clock.id, address: { country: 'DE' } });
  const card = await stripe.paymentMethods.attach('pm_card_visa', { customer: customer.id });
  await stripe.customers.update(customer.id, { invoice_settings: { default_payment_method: card.id } });
  const bought = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: startup.id, quantity: 2 }],
    automatic_tax: { enabled: true },
    metadata: { order: 'ord_1' },
    expand: ['latest_invoice.payments', 'customer'],
  });
  expect(bought.status).toBe('active');
  expect((bought.latest_invoice as Stripe.Invoice).total).toBe(Math.round(2 * 3_900 * 1.19));

  const moment = START + 10 * DAY;
  await advance(stripe, clock.id, moment);
  const items = [{ id: bought.items.data[0]!.id, price: scale.id, quantity: 3 }];
  const preview = await stripe.invoices.createPreview({
    customer: customer.id,
    subscription: bought.id,
    subscription_details: { items, proration_behavior: 'always_invoice', proration_date: moment },
  });
  const upgraded = await stripe.subscriptions.update(bought.id, {
    items,
    proration_behavior: 'always_invoice',
    proration_date: moment,
    payment_behavior: 'pending_if_incomplete',
    expand: ['latest_invoice'],
  });
  const charged = upgraded.latest_invoice as Stripe.Invoice;
  const amounts = (invoice: Stripe.Invoice) => invoice.lines.data.map((line) => line.amount);
  expect([charged.status, charged.total, amounts(charged)]).toEqual(['paid', preview.total, amounts(preview)]);

  // Each renewal's invoice is final an hour after the period's end; the card fails from now on.
  const failing = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer: customer.id });
  await stripe.subscriptions.update(bought.id, { default_payment_method: failing.id });
  const end = upgraded.items.data[0]!.current_period_end;
  await advance(stripe, clock.id, end + 2 * 3_600);
  const late = await stripe.subscriptions.retrieve(bought.id, { expand: ['latest_invoice'] });
  const open = late.latest_invoice as Stripe.Invoice;
  expect([late.status, open.status, open.attempt_count]).toEqual(['past_due', 'open', 1]);
  const declined = await refusal(stripe.invoices.pay(open.id!));
  expect([declined.type, declined.code]).toEqual(['StripeCardError', 'card_declined']);
  await stripe.subscriptions.update(bought.id, { default_payment_method: card.id });
  const paid = await stripe.invoices.pay(open.id!, { expand: ['payments.data.payment.payment_intent'] });
  expect([paid.status, (await stripe.subscriptions.retrieve(bought.id)).status]).toEqual(['paid', 'active']);

  const ending = await stripe.subscriptions.update(bought.id, { cancel_at_period_end: true, cancellation_details: { feedback: 'unused' } });
  await advance(stripe, clock.id, ending.cancel_at! + 60);
  const ended = await stripe.subscriptions.retrieve(bought.id);
  expect([ended.status, ended.ended_at]).toEqual(['canceled', ending.cancel_at]);
  await stripe.testHelpers.testClocks.del(clock.id);
  expect((await refusal(stripe.testHelpers.testClocks.retrieve(clock.id))).statusCode).toBe(404);
});

test('is paid by bank transfer in parts, and refunds', { tag: '@once' }, async () => {
  const stripe = client();
  const { startup, perpetual, customer } = await shop(stripe);
  const transfer = { funding_type: 'bank_transfer', bank_transfer: { type: 'us_bank_transfer' } } as const;
  const session = await stripe.checkout.sessions.create({
    mode: 'payment',
    customer: customer.id,
    line_items: [{ price: perpetual.id, quantity: 1 }],
    allowed_payment_method_types: ['card', 'customer_balance'],
    payment_method_options: { customer_balance: transfer },
    invoice_creation: { enabled: true },
    success_url: 'http://127.0.0.1:9/done',
  });
  const form = { method: 'POST', body: new URLSearchParams({ action: 'transfer' }), redirect: 'manual' } as const;
  expect((await fetch(session.url!, form)).status).toBe(303);
  const fund = (amount: number) => stripe.testHelpers.customers.fundCashBalance(customer.id, { amount, currency: 'usd' });
  await fund(100_000);
  const waiting = await stripe.checkout.sessions.retrieve(session.id, { expand: ['payment_intent', 'line_items'] });
  const intent = waiting.payment_intent as Stripe.PaymentIntent;
  expect(waiting.payment_status).toBe('unpaid');
  expect(intent.next_action!.display_bank_transfer_instructions!.amount_remaining).toBe(399_900);
  await fund(400_000);
  const complete = await stripe.checkout.sessions.retrieve(session.id, { expand: ['invoice'] });
  expect([complete.payment_status, (complete.invoice as Stripe.Invoice).status]).toEqual(['paid', 'paid']);
  expect((await stripe.customers.retrieveCashBalance(customer.id)).available).toEqual({ usd: 100 });
  await stripe.customers.createFundingInstructions(customer.id, { currency: 'eur', funding_type: 'bank_transfer', bank_transfer: { type: 'eu_bank_transfer', eu_bank_transfer: { country: 'FR' } } });
  await stripe.customers.listCashBalanceTransactions(customer.id);

  const wired = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: startup.id }],
    collection_method: 'send_invoice',
    days_until_due: 14,
    payment_settings: { payment_method_types: ['customer_balance'], payment_method_options: { customer_balance: transfer } },
  });
  const invoice = await stripe.invoices.finalizeInvoice(wired.latest_invoice as string);
  // What was left of the first transfer has gone into it.
  expect([wired.status, invoice.amount_paid, invoice.amount_remaining]).toEqual(['active', 100, 3_800]);
  const note = await stripe.creditNotes.create({ invoice: invoice.id!, amount: 900, reason: 'order_change' });
  expect(note.type).toBe('pre_payment');
  await fund(2_900);
  const settled = await stripe.invoices.retrieve(invoice.id!, { expand: ['payments'] });
  expect([settled.status, settled.amount_paid, settled.pre_payment_credit_notes_amount]).toEqual(['paid', 3_000, 900]);

  const part = await stripe.refunds.create({ payment_intent: intent.id, amount: 99_900, reason: 'requested_by_customer' });
  expect(part.status).toBe('succeeded');
  await stripe.refunds.create({ payment_intent: intent.id });
  expect((await stripe.charges.retrieve(part.charge as string, { expand: ['refunds'] })).refunded).toBe(true);
  expect((await refusal(stripe.refunds.create({ payment_intent: intent.id }))).code).toBe('charge_already_refunded');
});

test('coupons, tiers, credit, disputes, saved cards: the rest of what the product uses', { tag: '@once' }, async () => {
  const stripe = client();
  const { product, scale, customer } = await shop(stripe);
  const coupon = await stripe.coupons.create({ percent_off: 12.5, duration: 'repeating', duration_in_months: 3, applies_to: { products: [product.id] } });
  const code = await stripe.promotionCodes.create({
    promotion: { type: 'coupon', coupon: coupon.id },
    code: 'SPRING',
    restrictions: { minimum_amount: 1_000, minimum_amount_currency: 'usd' },
  });
  await stripe.coupons.retrieve(coupon.id, { expand: ['applies_to'] });
  const tiered = await stripe.prices.create({
    product: product.id,
    currency: 'kwd',
    billing_scheme: 'tiered',
    tiers_mode: 'graduated',
    tiers: [
      { up_to: 5, unit_amount: 7_000 },
      { up_to: 'inf', unit_amount: 6_500, flat_amount: 1_000 },
    ],
    recurring: { interval: 'year' },
    expand: ['tiers'],
  });
  expect(tiered.tiers).toHaveLength(2);
  const setup = await stripe.checkout.sessions.create({ mode: 'setup', customer: customer.id, currency: 'usd', success_url: 'http://127.0.0.1:9/done' });
  await fetch(setup.url!, { method: 'POST', body: new URLSearchParams({ action: '4242' }), redirect: 'manual' });
  const saved = await stripe.checkout.sessions.retrieve(setup.id, { expand: ['setup_intent.payment_method'] });
  const card = (saved.setup_intent as Stripe.SetupIntent).payment_method as Stripe.PaymentMethod;
  await local.act('card', { payment_method: card.id, exp_month: 3, exp_year: 2031 });
  const bought = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: scale.id }],
    default_payment_method: card.id,
    discounts: [{ promotion_code: code.id }],
    expand: ['latest_invoice.discounts', 'discounts'],
  });
  expect((bought.latest_invoice as Stripe.Invoice).total).toBe(9_900 - 1_238);
  await stripe.customers.createBalanceTransaction(customer.id, { amount: -5_000, currency: 'usd' });
  const schedule = await stripe.subscriptionSchedules.create({ from_subscription: bought.id });
  await stripe.subscriptionSchedules.release(schedule.id);
  await stripe.customers.createTaxId(customer.id, { type: 'eu_vat', value: 'DE123456789' });
  const paid = await stripe.invoices.retrieve((bought.latest_invoice as Stripe.Invoice).id!);
  const line = paid.lines.data[0]!.id;
  await stripe.creditNotes.create({ invoice: paid.id!, lines: [{ type: 'invoice_line_item', invoice_line_item: line, amount: 1_000 }], credit_amount: 600, refund_amount: 400 });
  const disputed = await stripe.paymentIntents.create({ amount: 5_000, currency: 'usd', customer: customer.id, payment_method: 'pm_card_createDispute', confirm: true, off_session: true });
  const dispute = (await stripe.disputes.list({ payment_intent: disputed.id })).data[0]!;
  const won = await stripe.disputes.update(dispute.id, { evidence: { uncategorized_text: 'winning_evidence' } });
  expect(won.status).toBe('won');
  const endpoint = await stripe.webhookEndpoints.create({ url: 'http://127.0.0.1:9/hook', enabled_events: ['invoice.paid'], api_version: '2026-09-30.endive' as Stripe.WebhookEndpointCreateParams.ApiVersion });
  expect(endpoint.secret).toMatch(/^whsec_/);
  await stripe.accounts.retrieveCurrent();
  await stripe.invoiceItems.create({ customer: customer.id, amount: 700, currency: 'usd', description: 'Setup' });
  await stripe.invoiceItems.list({ customer: customer.id });
  await stripe.invoicePayments.list({ invoice: paid.id! });
  for await (const listed of stripe.subscriptionItems.list({ subscription: bought.id })) expect(listed.quantity).toBe(1);
  const wrong = await refusal(stripe.customers.create({ colour: 'red' } as Stripe.CustomerCreateParams));
  expect([wrong.type, wrong.code, wrong.param]).toEqual(['StripeInvalidRequestError', 'parameter_unknown', 'colour']);
});

test('everything that was answered or told is what stripe-node says it is', { tag: '@once' }, async () => {
  recorder.record(await local.events());
  const unknown = recorder.kinds().filter((kind) => TYPES[kind] === undefined);
  expect(unknown).toEqual([]);
  expect(Object.keys(TYPES).filter((kind) => !recorder.kinds().includes(kind))).toEqual([]);
  const source = recorder.source();
  expect(await judge({ answers: source })).toBe('');
  // A judge that accepts anything is none: a text for a number, a word that Stripe does not know, a missing member.
  const spoilt = {
    number: source.replace(/"amount_due":\d+/, '"amount_due":"5"'),
    word: source.replace('"collection_method":"send_invoice"', '"collection_method":"by_pigeon"'),
    member: source.replace(/"livemode":false,/, ''),
  };
  const complaints = await judge(spoilt);
  for (const [name, changed] of Object.entries(spoilt)) {
    expect(changed, name).not.toBe(source);
    expect(complaints, name).toContain(`${name}.ts(`);
  }
});
