//! The mail about a payout, to where the partner's invoices go.

use super::{Month, Payout};
use crate::accounts::Account;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::keys::MasterKey;
use crate::mail::{self, Sender};
use crate::text::en::commission_mail as letters;

pub(super) async fn paid_out(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account: &Account,
    payout: &Payout,
) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let page = format!("{}/partner/commissions/{}", sender.origin, Month::of(payout.created_at));
    let letter = letters::paid_out(&sender, payout, &page);
    mail::enqueue(tx, cx, master, &sender.mail(&account.billing_email, &account.company, letter)).await
}
