//! What an account has to act on, in the database.

use crate::billing::cards::Card;
use crate::clock::UnixMs;
use crate::db::{DbError, JsonText, Tx, fetch_all};
use crate::ids::{AccountId, LicenseId, VendorId};
use crate::licenses::LicenseStatus;

#[derive(sqlx::FromRow)]
pub(super) struct BehindRow {
    pub(super) license_id: LicenseId,
    pub(super) licensee_id: AccountId,
    pub(super) license_name: String,
    pub(super) product_name: String,
    pub(super) plan_name: String,
    pub(super) status: LicenseStatus,
    pub(super) status_reason: String,
    pub(super) ends_at: Option<UnixMs>,
}

pub(super) async fn list_behind(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    limit: i64,
) -> Result<Vec<BehindRow>, DbError> {
    fetch_all!(
        tx,
        BehindRow,
        "SELECT l.id AS license_id, l.account_id AS licensee_id, l.name AS license_name, r.name AS product_name,
                p.name AS plan_name, l.status, l.status_reason, l.ends_at
         FROM subscriptions s
         JOIN licenses l ON l.vendor_id = s.vendor_id AND l.id = s.license_id
         JOIN products r ON r.vendor_id = l.vendor_id AND r.id = l.product_id
         JOIN plans p ON p.vendor_id = l.vendor_id AND p.id = l.plan_id
         WHERE s.vendor_id = $1 AND s.account_id = $2 AND s.past_due_since IS NOT NULL AND s.ended_at IS NULL
         ORDER BY s.past_due_since, s.id LIMIT $3",
        vendor_id,
        account_id,
        limit
    )
}

#[derive(sqlx::FromRow)]
pub(super) struct EndingCardRow {
    pub(super) license_id: LicenseId,
    pub(super) card: JsonText<Card>,
    pub(super) card_ends_at: UnixMs,
    pub(super) period_end: UnixMs,
}

pub(super) async fn list_ending_cards(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    until: UnixMs,
    limit: i64,
) -> Result<Vec<EndingCardRow>, DbError> {
    fetch_all!(
        tx,
        EndingCardRow,
        "SELECT license_id, card, card_ends_at, period_end FROM subscriptions
         WHERE vendor_id = $1 AND account_id = $2 AND card_ends_at < $3 AND ended_at IS NULL
           AND past_due_since IS NULL AND cancel_at_period_end = $4
         ORDER BY card_ends_at, id LIMIT $5",
        vendor_id,
        account_id,
        until,
        false,
        limit
    )
}

#[derive(sqlx::FromRow)]
pub(super) struct EndingUpdatesRow {
    pub(super) license_id: LicenseId,
    pub(super) license_name: String,
    pub(super) product_name: String,
    pub(super) plan_name: String,
    pub(super) updates_until: UnixMs,
}

pub(super) async fn list_ending_updates(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    now: UnixMs,
    until: UnixMs,
    limit: i64,
) -> Result<Vec<EndingUpdatesRow>, DbError> {
    fetch_all!(
        tx,
        EndingUpdatesRow,
        "SELECT l.id AS license_id, l.name AS license_name, r.name AS product_name, p.name AS plan_name,
                l.updates_until
         FROM licenses l
         JOIN products r ON r.vendor_id = l.vendor_id AND r.id = l.product_id
         JOIN plans p ON p.vendor_id = l.vendor_id AND p.id = l.plan_id
         WHERE l.vendor_id = $1 AND l.account_id = $2 AND l.updates_until > $3 AND l.updates_until <= $4
           AND l.status = 'active' AND l.vendor_standing = 'none'
         ORDER BY l.updates_until, l.id LIMIT $5",
        vendor_id,
        account_id,
        now,
        until,
        limit
    )
}
