//! Telling an account of a payment that failed, and of what became of it. Who has the license is told apart where a
//! partner pays for it, of what it means for the license and of nothing else.

use super::rules::{Reminder, Turn};
use super::{Owed, store};
use crate::accounts::{self, Role};
use crate::billing::Subscription;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::keys::MasterKey;
use crate::mail::{self, Letter, Sender};
use crate::text::en::partner_mail;
use crate::text::en::renewal_mail::{self as words, PaymentFacts};
use crate::{events, licenses};

/// A turn, with what the letter needs to say of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turned {
    /// What happened.
    pub(crate) turn: Turn,
    /// Until when everything works.
    pub(crate) works_until: Option<UnixMs>,
    /// The bank wants its holder to confirm the payment.
    pub(crate) awaits_confirmation: bool,
    /// It is paid by transfer.
    pub(crate) by_transfer: bool,
}

/// Records a turn and queues its letter.
pub(crate) async fn mail_turn(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    row: &Subscription,
    turned: &Turned,
) -> Result<(), DbError> {
    let about =
        events::About { account_id: Some(&row.account_id), license_id: Some(&row.license_id), instance_id: None };
    let data = serde_json::json!({
        "works_until": turned.works_until.map(|at| at.timestamp().to_string()),
        "awaits_confirmation": turned.awaits_confirmation,
    });
    // What happens to the license has its own event; this one is about the money.
    match turned.turn {
        Turn::Failed => events::record(tx, cx, "payment.failed", about, &data).await?,
        Turn::Settled | Turn::Restored => events::record(tx, cx, "payment.settled", about, &data).await?,
        Turn::Suspended => {}
    }
    let turned = *turned;
    tell_licensee(tx, cx, master, row, turned.turn).await?;
    send(tx, cx, master, row, move |sender, facts| match (turned.turn, turned.works_until) {
        (Turn::Failed, Some(until)) if turned.awaits_confirmation => words::confirm_payment(sender, facts, until),
        (Turn::Failed, Some(until)) if turned.by_transfer => words::transfer_missing(sender, facts, until),
        (Turn::Failed, Some(until)) => words::payment_failed(sender, facts, until),
        (Turn::Failed | Turn::Suspended, _) => words::suspended(sender, facts),
        (Turn::Settled, _) => words::settled(sender, facts),
        (Turn::Restored, _) => words::restored(sender, facts),
    })
    .await
}

/// Queues a reminder, once for each overdue payment; answers whether it was this time.
pub(crate) async fn mail_reminder(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    row: &Subscription,
    reminder: Reminder,
    works_until: UnixMs,
) -> Result<bool, DbError> {
    let about =
        events::About { account_id: Some(&row.account_id), license_id: Some(&row.license_id), instance_id: None };
    let since = row.past_due_since.map_or(0, |at| at.0);
    let key = format!("{}/{since}", reminder.as_str());
    let data = serde_json::json!({ "reminder": reminder.as_str(), "works_until": works_until.timestamp().to_string() });
    if !events::record_once(tx, cx, "payment.reminded", about, &key, &data).await? {
        return Ok(false);
    }
    send(tx, cx, master, row, move |sender, facts| match reminder {
        Reminder::Halfway => words::still_unpaid(sender, facts, works_until),
        Reminder::LastDays => words::about_to_stop(sender, facts, works_until),
    })
    .await?;
    Ok(true)
}

/// Tells the owners of a license that stops, or works again, because of who pays for it.
async fn tell_licensee(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    row: &Subscription,
    turn: Turn,
) -> Result<(), DbError> {
    let is_suspended = match turn {
        Turn::Suspended => true,
        Turn::Restored => false,
        Turn::Failed | Turn::Settled => return Ok(()),
    };
    let view = licenses::find_license(tx, &cx.vendor_id, &row.license_id).await?;
    let Some(view) = view.filter(|view| view.license.account_id != row.account_id) else { return Ok(()) };
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let letter = partner_mail::partner_has_not_paid(&sender, &view, is_suspended);
    for (user, role) in accounts::list_members(tx, &cx.vendor_id, &view.license.account_id).await? {
        if role == Role::Owner {
            mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter.clone())).await?;
        }
    }
    Ok(())
}

async fn send(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    row: &Subscription,
    write: impl FnOnce(&Sender, &PaymentFacts<'_>) -> Letter + Send,
) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let Some(account) = accounts::find_account(tx, &cx.vendor_id, &row.account_id).await? else { return Ok(()) };
    let Some(view) = licenses::find_license(tx, &cx.vendor_id, &row.license_id).await? else { return Ok(()) };
    let owed: Option<Owed> = store::find_owed(tx, &cx.vendor_id, &row.license_id).await?;
    // Its own page is for who has the license.
    let pays_for_client = view.license.account_id != row.account_id;
    let letter = write(&sender, &PaymentFacts { view: &view, owed: owed.as_ref(), pays_for_client });
    mail::enqueue(tx, cx, master, &sender.mail(&account.billing_email, &account.company, letter)).await
}
