//! Customers: an account as Stripe bills it.

use std::collections::HashMap;

use stripe_core::customer::OptionalFieldsCustomerAddress as Address;
use stripe_core::customer::{CreateCustomer, UpdateCustomer};

use super::{IdempotencyKey, Stripe, StripeError};
use crate::accounts::{Field, VatIdState};

/// What Stripe needs to know to tax and to address an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerDetails {
    /// Company.
    pub name: String,
    /// Where invoices go.
    pub email: String,
    /// Street.
    pub line1: String,
    /// More of it, or empty.
    pub line2: String,
    /// Postal code.
    pub postal_code: String,
    /// City.
    pub city: String,
    /// State or province, or empty.
    pub state: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Parts of the address that go at Stripe where they are empty. Other empty ones stay there as they are: buyers add to
    /// their address on Stripe's payment page, and tax may depend on it.
    pub emptied: Vec<Field>,
    /// VAT id with its country prefix.
    pub vat_id: Option<String>,
    /// The one that the customer had from us before; it goes.
    pub former_vat_id: Option<String>,
    /// Whether ids stay that it has not from us: typed on Stripe's payment page, for example.
    pub keeps_other_ids: bool,
    /// Our ids, so that whoever looks at Stripe finds the account.
    pub metadata: HashMap<String, String>,
}

impl CustomerDetails {
    fn address(&self) -> Address {
        // An empty text takes away what stood there (<https://docs.stripe.com/api/customers/update>); what is not sent stays.
        let set = |part: Field, text: &str| (!text.is_empty() || self.emptied.contains(&part)).then(|| text.to_owned());
        let mut address = Address::new();
        address.line1 = set(Field::Line1, &self.line1);
        address.line2 = set(Field::Line2, &self.line2);
        address.postal_code = set(Field::PostalCode, &self.postal_code);
        address.city = set(Field::City, &self.city);
        address.state = set(Field::State, &self.state);
        address.country = set(Field::Country, &self.country);
        address
    }
}

impl Stripe {
    /// Creates the customer of an account and answers its id. Its VAT id comes there by
    /// [`bring_vat_id`](Self::bring_vat_id).
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn create_customer(
        &self,
        key: &IdempotencyKey,
        details: &CustomerDetails,
    ) -> Result<String, StripeError> {
        let request = CreateCustomer::new()
            .name(&details.name)
            .email(&details.email)
            .address(details.address())
            .metadata(details.metadata.clone());
        Ok(self.act(key, request).await?.id.to_string())
    }

    /// Brings a customer's name, address and VAT id up to date, and answers what is known about the VAT id. Invoices already
    /// final keep what they say.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn update_customer(
        &self,
        key: &IdempotencyKey,
        customer_id: &str,
        details: &CustomerDetails,
    ) -> Result<VatIdState, StripeError> {
        let request = UpdateCustomer::new(customer_id)
            .name(&details.name)
            .email(&details.email)
            .address(details.address())
            .metadata(details.metadata.clone());
        self.act(key, request).await?;
        self.bring_vat_id(key, customer_id, details).await
    }
}
