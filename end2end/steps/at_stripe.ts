import type { Product } from '../product.ts';
import type { Person } from './people.ts';

/** What the sandbox knows, as far as journeys look into it. */
interface State {
  /** Unix seconds. */
  now: number;
  objects: {
    customer: { id: string; email: string }[];
    charge: { id: string; customer: string; status: string }[];
    dispute: { id: string; charge: string }[];
    payment_method: { id: string; customer: string | null; type: string }[];
  };
}

/** The id of somebody's customer at Stripe, and everything that is there. */
export async function customerAtStripe(product: Product, person: Person): Promise<{ customer: string; state: State }> {
  const state = (await product.sandbox.state()) as State;
  const found = state.objects.customer.find(({ email }) => email === person.email);
  if (found === undefined) throw new Error(`Stripe knows no customer ${person.email}`);
  return { customer: found.id, state };
}

/** The charge of somebody who has paid once. */
async function chargeOf(product: Product, person: Person): Promise<{ charge: string; state: State }> {
  const { customer, state } = await customerAtStripe(product, person);
  const [charge, ...more] = state.objects.charge.filter((it) => it.customer === customer && it.status === 'succeeded');
  if (charge === undefined || more.length > 0) throw new Error(`${person.email} has not paid exactly once`);
  return { charge: charge.id, state };
}

/** Somebody disputes the one payment that was made. */
export async function disputePayment(product: Product, person: Person): Promise<void> {
  const { charge } = await chargeOf(product, person);
  await product.sandbox.happen('dispute', { charge });
}

/** The bank decides the dispute of that payment. */
export async function decideDispute(product: Product, person: Person, outcome: 'won' | 'lost'): Promise<void> {
  const { charge, state } = await chargeOf(product, person);
  const dispute = state.objects.dispute.find((it) => it.charge === charge);
  if (dispute === undefined) throw new Error(`nothing of ${person.email} is disputed`);
  await product.sandbox.happen('dispute', { dispute: dispute.id, outcome });
}

const DAY_MS = 86_400_000;

/**
 * The bank lets somebody's card end with the month in which these days from now lie. Answers that month as pages say it,
 * and how many days have to pass until the end is less than 30 days away: one more where that is a first of a month.
 */
export async function letCardEnd(product: Product, person: Person, days: number): Promise<{ month: string; after: number }> {
  const { customer, state } = await customerAtStripe(product, person);
  const method = state.objects.payment_method.find((it) => it.customer === customer && it.type === 'card');
  if (method === undefined) throw new Error(`${person.email} has no card`);
  const then = new Date(state.now * 1000 + days * DAY_MS);
  const details = { payment_method: method.id, exp_month: then.getUTCMonth() + 1, exp_year: then.getUTCFullYear() };
  await product.sandbox.happen('card', details);
  const month = then.toLocaleDateString('en-US', { month: 'long', year: 'numeric', timeZone: 'UTC' });
  return { month, after: then.getUTCDate() === 1 ? days + 1 : days };
}
