//! Customers: an account as Stripe bills it.

use std::collections::HashMap;

use stripe_billing::tax_id::{CreateCustomerTaxId, CreateCustomerTaxIdType, DeleteCustomerTaxId, ListCustomerTaxId};
use stripe_core::customer::OptionalFieldsCustomerAddress as Address;
use stripe_core::customer::{CreateCustomer, CreateCustomerTaxIdData, CreateCustomerTaxIdDataType, UpdateCustomer};

use stripe_shared::TaxIdVerificationStatus;

use super::{IdempotencyKey, Stripe, StripeError};
use crate::accounts::VatIdState;

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
    /// VAT id with its country prefix.
    pub vat_id: Option<String>,
    /// Our ids, so that whoever looks at Stripe finds the account.
    pub metadata: HashMap<String, String>,
}

impl CustomerDetails {
    fn address(&self) -> Address {
        let set = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let mut address = Address::new();
        address.line1 = set(&self.line1);
        address.line2 = set(&self.line2);
        address.postal_code = set(&self.postal_code);
        address.city = set(&self.city);
        address.state = set(&self.state);
        address.country = set(&self.country);
        address
    }
}

/// Stripe's type of a VAT id (<https://docs.stripe.com/billing/customer/tax-ids>) by its two-letter prefix;
/// `None` where it has no type that we know to fit, which must not stop a purchase.
fn tax_id_type(vat_id: &str) -> Option<&'static str> {
    Some(match vat_id.get(..2)?.to_ascii_uppercase().as_str() {
        "AT" | "BE" | "BG" | "CY" | "CZ" | "DE" | "DK" | "EE" | "EL" | "ES" | "FI" | "FR" | "HR" | "HU" | "IE"
        | "IT" | "LT" | "LU" | "LV" | "MT" | "NL" | "PL" | "PT" | "RO" | "SE" | "SI" | "SK" | "XI" => "eu_vat",
        "GB" => "gb_vat",
        "CH" => "ch_vat",
        "NO" => "no_vat",
        _ => return None,
    })
}

impl Stripe {
    /// Creates the customer of an account and answers its id.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn create_customer(
        &self,
        key: &IdempotencyKey,
        details: &CustomerDetails,
    ) -> Result<String, StripeError> {
        let mut request = CreateCustomer::new()
            .name(&details.name)
            .email(&details.email)
            .address(details.address())
            .metadata(details.metadata.clone());
        if let Some((vat_id, kind)) = details.vat_id.as_deref().and_then(|id| Some((id, tax_id_type(id)?))) {
            let kind: CreateCustomerTaxIdDataType = kind.parse().map_err(StripeError::unreadable)?;
            request = request.tax_id_data(vec![CreateCustomerTaxIdData::new(kind, vat_id)]);
        }
        Ok(self.act(key, request).await?.id.to_string())
    }

    /// What Stripe has found out about a customer's VAT id; `None` where it has no such id.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn fetch_vat_id_state(&self, customer_id: &str, vat_id: &str) -> Result<Option<VatIdState>, StripeError> {
        let all = self.fetch(ListCustomerTaxId::new(customer_id).limit(100)).await?.data;
        let state = all.into_iter().find(|tax_id| tax_id.value == vat_id).map(|tax_id| {
            match tax_id.verification.map(|verification| verification.status) {
                Some(TaxIdVerificationStatus::Verified) => VatIdState::Verified,
                Some(TaxIdVerificationStatus::Unverified) => VatIdState::Unverified,
                Some(TaxIdVerificationStatus::Pending) => VatIdState::Pending,
                _ => VatIdState::Unavailable,
            }
        });
        Ok(state)
    }

    /// Brings a customer's name, address and tax id up to date. Invoices already final keep what they say.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn update_customer(
        &self,
        key: &IdempotencyKey,
        customer_id: &str,
        details: &CustomerDetails,
    ) -> Result<(), StripeError> {
        let request = UpdateCustomer::new(customer_id)
            .name(&details.name)
            .email(&details.email)
            .address(details.address())
            .metadata(details.metadata.clone());
        self.act(key, request).await?;
        let wanted = details.vat_id.as_deref().and_then(|id| Some((id, tax_id_type(id)?)));
        let mut present = false;
        for tax_id in self.fetch(ListCustomerTaxId::new(customer_id).limit(100)).await?.data {
            if wanted.is_some_and(|(value, kind)| tax_id.value == value && tax_id.type_.as_str() == kind) {
                present = true;
            } else {
                let key = IdempotencyKey::new(&[&key.0, "delete", tax_id.id.as_str()]);
                self.act(&key, DeleteCustomerTaxId::new(customer_id, tax_id.id.to_string())).await?;
            }
        }
        if let Some((value, kind)) = wanted.filter(|_| !present) {
            let kind: CreateCustomerTaxIdType = kind.parse().map_err(StripeError::unreadable)?;
            let key = IdempotencyKey::new(&[&key.0, "tax_id", value]);
            self.act(&key, CreateCustomerTaxId::new(customer_id, kind, value)).await?;
        }
        Ok(())
    }
}
