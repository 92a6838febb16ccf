//! Money given back, and what events say about all of it.

use super::Assumption;
use super::scene::Scene;
use crate::clock::HOUR_MS;
use crate::stripe::{CreditSettlement, NewCreditNote};

/// Gives a paid invoice back.
pub(super) async fn rehearse_refund(scene: &mut Scene<'_>, invoice_id: &str) -> Option<()> {
    let (stripe, refunds) = (scene.stripe, Assumption::CreditNoteRefunds);
    let invoice = scene.need(refunds, stripe.fetch_invoice(invoice_id).await)?;
    let new = NewCreditNote {
        invoice_id: invoice_id.to_owned(),
        amount_minor: invoice.total_minor,
        settlement: Some(CreditSettlement::Refund),
        reason: "order_change".to_owned(),
        memo: String::new(),
    };
    let key = scene.key("credit note");
    let note_id = scene.need(refunds, stripe.create_credit_note(&key, &new).await)?;
    let found = scene.need(refunds, stripe.fetch_reversals(invoice_id).await)?;
    let note = found.credit_notes.iter().find(|note| note.id == note_id);
    let is_whole = note.is_some_and(|note| {
        note.total_minor == invoice.total_minor
            && note.subtotal_minor - note.discount_minor + note.tax_minor == note.total_minor
            && note.refunds.iter().map(|(_, minor)| minor).sum::<i64>() == invoice.total_minor
    });
    let is_given = |status: &str| matches!(status, "succeeded" | "pending");
    let refunded: i64 =
        found.refunds.iter().filter(|refund| is_given(&refund.status)).map(|refund| refund.amount_minor).sum();
    scene.judge(refunds, is_whole && refunded == invoice.total_minor, &found);
    let leads = Assumption::RefundLeadsToInvoice;
    let Some(refund) = found.refunds.first() else {
        scene.judge(leads, false, &found);
        return None;
    };
    let payment = scene.need(leads, stripe.find_payment_of(&refund.id).await)?;
    let Some(payment) = payment else {
        scene.judge(leads, false, &"the refund names no payment");
        return None;
    };
    let invoices = scene.need(leads, stripe.find_invoices_of_payment(&payment).await)?;
    scene.judge(leads, invoices == [invoice_id.to_owned()], &(payment, invoices));
    Some(())
}

/// Everything that happened is listed, and says what it happened to.
pub(super) async fn rehearse_events(scene: &mut Scene<'_>) -> Option<()> {
    let (stripe, names) = (scene.stripe, Assumption::EventsNameTheirObject);
    let since = scene.rehearsal.now.plus(-HOUR_MS);
    let events = scene.need(names, stripe.list_events(since).await)?;
    let told = ["customer.subscription.created", "invoice.paid", "invoice.payment_failed", "credit_note.created"];
    let found = told.map(|wanted| events.iter().find(|event| event.event_type == wanted));
    let complete = found
        .iter()
        .all(|event| event.is_some_and(|event| !event.object_id.is_empty() && event.customer_id.starts_with("cus_")));
    let seen = found.map(|event| event.map(|event| (&event.event_type, &event.object_id, &event.customer_id)));
    scene.judge(names, complete, &seen);
    Some(())
}
