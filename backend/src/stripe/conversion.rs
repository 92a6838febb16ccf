//! Turning a subscription into something that is paid once: a page to pay on what its unused money leaves.

use std::collections::HashMap;

use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionAutomaticTax, CreateCheckoutSessionCustomerUpdate,
    CreateCheckoutSessionCustomerUpdateAddress, CreateCheckoutSessionCustomerUpdateName,
    CreateCheckoutSessionDiscounts, CreateCheckoutSessionInvoiceCreation,
    CreateCheckoutSessionInvoiceCreationInvoiceData, CreateCheckoutSessionLineItems,
    CreateCheckoutSessionPaymentIntentData, CreateCheckoutSessionTaxIdCollection,
};
use stripe_product::coupon::CreateCoupon;
use stripe_shared::{CheckoutSessionMode, CouponDuration};

use super::{CheckoutItem, CheckoutSession, IdempotencyKey, Stripe, StripeError};
use crate::clock::UnixMs;
use crate::money::Money;

/// A page to be opened on which a license is paid once, less what is unused of its subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewConversion {
    /// Stripe's customer.
    pub customer_id: String,
    /// Our id of it; comes back as the session's reference.
    pub reference: String,
    /// The perpetual license and its add-ons.
    pub items: Vec<CheckoutItem>,
    /// What is unused, without tax; stands as a discount on the invoice. Zero has none.
    pub credit: Money,
    /// What the discount is called on invoices.
    pub credit_name: String,
    /// Whether Stripe Tax reckons tax on it.
    pub is_taxed: bool,
    /// When the page closes: what is unused becomes less with every second.
    pub expires_at: UnixMs,
    /// Written on session, payment and invoice.
    pub metadata: HashMap<String, String>,
    /// Where the buyer comes back to.
    pub success_url: String,
    /// Where the buyer goes who does not pay.
    pub cancel_url: String,
}

impl Stripe {
    /// Opens the page. The same key answers the same page.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn open_conversion(
        &self,
        key: &IdempotencyKey,
        new: &NewConversion,
    ) -> Result<CheckoutSession, StripeError> {
        let line = |item: &CheckoutItem| {
            let mut line = CreateCheckoutSessionLineItems::new();
            line.price = Some(item.price_id.clone());
            line.quantity = Some(item.quantity.unsigned_abs());
            line
        };
        let mut customer_update = CreateCheckoutSessionCustomerUpdate::new();
        customer_update.address = Some(CreateCheckoutSessionCustomerUpdateAddress::Auto);
        customer_update.name = Some(CreateCheckoutSessionCustomerUpdateName::Auto);
        let mut payment = CreateCheckoutSessionPaymentIntentData::new();
        payment.metadata = Some(new.metadata.clone());
        let mut invoice_data = CreateCheckoutSessionInvoiceCreationInvoiceData::new();
        invoice_data.metadata = Some(new.metadata.clone());
        let mut invoice = CreateCheckoutSessionInvoiceCreation::new(true);
        invoice.invoice_data = Some(invoice_data);
        let mut request = CreateCheckoutSession::new()
            .mode(CheckoutSessionMode::Payment)
            .customer(&new.customer_id)
            .customer_update(customer_update)
            .client_reference_id(&new.reference)
            .line_items(new.items.iter().map(line).collect::<Vec<_>>())
            .metadata(new.metadata.clone())
            .payment_intent_data(payment)
            .invoice_creation(invoice)
            .expires_at(new.expires_at.seconds())
            .automatic_tax(CreateCheckoutSessionAutomaticTax::new(new.is_taxed))
            .tax_id_collection(CreateCheckoutSessionTaxIdCollection::new(true))
            .success_url(&new.success_url)
            .cancel_url(&new.cancel_url);
        if new.credit.amount_minor > 0 {
            let mut discount = CreateCheckoutSessionDiscounts::new();
            discount.coupon = Some(self.create_credit(key, new).await?);
            request = request.discounts(vec![discount]);
        }
        Ok(self.act(key, request).await?.into())
    }

    /// A coupon that only this page can use, and only once.
    async fn create_credit(&self, key: &IdempotencyKey, new: &NewConversion) -> Result<String, StripeError> {
        let currency =
            new.credit.currency.as_str().parse::<stripe_types::Currency>().map_err(StripeError::unreadable)?;
        let request = CreateCoupon::new()
            .amount_off(new.credit.amount_minor)
            .currency(currency)
            .duration(CouponDuration::Once)
            .max_redemptions(1)
            .redeem_by(new.expires_at.seconds())
            .name(&new.credit_name)
            .metadata(new.metadata.clone());
        Ok(self.act(&IdempotencyKey::new(&[&key.0, "credit"]), request).await?.id.to_string())
    }
}
