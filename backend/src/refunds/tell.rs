//! Mails to the account about what is given back.

use super::{Dispute, DisputeStatus, Refund};
use crate::billing::Commerce;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::invoices::{CreditNote, Invoice};
use crate::mail::{self, Letter, Sender};
use crate::text::en::refunds as letters;

async fn send(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    invoice: &Invoice,
    letter: impl FnOnce(&Sender) -> Letter + Send,
) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let buyer = &invoice.parties.0.buyer;
    let letter = letter(&sender);
    mail::enqueue(tx, cx, &commerce.master, &sender.mail(&buyer.email, &buyer.name, letter)).await
}

pub(super) async fn refunded(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    invoice: &Invoice,
    refund: &Refund,
) -> Result<(), DbError> {
    let is_whole = refund.amount_minor >= invoice.paid_minor;
    send(tx, commerce, cx, invoice, |sender| letters::refunded(sender, &invoice.number, refund.amount(), is_whole))
        .await
}

pub(super) async fn refund_failed(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    invoice: &Invoice,
    refund: &Refund,
) -> Result<(), DbError> {
    send(tx, commerce, cx, invoice, |sender| letters::refund_failed(sender, &invoice.number, refund.amount())).await
}

pub(super) async fn dispute(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    invoice: &Invoice,
    dispute: &Dispute,
) -> Result<(), DbError> {
    let (number, amount) = (&invoice.number, dispute.amount());
    send(tx, commerce, cx, invoice, |sender| match dispute.status {
        DisputeStatus::Inquiry | DisputeStatus::Open => letters::dispute_opened(sender, number, amount),
        DisputeStatus::Won => letters::dispute_won(sender, number, amount),
        DisputeStatus::Lost => letters::dispute_lost(sender, number, amount),
    })
    .await
}

pub(crate) async fn credit_note(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    invoice: &Invoice,
    note: &CreditNote,
) -> Result<(), DbError> {
    send(tx, commerce, cx, invoice, |sender| letters::credit_note(sender, note, &invoice.number)).await
}
