//! Cards: which one a subscription charges, and giving it another.

use std::collections::HashMap;

use stripe_billing::invoice::{ListInvoice, PayInvoice};
use stripe_billing::invoice_payment::ListInvoicePayment;
use stripe_billing::subscription::UpdateSubscription;
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionSetupIntentData, RetrieveCheckoutSession,
};
use stripe_core::customer::{RetrieveCustomer, UpdateCustomer, UpdateCustomerInvoiceSettings};
use stripe_core::setup_intent::RetrieveSetupIntent;
use stripe_shared::{CheckoutSessionMode, CheckoutSessionStatus, InvoiceStatus, PaymentIntentStatus};

use super::{CheckoutStatus, IdempotencyKey, Stripe, StripeError, StripeErrorKind, StripeSubscription};

/// A card as far as people recognise it by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StripeCard {
    /// Stripe's payment method.
    pub payment_method_id: String,
    /// For example `visa`.
    pub brand: String,
    /// The last four digits.
    pub last4: String,
    /// The last month in which it can be charged, 1–12.
    pub exp_month: i64,
    /// The year of that month.
    pub exp_year: i64,
}

/// A page to be opened on which a card is given, and nothing charged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCardCheckout {
    /// Stripe's customer.
    pub customer_id: String,
    /// Our id of what is being changed; comes back as the session's reference.
    pub reference: String,
    /// ISO 4217 code of what the card will be charged in.
    pub currency: String,
    /// Written on the session and on the setup intent.
    pub metadata: HashMap<String, String>,
    /// Where the buyer comes back to.
    pub success_url: String,
    /// Where the buyer goes who leaves it as it is.
    pub cancel_url: String,
}

/// A page for a card as Stripe has it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardCheckout {
    /// Stripe's id.
    pub id: String,
    /// Where to send the buyer while it is open.
    pub url: Option<String>,
    /// Where it stands.
    pub status: CheckoutStatus,
    /// Our id of what is being changed.
    pub reference: Option<String>,
    /// What we wrote on it.
    pub metadata: HashMap<String, String>,
    /// The setup intent that holds the card; none on pages that are not for cards.
    pub setup_intent_id: Option<String>,
}

impl From<stripe_shared::CheckoutSession> for CardCheckout {
    fn from(session: stripe_shared::CheckoutSession) -> Self {
        let is_setup = session.mode == CheckoutSessionMode::Setup;
        Self {
            id: session.id.to_string(),
            url: session.url,
            status: match session.status {
                Some(CheckoutSessionStatus::Complete) => CheckoutStatus::Complete,
                Some(CheckoutSessionStatus::Expired) => CheckoutStatus::Expired,
                _ => CheckoutStatus::Open,
            },
            reference: session.client_reference_id,
            metadata: session.metadata.unwrap_or_default(),
            setup_intent_id: session.setup_intent.filter(|_| is_setup).map(|it| it.into_id().to_string()),
        }
    }
}

/// What came of charging an open invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardPayment {
    /// It is paid, by this or before.
    Paid,
    /// The bank said no.
    Declined,
    /// The bank wants the holder to confirm it.
    Unconfirmed,
}

pub(super) fn read_card(method: &stripe_shared::PaymentMethod) -> Option<StripeCard> {
    let card = method.card.as_ref()?;
    Some(StripeCard {
        payment_method_id: method.id.to_string(),
        brand: card.display_brand.clone().unwrap_or_else(|| card.brand.clone()),
        last4: card.last4.clone(),
        exp_month: card.exp_month,
        exp_year: card.exp_year,
    })
}

impl Stripe {
    /// The card that a subscription charges: its own, else its customer's.
    ///
    /// # Errors
    /// [`StripeError`]; a customer that was deleted has no card.
    pub async fn fetch_card(&self, subscription: &StripeSubscription) -> Result<Option<StripeCard>, StripeError> {
        if subscription.is_invoiced || subscription.card.is_some() {
            return Ok(subscription.card.clone());
        }
        let request = RetrieveCustomer::new(subscription.customer_id.as_str())
            .expand(vec!["invoice_settings.default_payment_method".to_owned()]);
        match self.fetch(request).await {
            Ok(stripe_core::customer::RetrieveCustomerReturned::Customer(customer)) => {
                let method = customer.invoice_settings.and_then(|settings| settings.default_payment_method);
                Ok(method.as_ref().and_then(|it| read_card(it.as_object()?)))
            }
            Ok(_) => Ok(None),
            Err(error) if error.kind == StripeErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens a page on which a card is given. The same key answers the same page.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn open_card_checkout(
        &self,
        key: &IdempotencyKey,
        new: &NewCardCheckout,
    ) -> Result<CardCheckout, StripeError> {
        let mut data = CreateCheckoutSessionSetupIntentData::new();
        data.metadata = Some(new.metadata.clone());
        let currency = new.currency.parse::<stripe_types::Currency>().map_err(StripeError::unreadable)?;
        let request = CreateCheckoutSession::new()
            .mode(CheckoutSessionMode::Setup)
            .customer(&new.customer_id)
            .currency(currency)
            .client_reference_id(&new.reference)
            .metadata(new.metadata.clone())
            .setup_intent_data(data)
            .success_url(&new.success_url)
            .cancel_url(&new.cancel_url);
        Ok(self.act(key, request).await?.into())
    }

    /// A page for a card as it is now.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn fetch_card_checkout(&self, session_id: &str) -> Result<CardCheckout, StripeError> {
        Ok(self.fetch(RetrieveCheckoutSession::new(session_id)).await?.into())
    }

    /// The payment method that a setup intent saved.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn fetch_saved_method(&self, setup_intent_id: &str) -> Result<Option<String>, StripeError> {
        let intent = self.fetch(RetrieveSetupIntent::new(setup_intent_id)).await?;
        Ok(intent.payment_method.map(|method| method.into_id().to_string()))
    }

    /// Makes a subscription charge this payment method from now on.
    ///
    /// # Errors
    /// [`StripeError`]; refused when it is over.
    pub async fn set_payment_method(
        &self,
        key: &IdempotencyKey,
        subscription_id: &str,
        payment_method_id: &str,
    ) -> Result<(), StripeError> {
        let request = UpdateSubscription::new(subscription_id).default_payment_method(payment_method_id);
        self.act(key, request).await.map(drop)
    }

    /// Makes this the payment method of whatever the customer subscribes to without one of its own.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn set_customer_payment_method(
        &self,
        key: &IdempotencyKey,
        customer_id: &str,
        payment_method_id: &str,
    ) -> Result<(), StripeError> {
        let mut settings = UpdateCustomerInvoiceSettings::new();
        settings.default_payment_method = Some(payment_method_id.to_owned());
        self.act(key, UpdateCustomer::new(customer_id).invoice_settings(settings)).await.map(drop)
    }

    /// The ids of a subscription's invoices that wait for their payment, oldest first.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn list_open_invoices(&self, subscription_id: &str) -> Result<Vec<String>, StripeError> {
        let request = ListInvoice::new().subscription(subscription_id).status(InvoiceStatus::Open).limit(100);
        let page = self.fetch(request).await?;
        Ok(page.data.into_iter().rev().filter_map(|invoice| invoice.id).map(|id| id.to_string()).collect())
    }

    /// The ids of a subscription's paid invoices that each began a period after the first, newest first.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn list_paid_renewals(&self, subscription_id: &str) -> Result<Vec<String>, StripeError> {
        let request = ListInvoice::new().subscription(subscription_id).status(InvoiceStatus::Paid).limit(100);
        let paid = self.fetch(request).await?.data.into_iter();
        let renewals =
            paid.filter(|it| it.billing_reason.as_ref().is_some_and(|it| it.as_str() == "subscription_cycle"));
        Ok(renewals.filter_map(|invoice| invoice.id).map(|id| id.to_string()).collect())
    }

    /// Charges an open invoice to a payment method.
    ///
    /// # Errors
    /// [`StripeError`] for whatever is not the card's or the bank's word.
    pub async fn pay_invoice_with(
        &self,
        key: &IdempotencyKey,
        invoice_id: &str,
        payment_method_id: &str,
    ) -> Result<CardPayment, StripeError> {
        match self.act(key, PayInvoice::new(invoice_id).payment_method(payment_method_id)).await {
            Ok(_) => Ok(CardPayment::Paid),
            Err(error) if error.code.as_deref() == Some("invoice_already_paid") => Ok(CardPayment::Paid),
            Err(error) if error.code.as_deref() == Some("invoice_payment_intent_requires_action") => {
                Ok(CardPayment::Unconfirmed)
            }
            Err(error) if error.kind == StripeErrorKind::Declined => Ok(CardPayment::Declined),
            Err(error) => Err(error),
        }
    }

    /// Whether an invoice waits for its holder to confirm the payment (3-D Secure), rather than for another card.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn awaits_confirmation(&self, invoice_id: &str) -> Result<bool, StripeError> {
        let request =
            ListInvoicePayment::new().invoice(invoice_id).expand(vec!["data.payment.payment_intent".to_owned()]);
        let payments = self.fetch(request).await?.data;
        Ok(payments.iter().any(|it| {
            let intent = it.payment.payment_intent.as_ref().and_then(|intent| intent.as_object());
            intent.is_some_and(|intent| intent.status == PaymentIntentStatus::RequiresAction)
        }))
    }
}
