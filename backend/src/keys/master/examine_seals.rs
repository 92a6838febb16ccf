//! Looking through everything that is sealed for what does not open.

use super::MasterKey;
use super::rotate_master::next_page;
use super::store::{self, SEALED_COLUMNS};
use crate::db::{Db, DbError};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SealReport {
    /// How many values are sealed with another of the configured keys than the present one.
    pub with_others: usize,
    /// How many of those are sealed with a key that was rotated out: what would be lost with that key.
    pub with_retired: usize,
    /// The tables that have values which no configured key opens, and how many.
    pub unopened: Vec<(&'static str, usize)>,
}

/// Opens everything that does not name the present key.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn examine_seals(db: &Db, master: &MasterKey) -> Result<SealReport, DbError> {
    let mut report = SealReport::default();
    let uses = db.read(|tx| Box::pin(store::list_uses(tx))).await?;
    let retired: Vec<String> = uses.into_iter().filter(|key| key.retired_at.is_some()).map(|key| key.id).collect();
    for column in SEALED_COLUMNS {
        let (mut after, mut unopened) = (String::new(), 0);
        loop {
            let page = next_page(db, master, column, &after).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.row_key);
            for row in &page {
                match master.opener(column.purpose, &row.row_key, &row.sealed) {
                    Some(key) => {
                        report.with_others += 1;
                        report.with_retired += usize::from(retired.contains(&key.id().to_string()));
                    }
                    None => unopened += 1,
                }
            }
        }
        if unopened > 0 {
            report.unopened.push((column.table, unopened));
        }
    }
    Ok(report)
}
