//! Reminding: one round over what is unpaid, which cards end, and which updates do. Each letter is sent once.

use super::cards::{self, Card};
use super::dunning::{self, rules as dunning_rules};
use super::maintenance;
use crate::clock::{HOUR_MS, UnixMs};
use crate::cx::Cx;
use crate::db::{Db, DbError, Tx};
use crate::ids::{LicenseId, SubscriptionId};
use crate::keys::MasterKey;
use crate::mail::{self, Sender};
use crate::text::en::renewal_mail as words;
use crate::{accounts, events, licenses};

/// How often a round is made.
pub const REMIND_EVERY_MS: i64 = HOUR_MS;
/// Rows that are looked at in one read.
const BATCH: i64 = 200;

/// What a round sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reminded {
    /// Reminders of overdue payments.
    pub payments: u64,
    /// Warnings of cards that end.
    pub cards: u64,
    /// Reminders of updates that end.
    pub updates: u64,
}

/// Makes one round. Letters are queued in the transaction that notes them, so a round that dies half-way is
/// continued by the next one.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn remind(db: &Db, master: &MasterKey, cx: &Cx) -> Result<Reminded, DbError> {
    Ok(Reminded {
        payments: remind_of_payments(db, master, cx).await?,
        cards: warn_of_cards(db, master, cx).await?,
        updates: remind_of_updates(db, master, cx).await?,
    })
}

async fn remind_of_payments(db: &Db, master: &MasterKey, cx: &Cx) -> Result<u64, DbError> {
    let (mut sent, mut after) = (0, String::new());
    loop {
        let (vendor_id, from) = (cx.vendor_id.clone(), after);
        let rows = db
            .read(|tx| Box::pin(async move { dunning::store::list_behind(tx, &vendor_id, &from, BATCH).await }))
            .await?;
        let Some(last) = rows.last() else { return Ok(sent) };
        after = last.id.to_string();
        for row in rows {
            let (tx_cx, tx_master, license_id) = (cx.clone(), master.clone(), row.license_id);
            let work = db
                .write(move |tx| Box::pin(async move { remind_of_payment(tx, &tx_cx, &tx_master, &license_id).await }));
            sent += u64::from(work.await?);
        }
    }
}

async fn remind_of_payment(tx: &mut Tx, cx: &Cx, master: &MasterKey, id: &LicenseId) -> Result<bool, DbError> {
    // Both again, inside the transaction: it may have been paid since the list was read.
    let Some(row) = super::find_subscription_of_license(tx, &cx.vendor_id, id).await? else { return Ok(false) };
    let Some(view) = licenses::find_license(tx, &cx.vendor_id, id).await? else { return Ok(false) };
    let (Some(since), Some(grace_end)) = (row.past_due_since, view.license.ends_at) else { return Ok(false) };
    if licenses::rules::standing(&view.license, cx.now).is_err() {
        return Ok(false);
    }
    match dunning_rules::reminder_due(since, grace_end, cx.now) {
        Some(reminder) => dunning::mail_reminder(tx, cx, master, &row, reminder, grace_end).await,
        None => Ok(false),
    }
}

async fn warn_of_cards(db: &Db, master: &MasterKey, cx: &Cx) -> Result<u64, DbError> {
    let (mut sent, mut after) = (0, String::new());
    let until = cx.now.plus(cards::rules::CARD_NOTICE_MS + 1);
    loop {
        let (vendor_id, from) = (cx.vendor_id.clone(), after);
        let rows = db
            .read(|tx| {
                Box::pin(async move { cards::store::list_with_ending_card(tx, &vendor_id, until, &from, BATCH).await })
            })
            .await?;
        let Some(last) = rows.last() else { return Ok(sent) };
        after = last.id.to_string();
        for row in rows {
            let (Some(card), Some(ends_at)) = (row.card, row.card_ends_at) else { continue };
            let Some(days) = cards::rules::warning_due(ends_at, cx.now) else { continue };
            let warning = CardWarning {
                subscription_id: row.id,
                license_id: row.license_id,
                account_id: row.account_id,
                card: card.0,
                days,
                charged_at: row.period_end,
            };
            let (tx_cx, tx_master) = (cx.clone(), master.clone());
            let work =
                db.write(move |tx| Box::pin(async move { warn_of_card(tx, &tx_cx, &tx_master, &warning).await }));
            sent += u64::from(work.await?);
        }
    }
}

struct CardWarning {
    subscription_id: SubscriptionId,
    license_id: LicenseId,
    account_id: crate::ids::AccountId,
    card: Card,
    days: i64,
    charged_at: UnixMs,
}

/// One letter for a card, however many subscriptions it pays.
async fn warn_of_card(tx: &mut Tx, cx: &Cx, master: &MasterKey, warning: &CardWarning) -> Result<bool, DbError> {
    let CardWarning { card, days, .. } = warning;
    let about = events::About { account_id: Some(&warning.account_id), ..events::About::default() };
    let key = format!("{}/{}-{}/{days}", card.payment_method_id, card.exp_year, card.exp_month);
    let data = serde_json::json!({
        "brand": card.brand, "last4": card.last4, "exp_month": card.exp_month, "exp_year": card.exp_year,
        "subscription_id": warning.subscription_id,
    });
    if !events::record_once(tx, cx, "payment.card_ending", about, &key, &data).await? {
        return Ok(false);
    }
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(false) };
    let Some(account) = accounts::find_account(tx, &cx.vendor_id, &warning.account_id).await? else {
        return Ok(false);
    };
    let page = format!("{}/licenses/{}/card", sender.origin, warning.license_id);
    let letter = words::card_ends(&sender, card, warning.charged_at, &page);
    mail::enqueue(tx, cx, master, &sender.mail(&account.billing_email, &account.company, letter)).await?;
    Ok(true)
}

async fn remind_of_updates(db: &Db, master: &MasterKey, cx: &Cx) -> Result<u64, DbError> {
    let (mut sent, mut after) = (0, String::new());
    loop {
        let (vendor_id, from, now) = (cx.vendor_id.clone(), after, cx.now);
        let ids = db
            .read(|tx| {
                Box::pin(
                    async move { maintenance::store::list_ending_updates(tx, &vendor_id, now, &from, BATCH).await },
                )
            })
            .await?;
        let Some(last) = ids.last() else { return Ok(sent) };
        after = last.to_string();
        for id in ids {
            let (tx_cx, tx_master) = (cx.clone(), master.clone());
            let work = db.write(move |tx| {
                Box::pin(async move { maintenance::remind_of_end(tx, &tx_cx, &tx_master, &id).await })
            });
            sent += u64::from(work.await?);
        }
    }
}
