//! Looking through everything that is sealed for what does not open.

use super::MasterKey;
use super::rotate_master::next_page;
use super::store::SEALED_COLUMNS;
use crate::db::{Db, DbError};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SealReport {
    /// How many values are sealed with another of the configured keys than the present one.
    pub with_others: usize,
    /// The tables that have values which no configured key opens, and how many.
    pub unopened: Vec<(&'static str, usize)>,
}

/// Opens everything that does not name the present key.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn examine_seals(db: &Db, master: &MasterKey) -> Result<SealReport, DbError> {
    let mut report = SealReport::default();
    for column in SEALED_COLUMNS {
        let (mut after, mut unopened) = (String::new(), 0);
        loop {
            let page = next_page(db, master, column, &after).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.row_key);
            let opens = |key: &str, sealed: &[u8]| master.unseal(column.purpose, key, sealed).is_ok();
            let opened = page.iter().filter(|row| opens(&row.row_key, &row.sealed)).count();
            report.with_others += opened;
            unopened += page.len() - opened;
        }
        if unopened > 0 {
            report.unopened.push((column.table, unopened));
        }
    }
    Ok(report)
}
