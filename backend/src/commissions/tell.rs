//! The mails about payouts, to where the partner's invoices go.

use super::{Month, Payout};
use crate::accounts::Account;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::keys::MasterKey;
use crate::mail::{self, Letter, Sender};
use crate::text::en::commission_mail as letters;

pub(super) async fn paid_out(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account: &Account,
    payout: &Payout,
) -> Result<(), DbError> {
    send(tx, cx, master, account, payout, letters::paid_out).await
}

/// A payout is taken back.
pub(super) async fn payout_reversed(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account: &Account,
    reversal: &Payout,
) -> Result<(), DbError> {
    send(tx, cx, master, account, reversal, letters::payout_reversed).await
}

async fn send(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account: &Account,
    payout: &Payout,
    letter: fn(&Sender, &Payout, &str) -> Letter,
) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let page = format!("{}/partner/commissions/{}", sender.origin, Month::of(payout.created_at));
    let letter = letter(&sender, payout, &page);
    mail::enqueue(tx, cx, master, &sender.mail(&account.billing_email, &account.company, letter)).await
}
