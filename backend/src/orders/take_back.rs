//! Taking back what Stripe has made for an order that is given up.
//!
//! Money may arrive at any moment. So the order's own invoice goes first: as long as that can be paid nothing else is touched,
//! and where it was paid everything is as it was. So it is where a later one is, whatever became of the first: who pays for the
//! second month has what was ordered. Only staff end that all the same, and pay nothing back by it.
//!
//! Once it is void, nobody can buy with it any more; then the subscription ends, so that it makes no further invoices, and those
//! that it has made since are taken back. What such a one was paid with only then, also by money that was meant for the
//! first one, becomes the customer's credit: it has bought nothing. What was paid by then is written down before the first
//! step, so that a run that goes on where another died knows the one from the other.

use super::{Order, store};
use crate::audit;
use crate::billing::{Commerce, CommerceError};
use crate::clock::{HOUR_MS, UnixMs};
use crate::cx::Cx;
use crate::db::DbError;
use crate::stripe::{
    CreditSettlement, IdempotencyKey, InvoiceState, NewCreditNote, Stripe, StripeError, StripeErrorKind, StripeInvoice,
    StripeSubscription,
};
use crate::text::en::orders as words;

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TakenBack {
    /// Nothing is owed, nothing renews, and what was paid meanwhile is the customer's.
    Done,
    /// Its invoice is paid, and everything is as it was.
    Paid,
    /// A later one is, of a subscription that goes on, and everything is as it was.
    Kept {
        /// Stripe's id of that one.
        paid_by: String,
    },
}

/// What is to be taken back.
pub(super) struct Takes<'a> {
    /// The order.
    pub(super) order: &'a Order,
    /// Its own invoice, where that is known.
    pub(super) invoice_id: Option<&'a str>,
    /// Its subscription.
    pub(super) subscription_id: Option<&'a str>,
    /// Also where a later invoice is paid: staff end it.
    pub(super) ends_paid: bool,
}

/// How it stood when a run of ours began.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct GivingUp {
    /// When.
    at: UnixMs,
    /// Stripe's ids of the subscription's invoices that were paid by then.
    paid: Vec<String>,
}

impl GivingUp {
    /// Whether that run, and not somebody else later, has voided the order's own invoice. One that goes on begins anew as long
    /// as it is not void, so the two are close.
    fn has_voided(&self, voided_at: Option<UnixMs>) -> bool {
        voided_at.is_some_and(|at| at < self.at.plus(HOUR_MS))
    }
}

/// Takes an order's invoice back and ends its subscription, unless that invoice is paid, or a later one of a subscription that
/// goes on.
pub(super) async fn take_back(commerce: &Commerce, cx: &Cx, takes: &Takes<'_>) -> Result<TakenBack, CommerceError> {
    let stripe = commerce.stripe(cx)?;
    let subscription = match takes.subscription_id {
        Some(id) => find_subscription(stripe, id).await?,
        None => None,
    };
    // Before the own invoice is looked at: what came in after another run had voided that one is not taken for a reason to keep
    // the order, because then it is seen to be void.
    let paid = match &subscription {
        Some(subscription) => list_paid(stripe, &subscription.id).await?,
        None => Vec::new(),
    };
    let own = find_own(stripe, takes.invoice_id, subscription.as_ref()).await?;
    if own.as_ref().is_some_and(|own| own.state == InvoiceState::Paid && own.total_minor > 0) {
        return Ok(TakenBack::Paid);
    }
    let mut paid_before = Vec::new();
    if let Some(subscription) = &subscription {
        paid_before = if let Some(begun) = find_begun(commerce, cx, takes.order, own.as_ref()).await? {
            begun.paid
        } else {
            if !takes.ends_paid
                && !subscription.is_over()
                && let Some(paid_by) = find_kept(stripe, &paid).await?
            {
                return Ok(TakenBack::Kept { paid_by });
            }
            let paid = paid.into_iter().map(|invoice| invoice.id).collect();
            begin(commerce, cx, takes.order, paid).await?
        };
    }
    // Stripe takes the money of an uncollectible invoice too.
    if let Some(own) = own.as_ref().filter(|own| matches!(own.state, InvoiceState::Open | InvoiceState::Uncollectible))
        && is_paid_when_voided(stripe, &own.id).await?
    {
        return Ok(TakenBack::Paid);
    }
    if let Some(subscription) = &subscription {
        if !subscription.is_over() {
            stripe.cancel_subscription_now(&subscription.id).await?;
        }
        // What comes back of one invoice may pay the next, so what is paid is looked at last.
        for invoice_id in stripe.list_unpaid_invoices(&subscription.id).await? {
            is_paid_when_voided(stripe, &invoice_id).await?;
        }
        for paid in list_paid(stripe, &subscription.id).await? {
            if !paid_before.contains(&paid.id) {
                credit(commerce, cx, takes.order, &paid).await?;
            }
        }
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

/// The order's own invoice; where its id is not known, the one that its subscription began with.
async fn find_own(
    stripe: &Stripe,
    invoice_id: Option<&str>,
    subscription: Option<&StripeSubscription>,
) -> Result<Option<StripeInvoice>, StripeError> {
    let first = match (invoice_id, subscription) {
        (Some(id), _) => Some(id.to_owned()),
        (None, Some(subscription)) => stripe.find_first_invoice(&subscription.id).await?,
        (None, None) => None,
    };
    match first {
        Some(id) => Ok(Some(stripe.fetch_invoice(&id).await?)),
        None => Ok(None),
    }
}

/// What a subscription was paid for, newest first. As long as its order's own invoice is not paid: renewals and changes.
async fn list_paid(stripe: &Stripe, subscription_id: &str) -> Result<Vec<StripeInvoice>, StripeError> {
    let mut paid = stripe.list_paid_invoices(subscription_id).await?;
    paid.retain(|invoice| invoice.total_minor > 0);
    Ok(paid)
}

/// The newest of these of which not everything was given back.
async fn find_kept(stripe: &Stripe, paid: &[StripeInvoice]) -> Result<Option<String>, StripeError> {
    for invoice in paid {
        if stripe.fetch_reversals(&invoice.id).await?.given_back_minor() < invoice.total_minor {
            return Ok(Some(invoice.id.clone()));
        }
    }
    Ok(None)
}

/// Where a run of ours has got so far that nobody can buy with the order's own invoice any more: how it stood when that began.
/// Whom else that invoice was voided by has not given the order up.
async fn find_begun(
    commerce: &Commerce,
    cx: &Cx,
    order: &Order,
    own: Option<&StripeInvoice>,
) -> Result<Option<GivingUp>, DbError> {
    let Some(own) = own.filter(|own| own.state == InvoiceState::Void) else { return Ok(None) };
    let (vendor_id, order_id) = (cx.vendor_id.clone(), order.id.clone());
    let begun =
        commerce.db.read(|tx| Box::pin(async move { store::find_giving_up(tx, &vendor_id, &order_id).await })).await?;
    Ok(begun.filter(|begun| begun.has_voided(own.voided_at)))
}

/// Writes down how it stands, before the first step, and who asked for it: what a run that goes on does is done in its own
/// name. Answers what is paid.
async fn begin(commerce: &Commerce, cx: &Cx, order: &Order, paid: Vec<String>) -> Result<Vec<String>, DbError> {
    let (cx, order_id, account_id) = (cx.clone(), order.id.clone(), order.account_id.clone());
    let giving_up = GivingUp { at: cx.now, paid };
    commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                let is_first = store::find_giving_up(tx, &cx.vendor_id, &order_id).await?.is_none();
                store::set_giving_up(tx, &cx.vendor_id, &order_id, &giving_up).await?;
                if is_first {
                    let (account_id, id) = (Some(&account_id), order_id.as_str());
                    audit::record(tx, &cx, account_id, "order.give_up", id, audit::NOTHING, Some(&giving_up)).await?;
                }
                Ok(giving_up.paid)
            })
        })
        .await
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

/// Makes credit of what was paid while the order was given up.
async fn credit(commerce: &Commerce, cx: &Cx, order: &Order, paid: &StripeInvoice) -> Result<(), CommerceError> {
    let stripe = commerce.stripe(cx)?;
    let reversals = stripe.fetch_reversals(&paid.id).await?;
    if reversals.is_disputed() {
        // Whose it is the bank has yet to say. The order stays as it is, and is asked about again.
        let text = format!("{}, paid while order {} was given up, is disputed", paid.id, order.id);
        return Err(CommerceError::Contradiction(text));
    }
    let left_minor = paid.total_minor - reversals.given_back_minor();
    if left_minor <= 0 {
        return Ok(());
    }
    note_credit(commerce, cx, order, paid, left_minor).await?;
    let new = NewCreditNote {
        invoice_id: paid.id.clone(),
        amount_minor: left_minor,
        settlement: Some(CreditSettlement::Balance),
        reason: "order_change".to_owned(),
        memo: words::TAKEN_BACK.to_owned(),
    };
    let key = IdempotencyKey::new(&[&paid.id, "take_back", &left_minor.to_string()]);
    stripe.create_credit_note(&key, &new).await?;
    Ok(())
}

/// In whose name it is credited, before Stripe is asked.
async fn note_credit(
    commerce: &Commerce,
    cx: &Cx,
    order: &Order,
    paid: &StripeInvoice,
    left_minor: i64,
) -> Result<(), DbError> {
    let (cx, order_id, account_id) = (cx.clone(), order.id.clone(), order.account_id.clone());
    let after = serde_json::json!({
        "stripe_invoice_id": paid.id, "number": paid.number, "amount_minor": left_minor, "currency": paid.currency,
    });
    commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                let (account_id, id) = (Some(&account_id), order_id.as_str());
                audit::record(tx, &cx, account_id, "order.credit", id, audit::NOTHING, Some(&after)).await
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::DAY_MS;

    #[test]
    fn what_somebody_else_has_voided_later_is_not_what_we_have() {
        let begun = GivingUp { at: UnixMs(10 * DAY_MS), paid: Vec::new() };
        for (voided_at, is_ours) in
            [(None, false), (Some(9), true), (Some(10), true), (Some(11), false), (Some(90), false)]
        {
            assert_eq!(begun.has_voided(voided_at.map(|day| UnixMs(day * DAY_MS))), is_ours, "{voided_at:?}");
        }
    }
}
