//! What accountants take with them: documents of a period as a table, of one account or of all.

use super::csv::{self, Listed};
use super::{credit_note_store, store};
use crate::accounts::{self, Act, StaffAct};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, VendorId};
use crate::ledger::{self, Period};

/// More than a period has; a table beyond that is for a database, not for a spreadsheet.
const MOST: i64 = 50_000;

/// An account's invoices and credit notes of a period as CSV; `None` for whoever may not see them.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn export_documents(
    tx: &mut Tx,
    cx: &Cx,
    account_id: &AccountId,
    period: Period,
) -> Result<Option<String>, DbError> {
    if !accounts::may_act(tx, cx, account_id, Act::SeeInvoices).await? {
        return Ok(None);
    }
    table(tx, &cx.vendor_id, Some(account_id), period).await.map(Some)
}

/// All invoices and credit notes of a period as CSV; `None` for whoever may not see them.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn export_all_documents(tx: &mut Tx, cx: &Cx, period: Period) -> Result<Option<String>, DbError> {
    if !accounts::staff_may_act(tx, cx, StaffAct::See).await? {
        return Ok(None);
    }
    table(tx, &cx.vendor_id, None, period).await.map(Some)
}

/// The ledger's entries of a period as CSV; `None` for whoever may not see them.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn export_entries(tx: &mut Tx, cx: &Cx, period: Period) -> Result<Option<String>, DbError> {
    if !accounts::staff_may_act(tx, cx, StaffAct::See).await? {
        return Ok(None);
    }
    let entries = ledger::list_entries(tx, &cx.vendor_id, (period.from, period.until), MOST).await?;
    Ok(Some(csv::entries(&entries)))
}

async fn table(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: Option<&AccountId>,
    period: Period,
) -> Result<String, DbError> {
    let period = (period.from, period.until);
    let invoices = store::list_invoices_between(tx, vendor_id, account_id, period, MOST).await?;
    let notes = credit_note_store::list_credit_notes_between(tx, vendor_id, account_id, period, MOST).await?;
    let mut all: Vec<Listed> = invoices.into_iter().map(|invoice| Listed::Invoice(Box::new(invoice))).collect();
    all.extend(notes.into_iter().map(|note| Listed::CreditNote(Box::new(note))));
    all.sort_by_key(Listed::issued_at);
    Ok(csv::documents(&all))
}
