//! The orders that an account sees: what it pays, and, while it is a partner, what it has ordered for its clients.

use super::{Order, OrderStatus, account_order_store};
use crate::accounts::{self, Act};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, OrderId, RelationId};
use crate::listing::TimePlace;

/// Which orders a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountOrderFilter {
    /// Where they stand.
    pub status: Option<OrderStatus>,
    /// For which client they were ordered, by the relation with it.
    pub client: Option<RelationId>,
}

/// An order with the names of what it buys.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AccountOrder {
    /// The order.
    #[sqlx(flatten)]
    pub order: Order,
    /// The product's code.
    pub product_code: String,
    /// The product's name.
    pub product_name: String,
    /// The plan's code.
    pub plan_code: String,
    /// The plan's name.
    pub plan_name: String,
    /// The partner that ordered it for its client, while their relation lasts.
    pub served_by: Option<AccountId>,
}

impl AccountOrder {
    /// Its place in the list.
    #[must_use]
    pub fn place(&self) -> TimePlace {
        TimePlace::new(self.order.created_at, self.order.id.as_str())
    }

    /// The relation with the client that it is for, where this account has ordered it and the relation lasts.
    #[must_use]
    pub fn relation_of(&self, account_id: &AccountId) -> Option<&RelationId> {
        self.order.relation_id.as_ref().filter(|_| self.served_by.as_ref() == Some(account_id))
    }

    /// Whether this account pays it.
    #[must_use]
    pub fn is_paid_by(&self, account_id: &AccountId) -> bool {
        self.order.account_id == *account_id
    }

    /// Whether this account sees whose the license is: its own, or its client's while the relation lasts.
    #[must_use]
    pub fn shows_licensee_to(&self, account_id: &AccountId) -> bool {
        self.order.licensee() == account_id || self.relation_of(account_id).is_some()
    }
}

/// The orders that an account sees, newest first, at most `limit` of those after `after`; `None` for whoever may not look
/// at its orders.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_account_orders(
    tx: &mut Tx,
    cx: &Cx,
    account_id: &AccountId,
    filter: &AccountOrderFilter,
    after: Option<&TimePlace>,
    limit: i64,
) -> Result<Option<Vec<AccountOrder>>, DbError> {
    if !accounts::may_act(tx, cx, account_id, Act::SeeInvoices).await? {
        return Ok(None);
    }
    account_order_store::list_of_account(tx, &cx.vendor_id, account_id, filter, after, limit).await.map(Some)
}

/// An order that an account sees, for whoever may look at its orders.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_account_order(
    tx: &mut Tx,
    cx: &Cx,
    account_id: &AccountId,
    id: &OrderId,
) -> Result<Option<AccountOrder>, DbError> {
    if !accounts::may_act(tx, cx, account_id, Act::SeeInvoices).await? {
        return Ok(None);
    }
    account_order_store::find_of_account(tx, &cx.vendor_id, account_id, id).await
}
