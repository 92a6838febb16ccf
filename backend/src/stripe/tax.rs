//! How Stripe Tax reckons on an account: what it knows about the seller, and where the seller is registered.

use serde::{Deserialize, Serialize};

use super::checkup::{AddressFacts, TaxFacts};
use super::{IdempotencyKey, Stripe, StripeError};

/// How tax is set up at Stripe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StripeTax {
    /// Whether tax is reckoned; Checkout does not open otherwise.
    pub is_active: bool,
    /// Stripe's names of what it still has to be told.
    pub missing: Vec<String>,
    /// Where the seller is.
    pub head_office: HeadOffice,
    /// What products are to tax offices that say nothing themselves, by Stripe's code; empty where none is set.
    pub tax_code: String,
    /// Where tax is collected: ISO 3166-1 alpha-2, each once.
    pub countries: Vec<String>,
}

/// Where a seller is; members that it has not are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadOffice {
    /// Street and number.
    pub line1: String,
    /// Building, floor.
    pub line2: String,
    /// Postal code.
    pub postal_code: String,
    /// City.
    pub city: String,
    /// State or province, by ISO 3166-2 without the country.
    pub state: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

impl HeadOffice {
    fn of(address: AddressFacts) -> Self {
        Self {
            line1: address.line1.unwrap_or_default(),
            line2: address.line2.unwrap_or_default(),
            postal_code: address.postal_code.unwrap_or_default(),
            city: address.city.unwrap_or_default(),
            state: address.state.unwrap_or_default(),
            country: address.country.unwrap_or_default(),
        }
    }
}

impl Stripe {
    /// How tax is set up now.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn fetch_tax(&self) -> Result<StripeTax, StripeError> {
        let settings: TaxFacts = self.ask("tax/settings", &[]).await?;
        Ok(StripeTax {
            is_active: settings.status == "active",
            missing: settings.status_details.pending.and_then(|pending| pending.missing_fields).unwrap_or_default(),
            head_office: settings.head_office.map(|office| HeadOffice::of(office.address)).unwrap_or_default(),
            tax_code: settings.defaults.tax_code.unwrap_or_default(),
            countries: self.fetch_tax_countries().await?,
        })
    }

    /// Says where the seller is and what its products are (<https://docs.stripe.com/api/tax/settings/update>). What Stripe
    /// makes of it says [`fetch_tax`](Self::fetch_tax).
    ///
    /// # Errors
    /// [`StripeError`]: this call's alone, so a refusal is one of what was said.
    pub async fn set_tax(
        &self,
        key: &IdempotencyKey,
        tax_code: &str,
        head_office: &HeadOffice,
    ) -> Result<(), StripeError> {
        let all: [(&str, &str); 7] = [
            ("defaults[tax_code]", tax_code),
            ("head_office[address][line1]", &head_office.line1),
            ("head_office[address][line2]", &head_office.line2),
            ("head_office[address][postal_code]", &head_office.postal_code),
            ("head_office[address][city]", &head_office.city),
            ("head_office[address][state]", &head_office.state),
            ("head_office[address][country]", &head_office.country),
        ];
        // To Stripe an empty value is the wish to take something away, which it refuses here.
        let given: Vec<(&str, &str)> = all.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        self.post(key, "tax/settings", &given).await.map(drop)
    }
}
