//! Partners and relations in the database.

use super::{Partner, PartnerName, PartnerTerms, Relation, RelationStatus};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_optional};
use crate::ids::{AccountId, RelationId, VendorId};

/// The partner that this account is, or was.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_partner(tx: &mut Tx, vendor_id: &VendorId, id: &AccountId) -> Result<Option<Partner>, DbError> {
    fetch_optional!(tx, Partner, "SELECT * FROM partners WHERE vendor_id = $1 AND account_id = $2", vendor_id, id)
}

pub(crate) async fn lock_partner(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &AccountId,
) -> Result<Option<Partner>, DbError> {
    fetch_optional!(
        tx,
        Partner,
        "UPDATE partners SET lock_no = lock_no + 1 WHERE vendor_id = $1 AND account_id = $2 RETURNING *",
        vendor_id,
        id
    )
}

/// The partners that there are or were, by name.
pub(super) async fn list_partner_names(
    tx: &mut Tx,
    vendor_id: &VendorId,
    limit: i64,
) -> Result<Vec<PartnerName>, DbError> {
    fetch_all!(
        tx,
        PartnerName,
        "SELECT p.account_id, a.company, p.ended_at FROM partners p
         JOIN accounts a ON a.vendor_id = p.vendor_id AND a.id = p.account_id
         WHERE p.vendor_id = $1 ORDER BY a.company, p.account_id LIMIT $2",
        vendor_id,
        limit
    )
}

/// Writes terms; who was a partner before is one again. The caller holds the account's lock.
pub(super) async fn upsert_partner(
    tx: &mut Tx,
    cx: &Cx,
    id: &AccountId,
    terms: PartnerTerms,
    since: UnixMs,
) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO partners (vendor_id, account_id, commission_bp, discount_bp, days_until_due, since)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (account_id) DO UPDATE SET commission_bp = excluded.commission_bp,
             discount_bp = excluded.discount_bp, days_until_due = excluded.days_until_due, since = excluded.since,
             ended_at = NULL, lock_no = partners.lock_no + 1",
        &cx.vendor_id,
        id,
        terms.commission_bp,
        terms.discount_bp,
        terms.days_until_due,
        since
    )?;
    Ok(())
}

/// Writes that a partnership is over. The caller holds its lock.
pub(super) async fn set_partner_ended(tx: &mut Tx, cx: &Cx, id: &AccountId) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE partners SET ended_at = $3 WHERE vendor_id = $1 AND account_id = $2",
        &cx.vendor_id,
        id,
        cx.now
    )?;
    Ok(())
}

/// A relation of this vendor, whoever asks.
pub(super) async fn find_relation(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &RelationId,
) -> Result<Option<Relation>, DbError> {
    fetch_optional!(tx, Relation, "SELECT * FROM client_relations WHERE vendor_id = $1 AND id = $2", vendor_id, id)
}

pub(super) async fn lock_relation(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &RelationId,
) -> Result<Option<Relation>, DbError> {
    fetch_optional!(
        tx,
        Relation,
        "UPDATE client_relations SET lock_no = lock_no + 1 WHERE vendor_id = $1 AND id = $2 RETURNING *",
        vendor_id,
        id
    )
}

/// Inserts an invitation, unless another one of the partner's to the same address waits: then `false`.
pub(super) async fn insert_relation(tx: &mut Tx, relation: &Relation) -> Result<bool, DbError> {
    let inserted = execute!(
        tx,
        "INSERT INTO client_relations (id, vendor_id, partner_id, company, email, email_key, status, invited_by,
                                       created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (partner_id, email_key) WHERE status = 'invited' DO NOTHING",
        &relation.id,
        &relation.vendor_id,
        &relation.partner_id,
        &relation.company,
        &relation.email,
        &relation.email_key,
        relation.status,
        relation.invited_by.as_ref(),
        relation.created_at,
        relation.expires_at
    )?;
    Ok(inserted == 1)
}

/// Writes back what may change in a relation's life. The caller holds its lock.
pub(super) async fn update_relation(tx: &mut Tx, relation: &Relation) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE client_relations SET status = $3, client_id = $4, accepted_by = $5, accepted_at = $6, ended_at = $7
         WHERE vendor_id = $1 AND id = $2",
        &relation.vendor_id,
        &relation.id,
        relation.status,
        relation.client_id.as_ref(),
        relation.accepted_by.as_ref(),
        relation.accepted_at,
        relation.ended_at
    )?;
    Ok(())
}

/// Writes that a partner's invitations to an address are overdue, so that another can be made.
pub(super) async fn close_overdue(
    tx: &mut Tx,
    cx: &Cx,
    partner_id: &AccountId,
    email_key: &str,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE client_relations SET status = $5, ended_at = expires_at
         WHERE vendor_id = $1 AND partner_id = $2 AND email_key = $3 AND status = 'invited' AND expires_at <= $4",
        &cx.vendor_id,
        partner_id,
        email_key,
        cx.now,
        RelationStatus::Withdrawn
    )?;
    Ok(())
}

/// The relation of a partner with a client, while it lasts.
pub(super) async fn find_active(
    tx: &mut Tx,
    vendor_id: &VendorId,
    partner_id: &AccountId,
    client_id: &AccountId,
) -> Result<Option<Relation>, DbError> {
    fetch_optional!(
        tx,
        Relation,
        "SELECT * FROM client_relations
         WHERE vendor_id = $1 AND partner_id = $2 AND client_id = $3 AND status = 'active'",
        vendor_id,
        partner_id,
        client_id
    )
}

/// A partner's relation that lasts and began with an invitation to this address.
pub(super) async fn find_active_by_email(
    tx: &mut Tx,
    vendor_id: &VendorId,
    partner_id: &AccountId,
    email_key: &str,
) -> Result<Option<Relation>, DbError> {
    fetch_optional!(
        tx,
        Relation,
        "SELECT * FROM client_relations
         WHERE vendor_id = $1 AND partner_id = $2 AND email_key = $3 AND status = 'active' LIMIT 1",
        vendor_id,
        partner_id,
        email_key
    )
}

/// The relation whose partner has made this account, while nobody has taken it over.
pub(super) async fn find_awaiting(
    tx: &mut Tx,
    vendor_id: &VendorId,
    client_id: &AccountId,
) -> Result<Option<Relation>, DbError> {
    fetch_optional!(
        tx,
        Relation,
        "SELECT * FROM client_relations
         WHERE vendor_id = $1 AND client_id = $2 AND status = 'active' AND accepted_at IS NULL
         ORDER BY created_at, id LIMIT 1",
        vendor_id,
        client_id
    )
}

/// Writes until when whoever was asked can take an account over. The caller holds the relation's lock.
pub(super) async fn update_expiry(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &RelationId,
    expires_at: UnixMs,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE client_relations SET expires_at = $3 WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        id,
        expires_at
    )?;
    Ok(())
}

/// Writes whom a partner asks. The caller holds the relation's lock.
pub(super) async fn update_email(tx: &mut Tx, relation: &Relation) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE client_relations SET email = $3, email_key = $4 WHERE vendor_id = $1 AND id = $2",
        &relation.vendor_id,
        &relation.id,
        &relation.email,
        &relation.email_key
    )?;
    Ok(())
}

/// A partner's relations that are not over, in the order in which they are locked.
pub(super) async fn list_living(
    tx: &mut Tx,
    vendor_id: &VendorId,
    partner_id: &AccountId,
) -> Result<Vec<Relation>, DbError> {
    fetch_all!(
        tx,
        Relation,
        "SELECT * FROM client_relations
         WHERE vendor_id = $1 AND partner_id = $2 AND status IN ('invited', 'active') ORDER BY id",
        vendor_id,
        partner_id
    )
}

/// A partner of a client.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PartnerOf {
    /// The relation.
    pub id: RelationId,
    /// The partner.
    pub partner_id: AccountId,
    /// Its name.
    pub company: String,
    /// Since when.
    pub accepted_at: UnixMs,
}

pub(super) async fn list_partners_of(
    tx: &mut Tx,
    vendor_id: &VendorId,
    client_id: &AccountId,
) -> Result<Vec<PartnerOf>, DbError> {
    fetch_all!(
        tx,
        PartnerOf,
        "SELECT r.id, r.partner_id, a.company, COALESCE(r.accepted_at, r.created_at) AS accepted_at
         FROM client_relations r
         JOIN accounts a ON a.vendor_id = r.vendor_id AND a.id = r.partner_id
         WHERE r.vendor_id = $1 AND r.client_id = $2 AND r.status = 'active' ORDER BY 4, r.id",
        vendor_id,
        client_id
    )
}
