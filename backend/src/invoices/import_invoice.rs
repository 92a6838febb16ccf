//! Importing an invoice: fetched from Stripe, written down once, brought up to date afterwards.

use super::rules::{may_become, parties};
use super::transfers::{FetchedTransfer, Transfer, fetch_transfer, write_transfer};
use super::{Invoice, InvoiceStatus, Parties, handlers, store};
use crate::billing::{Commerce, CommerceError};
use crate::clock::UnixMs;
use crate::cx::{Actor, Cx};
use crate::db::{DbError, JsonText, Tx};
use crate::ids::{InvoiceId, LicenseId, OrderId};
use crate::ledger::{self, Booking, Source, rules as entries};
use crate::mail::{self, Sender};
use crate::stripe::StripeInvoice;
use crate::text::en::{mail as letters, order_mail};
use crate::{accounts, audit, billing, commissions, events, licenses, refunds, vendors};

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Import {
    /// It is here, equal to Stripe's, and its documents exist or are being made.
    Imported {
        /// Our id of it.
        invoice_id: InvoiceId,
        /// The subscription that it is for.
        stripe_subscription_id: Option<String>,
    },
    /// A draft: not an invoice yet.
    NotFinal,
    /// Of no account of this vendor's.
    Foreign,
}

/// Fetches an invoice from Stripe, writes it down or brings its standing up to date, and renders its
/// documents if they are missing. Documents that cannot be made are left to a job.
///
/// # Errors
/// [`CommerceError`]; calling it again is always safe.
pub async fn import_invoice(commerce: &Commerce, cx: &Cx, stripe_invoice_id: &str) -> Result<Import, CommerceError> {
    let fetched = commerce.stripe(cx)?.fetch_invoice(stripe_invoice_id).await?;
    let stripe_subscription_id = fetched.subscription_id.clone();
    let (Some(status), Some(number)) = (store::status_of(fetched.state), fetched.number.clone()) else {
        return Ok(Import::NotFinal);
    };
    let transfer = fetch_transfer(commerce, cx, &fetched).await?;
    let tx_commerce = commerce.clone();
    let tx_cx = Cx { actor: Actor::Stripe(stripe_invoice_id.to_owned()), ..cx.clone() };
    let written = commerce
        .db
        .write(move |tx| {
            Box::pin(async move { write(tx, &tx_commerce, &tx_cx, fetched, transfer.as_ref(), status, number).await })
        })
        .await?;
    let Some(invoice) = written else { return Ok(Import::Foreign) };
    handlers::make_invoice_documents(commerce, cx, &invoice).await?;
    Ok(Import::Imported { invoice_id: invoice.id, stripe_subscription_id })
}

async fn write(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    fetched: StripeInvoice,
    transfer: Option<&FetchedTransfer>,
    status: InvoiceStatus,
    number: String,
) -> Result<Option<Invoice>, CommerceError> {
    let Some(customer_id) = &fetched.customer_id else { return Ok(None) };
    let Some(account) = accounts::find_account_by_stripe_customer(tx, &cx.vendor_id, customer_id).await? else {
        return Ok(None);
    };
    let license_id = find_license(tx, cx, &fetched).await?;
    let facts = ledger_facts(&fetched, status);
    if let Some(before) = store::lock_invoice(tx, &cx.vendor_id, &fetched.id).await? {
        // What was fetched before the invoice was settled says nothing new about it.
        let is_news = may_become(before.status, status);
        let after = bring_up_to_date(tx, commerce, cx, before, fetched, status, license_id).await?;
        if let Some(transfer) = transfer {
            write_transfer(tx, cx, &after, transfer).await?;
        }
        if is_news {
            post(tx, cx, &after, &facts).await?;
        }
        // What was given back of it may have been heard of first.
        settle(tx, commerce, cx, &after).await?;
        return Ok(Some(after));
    }
    let vendor = vendors::find_vendor(tx, &cx.vendor_id)
        .await?
        .ok_or_else(|| CommerceError::Contradiction("the acting vendor does not exist".to_owned()))?;
    let parties = Parties {
        pays_to: transfer.map(|transfer| transfer.pays_to.clone()),
        void_at: transfer.and_then(|transfer| transfer.void_at),
        ..parties(&vendor, &account, &fetched)
    };
    let invoice = Invoice {
        id: cx.id(),
        vendor_id: cx.vendor_id.clone(),
        account_id: account.id.clone(),
        license_id,
        order_id: fetched.metadata.get("order_id").map(|id| OrderId::from_untrusted(id)),
        stripe_invoice_id: fetched.id.clone(),
        number,
        status,
        currency: fetched.currency,
        subtotal_minor: fetched.subtotal_minor,
        discount_minor: fetched.discount_minor,
        tax_minor: fetched.tax_minor,
        total_minor: fetched.total_minor,
        paid_minor: fetched.amount_paid_minor,
        due_minor: fetched.amount_remaining_minor,
        issued_due_minor: fetched.issued_due_minor(),
        taxes: JsonText(fetched.taxes.clone()),
        payment_url: fetched.payment_url.clone().filter(|_| status == InvoiceStatus::Open),
        billing_reason: fetched.billing_reason.clone(),
        parties: JsonText(parties),
        issued_at: fetched.finalized_at.unwrap_or(fetched.created_at),
        due_at: fetched.due_at,
        paid_at: fetched.paid_at,
        created_at: cx.now,
    };
    check_sums(&invoice, &fetched)?;
    if !store::insert_invoice(tx, &invoice, &fetched.lines).await? {
        // Another process was quicker by less than a transaction; the job comes again and finds its row.
        return Err(CommerceError::Db(DbError::GivenUp("an invoice was imported twice at once")));
    }
    post(tx, cx, &invoice, &facts).await?;
    record(tx, cx, None, &invoice).await?;
    let awaited = match transfer {
        Some(transfer) => write_transfer(tx, cx, &invoice, transfer).await?,
        None => None,
    };
    settle(tx, commerce, cx, &invoice).await?;
    // One that is charged is told of when it is paid, seconds later: nobody should be asked to pay it.
    if invoice.due_at.is_some() || invoice.status == InvoiceStatus::Paid {
        tell(tx, commerce, cx, &invoice, awaited.as_ref()).await?;
    }
    Ok(Some(invoice))
}

fn ledger_facts(fetched: &StripeInvoice, status: InvoiceStatus) -> entries::InvoiceFacts {
    entries::InvoiceFacts {
        total_minor: fetched.total_minor,
        tax_minor: fetched.tax_minor,
        amount_due_minor: fetched.amount_due_minor,
        reduced_minor: fetched.reduced_minor,
        paid_minor: fetched.amount_paid_minor,
        remaining_minor: fetched.amount_remaining_minor,
        is_void: status == InvoiceStatus::Void,
        is_uncollectible: status == InvoiceStatus::Uncollectible,
    }
}

async fn post(tx: &mut Tx, cx: &Cx, invoice: &Invoice, facts: &entries::InvoiceFacts) -> Result<(), CommerceError> {
    let paid_at = invoice.paid_at.unwrap_or(cx.now);
    for (source, at, sides) in [
        (Source::Invoice, invoice.issued_at, entries::invoice(facts)),
        (Source::Payment, paid_at, entries::payment(facts)),
        (Source::WriteOff, cx.now, entries::write_off(facts)),
    ] {
        let booking = Booking {
            source,
            source_id: &invoice.stripe_invoice_id,
            account_id: &invoice.account_id,
            invoice_id: Some(&invoice.id),
            currency: invoice.currency,
            at,
        };
        ledger::post(tx, cx, booking, &sides).await?;
    }
    Ok(())
}

/// What was given back of it may have been heard of first; and a partner may earn by it.
async fn settle(tx: &mut Tx, commerce: &Commerce, cx: &Cx, invoice: &Invoice) -> Result<(), CommerceError> {
    refunds::settle(tx, commerce, cx, invoice).await?;
    commissions::settle_commission(tx, cx, invoice).await
}

/// An invoice whose parts do not add up is not shown to anybody: better none than a wrong one.
fn check_sums(invoice: &Invoice, fetched: &StripeInvoice) -> Result<(), CommerceError> {
    let lines: i64 = fetched.lines.iter().map(|line| line.amount_minor).sum();
    let adds_up = invoice.subtotal_minor - invoice.discount_minor + invoice.tax_minor == invoice.total_minor;
    if lines == invoice.subtotal_minor && adds_up {
        return Ok(());
    }
    Err(CommerceError::Contradiction(format!(
        "invoice {} does not add up: lines {lines}, subtotal {}, discount {}, tax {}, total {}",
        invoice.number, invoice.subtotal_minor, invoice.discount_minor, invoice.tax_minor, invoice.total_minor
    )))
}

async fn find_license(tx: &mut Tx, cx: &Cx, fetched: &StripeInvoice) -> Result<Option<LicenseId>, DbError> {
    if let Some(subscription_id) = &fetched.subscription_id {
        let row = billing::store::find_subscription_by_stripe_id(tx, &cx.vendor_id, subscription_id).await?;
        if let Some(row) = row {
            return Ok(Some(row.license_id));
        }
    }
    match fetched.metadata.get("order_id") {
        Some(order_id) => store::find_license_of_order(tx, &cx.vendor_id, &OrderId::from_untrusted(order_id)).await,
        None => find_named_license(tx, cx, fetched).await,
    }
}

/// The license that we wrote on what is charged without an order: a license that turned perpetual, updates that renew
/// by themselves.
async fn find_named_license(tx: &mut Tx, cx: &Cx, fetched: &StripeInvoice) -> Result<Option<LicenseId>, DbError> {
    let Some(id) = fetched.metadata.get("license_id").map(|id| LicenseId::from_untrusted(id)) else { return Ok(None) };
    Ok(licenses::find_license(tx, &cx.vendor_id, &id).await?.map(|view| view.license.id))
}

async fn bring_up_to_date(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    before: Invoice,
    fetched: StripeInvoice,
    status: InvoiceStatus,
    license_id: Option<LicenseId>,
) -> Result<Invoice, CommerceError> {
    let same = (before.subtotal_minor, before.discount_minor, before.tax_minor, before.total_minor)
        == (fetched.subtotal_minor, fetched.discount_minor, fetched.tax_minor, fetched.total_minor);
    if !same || fetched.number.as_ref() != Some(&before.number) {
        let text = format!("the final invoice {} changed at Stripe", before.number);
        return Err(CommerceError::Contradiction(text));
    }
    let mut after = before.clone();
    if may_become(before.status, status) {
        after.status = status;
        after.paid_minor = fetched.amount_paid_minor;
        after.due_minor = fetched.amount_remaining_minor;
        after.paid_at = fetched.paid_at;
        after.payment_url = fetched.payment_url.filter(|_| status == InvoiceStatus::Open);
    }
    after.license_id = before.license_id.clone().or(license_id);
    if after != before {
        store::update_standing(tx, &after).await?;
        record(tx, cx, Some(&before), &after).await?;
        let is_paid_now = before.status != after.status && after.status == InvoiceStatus::Paid;
        if is_paid_now && after.due_at.is_none() {
            tell(tx, commerce, cx, &after, None).await?;
        }
    }
    Ok(after)
}

async fn record(tx: &mut Tx, cx: &Cx, before: Option<&Invoice>, after: &Invoice) -> Result<(), DbError> {
    let summary = |invoice: &Invoice| {
        serde_json::json!({
            "number": invoice.number, "status": invoice.status, "total_minor": invoice.total_minor,
            "currency": invoice.currency, "paid_minor": invoice.paid_minor, "due_minor": invoice.due_minor,
            "license_id": invoice.license_id,
        })
    };
    let data = summary(after);
    let account_id = Some(&after.account_id);
    let about = events::About { account_id, license_id: after.license_id.as_ref(), instance_id: None };
    if before.is_none() {
        events::record(tx, cx, "invoice.finalized", about, &data).await?;
    }
    if before.map(|before| before.status) != Some(after.status) {
        match after.status {
            InvoiceStatus::Paid => {
                events::record(tx, cx, "invoice.paid", about, &data).await?;
                if after.paid_minor > 0 {
                    events::record(tx, cx, "payment.succeeded", about, &data).await?;
                }
            }
            InvoiceStatus::Void => events::record(tx, cx, "invoice.voided", about, &data).await?,
            InvoiceStatus::Uncollectible => events::record(tx, cx, "invoice.uncollectible", about, &data).await?,
            InvoiceStatus::Open => {}
        }
    }
    let act = if before.is_none() { "invoice.import" } else { "invoice.update" };
    audit::record(tx, cx, account_id, act, after.id.as_str(), before.map(summary).as_ref(), Some(&data)).await
}

/// Mails the account that the invoice is there.
async fn tell(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    invoice: &Invoice,
    awaited: Option<&Transfer>,
) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let facts = letters::InvoiceFacts {
        number: &invoice.number,
        total: invoice.total(),
        due: if invoice.due_minor <= 0 {
            letters::Due::Paid
        } else {
            letters::Due::Until(invoice.due_at.unwrap_or(UnixMs(invoice.issued_at.0)))
        },
    };
    let letter = match awaited.filter(|_| invoice.status == InvoiceStatus::Open) {
        Some(transfer) => {
            let page = format!("{}/invoices/{}/transfer", sender.origin, invoice.id);
            order_mail::transfer_asked(&sender, &invoice.number, transfer, &page)
        }
        None => letters::invoice_available(&sender, &facts, &format!("{}/invoices", sender.origin)),
    };
    let buyer = &invoice.parties.0.buyer;
    mail::enqueue(tx, cx, &commerce.master, &sender.mail(&buyer.email, &buyer.name, letter)).await
}
