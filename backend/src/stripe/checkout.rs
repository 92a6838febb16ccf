//! Checkout: Stripe's page on which a buyer pays.

use std::collections::HashMap;

use stripe_billing::invoice_payment::ListInvoicePayment;
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionAutomaticTax, CreateCheckoutSessionCustomerUpdate,
    CreateCheckoutSessionCustomerUpdateAddress, CreateCheckoutSessionCustomerUpdateName,
    CreateCheckoutSessionDiscounts, CreateCheckoutSessionInvoiceCreation,
    CreateCheckoutSessionInvoiceCreationInvoiceData, CreateCheckoutSessionLineItems,
    CreateCheckoutSessionPaymentIntentData, CreateCheckoutSessionPaymentMethodCollection,
    CreateCheckoutSessionSubscriptionData, CreateCheckoutSessionSubscriptionDataTrialSettings,
    CreateCheckoutSessionSubscriptionDataTrialSettingsEndBehavior,
    CreateCheckoutSessionSubscriptionDataTrialSettingsEndBehaviorMissingPaymentMethod as MissingCard,
    CreateCheckoutSessionTaxIdCollection, ExpireCheckoutSession, RetrieveCheckoutSession,
};
use stripe_core::payment_intent::RetrievePaymentIntent;
use stripe_shared::{CheckoutSessionMode, CheckoutSessionPaymentStatus, CheckoutSessionStatus, PaymentIntentStatus};

use super::{IdempotencyKey, NewDiscount, Stripe, StripeError};
use crate::clock::UnixMs;

/// What paying brings about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckoutMode {
    /// A subscription that renews.
    Subscription,
    /// One payment, with an invoice for it.
    Payment,
}

/// One row of the basket.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CheckoutItem {
    /// Stripe's price.
    pub price_id: String,
    /// How many, at least 1.
    pub quantity: i64,
}

/// A session to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCheckout {
    /// What paying brings about.
    pub mode: CheckoutMode,
    /// Stripe's customer.
    pub customer_id: String,
    /// Our order; comes back as the session's reference.
    pub order_id: String,
    /// The basket.
    pub items: Vec<CheckoutItem>,
    /// Subscriptions: days that are free before the first payment; 0 where there is no trial.
    pub trial_days: u32,
    /// Subscriptions: the first charge, at least two days ahead, where somebody else has paid until then; no trial then.
    pub begins_at: Option<UnixMs>,
    /// Whether a trial begins without a card. One that still has none when the trial ends is cancelled then: no
    /// invoice is made, and nobody owes anything.
    pub trial_without_card: bool,
    /// Whether Stripe Tax reckons tax on it.
    pub is_taxed: bool,
    /// The one discount that applies. The buyer can enter no other on Stripe's page, where our limits do not hold.
    pub discount: Option<NewDiscount>,
    /// Written on the session, and on the subscription, or on payment and invoice: Stripe copies none of it.
    pub metadata: HashMap<String, String>,
    /// Where the buyer comes back to; `{CHECKOUT_SESSION_ID}` in it is filled in by Stripe.
    pub success_url: String,
    /// Where the buyer goes who does not want to pay.
    pub cancel_url: String,
}

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckoutStatus {
    /// Waits for the buyer.
    Open,
    /// The buyer is done; whether the money is there is another question.
    Complete,
    /// Can no longer be paid.
    Expired,
}

/// A session as Stripe has it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckoutSession {
    /// Stripe's id.
    pub id: String,
    /// Where to send the buyer while it is open.
    pub url: Option<String>,
    /// Where it stands.
    pub status: CheckoutStatus,
    /// Whether everything due has been paid (or nothing was due).
    pub is_paid: bool,
    /// Our order.
    pub order_id: Option<String>,
    /// What we wrote on it.
    pub metadata: HashMap<String, String>,
    /// The customer.
    pub customer_id: Option<String>,
    /// The subscription that it made.
    pub subscription_id: Option<String>,
    /// The invoice that it made.
    pub invoice_id: Option<String>,
    /// The payment of a single purchase.
    pub payment_intent_id: Option<String>,
    /// Stripe's id and the text of the promotion code that was used.
    pub promotion: Option<(String, String)>,
}

fn promotion(session: &stripe_shared::CheckoutSession) -> Option<(String, String)> {
    let code = session.discounts.iter().flatten().find_map(|discount| discount.promotion_code.as_ref())?;
    let text = code.as_object().map(|code| code.code.clone()).unwrap_or_default();
    Some((code.id().to_string(), text))
}

impl From<stripe_shared::CheckoutSession> for CheckoutSession {
    fn from(session: stripe_shared::CheckoutSession) -> Self {
        Self {
            promotion: promotion(&session),
            id: session.id.to_string(),
            url: session.url,
            status: match session.status {
                Some(CheckoutSessionStatus::Complete) => CheckoutStatus::Complete,
                Some(CheckoutSessionStatus::Expired) => CheckoutStatus::Expired,
                _ => CheckoutStatus::Open,
            },
            is_paid: matches!(
                session.payment_status,
                CheckoutSessionPaymentStatus::Paid | CheckoutSessionPaymentStatus::NoPaymentRequired
            ),
            order_id: session.client_reference_id,
            metadata: session.metadata.unwrap_or_default(),
            customer_id: session.customer.map(|customer| customer.into_id().to_string()),
            subscription_id: session.subscription.map(|subscription| subscription.into_id().to_string()),
            invoice_id: session.invoice.and_then(|invoice| invoice.into_id()).map(|id| id.to_string()),
            payment_intent_id: session.payment_intent.map(|intent| intent.into_id().to_string()),
        }
    }
}

impl Stripe {
    /// Opens a session. The same key answers the same session.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn create_checkout_session(
        &self,
        key: &IdempotencyKey,
        new: &NewCheckout,
    ) -> Result<CheckoutSession, StripeError> {
        let items: Vec<_> = new
            .items
            .iter()
            .map(|item| {
                let mut line = CreateCheckoutSessionLineItems::new();
                line.price = Some(item.price_id.clone());
                line.quantity = Some(item.quantity.unsigned_abs());
                line
            })
            .collect();
        // Checkout may complete the address that tax depends on, and takes the name that a tax id belongs to.
        let mut customer_update = CreateCheckoutSessionCustomerUpdate::new();
        customer_update.address = Some(CreateCheckoutSessionCustomerUpdateAddress::Auto);
        customer_update.name = Some(CreateCheckoutSessionCustomerUpdateName::Auto);
        let mut request = CreateCheckoutSession::new()
            .customer(&new.customer_id)
            .customer_update(customer_update)
            .client_reference_id(&new.order_id)
            .line_items(items)
            .metadata(new.metadata.clone())
            .success_url(&new.success_url)
            .cancel_url(&new.cancel_url)
            .automatic_tax(CreateCheckoutSessionAutomaticTax::new(new.is_taxed))
            .tax_id_collection(CreateCheckoutSessionTaxIdCollection::new(true));
        if let Some(applies) = &new.discount {
            let mut discount = CreateCheckoutSessionDiscounts::new();
            discount.coupon = applies.coupon();
            discount.promotion_code = applies.promotion_code();
            request = request.discounts(vec![discount]);
        }
        match new.mode {
            CheckoutMode::Subscription => {
                let mut data = CreateCheckoutSessionSubscriptionData::new();
                data.metadata = Some(new.metadata.clone());
                data.trial_period_days = Some(new.trial_days).filter(|days| *days > 0);
                data.trial_end = new.begins_at.map(UnixMs::seconds);
                if new.trial_days > 0 && new.trial_without_card {
                    let end = CreateCheckoutSessionSubscriptionDataTrialSettingsEndBehavior::new(MissingCard::Cancel);
                    data.trial_settings = Some(CreateCheckoutSessionSubscriptionDataTrialSettings::new(end));
                    request =
                        request.payment_method_collection(CreateCheckoutSessionPaymentMethodCollection::IfRequired);
                }
                request = request.mode(CheckoutSessionMode::Subscription).subscription_data(data);
            }
            CheckoutMode::Payment => {
                let mut payment = CreateCheckoutSessionPaymentIntentData::new();
                payment.metadata = Some(new.metadata.clone());
                let mut invoice_data = CreateCheckoutSessionInvoiceCreationInvoiceData::new();
                invoice_data.metadata = Some(new.metadata.clone());
                // Without this a one-off payment has no invoice at all.
                let mut invoice = CreateCheckoutSessionInvoiceCreation::new(true);
                invoice.invoice_data = Some(invoice_data);
                request =
                    request.mode(CheckoutSessionMode::Payment).payment_intent_data(payment).invoice_creation(invoice);
            }
        }
        Ok(self.act(key, request).await?.into())
    }

    /// The session as it is now.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn fetch_checkout_session(&self, session_id: &str) -> Result<CheckoutSession, StripeError> {
        let request = RetrieveCheckoutSession::new(session_id).expand(vec!["discounts.promotion_code".to_owned()]);
        Ok(self.fetch(request).await?.into())
    }

    /// Whether the payment of a session has failed that its buyer has completed and that is not paid: a debit that the bank
    /// returned, for example. Stripe leaves such a session complete and unpaid for ever, and takes no payment on its page
    /// any more (<https://docs.stripe.com/checkout/fulfillment#delayed-notification>).
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn has_payment_failed(&self, session: &CheckoutSession) -> Result<bool, StripeError> {
        let has_failed =
            |status: &PaymentIntentStatus| matches!(status.as_str(), "requires_payment_method" | "canceled");
        if session.is_paid || session.status != CheckoutStatus::Complete {
            return Ok(false);
        }
        if let Some(intent_id) = &session.payment_intent_id {
            let intent = self.fetch(RetrievePaymentIntent::new(intent_id.as_str())).await?;
            return Ok(has_failed(&intent.status));
        }
        let Some(invoice_id) = &session.invoice_id else { return Ok(false) };
        let request =
            ListInvoicePayment::new().invoice(invoice_id).expand(vec!["data.payment.payment_intent".to_owned()]);
        let payments = self.fetch(request).await?.data;
        let intents = payments.iter().map(|it| it.payment.payment_intent.as_ref()?.as_object());
        let statuses: Vec<_> = intents.flatten().map(|intent| &intent.status).collect();
        Ok(!statuses.is_empty() && statuses.into_iter().all(has_failed))
    }

    /// Ends an open session, so that an order that was given up cannot be paid later.
    ///
    /// # Errors
    /// [`StripeError`]; refused when it is complete or expired already.
    pub async fn expire_checkout_session(&self, session_id: &str) -> Result<CheckoutSession, StripeError> {
        let key = IdempotencyKey::new(&[session_id, "expire"]);
        Ok(self.act(&key, ExpireCheckoutSession::new(session_id)).await?.into())
    }
}
