//! Taking back what Stripe has made for an order that is given up.
//!
//! Money may arrive at any moment. So the order's own invoice goes first: as long as that can be paid nothing else is touched,
//! and where it was paid everything is as it was. Once it is void, nobody can buy with it any more; then the subscription ends,
//! so that it makes no further invoices, and those that it has made since are taken back. What such a one was paid with,
//! also by money that was meant for the first one, becomes the customer's credit: it has bought nothing.

use crate::billing::CommerceError;
use crate::stripe::{
    CreditSettlement, IdempotencyKey, InvoiceState, NewCreditNote, Stripe, StripeError, StripeErrorKind, StripeInvoice,
    StripeSubscription,
};
use crate::text::en::orders as words;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TakenBack {
    /// Nothing is owed, nothing renews, and what was paid is the customer's.
    Done,
    /// Its invoice is paid, or can still be while a later period is, and everything is as it was.
    Paid,
}

/// Takes an order's invoice back and ends its subscription, unless that invoice is paid. Nor where a later period is, while the
/// first can still be paid: who has paid for the second month shall have what was ordered.
pub(super) async fn take_back(
    stripe: &Stripe,
    invoice_id: Option<&str>,
    subscription_id: Option<&str>,
) -> Result<TakenBack, CommerceError> {
    let own = match invoice_id {
        Some(id) => Some(stripe.fetch_invoice(id).await?),
        None => None,
    };
    let own_state = own.as_ref().map(|own| own.state);
    if own.as_ref().is_some_and(|own| own.state == InvoiceState::Paid && own.total_minor > 0) {
        return Ok(TakenBack::Paid);
    }
    let subscription = match subscription_id {
        Some(id) => find_subscription(stripe, id).await?,
        None => None,
    };
    // Of an invoice that was given up already nothing is waited for.
    let is_given_up = matches!(own_state, Some(InvoiceState::Void | InvoiceState::Uncollectible));
    if let Some(subscription) = subscription.as_ref().filter(|it| !is_given_up && !it.is_over())
        && stripe.list_paid_invoices(&subscription.id).await?.iter().any(StripeInvoice::is_renewal)
    {
        return Ok(TakenBack::Paid);
    }
    // Stripe takes the money of an uncollectible invoice too.
    if let Some(own) = own.filter(|own| matches!(own.state, InvoiceState::Open | InvoiceState::Uncollectible))
        && is_paid_when_voided(stripe, &own.id).await?
    {
        return Ok(TakenBack::Paid);
    }
    if let Some(subscription) = subscription {
        if !subscription.is_over() {
            stripe.cancel_subscription_now(&subscription.id).await?;
        }
        settle_renewals(stripe, &subscription.id).await?;
    }
    Ok(TakenBack::Done)
}

/// The subscription; `None` where Stripe knows none of this id, so that there is nothing to end.
async fn find_subscription(stripe: &Stripe, id: &str) -> Result<Option<StripeSubscription>, StripeError> {
    match stripe.fetch_subscription(id).await {
        Ok(subscription) => Ok(Some(subscription)),
        Err(error) if error.kind == StripeErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Takes an invoice back, unless it has been paid meanwhile; answers whether it has.
async fn is_paid_when_voided(stripe: &Stripe, invoice_id: &str) -> Result<bool, StripeError> {
    match stripe.void_invoice(invoice_id).await {
        Ok(()) => Ok(false),
        Err(refusal) if refusal.kind == StripeErrorKind::Refused => {
            match stripe.fetch_invoice(invoice_id).await?.state {
                InvoiceState::Paid => Ok(true),
                InvoiceState::Void => Ok(false),
                InvoiceState::Draft | InvoiceState::Open | InvoiceState::Uncollectible => Err(refusal),
            }
        }
        Err(error) => Err(error),
    }
}

/// Takes back what a subscription was invoiced for since, where an order is given up so late that it has renewed. What
/// comes back of one invoice may pay the next, so what is paid is looked at last.
async fn settle_renewals(stripe: &Stripe, subscription_id: &str) -> Result<(), CommerceError> {
    for invoice_id in stripe.list_unpaid_invoices(subscription_id).await? {
        is_paid_when_voided(stripe, &invoice_id).await?;
    }
    let paid = stripe.list_paid_invoices(subscription_id).await?;
    for renewal in paid.iter().filter(|invoice| invoice.is_renewal()) {
        credit_what_is_left(stripe, renewal).await?;
    }
    Ok(())
}

async fn credit_what_is_left(stripe: &Stripe, renewal: &StripeInvoice) -> Result<(), CommerceError> {
    let left_minor = renewal.total_minor - stripe.fetch_reversals(&renewal.id).await?.given_back_minor();
    if left_minor <= 0 {
        return Ok(());
    }
    let new = NewCreditNote {
        invoice_id: renewal.id.clone(),
        amount_minor: left_minor,
        settlement: Some(CreditSettlement::Balance),
        reason: "order_change".to_owned(),
        memo: words::TAKEN_BACK.to_owned(),
    };
    let key = IdempotencyKey::new(&[&renewal.id, "take_back", &left_minor.to_string()]);
    stripe.create_credit_note(&key, &new).await?;
    Ok(())
}
