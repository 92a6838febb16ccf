//! What is ordered without Checkout: subscriptions that cost nothing, and subscriptions and single purchases that are
//! paid by bank transfer.

use std::collections::HashMap;

use stripe_billing::invoice::{
    self as sent, CreateInvoice, CreateInvoiceAutomaticTax, CreateInvoiceDiscounts, CreateInvoicePaymentSettings,
    CreateInvoicePaymentSettingsPaymentMethodOptions, CreateInvoicePaymentSettingsPaymentMethodTypes,
    CreateInvoicePendingInvoiceItemsBehavior, FinalizeInvoiceInvoice, ListInvoice, VoidInvoiceInvoice,
};
use stripe_billing::invoice_item::{self, CreateInvoiceItem};
use stripe_billing::subscription::{
    self as sub, CreateSubscription, CreateSubscriptionAutomaticTax, CreateSubscriptionItems,
    CreateSubscriptionPaymentSettings, CreateSubscriptionPaymentSettingsPaymentMethodOptions,
    CreateSubscriptionPaymentSettingsPaymentMethodTypes, ListSubscription,
};
use stripe_shared::{InvoiceCollectionMethod, SubscriptionCollectionMethod};

use super::{CheckoutItem, IdempotencyKey, NewDiscount, Stripe, StripeError, StripeSubscription, TransferNetwork};

/// When and how an invoice is paid that is sent rather than charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvoiceTerms {
    /// Days from the invoice to the day by which it has to be paid.
    pub days_until_due: u32,
    /// How the money comes.
    pub network: TransferNetwork,
}

/// A subscription to be made without Checkout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSubscription {
    /// Stripe's customer.
    pub customer_id: String,
    /// What it consists of.
    pub items: Vec<CheckoutItem>,
    /// Days that are free before the first payment.
    pub trial_days: u32,
    /// Whether Stripe Tax reckons tax on it.
    pub is_taxed: bool,
    /// The discount that applies.
    pub discount: Option<NewDiscount>,
    /// Its invoices are sent and paid by transfer; `None` where there is nothing to pay.
    pub terms: Option<InvoiceTerms>,
    /// Written on the subscription; its invoices show it.
    pub metadata: HashMap<String, String>,
}

/// A single purchase that is paid by transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSentInvoice {
    /// Stripe's customer.
    pub customer_id: String,
    /// Three letters, as the prices.
    pub currency: String,
    /// What is sold.
    pub items: Vec<CheckoutItem>,
    /// Whether Stripe Tax reckons tax on it.
    pub is_taxed: bool,
    /// The discount that applies.
    pub discount: Option<NewDiscount>,
    /// When and how it is paid.
    pub terms: InvoiceTerms,
    /// Written on the invoice.
    pub metadata: HashMap<String, String>,
}

/// What there is at Stripe for an order that is not paid on a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MadeForOrder {
    /// Its subscription, unless that is over.
    pub subscription_id: Option<String>,
    /// Its invoice; of a subscription the newest.
    pub invoice_id: Option<String>,
}

fn subscription_settings(network: TransferNetwork) -> CreateSubscriptionPaymentSettings {
    let mut transfer = sub::BankTransferParam::new();
    transfer.type_ = Some(network.as_str().to_owned());
    if let TransferNetwork::Eu(country) = network {
        transfer.eu_bank_transfer = Some(sub::EuBankTransferParam::new(country));
    }
    let mut balance = sub::InvoicePaymentMethodOptionsParam::new();
    balance.funding_type = Some("bank_transfer".to_owned());
    balance.bank_transfer = Some(transfer);
    let mut options = CreateSubscriptionPaymentSettingsPaymentMethodOptions::new();
    options.customer_balance = Some(balance);
    let mut settings = CreateSubscriptionPaymentSettings::new();
    settings.payment_method_options = Some(options);
    settings.payment_method_types = Some(vec![CreateSubscriptionPaymentSettingsPaymentMethodTypes::CustomerBalance]);
    settings
}

fn invoice_settings(network: TransferNetwork) -> CreateInvoicePaymentSettings {
    let mut transfer = sent::BankTransferParam::new();
    transfer.type_ = Some(network.as_str().to_owned());
    if let TransferNetwork::Eu(country) = network {
        transfer.eu_bank_transfer = Some(sent::EuBankTransferParam::new(country));
    }
    let mut balance = sent::InvoicePaymentMethodOptionsParam::new();
    balance.funding_type = Some("bank_transfer".to_owned());
    balance.bank_transfer = Some(transfer);
    let mut options = CreateInvoicePaymentSettingsPaymentMethodOptions::new();
    options.customer_balance = Some(balance);
    let mut settings = CreateInvoicePaymentSettings::new();
    settings.payment_method_options = Some(options);
    settings.payment_method_types = Some(vec![CreateInvoicePaymentSettingsPaymentMethodTypes::CustomerBalance]);
    settings
}

impl Stripe {
    /// Makes a subscription without Checkout. The same key answers the same one.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn create_subscription(
        &self,
        key: &IdempotencyKey,
        new: &NewSubscription,
    ) -> Result<StripeSubscription, StripeError> {
        let items: Vec<_> = new
            .items
            .iter()
            .map(|item| {
                let mut line = CreateSubscriptionItems::new();
                line.price = Some(item.price_id.clone());
                line.quantity = Some(item.quantity.unsigned_abs());
                line
            })
            .collect();
        let mut request = CreateSubscription::new()
            .customer(&new.customer_id)
            .items(items)
            .automatic_tax(CreateSubscriptionAutomaticTax::new(new.is_taxed))
            .metadata(new.metadata.clone());
        if new.trial_days > 0 {
            request = request.trial_period_days(new.trial_days);
        }
        if let Some(applies) = &new.discount {
            let mut discount = sub::DiscountsDataParam::new();
            discount.coupon = applies.coupon();
            discount.promotion_code = applies.promotion_code();
            request = request.discounts(vec![discount]);
        }
        if let Some(terms) = new.terms {
            request = request
                .collection_method(SubscriptionCollectionMethod::SendInvoice)
                .days_until_due(terms.days_until_due)
                .payment_settings(subscription_settings(terms.network));
        }
        StripeSubscription::read(self.act(key, request).await?)
    }

    /// Makes the invoice of a single purchase, with its lines, and leaves it a draft; answers its id. Interrupted, it
    /// is completed by the same call.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn create_sent_invoice(&self, key: &IdempotencyKey, new: &NewSentInvoice) -> Result<String, StripeError> {
        let currency = new.currency.parse::<stripe_types::Currency>().map_err(StripeError::unreadable)?;
        let mut request = CreateInvoice::new()
            .customer(&new.customer_id)
            .currency(currency.clone())
            .collection_method(InvoiceCollectionMethod::SendInvoice)
            .days_until_due(new.terms.days_until_due)
            .payment_settings(invoice_settings(new.terms.network))
            .pending_invoice_items_behavior(CreateInvoicePendingInvoiceItemsBehavior::Exclude)
            .automatic_tax(CreateInvoiceAutomaticTax::new(new.is_taxed))
            .auto_advance(false)
            .metadata(new.metadata.clone());
        if let Some(applies) = &new.discount {
            let mut discount = CreateInvoiceDiscounts::new();
            discount.coupon = applies.coupon();
            discount.promotion_code = applies.promotion_code();
            request = request.discounts(vec![discount]);
        }
        let created = self.act(key, request).await?;
        let invoice_id = created.id.ok_or_else(|| StripeError::unreadable("a new invoice has no id"))?.to_string();
        for (place, item) in new.items.iter().enumerate() {
            let mut pricing = invoice_item::PricingParam::new();
            pricing.price = Some(item.price_id.clone());
            let line = CreateInvoiceItem::new()
                .customer(&new.customer_id)
                .invoice(&invoice_id)
                .pricing(pricing)
                .quantity(item.quantity.unsigned_abs());
            self.act(&IdempotencyKey::new(&[&key.0, "line", &place.to_string()]), line).await?;
        }
        Ok(invoice_id)
    }

    /// What there is for an order among the newest hundred subscriptions and invoices of its customer: what was made for it
    /// carries its id, and whoever asks has lost Stripe's.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn find_made_for(&self, customer_id: &str, order_id: &str) -> Result<MadeForOrder, StripeError> {
        let is_of_order =
            |metadata: &HashMap<String, String>| metadata.get("order_id").is_some_and(|id| id == order_id);
        let living = self.fetch(ListSubscription::new().customer(customer_id).limit(100)).await?.data;
        if let Some(subscription) = living.into_iter().find(|it| is_of_order(&it.metadata)) {
            // Its latest may be a renewal.
            let invoice_id = self.find_first_invoice(subscription.id.as_str()).await?;
            return Ok(MadeForOrder { subscription_id: Some(subscription.id.to_string()), invoice_id });
        }
        let invoices = self.fetch(ListInvoice::new().customer(customer_id).limit(100)).await?.data;
        let invoice = invoices.into_iter().find(|it| it.metadata.as_ref().is_some_and(is_of_order));
        let invoice_id = invoice.and_then(|invoice| invoice.id).map(|id| id.to_string());
        Ok(MadeForOrder { subscription_id: None, invoice_id })
    }

    /// Makes a draft final: numbered, due, and never changed again. From then on Stripe watches over its payment.
    ///
    /// # Errors
    /// [`StripeError`]; refused when it is final already.
    pub async fn finalize_invoice(&self, invoice_id: &str) -> Result<(), StripeError> {
        let key = IdempotencyKey::new(&[invoice_id, "finalize"]);
        self.act(&key, FinalizeInvoiceInvoice::new(invoice_id).auto_advance(true)).await.map(drop)
    }

    /// Takes an open invoice back. What has arrived for it becomes the customer's cash balance.
    ///
    /// # Errors
    /// [`StripeError`]; refused when it is paid or void already.
    pub async fn void_invoice(&self, invoice_id: &str) -> Result<(), StripeError> {
        let key = IdempotencyKey::new(&[invoice_id, "void"]);
        self.act(&key, VoidInvoiceInvoice::new(invoice_id)).await.map(drop)
    }
}
