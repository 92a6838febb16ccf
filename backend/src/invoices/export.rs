//! What accountants take with them: documents of a period as a table, of one account or of all.

use super::csv::{self, Listed};
use super::{credit_note_store, store};
use crate::accounts::{self, Act, StaffAct};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, VendorId};
use crate::ledger::{self, Period};

/// Most rows of a table; one beyond that is for a database, not for a spreadsheet.
pub const EXPORT_MOST: usize = 50_000;

/// What becomes of a wish for a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Export {
    /// The table as CSV.
    Made(String),
    /// It would have more than [`EXPORT_MOST`] rows.
    TooLong,
    /// Whoever asks may not see it.
    NotAllowed,
}

/// One row more than is given out tells that a table would be too long.
const ASKED: i64 = EXPORT_MOST as i64 + 1;

fn made<T>(rows: &[T], write: impl FnOnce(&[T]) -> String) -> Export {
    if rows.len() > EXPORT_MOST { Export::TooLong } else { Export::Made(write(rows)) }
}

/// An account's invoices and credit notes of a period as CSV.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn export_documents(tx: &mut Tx, cx: &Cx, account_id: &AccountId, period: Period) -> Result<Export, DbError> {
    if !accounts::may_act(tx, cx, account_id, Act::SeeInvoices).await? {
        return Ok(Export::NotAllowed);
    }
    table(tx, &cx.vendor_id, Some(account_id), period).await
}

/// All invoices and credit notes of a period as CSV.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn export_all_documents(tx: &mut Tx, cx: &Cx, period: Period) -> Result<Export, DbError> {
    if !accounts::staff_may_act(tx, cx, StaffAct::See).await? {
        return Ok(Export::NotAllowed);
    }
    table(tx, &cx.vendor_id, None, period).await
}

/// The ledger's entries of a period as CSV.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn export_entries(tx: &mut Tx, cx: &Cx, period: Period) -> Result<Export, DbError> {
    if !accounts::staff_may_act(tx, cx, StaffAct::See).await? {
        return Ok(Export::NotAllowed);
    }
    let entries = ledger::list_entries(tx, &cx.vendor_id, (period.from, period.until), ASKED).await?;
    Ok(made(&entries, csv::entries))
}

async fn table(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: Option<&AccountId>,
    period: Period,
) -> Result<Export, DbError> {
    let period = (period.from, period.until);
    let invoices = store::list_invoices_between(tx, vendor_id, account_id, period, ASKED).await?;
    let notes = credit_note_store::list_credit_notes_between(tx, vendor_id, account_id, period, ASKED).await?;
    let mut all: Vec<Listed> = invoices.into_iter().map(|invoice| Listed::Invoice(Box::new(invoice))).collect();
    all.extend(notes.into_iter().map(|note| Listed::CreditNote(Box::new(note))));
    all.sort_by_key(Listed::issued_at);
    Ok(made(&all, csv::documents))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_whole_or_not_made() {
        let count = |rows: &[()]| rows.len().to_string();
        assert_eq!(made(&[(); EXPORT_MOST], count), Export::Made("50000".to_owned()));
        assert_eq!(made(&[(); EXPORT_MOST + 1], count), Export::TooLong);
    }
}
