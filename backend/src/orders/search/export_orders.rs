//! Orders as a table to take along.

use super::{ListedOrder, OrderFilter, store};
use crate::accounts::{self, StaffAct};
use crate::csv;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::invoices::csv::amount;

/// Rows that are read at once.
const BATCH: i64 = 1_000;

const HEAD: [&str; 15] = [
    "order",
    "placed_on",
    "paid_on",
    "status",
    "payment",
    "kind",
    "customer",
    "product",
    "plan",
    "seats",
    "license",
    "promotion_code",
    "currency",
    "amount",
    "partner",
];

/// The orders that pass a filter as CSV, newest first; `None` for whoever may not see them.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn export_orders(tx: &mut Tx, cx: &Cx, filter: &OrderFilter) -> Result<Option<String>, DbError> {
    if !accounts::staff_may_act(tx, cx, StaffAct::See).await? {
        return Ok(None);
    }
    let (mut table, mut after) = (csv::row(HEAD), None);
    loop {
        let rows = store::search_orders(tx, &cx.vendor_id, filter, after.as_ref(), BATCH).await?;
        let Some(last) = rows.last() else { return Ok(Some(table)) };
        after = Some(last.place());
        table.extend(rows.iter().map(line));
    }
}

fn line(it: &ListedOrder) -> String {
    csv::row([
        it.id.to_string(),
        it.created_at.date().to_string(),
        it.paid_at.map_or_else(String::new, |at| at.date().to_string()),
        it.status.as_str().to_owned(),
        it.payment.as_str().to_owned(),
        it.kind.as_str().to_owned(),
        it.company.clone(),
        it.product_name.clone(),
        it.plan_name.clone(),
        it.seats.to_string(),
        it.license_id.as_ref().map_or_else(String::new, ToString::to_string),
        it.promotion_code.clone().unwrap_or_default(),
        it.currency.as_str().to_ascii_uppercase(),
        amount(it.amount_minor, it.currency),
        it.partner.clone().unwrap_or_default(),
    ])
}
