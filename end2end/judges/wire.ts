import type Stripe from 'stripe';

type Decimal = NonNullable<Stripe.Price['unit_amount_decimal']>;
type OtherString = string & Record<never, never>;
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/**
 * A type of stripe-node as its JSON is on the wire: decimals are strings. Stripe's types allow any string where a list of
 * words stands, so that new words do not break clients; here only the words count.
 */
export type Wire<T> = T extends Decimal
  ? string
  : T extends string
    ? Same<T, OtherString> extends true
      ? never
      : T
    : T extends number | boolean | null | undefined | void
      ? T
      : T extends readonly (infer U)[]
        ? Wire<U>[]
        : T extends object
          ? { [K in keyof T]: Wire<T[K]> }
          : T;

/** What each `object` is in stripe-node. An object that is not named here is not known to the judge, which fails. */
export const TYPES: Record<string, string> = {
  account: 'Account',
  cash_balance: 'CashBalance',
  charge: 'Charge',
  'checkout.session': 'Checkout.Session',
  coupon: 'Coupon',
  credit_note: 'CreditNote',
  credit_note_line_item: 'CreditNoteLineItem',
  customer: 'Customer',
  customer_balance_transaction: 'CustomerBalanceTransaction',
  customer_cash_balance_transaction: 'CustomerCashBalanceTransaction',
  discount: 'Discount',
  dispute: 'Dispute',
  funding_instructions: 'FundingInstructions',
  invoice: 'Invoice',
  invoice_payment: 'InvoicePayment',
  invoiceitem: 'InvoiceItem',
  item: 'LineItem',
  line_item: 'InvoiceLineItem',
  payment_intent: 'PaymentIntent',
  payment_method: 'PaymentMethod',
  plan: 'Plan',
  price: 'Price',
  product: 'Product',
  promotion_code: 'PromotionCode',
  refund: 'Refund',
  setup_intent: 'SetupIntent',
  subscription: 'Subscription',
  subscription_item: 'SubscriptionItem',
  subscription_schedule: 'SubscriptionSchedule',
  tax_id: 'TaxId',
  'test_helpers.test_clock': 'TestHelpers.TestClock',
  webhook_endpoint: 'WebhookEndpoint',
};
