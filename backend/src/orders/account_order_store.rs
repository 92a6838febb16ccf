//! Orders as an account sees them, in the database.

use super::{AccountOrder, AccountOrderFilter, OrderStatus};
use crate::db::{DbError, Tx, boxed, on};
use crate::ids::{AccountId, OrderId, RelationId, VendorId};
use crate::listing::TimePlace;

/// Orders with what they buy, and the partner that serves the client; with which of them.
macro_rules! seen {
    ($which:literal) => {
        concat!(
            "SELECT o.*, d.code AS product_code, d.name AS product_name, p.code AS plan_code, p.name AS plan_name,
                CASE WHEN r.status = 'active' AND t.ended_at IS NULL THEN r.partner_id END AS served_by
         FROM orders o
         JOIN plans p ON p.vendor_id = o.vendor_id AND p.id = o.plan_id
         JOIN products d ON d.vendor_id = p.vendor_id AND d.id = p.product_id
         LEFT JOIN client_relations r ON r.vendor_id = o.vendor_id AND r.id = o.relation_id
         LEFT JOIN partners t ON t.vendor_id = r.vendor_id AND t.account_id = r.partner_id
         WHERE ",
            $which
        )
    };
}

/// What an account pays, and, while it is a partner, what it has ordered for its clients: newest first, at most `limit` of
/// those after `after`.
pub(super) async fn list_of_account(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    filter: &AccountOrderFilter,
    after: Option<&TimePlace>,
    limit: i64,
) -> Result<Vec<AccountOrder>, DbError> {
    let (at, id) = TimePlace::bound(after);
    let query: &'static str = seen!(
        "o.vendor_id = $1
           AND (o.account_id = $2
                OR o.relation_id IN (SELECT l.id FROM client_relations l
                                     JOIN partners q ON q.vendor_id = l.vendor_id AND q.account_id = l.partner_id
                                     WHERE l.vendor_id = $1 AND l.partner_id = $2 AND l.status = 'active'
                                       AND q.ended_at IS NULL))
           AND ($3 = '' OR o.status = $3)
           AND ($4 = '' OR o.relation_id = $4 AND r.partner_id = $2 AND r.status = 'active' AND t.ended_at IS NULL)
           AND (o.created_at < $5 OR o.created_at = $5 AND o.id < $6)
         ORDER BY o.created_at DESC, o.id DESC LIMIT $7"
    );
    on!(tx, c => boxed(
        sqlx::query_as::<_, AccountOrder>(query)
            .bind(vendor_id)
            .bind(account_id)
            .bind(filter.status.map_or("", OrderStatus::as_str))
            .bind(filter.client.as_ref().map_or("", RelationId::as_str))
            .bind(at)
            .bind(id)
            .bind(limit)
            .fetch_all(c)
    ).await)
    .map_err(DbError::from)
}

/// One of these.
pub(super) async fn find_of_account(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    id: &OrderId,
) -> Result<Option<AccountOrder>, DbError> {
    let query: &'static str = seen!(
        "o.vendor_id = $1 AND o.id = $3
           AND (o.account_id = $2 OR r.partner_id = $2 AND r.status = 'active' AND t.ended_at IS NULL)"
    );
    on!(tx, c => boxed(
        sqlx::query_as::<_, AccountOrder>(query).bind(vendor_id).bind(account_id).bind(id).fetch_optional(c)
    ).await)
    .map_err(DbError::from)
}
