import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { expect, test } from '@playwright/test';
import { KEY, type LocalStripe, startStripe } from '../judges/sandbox.ts';

const run = promisify(execFile);

/** What the product lives on and the CLI has a fixture for; and what comes of the same calls. */
const EVENTS = [
  'cash_balance.funds_available',
  'charge.dispute.closed',
  'charge.dispute.created',
  'charge.failed',
  'charge.refund.updated',
  'charge.refunded',
  'charge.succeeded',
  'checkout.session.async_payment_failed',
  'checkout.session.async_payment_succeeded',
  'checkout.session.completed',
  'checkout.session.expired',
  'coupon.created',
  'credit_note.created',
  'credit_note.updated',
  'credit_note.voided',
  'customer.created',
  'customer.deleted',
  'customer.discount.created',
  'customer.discount.deleted',
  'customer.discount.updated',
  'customer.subscription.created',
  'customer.subscription.deleted',
  'customer.subscription.paused',
  'customer.subscription.trial_will_end',
  'customer.subscription.updated',
  'customer.updated',
  'customer_cash_balance_transaction.created',
  'invoice.created',
  'invoice.deleted',
  'invoice.finalized',
  'invoice.marked_uncollectible',
  'invoice.paid',
  'invoice.payment_action_required',
  'invoice.payment_failed',
  'invoice.payment_succeeded',
  'invoice.sent',
  'invoice.updated',
  'invoice.voided',
  'invoiceitem.created',
  'payment_intent.canceled',
  'payment_intent.created',
  'payment_intent.partially_funded',
  'payment_intent.payment_failed',
  'payment_intent.requires_action',
  'payment_intent.succeeded',
  'payment_method.attached',
  'payment_method.detached',
  'payment_method.updated',
  'price.created',
  'product.created',
  'setup_intent.canceled',
  'setup_intent.created',
  'setup_intent.succeeded',
  'subscription_schedule.canceled',
  'subscription_schedule.created',
  'subscription_schedule.released',
  'subscription_schedule.updated',
  'test_helpers.test_clock.advancing',
  'test_helpers.test_clock.created',
  'test_helpers.test_clock.deleted',
  'test_helpers.test_clock.ready',
];

/** The CLI's program itself: the package's wrapper wants an install script, which this repository runs for none. */
function program(): string {
  const wrapper = createRequire(import.meta.url).resolve('@stripe/cli/package.json');
  return createRequire(wrapper).resolve(`@stripe/cli-${process.platform}-${process.arch}/bin/stripe`);
}

async function trigger(stripe: LocalStripe, event: string): Promise<string | undefined> {
  // A proxy that is not there keeps the CLI from asking the Internet for its newest version.
  const nowhere = 'http://127.0.0.1:9';
  const proxies = { HTTPS_PROXY: nowhere, HTTP_PROXY: nowhere, NO_PROXY: '127.0.0.1' };
  const env = { PATH: process.env.PATH, HOME: stripe.folder, STRIPE_API_KEY: KEY, STRIPE_CLI_TELEMETRY_OPTOUT: '1', ...proxies };
  const ended = await run(program(), ['trigger', event, '--api-base', stripe.url], { env, timeout: 30_000 }).catch((failure) => failure);
  const printed = `${ended.stdout}${ended.stderr}`;
  return printed.includes('Trigger succeeded') ? undefined : `${event}: ${printed}`;
}

test('the Stripe CLI triggers every event, and the event happens', { tag: '@once' }, async () => {
  test.setTimeout(180_000);
  const stripe = await startStripe();
  try {
    const waiting = [...EVENTS];
    const failures: string[] = [];
    const worker = async () => {
      for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) {
        const failure = await trigger(stripe, event);
        if (failure !== undefined) failures.push(failure);
      }
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
    expect(failures).toEqual([]);
    // Debits are under way for three minutes.
    await stripe.advance(600);
    const happened = new Set((await stripe.events()).map((event) => event.type));
    expect(EVENTS.filter((event) => !happened.has(event))).toEqual([]);
  } finally {
    await stripe.stop();
  }
});
