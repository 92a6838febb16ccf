//! Bringing what a partner earns by an invoice up to date.

use serde_json::json;

use super::rules::{self, Facts, Sale};
use super::{Commission, store};
use crate::audit;
use crate::billing::CommerceError;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::invoices::{Invoice, InvoiceStatus};
use crate::ledger::{self, Booking, LedgerAccount, Side, Source};
use crate::partners;

/// Notes what a partner earns by an invoice as it is now, where somebody earns by it, with the entries of the statement and
/// of the ledger. The caller holds the invoice's lock, and has written what was given back of it.
///
/// # Errors
/// [`CommerceError`] when the database fails; calling it again is always safe.
pub(crate) async fn settle_commission(tx: &mut Tx, cx: &Cx, invoice: &Invoice) -> Result<(), CommerceError> {
    let known = store::find_commission(tx, &cx.vendor_id, &invoice.id).await?;
    let is_new = known.is_none();
    let before = match known {
        Some(known) => known,
        None => match begin(tx, cx, invoice).await? {
            Some(begun) => begun,
            None => return Ok(()),
        },
    };
    let facts = store::find_facts(tx, invoice).await?;
    if facts == before.facts() {
        return Ok(());
    }
    let sale = Sale { total_minor: invoice.total_minor, tax_minor: invoice.tax_minor, rate_bp: before.rate_bp };
    let steps = rules::steps(sale, before.facts(), facts);
    let after = before.with(sale, facts, steps.len(), cx);
    if is_new {
        store::insert_commission(tx, &after).await?;
    } else {
        store::update_commission(tx, &after).await?;
    }
    if steps.is_empty() {
        return Ok(());
    }
    for (place, step) in (before.entry_count..).zip(steps) {
        store::insert_entry(tx, cx, &after, place, step).await?;
    }
    post(tx, cx, &after).await?;
    let (account_id, act, id) = (Some(&after.partner_id), "commission.settle", after.id.as_str());
    let was = (!is_new).then(|| summary(&before, invoice));
    let is = summary(&after, invoice);
    Ok(audit::record(tx, cx, account_id, act, id, was.as_ref(), Some(&is)).await?)
}

/// What is noted of a paid invoice for the first time: nothing earned yet; `None` where nobody earns by it.
async fn begin(tx: &mut Tx, cx: &Cx, invoice: &Invoice) -> Result<Option<Commission>, DbError> {
    if invoice.status != InvoiceStatus::Paid || invoice.paid_minor <= 0 {
        return Ok(None);
    }
    let Some(found) = find_attribution(tx, cx, invoice).await? else { return Ok(None) };
    let partner = partners::find_partner(tx, &cx.vendor_id, &found.partner_id).await?;
    let paid_at = invoice.paid_at.unwrap_or(cx.now);
    if !partner.is_some_and(|partner| rules::was_partner(&partner, found.ordered_at, paid_at)) {
        return Ok(None);
    }
    Ok(Some(Commission {
        id: cx.id(),
        vendor_id: cx.vendor_id.clone(),
        partner_id: found.partner_id,
        invoice_id: invoice.id.clone(),
        order_id: found.order_id,
        client_id: found.client_id,
        license_id: invoice.license_id.clone(),
        client: found.client,
        code: found.code,
        currency: invoice.currency,
        rate_bp: found.rate_bp,
        paid_minor: 0,
        credited_minor: 0,
        credited_net_minor: 0,
        settled_minor: 0,
        refunded_minor: 0,
        disputed_minor: 0,
        net_minor: 0,
        amount_minor: 0,
        entry_count: 0,
        created_at: cx.now,
        updated_at: cx.now,
    }))
}

/// By the order that the invoice charges, else by the one that made the license that it is for.
async fn find_attribution(tx: &mut Tx, cx: &Cx, invoice: &Invoice) -> Result<Option<store::Attribution>, DbError> {
    if let Some(order_id) = &invoice.order_id
        && let Some(found) = store::find_attribution(tx, &cx.vendor_id, order_id).await?
    {
        return Ok(Some(found));
    }
    let Some(license_id) = &invoice.license_id else { return Ok(None) };
    match store::find_attributed_order(tx, &cx.vendor_id, license_id, invoice.order_id.as_ref()).await? {
        Some(order_id) => store::find_attribution(tx, &cx.vendor_id, &order_id).await,
        None => Ok(None),
    }
}

/// In the ledger it stands in the month of the statement.
async fn post(tx: &mut Tx, cx: &Cx, commission: &Commission) -> Result<(), CommerceError> {
    let booking = Booking {
        source: Source::Commission,
        source_id: commission.id.as_str(),
        account_id: &commission.partner_id,
        invoice_id: Some(&commission.invoice_id),
        currency: commission.currency,
        at: cx.now,
    };
    let sides: [Side; 2] = [
        (LedgerAccount::CommissionExpense, commission.amount_minor),
        (LedgerAccount::CommissionPayable, -commission.amount_minor),
    ];
    ledger::post(tx, cx, booking, &ledger::summed(&sides)).await
}

fn summary(commission: &Commission, invoice: &Invoice) -> serde_json::Value {
    json!({
        "invoice": invoice.number, "rate_bp": commission.rate_bp, "net_minor": commission.net_minor,
        "amount_minor": commission.amount_minor, "currency": commission.currency,
    })
}

impl Commission {
    /// What it was reckoned from.
    fn facts(&self) -> Facts {
        Facts {
            paid_minor: self.paid_minor,
            credited_minor: self.credited_minor,
            credited_net_minor: self.credited_net_minor,
            settled_minor: self.settled_minor,
            refunded_minor: self.refunded_minor,
            disputed_minor: self.disputed_minor,
        }
    }

    /// The same, with what has become of the invoice since, and so many more entries.
    fn with(&self, sale: Sale, facts: Facts, entries: usize, cx: &Cx) -> Self {
        let earned = rules::earned(sale, facts);
        Self {
            paid_minor: facts.paid_minor,
            credited_minor: facts.credited_minor,
            credited_net_minor: facts.credited_net_minor,
            settled_minor: facts.settled_minor,
            refunded_minor: facts.refunded_minor,
            disputed_minor: facts.disputed_minor,
            net_minor: earned.net_minor,
            amount_minor: earned.amount_minor,
            entry_count: self.entry_count.saturating_add(i64::try_from(entries).unwrap_or(i64::MAX)),
            updated_at: cx.now,
            ..self.clone()
        }
    }
}
