//! Cards and their changes in the database.

use super::{Card, CardOutcome, CardUpdate, rules};
use crate::billing::Subscription;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, JsonText, Tx, execute, fetch_all, fetch_optional};
use crate::ids::{AccountId, CardUpdateId, SubscriptionId, VendorId};

pub(crate) async fn set_card(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &SubscriptionId,
    card: Option<&Card>,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE subscriptions SET card = $3, card_ends_at = $4 WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        id,
        card.cloned().map(JsonText),
        card.and_then(rules::ends_at)
    )?;
    Ok(())
}

/// The account's subscriptions that are not over, oldest id first.
pub(crate) async fn list_living(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
) -> Result<Vec<Subscription>, DbError> {
    fetch_all!(
        tx,
        Subscription,
        "SELECT * FROM subscriptions WHERE vendor_id = $1 AND account_id = $2 AND ended_at IS NULL ORDER BY id",
        vendor_id,
        account_id
    )
}

/// Subscriptions that renew and whose card ends before `until`, after `after` in the order of their ids.
pub(crate) async fn list_with_ending_card(
    tx: &mut Tx,
    vendor_id: &VendorId,
    until: UnixMs,
    after: &str,
    limit: i64,
) -> Result<Vec<Subscription>, DbError> {
    fetch_all!(
        tx,
        Subscription,
        "SELECT * FROM subscriptions WHERE vendor_id = $1 AND card_ends_at < $2 AND ended_at IS NULL
         AND cancel_at_period_end = $3 AND id > $4 ORDER BY id LIMIT $5",
        vendor_id,
        until,
        false,
        after,
        limit
    )
}

pub(super) async fn insert_update(tx: &mut Tx, update: &CardUpdate) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO card_updates (id, vendor_id, account_id, license_id, user_id, for_all, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &update.id,
        &update.vendor_id,
        &update.account_id,
        &update.license_id,
        &update.user_id,
        update.for_all,
        update.created_at
    )?;
    Ok(())
}

pub(super) async fn set_session(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &CardUpdateId,
    session_id: &str,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE card_updates SET stripe_session_id = $3, lock_no = lock_no + 1 WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        id,
        session_id
    )?;
    Ok(())
}

pub(super) async fn find_update(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &CardUpdateId,
) -> Result<Option<CardUpdate>, DbError> {
    fetch_optional!(tx, CardUpdate, "SELECT * FROM card_updates WHERE vendor_id = $1 AND id = $2", vendor_id, id)
}

/// Changes of an account that were begun after this one and are finished: their card counts.
pub(super) async fn has_newer_finished(tx: &mut Tx, update: &CardUpdate) -> Result<bool, DbError> {
    let row = fetch_optional!(
        tx,
        (CardUpdateId,),
        "SELECT id FROM card_updates WHERE vendor_id = $1 AND account_id = $2 AND created_at > $3
         AND finished_at IS NOT NULL AND outcome IS NOT NULL AND (license_id = $4 OR for_all = $5) LIMIT 1",
        &update.vendor_id,
        &update.account_id,
        update.created_at,
        &update.license_id,
        true
    )?;
    Ok(row.is_some())
}

/// Notes what a change came to, unless somebody did already: `true` when it is news.
pub(super) async fn finish_update(
    tx: &mut Tx,
    cx: &Cx,
    id: &CardUpdateId,
    outcome: Option<CardOutcome>,
    payment_url: Option<&str>,
) -> Result<bool, DbError> {
    let changed = execute!(
        tx,
        "UPDATE card_updates SET outcome = $3, payment_url = $4, finished_at = $5, lock_no = lock_no + 1
         WHERE vendor_id = $1 AND id = $2 AND finished_at IS NULL",
        &cx.vendor_id,
        id,
        outcome,
        payment_url,
        cx.now
    )?;
    Ok(changed == 1)
}

/// Changes that were begun and not finished, oldest first: what the reconciler asks Stripe about.
pub(super) async fn list_unfinished(tx: &mut Tx, vendor_id: &VendorId, limit: i64) -> Result<Vec<CardUpdate>, DbError> {
    fetch_all!(
        tx,
        CardUpdate,
        "SELECT * FROM card_updates WHERE vendor_id = $1 AND finished_at IS NULL ORDER BY created_at, id LIMIT $2",
        vendor_id,
        limit
    )
}
