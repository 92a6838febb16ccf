//! A partner's clients as a table to take along.

use super::RelationStatus;
use super::client_store::ListedClient;
use super::look_at_client::{ClientPlace, search_clients};
use crate::csv;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::AccountId;

/// Rows that are read at once.
const BATCH: i64 = 1_000;

const HEAD: [&str; 5] = ["client", "email", "standing", "licenses", "since"];

/// A partner's clients that pass a search as CSV, newest first; `None` for whoever is no member of a partner.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn export_clients(
    tx: &mut Tx,
    cx: &Cx,
    partner_id: &AccountId,
    search: &str,
) -> Result<Option<String>, DbError> {
    let (mut table, mut after) = (csv::row(HEAD), None);
    loop {
        let rows = search_clients(tx, cx, partner_id, search, after.as_ref(), BATCH).await?;
        let Some(rows) = rows else { return Ok(None) };
        let Some(last) = rows.last() else { return Ok(Some(table)) };
        after = Some(ClientPlace::of(last));
        table.extend(rows.iter().map(line));
    }
}

fn line(it: &ListedClient) -> String {
    let standing = match (it.status, it.accepted_at) {
        (RelationStatus::Active, None) => "not_taken_over",
        (status, _) => status.as_str(),
    };
    csv::row([
        it.company.clone(),
        it.email.clone(),
        standing.to_owned(),
        it.licenses.to_string(),
        it.created_at.date().to_string(),
    ])
}
