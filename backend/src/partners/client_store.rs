//! What the clients of partners have, in the database.

use super::RelationStatus;
use crate::clock::UnixMs;
use crate::db::{DbError, Tx, fetch_all, fetch_optional};
use crate::ids::{AccountId, LicenseId, RelationId, VendorId};

/// A client in its partner's list.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ListedClient {
    /// The relation.
    pub id: RelationId,
    /// Where it stands: invited or active.
    pub status: RelationStatus,
    /// The client's name for itself, once it has accepted; before that the partner's.
    pub company: String,
    /// Where the invitation went.
    pub email: String,
    /// How many of its licenses work now; 0 before it has accepted.
    pub licenses: i64,
    /// When it was made.
    pub created_at: UnixMs,
    /// When the invitation ends.
    pub expires_at: UnixMs,
    /// When it was accepted, or its account taken over.
    pub accepted_at: Option<UnixMs>,
}

/// A partner's clients and those that it has invited whose name or address is like `pattern`, newest first, at most
/// `limit` of those after `after`.
pub(super) async fn list_clients(
    tx: &mut Tx,
    (vendor_id, partner_id): (&VendorId, &AccountId),
    pattern: &str,
    after: Option<(UnixMs, &str)>,
    now: UnixMs,
    limit: i64,
) -> Result<Vec<ListedClient>, DbError> {
    let (at, id) = after.unwrap_or((UnixMs(i64::MAX), "~"));
    fetch_all!(
        tx,
        ListedClient,
        "SELECT r.id, r.status, COALESCE(a.company, r.company) AS company, r.email, r.created_at, r.expires_at, r.accepted_at,
                (SELECT COUNT(*) FROM licenses l
                 WHERE l.vendor_id = r.vendor_id AND l.account_id = r.client_id AND l.status = 'active'
                   AND l.vendor_standing = 'none' AND l.starts_at <= $3
                   AND (l.ends_at IS NULL OR l.ends_at > $3)) AS licenses
         FROM client_relations r
         LEFT JOIN accounts a ON a.vendor_id = r.vendor_id AND a.id = r.client_id
         WHERE r.vendor_id = $1 AND r.partner_id = $2
           AND (r.status = 'active' OR (r.status = 'invited' AND r.expires_at > $3))
           AND (r.created_at < $4 OR (r.created_at = $4 AND r.id < $5))
           AND ($6 = '%%' OR lower(COALESCE(a.company, r.company)) LIKE lower($6) ESCAPE '!'
                OR lower(r.email) LIKE lower($6) ESCAPE '!')
         ORDER BY r.created_at DESC, r.id DESC LIMIT $7",
        vendor_id,
        partner_id,
        now,
        at,
        id,
        pattern,
        limit
    )
}

/// Something that renews or ends soon, for the partner.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Renewal {
    /// The relation with the client.
    pub relation_id: RelationId,
    /// The client.
    pub company: String,
    /// The license.
    pub license_id: LicenseId,
    /// The client's name for it.
    pub license_name: String,
    /// What it is for.
    pub product_name: String,
    /// Under which plan.
    pub plan_name: String,
    /// When it renews or ends.
    pub due_at: UnixMs,
    /// Of a subscription, whether it ends then; `None` without one.
    pub is_cancelled: Option<bool>,
    /// Of a subscription, who pays.
    pub payer_id: Option<AccountId>,
    /// The end of the license, without a subscription; `None` where it is the end of updates that is due.
    pub ends_at: Option<UnixMs>,
}

impl Renewal {
    /// Its place in the list.
    #[must_use]
    pub fn place(&self) -> RenewalPlace {
        RenewalPlace { due_at: self.due_at, license_id: self.license_id.clone() }
    }
}

/// The key of a renewal in its list, from which the next page goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenewalPlace {
    due_at: UnixMs,
    license_id: LicenseId,
}

impl RenewalPlace {
    /// Reads a place from an address; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('.')?;
        Some(Self { due_at: UnixMs(at.parse().ok()?), license_id: LicenseId::from_untrusted(id) })
    }
}

impl std::fmt::Display for RenewalPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.due_at.0, self.license_id)
    }
}

/// What of a partner's clients renews or ends from `from` until before `until`, the soonest first.
pub(super) async fn list_renewals(
    tx: &mut Tx,
    vendor_id: &VendorId,
    partner_id: &AccountId,
    (from, until): (UnixMs, UnixMs),
    after: Option<&RenewalPlace>,
    limit: i64,
) -> Result<Vec<Renewal>, DbError> {
    let (at, id) = after.map_or((UnixMs(i64::MIN), ""), |place| (place.due_at, place.license_id.as_str()));
    fetch_all!(
        tx,
        Renewal,
        "SELECT due.relation_id, due.company, due.license_id, due.license_name, due.product_name, due.plan_name,
                due.due_at, due.is_cancelled, due.payer_id, due.ends_at
         FROM (SELECT r.id AS relation_id, a.company, l.id AS license_id, l.name AS license_name,
                      d.name AS product_name, p.name AS plan_name,
                      COALESCE(s.period_end, l.ends_at, l.updates_until) AS due_at,
                      s.cancel_at_period_end AS is_cancelled, s.account_id AS payer_id, l.ends_at
               FROM client_relations r
               JOIN accounts a ON a.vendor_id = r.vendor_id AND a.id = r.client_id
               JOIN licenses l ON l.vendor_id = r.vendor_id AND l.account_id = r.client_id
               JOIN plans p ON p.vendor_id = l.vendor_id AND p.id = l.plan_id
               JOIN products d ON d.vendor_id = l.vendor_id AND d.id = l.product_id
               LEFT JOIN subscriptions s ON s.vendor_id = l.vendor_id AND s.license_id = l.id AND s.ended_at IS NULL
               WHERE r.vendor_id = $1 AND r.partner_id = $2 AND r.status = 'active' AND l.status = 'active'
                 AND l.vendor_standing = 'none') due
         WHERE due.due_at >= $3 AND due.due_at < $4
           AND (due.due_at > $5 OR (due.due_at = $5 AND due.license_id > $6))
         ORDER BY due.due_at, due.license_id LIMIT $7",
        vendor_id,
        partner_id,
        from,
        until,
        at,
        id,
        limit
    )
}

/// Licenses that a client has and a subscription of the partner pays that still renews.
pub(super) async fn list_paid_for(
    tx: &mut Tx,
    vendor_id: &VendorId,
    partner_id: &AccountId,
    client_id: &AccountId,
) -> Result<Vec<LicenseId>, DbError> {
    let rows = fetch_all!(
        tx,
        (LicenseId,),
        "SELECT s.license_id FROM subscriptions s
         JOIN licenses l ON l.vendor_id = s.vendor_id AND l.id = s.license_id
         WHERE s.vendor_id = $1 AND s.account_id = $2 AND l.account_id = $3 AND s.ended_at IS NULL
           AND NOT s.cancel_at_period_end
         ORDER BY s.license_id",
        vendor_id,
        partner_id,
        client_id
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Whether an account has, or had, a license, or something was ordered by or for it that is paid or may still be.
pub(super) async fn was_ordered_for(tx: &mut Tx, vendor_id: &VendorId, id: &AccountId) -> Result<bool, DbError> {
    let found = fetch_optional!(
        tx,
        (String,),
        "SELECT l.id FROM licenses l WHERE l.vendor_id = $1 AND l.account_id = $2
         UNION ALL
         SELECT o.id FROM orders o
         WHERE o.vendor_id = $1 AND (o.account_id = $2 OR o.licensee_id = $2) AND o.status IN ('open', 'paid')
         LIMIT 1",
        vendor_id,
        id
    )?;
    Ok(found.is_some())
}
