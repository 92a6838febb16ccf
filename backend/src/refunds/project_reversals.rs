//! Bringing everything that was given back of an invoice up to date.

use super::rules::{dispute_moves_on, dispute_status, refund_moves_on, refund_status};
use super::{Dispute, DisputeStatus, Refund, RefundStatus, settle, store, tell};
use crate::billing::{Commerce, CommerceError, conversion};
use crate::cx::{Actor, Cx};
use crate::db::Tx;
use crate::invoices::{self, CreditNote, Invoice};
use crate::ledger::{self, Booking, Source, rules as entries};
use crate::stripe::{Reversals, StripeDispute, StripeRefund};
use crate::{audit, commissions, events};

/// Fetches the credit notes, refunds and disputes of an invoice from Stripe and writes down what is new, with the
/// ledger, the license and the mails that follow. The invoice itself is brought up to date first.
///
/// # Errors
/// [`CommerceError`]; calling it again is always safe.
pub async fn project_reversals(commerce: &Commerce, cx: &Cx, stripe_invoice_id: &str) -> Result<(), CommerceError> {
    let imported = invoices::import_invoice(commerce, cx, stripe_invoice_id).await?;
    let invoices::Import::Imported { stripe_subscription_id, .. } = imported else { return Ok(()) };
    let fetched = commerce.stripe(cx)?.fetch_reversals(stripe_invoice_id).await?;
    if fetched == Reversals::default() {
        return Ok(());
    }
    let tx_commerce = commerce.clone();
    let tx_cx = Cx { actor: Actor::Stripe(stripe_invoice_id.to_owned()), ..cx.clone() };
    let stripe_id = stripe_invoice_id.to_owned();
    let notes = commerce
        .db
        .write(move |tx| Box::pin(async move { write(tx, &tx_commerce, &tx_cx, &stripe_id, fetched).await }))
        .await?;
    for note in notes {
        invoices::make_credit_note_documents(commerce, cx, &note).await?;
    }
    if let Some(subscription_id) = stripe_subscription_id {
        // A page that is open may credit this money.
        conversion::look_at_conversions(commerce, cx, &subscription_id).await?;
    }
    Ok(())
}

/// The same for whatever invoices a charge, refund or dispute is about, by Stripe's id of it.
///
/// # Errors
/// [`CommerceError`]; calling it again is always safe.
pub async fn project_reversals_of(commerce: &Commerce, cx: &Cx, object_id: &str) -> Result<(), CommerceError> {
    let stripe = commerce.stripe(cx)?;
    let Some(payment) = stripe.find_payment_of(object_id).await? else { return Ok(()) };
    for invoice_id in stripe.find_invoices_of_payment(&payment).await? {
        project_reversals(commerce, cx, &invoice_id).await?;
    }
    Ok(())
}

async fn write(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    stripe_invoice_id: &str,
    fetched: Reversals,
) -> Result<Vec<CreditNote>, CommerceError> {
    // Its lock keeps two projections of one invoice apart.
    let Some(invoice) = invoices::store::lock_invoice(tx, &cx.vendor_id, stripe_invoice_id).await? else {
        return Ok(Vec::new());
    };
    let mut notes = Vec::new();
    for note in fetched.credit_notes {
        notes.push(invoices::write_credit_note(tx, commerce, cx, &invoice, note).await?);
    }
    let explained = |id: &str| notes.iter().any(|note| note.refund_ids.0.iter().any(|known| known == id));
    for refund in fetched.refunds {
        let is_explained = explained(&refund.id);
        write_refund(tx, commerce, cx, &invoice, refund, is_explained).await?;
    }
    for dispute in fetched.disputes {
        write_dispute(tx, commerce, cx, &invoice, dispute).await?;
    }
    settle(tx, commerce, cx, &invoice).await?;
    commissions::settle_commission(tx, cx, &invoice).await?;
    Ok(notes)
}

/// `is_explained`: a credit note tells the customer of it.
async fn write_refund(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    invoice: &Invoice,
    fetched: StripeRefund,
    is_explained: bool,
) -> Result<(), CommerceError> {
    let status = refund_status(&fetched.status);
    let (refund, before) = match store::lock_refund(tx, &cx.vendor_id, &fetched.id).await? {
        Some(known) if !refund_moves_on(known.status, status) => return Ok(()),
        Some(known) => {
            store::update_refund(tx, cx, &known, status).await?;
            let before = known.status;
            (Refund { status, ..known }, Some(before))
        }
        None => {
            let refund = Refund {
                id: cx.id(),
                vendor_id: cx.vendor_id.clone(),
                account_id: invoice.account_id.clone(),
                invoice_id: invoice.id.clone(),
                stripe_refund_id: fetched.id,
                status,
                currency: fetched.currency,
                amount_minor: fetched.amount_minor,
                reason: fetched.reason,
                refunded_at: fetched.created_at,
            };
            store::insert_refund(tx, cx, &refund).await?;
            (refund, None)
        }
    };
    let booking = Booking {
        source: Source::Refund,
        source_id: &refund.stripe_refund_id,
        account_id: &refund.account_id,
        invoice_id: Some(&invoice.id),
        currency: refund.currency,
        at: refund.refunded_at,
    };
    ledger::post(tx, cx, booking, &entries::refund(refund.amount_minor, status.counts())).await?;

    let data = serde_json::json!({
        "refund_id": refund.id, "number": invoice.number, "amount_minor": refund.amount_minor,
        "currency": refund.currency, "status": status, "stripe_refund_id": refund.stripe_refund_id,
    });
    let counted = before.is_some_and(RefundStatus::counts);
    let event_type = match (counted, status.counts()) {
        (false, true) => Some("payment.refunded"),
        (true, false) => Some("payment.refund_failed"),
        _ => None,
    };
    record(tx, cx, invoice, ("refund.project", refund.id.as_str()), event_type, before, &data).await?;
    match event_type {
        Some("payment.refunded") if !is_explained => tell::refunded(tx, commerce, cx, invoice, &refund).await?,
        Some("payment.refund_failed") => tell::refund_failed(tx, commerce, cx, invoice, &refund).await?,
        _ => {}
    }
    Ok(())
}

async fn write_dispute(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    invoice: &Invoice,
    fetched: StripeDispute,
) -> Result<(), CommerceError> {
    let status = dispute_status(fetched.state);
    let (dispute, before) = match store::lock_dispute(tx, &cx.vendor_id, &fetched.id).await? {
        Some(known) if !dispute_moves_on(known.status, status) => return Ok(()),
        Some(known) => {
            store::update_dispute(tx, cx, &known, status).await?;
            let before = known.status;
            (Dispute { status, ..known }, Some(before))
        }
        None => {
            let dispute = Dispute {
                id: cx.id(),
                vendor_id: cx.vendor_id.clone(),
                account_id: invoice.account_id.clone(),
                invoice_id: invoice.id.clone(),
                stripe_dispute_id: fetched.id,
                status,
                currency: fetched.currency,
                amount_minor: fetched.amount_minor,
                reason: fetched.reason,
                opened_at: fetched.created_at,
            };
            store::insert_dispute(tx, cx, &dispute).await?;
            (dispute, None)
        }
    };
    let facts = match status {
        DisputeStatus::Inquiry | DisputeStatus::Won => entries::DisputeFacts::Nothing,
        DisputeStatus::Open => entries::DisputeFacts::Held,
        DisputeStatus::Lost => entries::DisputeFacts::Lost,
    };
    let booking = Booking {
        source: Source::Dispute,
        source_id: &dispute.stripe_dispute_id,
        account_id: &dispute.account_id,
        invoice_id: Some(&invoice.id),
        currency: dispute.currency,
        at: dispute.opened_at,
    };
    ledger::post(tx, cx, booking, &entries::dispute(dispute.amount_minor, facts)).await?;

    let data = serde_json::json!({
        "dispute_id": dispute.id, "number": invoice.number, "amount_minor": dispute.amount_minor,
        "currency": dispute.currency, "status": status, "reason": dispute.reason,
        "stripe_dispute_id": dispute.stripe_dispute_id,
    });
    let event_type = match (before, status) {
        // A bank's question that came to nothing is none of the customer's business.
        (_, DisputeStatus::Inquiry) | (Some(DisputeStatus::Inquiry), DisputeStatus::Won) => None,
        (_, DisputeStatus::Open) => Some("dispute.opened"),
        (_, DisputeStatus::Won) => Some("dispute.won"),
        (_, DisputeStatus::Lost) => Some("dispute.lost"),
    };
    record(tx, cx, invoice, ("dispute.project", dispute.id.as_str()), event_type, before, &data).await?;
    if event_type.is_some() {
        tell::dispute(tx, commerce, cx, invoice, &dispute).await?;
    }
    Ok(())
}

async fn record(
    tx: &mut Tx,
    cx: &Cx,
    invoice: &Invoice,
    (act, id): (&str, &str),
    event_type: Option<&str>,
    before: Option<impl serde::Serialize + Sync>,
    data: &serde_json::Value,
) -> Result<(), CommerceError> {
    let account_id = Some(&invoice.account_id);
    if let Some(event_type) = event_type {
        let about = events::About { account_id, license_id: invoice.license_id.as_ref(), instance_id: None };
        events::record(tx, cx, event_type, about, data).await?;
    }
    Ok(audit::record(tx, cx, account_id, act, id, before.as_ref(), Some(data)).await?)
}
