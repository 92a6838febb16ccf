//! Invoices: what Stripe has charged, will charge, or would charge, line by line.

use std::collections::HashMap;

use stripe_billing::invoice::{
    CreatePreviewInvoice, CreatePreviewInvoiceSubscriptionDetails, CreatePreviewInvoiceSubscriptionDetailsItems,
    CreatePreviewInvoiceSubscriptionDetailsProrationBehavior, ListInvoice, RetrieveInvoice,
};
use stripe_billing::invoice_line_item::ListInvoiceInvoiceLineItem;
use stripe_shared::{
    BillingBillResourceInvoicingTaxesTax, BillingBillResourceInvoicingTaxesTaxTaxabilityReason as TaxabilityReason,
    InvoiceCollectionMethod, InvoiceLineItem, InvoiceStatus,
};

use super::{ItemChange, Stripe, StripeError};
use crate::clock::UnixMs;
use crate::db::text_enum;
use crate::money::Currency;

text_enum! {
    /// Stripe's status of an invoice.
    InvoiceState {
        /// Not final: may still change, has no number.
        Draft = "draft",
        /// Final and not paid.
        Open = "open",
        /// Paid.
        Paid = "paid",
        /// Taken back.
        Void = "void",
        /// Given up.
        Uncollectible = "uncollectible",
    }
}

/// A tax on one line.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LineTax {
    /// Its name: `VAT`.
    pub label: String,
    /// Millionths: 19 % is 190,000.
    pub rate_millionths: i64,
    /// Net amount that it is reckoned from.
    pub base_minor: i64,
    /// The tax.
    pub amount_minor: i64,
    /// The buyer accounts for it.
    pub reverse_charge: bool,
    /// Stripe's word for why it is what it is: `standard_rated`, `reverse_charge`, `zero_rated`, `customer_exempt`…
    #[serde(default)]
    pub reason: String,
    /// What kind of tax: `vat`, `gst`, `sales_tax`…; empty where Stripe does not say.
    #[serde(default)]
    pub kind: String,
}

/// The tax of one rate on the whole invoice.
pub type TaxTotal = LineTax;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StripeInvoiceLine {
    /// What was sold.
    pub description: String,
    /// How many.
    pub quantity: i64,
    /// Price of one, where there is one in whole minor units.
    pub unit_amount_minor: Option<i64>,
    /// Without tax, before discounts; negative for a credit.
    pub amount_minor: i64,
    /// What discounts take off, positive.
    pub discount_minor: i64,
    /// Period of supply.
    pub period_start: UnixMs,
    /// Its end.
    pub period_end: UnixMs,
    /// Reckons up a change within a period.
    pub is_proration: bool,
    /// Its taxes.
    pub taxes: Vec<LineTax>,
}

/// Stripe's reason of an invoice over a change within a period.
pub(crate) const BILLS_A_CHANGE: &str = "subscription_update";

/// An invoice as Stripe has it now, or a preview of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StripeInvoice {
    /// Stripe's id; of a preview it names nothing.
    pub id: String,
    /// The sequential number, once final.
    pub number: Option<String>,
    /// Where it stands.
    pub state: InvoiceState,
    /// The customer.
    pub customer_id: Option<String>,
    /// The subscription that it is for.
    pub subscription_id: Option<String>,
    /// What we wrote on the invoice or its subscription.
    pub metadata: HashMap<String, String>,
    /// Its currency.
    pub currency: Currency,
    /// Sum of the lines, without tax, before discounts.
    pub subtotal_minor: i64,
    /// What discounts take off, positive.
    pub discount_minor: i64,
    /// All taxes.
    pub tax_minor: i64,
    /// `subtotal − discount + tax`.
    pub total_minor: i64,
    /// What has to be paid in all: the total less any credit balance, and less what credit notes took off while it was open.
    pub amount_due_minor: i64,
    /// What has been paid.
    pub amount_paid_minor: i64,
    /// What is left to pay.
    pub amount_remaining_minor: i64,
    /// What credit notes took off while it was open.
    pub reduced_minor: i64,
    /// Why it was made, for example `subscription_cycle`.
    pub billing_reason: String,
    /// When it became final.
    pub finalized_at: Option<UnixMs>,
    /// By when it has to be paid, where it is sent rather than charged.
    pub due_at: Option<UnixMs>,
    /// When it was paid.
    pub paid_at: Option<UnixMs>,
    /// When it was taken back.
    pub voided_at: Option<UnixMs>,
    /// When it was made.
    pub created_at: UnixMs,
    /// Sent to be paid by transfer.
    pub is_sent: bool,
    /// Buyer's name on it.
    pub buyer_name: Option<String>,
    /// Buyer's address on it: lines, postal code and city, state; without the country.
    pub buyer_address: BuyerAddress,
    /// Buyer's tax ids on it.
    pub buyer_tax_ids: Vec<String>,
    /// Stripe's page on which it can be paid, also a failed renewal.
    pub payment_url: Option<String>,
    /// All lines.
    pub lines: Vec<StripeInvoiceLine>,
    /// Taxes by rate.
    pub taxes: Vec<TaxTotal>,
}

impl StripeInvoice {
    /// Whether money is still asked for with it, or will be.
    #[must_use]
    pub fn is_unpaid(&self) -> bool {
        matches!(self.state, InvoiceState::Draft | InvoiceState::Open) && self.amount_due_minor > 0
    }

    /// What had to be paid when it became final: the total less any credit balance.
    #[must_use]
    pub fn issued_due_minor(&self) -> i64 {
        self.amount_due_minor + self.reduced_minor
    }

    /// Whether it is over a change within a period.
    #[must_use]
    pub fn is_change(&self) -> bool {
        self.billing_reason == BILLS_A_CHANGE
    }
}

/// An address as an invoice froze it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuyerAddress {
    /// Street.
    pub line1: String,
    /// More of it.
    pub line2: String,
    /// Postal code.
    pub postal_code: String,
    /// City.
    pub city: String,
    /// State.
    pub state: String,
    /// ISO 3166-1 alpha-2, or empty.
    pub country: String,
}

/// Rates by Stripe's id of them: lines name the id only, because expanding it under every line would
/// go deeper than Stripe allows; the totals carry it whole.
pub(super) type Rates = HashMap<String, Rate>;

/// What a rate says about itself.
#[derive(Clone, Default)]
pub(super) struct Rate {
    label: String,
    millionths: i64,
    kind: String,
}

pub(super) fn read_rates(taxes: &[BillingBillResourceInvoicingTaxesTax]) -> Rates {
    let details = taxes.iter().filter_map(|tax| tax.tax_rate_details.as_ref()?.tax_rate.as_object());
    let read = |rate: &stripe_shared::TaxRate| Rate {
        label: rate.display_name.clone(),
        millionths: millionths(rate.percentage),
        kind: rate.tax_type.as_ref().map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
    };
    details.map(|rate| (rate.id.to_string(), read(rate))).collect()
}

/// Stripe writes a percentage with at most four decimals; as a float it is exact after rounding.
#[expect(clippy::cast_possible_truncation, reason = "a percentage in millionths is far below 2^53")]
fn millionths(percentage: f64) -> i64 {
    (percentage * 10_000.0).round() as i64
}

pub(super) fn read_tax(tax: &BillingBillResourceInvoicingTaxesTax, rates: &Rates) -> LineTax {
    let base_minor = tax.taxable_amount.unwrap_or(0);
    let rate = tax.tax_rate_details.as_ref().and_then(|details| rates.get(details.tax_rate.id().as_str()));
    let rate = rate.cloned().unwrap_or_else(|| Rate { label: "Tax".to_owned(), ..Rate::default() });
    LineTax {
        label: rate.label,
        rate_millionths: rate.millionths,
        base_minor,
        amount_minor: tax.amount,
        reverse_charge: tax.taxability_reason == TaxabilityReason::ReverseCharge,
        reason: tax.taxability_reason.as_str().to_owned(),
        kind: rate.kind,
    }
}

fn read_line(line: InvoiceLineItem, rates: &Rates) -> StripeInvoiceLine {
    let parent = line.parent.as_ref();
    let is_proration = parent.is_some_and(|parent| {
        parent.subscription_item_details.as_ref().is_some_and(|item| item.proration)
            || parent.invoice_item_details.as_ref().is_some_and(|item| item.proration)
    });
    let unit = line.pricing.as_ref().and_then(|pricing| pricing.unit_amount_decimal.as_deref());
    StripeInvoiceLine {
        description: line.description.unwrap_or_default(),
        quantity: line.quantity.map_or(1, |quantity| i64::try_from(quantity).unwrap_or(i64::MAX)),
        unit_amount_minor: unit.and_then(|unit| unit.parse().ok()).filter(|_| !is_proration),
        amount_minor: line.amount,
        discount_minor: line.discount_amounts.iter().flatten().map(|discount| discount.amount).sum(),
        period_start: UnixMs::from_seconds(line.period.start),
        period_end: UnixMs::from_seconds(line.period.end),
        is_proration,
        taxes: line.taxes.iter().flatten().map(|tax| read_tax(tax, rates)).collect(),
    }
}

fn read_invoice(invoice: stripe_shared::Invoice) -> Result<StripeInvoice, StripeError> {
    let totals = invoice.total_taxes.unwrap_or_default();
    let rates = read_rates(&totals);
    let details = invoice.parent.and_then(|parent| parent.subscription_details);
    let mut metadata = invoice.metadata.unwrap_or_default();
    let subscription_id = details.map(|details| {
        for (name, value) in details.metadata.into_iter().flatten() {
            metadata.entry(name).or_insert(value);
        }
        details.subscription.into_id().to_string()
    });
    let address = invoice.customer_address;
    let part = |read: fn(stripe_shared::Address) -> Option<String>| address.clone().and_then(read).unwrap_or_default();
    Ok(StripeInvoice {
        id: invoice.id.map(|id| id.to_string()).unwrap_or_default(),
        number: invoice.number,
        state: match invoice.status {
            Some(InvoiceStatus::Open) => InvoiceState::Open,
            Some(InvoiceStatus::Paid) => InvoiceState::Paid,
            Some(InvoiceStatus::Void) => InvoiceState::Void,
            Some(InvoiceStatus::Uncollectible) => InvoiceState::Uncollectible,
            _ => InvoiceState::Draft,
        },
        customer_id: invoice.customer.map(|customer| customer.into_id().to_string()),
        subscription_id,
        metadata,
        currency: Currency::try_from(invoice.currency.to_string()).map_err(StripeError::unreadable)?,
        subtotal_minor: invoice.subtotal,
        discount_minor: invoice.total_discount_amounts.iter().flatten().map(|discount| discount.amount).sum(),
        tax_minor: totals.iter().map(|tax| tax.amount).sum(),
        total_minor: invoice.total,
        amount_due_minor: invoice.amount_due,
        amount_paid_minor: invoice.amount_paid,
        amount_remaining_minor: invoice.amount_remaining,
        reduced_minor: invoice.pre_payment_credit_notes_amount,
        billing_reason: invoice.billing_reason.map(|reason| reason.to_string()).unwrap_or_default(),
        finalized_at: invoice.status_transitions.finalized_at.map(UnixMs::from_seconds),
        due_at: invoice.due_date.map(UnixMs::from_seconds),
        paid_at: invoice.status_transitions.paid_at.map(UnixMs::from_seconds),
        voided_at: invoice.status_transitions.voided_at.map(UnixMs::from_seconds),
        created_at: UnixMs::from_seconds(invoice.created),
        is_sent: invoice.collection_method == InvoiceCollectionMethod::SendInvoice,
        buyer_name: invoice.customer_name,
        buyer_address: BuyerAddress {
            line1: part(|address| address.line1),
            line2: part(|address| address.line2),
            postal_code: part(|address| address.postal_code),
            city: part(|address| address.city),
            state: part(|address| address.state),
            country: part(|address| address.country),
        },
        buyer_tax_ids: (invoice.customer_tax_ids.into_iter().flatten())
            .filter_map(|id| Some(super::tax_ids::on_documents(id.type_.as_str(), id.value?)))
            .collect(),
        payment_url: invoice.hosted_invoice_url,
        lines: invoice.lines.data.into_iter().map(|line| read_line(line, &rates)).collect(),
        taxes: totals.iter().map(|tax| read_tax(tax, &rates)).collect(),
    })
}

impl Stripe {
    /// The invoice as it is now, with all its lines.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn fetch_invoice(&self, invoice_id: &str) -> Result<StripeInvoice, StripeError> {
        let request = RetrieveInvoice::new(invoice_id).expand(vec!["total_taxes.tax_rate_details.tax_rate".to_owned()]);
        self.read_whole_invoice(self.fetch(request).await?).await
    }

    /// An invoice with the lines that did not come with it: of more than ten, Stripe sends the first. A preview has an id of
    /// its own under which its lines are listed for three days (<https://docs.stripe.com/invoicing/preview>).
    async fn read_whole_invoice(&self, invoice: stripe_shared::Invoice) -> Result<StripeInvoice, StripeError> {
        let rates = read_rates(invoice.total_taxes.as_deref().unwrap_or_default());
        let mut more = invoice.lines.has_more;
        let mut last = invoice.lines.data.last().map(|line| line.id.to_string());
        let mut invoice = read_invoice(invoice)?;
        while let Some(after) = last.take().filter(|_| more) {
            let rest = ListInvoiceInvoiceLineItem::new(invoice.id.as_str()).limit(100).starting_after(after);
            let page = self.fetch(rest).await?;
            more = page.has_more;
            last = page.data.last().map(|line| line.id.to_string());
            invoice.lines.extend(page.data.into_iter().map(|line| read_line(line, &rates)));
        }
        Ok(invoice)
    }

    /// The ids of a customer's newest hundred invoices, newest first.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn list_invoices_for_customer(&self, customer_id: &str) -> Result<Vec<String>, StripeError> {
        let page = self.fetch(ListInvoice::new().customer(customer_id).limit(100)).await?;
        Ok(page.data.into_iter().filter_map(|invoice| invoice.id).map(|id| id.to_string()).collect())
    }

    /// Whether an invoice of a subscription is not final yet for which something will have to be paid, or should have
    /// been for a time that is not over. Stripe leaves drafts behind that it makes final no more.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn has_draft_to_pay(&self, subscription_id: &str, now: UnixMs) -> Result<bool, StripeError> {
        let drafts = ListInvoice::new().subscription(subscription_id).status(InvoiceStatus::Draft).limit(100);
        Ok(self.fetch(drafts).await?.data.iter().any(|invoice| {
            let goes_on = invoice.lines.data.iter().any(|line| line.period.end > now.seconds());
            invoice.amount_due > 0 && (invoice.auto_advance == Some(true) || goes_on)
        }))
    }

    /// The ids of a subscription's invoices that Stripe would still take money for: open ones, and those that it was told
    /// to be uncollectible.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn list_unpaid_invoices(&self, subscription_id: &str) -> Result<Vec<String>, StripeError> {
        let mut unpaid = self.list_open_invoices(subscription_id).await?;
        let uncollectible =
            ListInvoice::new().subscription(subscription_id).status(InvoiceStatus::Uncollectible).limit(100);
        let page = self.fetch(uncollectible).await?;
        unpaid.extend(page.data.into_iter().filter_map(|invoice| invoice.id).map(|id| id.to_string()));
        Ok(unpaid)
    }

    /// The id of the invoice that a subscription began with.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn find_first_invoice(&self, subscription_id: &str) -> Result<Option<String>, StripeError> {
        let all = self.list_all(ListInvoice::new().subscription(subscription_id)).await?;
        let is_first = |invoice: &stripe_shared::Invoice| {
            invoice.billing_reason.as_ref().is_some_and(|reason| reason.as_str() == "subscription_create")
        };
        let first = all.into_iter().find(is_first);
        Ok(first.and_then(|invoice| invoice.id).map(|id| id.to_string()))
    }

    /// All invoices of a subscription that are paid, newest first, each with all its lines.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn list_paid_invoices(&self, subscription_id: &str) -> Result<Vec<StripeInvoice>, StripeError> {
        let paid = ListInvoice::new().subscription(subscription_id).status(InvoiceStatus::Paid);
        let mut invoices = Vec::new();
        for invoice in self.list_all(paid).await? {
            let has_more = invoice.lines.has_more;
            let invoice = read_invoice(invoice)?;
            invoices.push(if has_more { self.fetch_invoice(&invoice.id).await? } else { invoice });
        }
        Ok(invoices)
    }

    /// Everything that a list has, newest first, by as many pages as it takes.
    async fn list_all(&self, mut list: ListInvoice) -> Result<Vec<stripe_shared::Invoice>, StripeError> {
        let mut all = Vec::new();
        loop {
            let page = self.fetch(list.clone().limit(100)).await?;
            let last = page.data.last().and_then(|invoice| invoice.id.clone()).map(|id| id.to_string());
            all.extend(page.data);
            match last.filter(|_| page.has_more) {
                Some(last) => list = list.starting_after(last),
                None => return Ok(all),
            }
        }
    }

    /// What a change would be charged, reckoned at `proration_date`: exactly what
    /// [`Stripe::apply_change`] with the same items and date charges.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn preview_change(
        &self,
        subscription_id: &str,
        items: &[ItemChange],
        proration_date: UnixMs,
    ) -> Result<StripeInvoice, StripeError> {
        let items: Vec<_> = items
            .iter()
            .map(|change| {
                let mut item = CreatePreviewInvoiceSubscriptionDetailsItems::new();
                item.id.clone_from(&change.item_id);
                (item.price, item.quantity, item.deleted) = change.wanted();
                item
            })
            .collect();
        let mut details = CreatePreviewInvoiceSubscriptionDetails::new();
        details.items = Some(items);
        details.proration_behavior = Some(CreatePreviewInvoiceSubscriptionDetailsProrationBehavior::AlwaysInvoice);
        details.proration_date = Some(proration_date.seconds());
        let request = CreatePreviewInvoice::new()
            .subscription(subscription_id)
            .subscription_details(details)
            .expand(vec!["total_taxes.tax_rate_details.tax_rate".to_owned()]);
        // A preview makes nothing, but is a POST: sent without a key, hence once.
        self.read_whole_invoice(self.fetch(request).await?).await
    }
}
