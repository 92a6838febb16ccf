//! Transfers and cash balances in the database.

use super::rules::EARLIEST_MS;
use super::{PaysFor, Transfer, TransferStatus};
use crate::clock::UnixMs;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_optional};
use crate::ids::{AccountId, VendorId};
use crate::invoices::Invoice;
use crate::invoices::store::find_by_stripe_id;
use crate::money::{Currency, Money};

/// What is waited for under a Stripe invoice; `None` for one that is not paid by transfer.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_transfer(
    tx: &mut Tx,
    vendor_id: &VendorId,
    stripe_invoice_id: &str,
) -> Result<Option<Transfer>, DbError> {
    fetch_optional!(
        tx,
        Transfer,
        "SELECT * FROM transfers WHERE vendor_id = $1 AND stripe_invoice_id = $2",
        vendor_id,
        stripe_invoice_id
    )
}

/// The invoice with this id at Stripe and what is waited for under it; `None` for one that is not paid by transfer.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_with_invoice(
    tx: &mut Tx,
    vendor_id: &VendorId,
    stripe_invoice_id: &str,
) -> Result<Option<(Invoice, Transfer)>, DbError> {
    let Some(invoice) = find_by_stripe_id(tx, vendor_id, stripe_invoice_id).await? else { return Ok(None) };
    Ok(find_transfer(tx, vendor_id, stripe_invoice_id).await?.map(|transfer| (invoice, transfer)))
}

pub(crate) async fn lock_transfer(
    tx: &mut Tx,
    vendor_id: &VendorId,
    stripe_invoice_id: &str,
) -> Result<Option<Transfer>, DbError> {
    fetch_optional!(
        tx,
        Transfer,
        "UPDATE transfers SET reminded = reminded WHERE vendor_id = $1 AND stripe_invoice_id = $2 RETURNING *",
        vendor_id,
        stripe_invoice_id
    )
}

/// Inserts what is waited for, or brings what has arrived up to date. A settled one stays settled.
pub(super) async fn upsert_transfer(
    tx: &mut Tx,
    transfer: &Transfer,
    stripe_customer_id: &str,
    at: UnixMs,
) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO transfers (vendor_id, stripe_invoice_id, account_id, stripe_customer_id, pays_to, currency,
                                total_minor, arrived_minor, due_at, pays_for, void_at, status, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (vendor_id, stripe_invoice_id) DO UPDATE
         SET arrived_minor = excluded.arrived_minor, status = excluded.status
         WHERE transfers.status = 'awaited'",
        &transfer.vendor_id,
        &transfer.stripe_invoice_id,
        &transfer.account_id,
        stripe_customer_id,
        transfer.pays_to.clone(),
        transfer.currency,
        transfer.total_minor,
        transfer.arrived_minor,
        transfer.due_at,
        transfer.pays_for,
        transfer.void_at,
        transfer.status,
        at
    )?;
    Ok(())
}

/// Where the order goes on all the same, because a later period is paid, nothing is given up any more: what is owed of its first
/// invoice is waited for as for a renewal.
pub(super) async fn set_kept(tx: &mut Tx, vendor_id: &VendorId, stripe_invoice_id: &str) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE transfers SET pays_for = $3, void_at = NULL
         WHERE vendor_id = $1 AND stripe_invoice_id = $2 AND status = 'awaited' AND pays_for = $4
           AND EXISTS (SELECT 1 FROM orders o
                       WHERE o.vendor_id = transfers.vendor_id AND o.stripe_invoice_id = transfers.stripe_invoice_id
                         AND o.status = 'paid')",
        vendor_id,
        stripe_invoice_id,
        PaysFor::Renewal,
        PaysFor::Order
    )?;
    Ok(())
}

pub(crate) async fn set_reminded(tx: &mut Tx, transfer: &Transfer, reminded: i64) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE transfers SET reminded = $3 WHERE vendor_id = $1 AND stripe_invoice_id = $2",
        &transfer.vendor_id,
        &transfer.stripe_invoice_id,
        reminded
    )?;
    Ok(())
}

/// Awaited transfers of which some reminder may be due, longest due first.
pub(crate) async fn list_to_remind(
    tx: &mut Tx,
    vendor_id: &VendorId,
    now: UnixMs,
    limit: i64,
) -> Result<Vec<Transfer>, DbError> {
    fetch_all!(
        tx,
        Transfer,
        "SELECT * FROM transfers WHERE vendor_id = $1 AND status = 'awaited' AND due_at <= $2 AND reminded < 3
         ORDER BY due_at, stripe_invoice_id LIMIT $3",
        vendor_id,
        now.plus(-EARLIEST_MS),
        limit
    )
}

/// Stripe's ids of the invoices of orders and changes that are given up now: not of an order that is kept because a later
/// period is paid.
pub(crate) async fn list_to_void(
    tx: &mut Tx,
    vendor_id: &VendorId,
    now: UnixMs,
    limit: i64,
) -> Result<Vec<String>, DbError> {
    let rows = fetch_all!(
        tx,
        (String,),
        "SELECT t.stripe_invoice_id FROM transfers t
         WHERE t.vendor_id = $1 AND t.status = 'awaited' AND t.void_at <= $2
           AND NOT EXISTS (SELECT 1 FROM orders o
                           WHERE o.vendor_id = t.vendor_id AND o.stripe_invoice_id = t.stripe_invoice_id
                             AND o.status = 'paid')
         ORDER BY t.void_at, t.stripe_invoice_id LIMIT $3",
        vendor_id,
        now,
        limit
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Stripe's ids of an account's invoices for which money is missing.
pub(super) async fn list_awaited(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
) -> Result<Vec<String>, DbError> {
    let rows = fetch_all!(
        tx,
        (String,),
        "SELECT stripe_invoice_id FROM transfers WHERE vendor_id = $1 AND account_id = $2 AND status = $3
         ORDER BY due_at, stripe_invoice_id",
        vendor_id,
        account_id,
        TransferStatus::Awaited
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Sets what is left over of an account's transfers in one currency; answers what it was before.
pub(super) async fn set_cash_balance(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    available: Money,
    at: UnixMs,
) -> Result<i64, DbError> {
    let before = fetch_optional!(
        tx,
        (i64,),
        "SELECT available_minor FROM cash_balances WHERE vendor_id = $1 AND account_id = $2 AND currency = $3",
        vendor_id,
        account_id,
        available.currency
    )?;
    execute!(
        tx,
        "INSERT INTO cash_balances (vendor_id, account_id, currency, available_minor, updated_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (vendor_id, account_id, currency) DO UPDATE
         SET available_minor = excluded.available_minor, updated_at = excluded.updated_at",
        vendor_id,
        account_id,
        available.currency,
        available.amount_minor,
        at
    )?;
    Ok(before.map_or(0, |(minor,)| minor))
}

/// What is left over of an account's transfers, by currency; nothing of 0.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_cash_balance(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
) -> Result<Vec<Money>, DbError> {
    let rows = fetch_all!(
        tx,
        (Currency, i64),
        "SELECT currency, available_minor FROM cash_balances
         WHERE vendor_id = $1 AND account_id = $2 AND available_minor <> 0 ORDER BY currency",
        vendor_id,
        account_id
    )?;
    Ok(rows.into_iter().map(|(currency, minor)| Money::new(minor, currency)).collect())
}

/// Money of a customer that belongs to no invoice.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Leftover {
    /// Whose it is.
    pub account_id: AccountId,
    /// The company of whose it is.
    pub company: String,
    /// Of `available_minor`.
    pub currency: Currency,
    /// How much.
    pub available_minor: i64,
    /// Since when it is so.
    pub updated_at: UnixMs,
}

/// The vendor's customers whose transfers have left something over, the latest first: for staff.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_leftovers(tx: &mut Tx, vendor_id: &VendorId, limit: i64) -> Result<Vec<Leftover>, DbError> {
    fetch_all!(
        tx,
        Leftover,
        "SELECT a.id AS account_id, a.company, c.currency, c.available_minor, c.updated_at
         FROM cash_balances c JOIN accounts a ON a.vendor_id = c.vendor_id AND a.id = c.account_id
         WHERE c.vendor_id = $1 AND c.available_minor <> 0
         ORDER BY c.updated_at DESC, a.id, c.currency LIMIT $2",
        vendor_id,
        limit
    )
}
