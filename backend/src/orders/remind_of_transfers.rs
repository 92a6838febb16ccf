//! Reminding accounts of transfers that are due: three days before, on the day, and a week after.

use crate::accounts;
use crate::billing::Commerce;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::invoices::transfers::{self, Transfer};
use crate::invoices::{self};
use crate::mail::{self, Sender};
use crate::text::en::order_mail as letters;

const BATCH: i64 = 200;

/// Sends the reminders that are due, each once; answers how many.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(super) async fn remind_of_transfers(commerce: &Commerce, cx: &Cx) -> Result<u64, DbError> {
    let (vendor_id, now) = (cx.vendor_id.clone(), cx.now);
    let awaited = commerce
        .db
        .read(|tx| Box::pin(async move { transfers::list_to_remind(tx, &vendor_id, now, BATCH).await }))
        .await?;
    let mut sent = 0;
    for transfer in awaited {
        let (tx_cx, commerce) = (cx.clone(), commerce.clone());
        let db = commerce.db.clone();
        sent += u64::from(
            db.write(move |tx| Box::pin(async move { remind(tx, &commerce, &tx_cx, &transfer).await })).await?,
        );
    }
    Ok(sent)
}

/// `true` when a mail was queued.
async fn remind(tx: &mut Tx, commerce: &Commerce, cx: &Cx, seen: &Transfer) -> Result<bool, DbError> {
    let Some(transfer) = transfers::lock_transfer(tx, &cx.vendor_id, &seen.stripe_invoice_id).await? else {
        return Ok(false);
    };
    let Some((stage, reached)) = transfers::reminder_due(&transfer, cx.now) else { return Ok(false) };
    transfers::set_reminded(tx, &transfer, reached).await?;
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(false) };
    let Some(account) = accounts::find_account(tx, &cx.vendor_id, &transfer.account_id).await? else {
        return Ok(false);
    };
    let Some(invoice) = invoices::store::find_by_stripe_id(tx, &cx.vendor_id, &transfer.stripe_invoice_id).await?
    else {
        return Ok(false);
    };
    let page = format!("{}/invoices/{}/transfer", sender.origin, invoice.id);
    let letter = letters::transfer_reminder(&sender, stage, &invoice.number, &transfer, &page);
    mail::enqueue(tx, cx, &commerce.master, &sender.mail(&account.billing_email, &account.company, letter)).await?;
    Ok(true)
}
