//! What belongs to an invoice that is sent: asked of Stripe before the transaction that imports it, written in it.

use super::{PaysFor, Transfer, TransferStatus, store};
use crate::billing::{Commerce, CommerceError, unpaid_changes};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, JsonText, Tx};
use crate::invoices::{Invoice, InvoiceStatus};
use crate::orders::terms;
use crate::stripe::{BankAccount, InvoiceState, StripeInvoice, transfer_network};
use crate::{audit, vendors};

/// What Stripe says beyond the invoice itself.
#[derive(Clone, Debug)]
pub(in crate::invoices) struct FetchedTransfer {
    customer_id: String,
    /// Where the money goes.
    pub(in crate::invoices) pays_to: BankAccount,
    arrived_minor: i64,
    total_minor: i64,
    /// What it pays for.
    pub(in crate::invoices) pays_for: PaysFor,
    /// When the order or change is given up; nothing for a renewal, which is the subscription's affair.
    pub(in crate::invoices) void_at: Option<UnixMs>,
}

/// Asks Stripe where the money for a sent invoice goes and what has arrived; `None` for one that is charged, that was
/// over nothing, or in whose currency no transfers are taken.
pub(in crate::invoices) async fn fetch_transfer(
    commerce: &Commerce,
    cx: &Cx,
    invoice: &StripeInvoice,
) -> Result<Option<FetchedTransfer>, CommerceError> {
    let Some(customer_id) = invoice.customer_id.clone().filter(|_| invoice.is_sent && invoice.amount_due_minor > 0)
    else {
        return Ok(None);
    };
    let vendor_id = cx.vendor_id.clone();
    let vendor = commerce.db.read(|tx| Box::pin(async move { vendors::find_vendor(tx, &vendor_id).await })).await?;
    let country = vendor.map(|vendor| vendor.profile.country).unwrap_or_default();
    let Some(network) = transfer_network(invoice.currency, &country) else { return Ok(None) };
    let stripe = commerce.stripe(cx)?;
    let pays_to = stripe.fetch_transfer_account(&customer_id, invoice.currency, network).await?;
    let arrived_minor = match invoice.state {
        InvoiceState::Open => invoice.amount_paid_minor.max(stripe.fetch_arrived(&invoice.id).await?),
        _ => invoice.amount_paid_minor,
    };
    let is_order = invoice.metadata.contains_key("order_id")
        && matches!(invoice.billing_reason.as_str(), "subscription_create" | "manual");
    let due_at = invoice.due_at.or(invoice.finalized_at).unwrap_or(invoice.created_at);
    let (pays_for, void_at) = match is_order {
        true => (PaysFor::Order, Some(terms::void_at(due_at))),
        false => match given_up_at(commerce, cx, invoice).await? {
            Some(at) => (PaysFor::Change, Some(at)),
            // Also a change that the vendor's staff made at Stripe: the license has it already.
            None => (PaysFor::Renewal, None),
        },
    };
    let total_minor = invoice.amount_due_minor;
    Ok(Some(FetchedTransfer { customer_id, pays_to, arrived_minor, total_minor, pays_for, void_at }))
}

/// When the change is given up that waits for this invoice; `None` where none does.
async fn given_up_at(commerce: &Commerce, cx: &Cx, invoice: &StripeInvoice) -> Result<Option<UnixMs>, DbError> {
    let Some(subscription_id) = invoice.subscription_id.clone().filter(|_| invoice.is_change()) else {
        return Ok(None);
    };
    let vendor_id = cx.vendor_id.clone();
    let change = commerce.db.read(|tx| {
        Box::pin(async move { unpaid_changes::find_by_stripe_subscription(tx, &vendor_id, &subscription_id).await })
    });
    Ok(change.await?.map(|change| change.give_up_at))
}

/// Writes it down beside its invoice; answers what is waited for now.
pub(in crate::invoices) async fn write_transfer(
    tx: &mut Tx,
    cx: &Cx,
    invoice: &Invoice,
    fetched: &FetchedTransfer,
) -> Result<Option<Transfer>, DbError> {
    let due_at = invoice.due_at.unwrap_or(invoice.issued_at);
    let transfer = Transfer {
        vendor_id: invoice.vendor_id.clone(),
        stripe_invoice_id: invoice.stripe_invoice_id.clone(),
        account_id: invoice.account_id.clone(),
        pays_to: JsonText(fetched.pays_to.clone()),
        currency: invoice.currency,
        total_minor: fetched.total_minor,
        arrived_minor: fetched.arrived_minor,
        due_at,
        pays_for: fetched.pays_for,
        void_at: fetched.void_at,
        status: match invoice.status {
            InvoiceStatus::Open => TransferStatus::Awaited,
            InvoiceStatus::Paid => TransferStatus::Paid,
            InvoiceStatus::Void | InvoiceStatus::Uncollectible => TransferStatus::Void,
        },
        reminded: 0,
    };
    let before = store::find_transfer(tx, &cx.vendor_id, &invoice.stripe_invoice_id).await?;
    store::upsert_transfer(tx, &transfer, &fetched.customer_id, cx.now).await?;
    store::set_kept(tx, &cx.vendor_id, &invoice.stripe_invoice_id).await?;
    let after = store::find_transfer(tx, &cx.vendor_id, &invoice.stripe_invoice_id).await?;
    let state = |it: &Transfer| {
        serde_json::json!({
            "status": it.status, "total_minor": it.total_minor, "arrived_minor": it.arrived_minor,
            "currency": it.currency, "pays_for": it.pays_for,
        })
    };
    let (was, is) = (before.as_ref().map(state), after.as_ref().map(state));
    if was != is {
        let id = invoice.id.as_str();
        audit::record(tx, cx, Some(&invoice.account_id), "invoice.await_transfer", id, was.as_ref(), is.as_ref())
            .await?;
    }
    Ok(after)
}
