//! Yearly payments that begin on a day to come: how updates of a perpetual license renew by themselves.

use std::collections::HashMap;

use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionAutomaticTax, CreateCheckoutSessionCustomerUpdate,
    CreateCheckoutSessionCustomerUpdateAddress, CreateCheckoutSessionCustomerUpdateName,
    CreateCheckoutSessionLineItems, CreateCheckoutSessionLineItemsPriceData as PriceData,
    CreateCheckoutSessionLineItemsPriceDataRecurring as Recurring,
    CreateCheckoutSessionLineItemsPriceDataRecurringInterval as Interval,
    CreateCheckoutSessionLineItemsPriceDataTaxBehavior as TaxBehavior, CreateCheckoutSessionSubscriptionData,
    CreateCheckoutSessionTaxIdCollection,
};
use stripe_product::price::RetrievePrice;
use stripe_shared::CheckoutSessionMode;

use super::{CheckoutSession, IdempotencyKey, Stripe, StripeError};
use crate::clock::UnixMs;
use crate::money::Money;

/// Something that is sold every year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YearlyLine {
    /// The one-off price whose product it is.
    pub price_id: String,
    /// What one of it costs a year, without tax.
    pub unit_amount: Money,
    /// How many.
    pub quantity: i64,
}

/// Yearly payments to be agreed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewYearly {
    /// Stripe's customer.
    pub customer_id: String,
    /// Our id of it; comes back as the session's reference.
    pub reference: String,
    /// What is sold every year.
    pub lines: Vec<YearlyLine>,
    /// Whether Stripe Tax reckons tax on it.
    pub is_taxed: bool,
    /// The first charge, and the day of all that follow; at least two days ahead.
    pub first_at: UnixMs,
    /// Written on session and subscription.
    pub metadata: HashMap<String, String>,
    /// Where the buyer comes back to.
    pub success_url: String,
    /// Where the buyer goes who does not want it.
    pub cancel_url: String,
}

impl Stripe {
    /// Opens a page on which yearly payments are agreed to and a card is given. Nothing is charged before
    /// [`NewYearly::first_at`].
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn open_yearly(&self, key: &IdempotencyKey, new: &NewYearly) -> Result<CheckoutSession, StripeError> {
        let mut lines = Vec::with_capacity(new.lines.len());
        for line in &new.lines {
            lines.push(self.yearly_line(line).await?);
        }
        let mut customer_update = CreateCheckoutSessionCustomerUpdate::new();
        customer_update.address = Some(CreateCheckoutSessionCustomerUpdateAddress::Auto);
        customer_update.name = Some(CreateCheckoutSessionCustomerUpdateName::Auto);
        let mut subscription = CreateCheckoutSessionSubscriptionData::new();
        subscription.metadata = Some(new.metadata.clone());
        // Free until then, and the day of every charge after it.
        subscription.trial_end = Some(new.first_at.seconds());
        let request = CreateCheckoutSession::new()
            .mode(CheckoutSessionMode::Subscription)
            .customer(&new.customer_id)
            .customer_update(customer_update)
            .client_reference_id(&new.reference)
            .line_items(lines)
            .metadata(new.metadata.clone())
            .subscription_data(subscription)
            .automatic_tax(CreateCheckoutSessionAutomaticTax::new(new.is_taxed))
            .tax_id_collection(CreateCheckoutSessionTaxIdCollection::new(true))
            .success_url(&new.success_url)
            .cancel_url(&new.cancel_url);
        Ok(self.act(key, request).await?.into())
    }

    /// The one-off price at a year's interval.
    async fn yearly_line(&self, yearly: &YearlyLine) -> Result<CreateCheckoutSessionLineItems, StripeError> {
        let price = self.fetch(RetrievePrice::new(yearly.price_id.as_str())).await?;
        let currency = yearly.unit_amount.currency.as_str();
        let mut data = PriceData::new(currency.parse::<stripe_types::Currency>().map_err(StripeError::unreadable)?);
        data.product = Some(price.product.into_id().to_string());
        data.unit_amount = Some(yearly.unit_amount.amount_minor);
        data.tax_behavior = Some(TaxBehavior::Exclusive);
        data.recurring = Some(Recurring::new(Interval::Year));
        let mut line = CreateCheckoutSessionLineItems::new();
        line.price_data = Some(data);
        line.quantity = Some(yearly.quantity.unsigned_abs());
        Ok(line)
    }
}
