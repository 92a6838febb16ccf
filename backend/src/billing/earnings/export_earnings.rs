//! What subscriptions bring in, as a table to take along.

use super::{Earning, EarningFilter, store};
use crate::accounts::{self, StaffAct};
use crate::csv;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::invoices::csv::amount;

/// Rows that are read at once.
const BATCH: i64 = 1_000;

const HEAD: [&str; 11] = [
    "subscription",
    "customer",
    "license",
    "product",
    "plan",
    "seats",
    "interval",
    "currency",
    "a_month",
    "paid_since",
    "ended_on",
];

/// The subscriptions that a filter means as CSV; `None` for whoever may not see what they bring in.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn export_earnings(tx: &mut Tx, cx: &Cx, filter: &EarningFilter) -> Result<Option<String>, DbError> {
    if !accounts::staff_may_act(tx, cx, StaffAct::SeeRevenue).await? {
        return Ok(None);
    }
    let (mut table, mut after) = (csv::row(HEAD), None);
    loop {
        let rows = store::list_earnings(tx, &cx.vendor_id, filter, cx.now, after.as_ref(), BATCH).await?;
        let Some(last) = rows.last() else { return Ok(Some(table)) };
        after = Some(last.place());
        table.extend(rows.iter().map(line));
    }
}

fn line(it: &Earning) -> String {
    csv::row([
        it.id.to_string(),
        it.company.clone(),
        it.license_id.to_string(),
        it.product_name.clone(),
        it.plan_name.clone(),
        it.seats.to_string(),
        it.billing_interval.as_str().to_owned(),
        it.currency.as_str().to_ascii_uppercase(),
        amount(it.monthly().amount_minor, it.currency),
        it.earning_since.date().to_string(),
        it.ended_at.map_or_else(String::new, |at| at.date().to_string()),
    ])
}
