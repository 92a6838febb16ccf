//! A look at how an account is set up at Stripe, for its operator: what we depend on there, what is missing, and what
//! no call tells and a person has to look up in Stripe's dashboard.
//!
//! Here the account is asked; [`rules`] says what the answers mean.

pub mod rules;

use serde::Deserialize;
use serde_json::Value;

use super::{Stripe, StripeError, StripeErrorKind};

pub use rules::{ByHand, Finding, Part, Severity};

/// What the account is compared to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Addresses at which this deployment takes the vendor's webhooks; the first is the one to be named. Empty: no
    /// vendor is known yet, and webhooks are not looked at.
    pub webhook_urls: Vec<String>,
    /// The types of events that have to be sent there.
    pub event_types: Vec<&'static str>,
    /// The vendor charges no tax: how Stripe Tax is set up is not looked at.
    pub is_untaxed: bool,
}

/// The account.
#[derive(Clone, Debug, Deserialize)]
pub struct AccountFacts {
    /// Stripe's id.
    pub id: String,
    /// ISO 3166-1 alpha-2.
    #[serde(default)]
    pub country: String,
    /// Whether it may take money.
    #[serde(default)]
    pub charges_enabled: bool,
    /// What it may do, by name: `active`, `pending` or `inactive`.
    #[serde(default)]
    pub capabilities: std::collections::BTreeMap<String, Value>,
    /// What customers see.
    #[serde(default)]
    pub business_profile: Option<BusinessProfile>,
}

/// What customers see of an account.
#[derive(Clone, Debug, Deserialize)]
pub struct BusinessProfile {
    /// Its name.
    pub name: Option<String>,
}

/// Where events are sent to.
#[derive(Clone, Debug, Deserialize)]
pub struct EndpointFacts {
    /// Stripe's id.
    pub id: String,
    /// The address.
    pub url: String,
    /// `enabled` or `disabled`.
    pub status: String,
    /// The version that its events are written in; none means the account's own.
    pub api_version: Option<String>,
    /// The types that are sent; `*` for all.
    pub enabled_events: Vec<String>,
}

/// How tax is set up.
#[derive(Clone, Debug, Deserialize)]
pub struct TaxFacts {
    /// `active` or `pending`.
    pub status: String,
    /// Why it is pending.
    #[serde(default)]
    pub status_details: TaxDetails,
    /// What holds for products that say nothing themselves.
    #[serde(default)]
    pub defaults: TaxDefaults,
    /// Where the seller is.
    #[serde(default)]
    pub head_office: Option<HeadOfficeFacts>,
}

/// What holds for products that say nothing themselves.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct TaxDefaults {
    /// What they are to tax offices, by Stripe's code.
    #[serde(default)]
    pub tax_code: Option<String>,
}

/// Where a seller is.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct HeadOfficeFacts {
    /// The address.
    #[serde(default)]
    pub address: AddressFacts,
}

/// An address at Stripe.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AddressFacts {
    /// Street and number.
    pub line1: Option<String>,
    /// Building, floor.
    pub line2: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State or province.
    pub state: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
}

/// Why tax is not active.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct TaxDetails {
    /// What is missing.
    #[serde(default)]
    pub pending: Option<TaxPending>,
}

/// What is missing before tax is reckoned.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct TaxPending {
    /// Stripe's names of the fields.
    #[serde(default)]
    pub missing_fields: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct List<T> {
    data: Vec<T>,
}

/// One page of a list that may have more.
#[derive(Deserialize)]
struct Page<T> {
    data: Vec<T>,
    #[serde(default)]
    has_more: bool,
}

#[derive(Deserialize)]
struct Registration {
    id: String,
    #[serde(default)]
    country: String,
}

/// Most pages of registrations that are read: a thousand are more than there are countries and states to register in.
const REGISTRATION_PAGES: usize = 10;

impl Stripe {
    /// Asks for everything that can be asked for, and says what it means. What cannot be asked is a finding too, so
    /// this never fails.
    pub async fn check_up(&self, wanted: &Wanted) -> Vec<Finding> {
        let is_live = self.config().is_live();
        let account: Result<AccountFacts, _> = self.ask("account", &[]).await;
        let mut findings = match account {
            Ok(account) => rules::judge_account(&account, is_live),
            // Nothing else will answer either.
            Err(error) if error.status != Some(403) => return vec![refused(Part::Account, &error)],
            Err(error) => vec![refused(Part::Account, &error)],
        };
        if !wanted.webhook_urls.is_empty() {
            match self.ask::<List<EndpointFacts>>("webhook_endpoints", &[("limit", "100")]).await {
                Ok(endpoints) => findings.extend(rules::judge_endpoints(&endpoints.data, wanted)),
                Err(error) => findings.push(refused(Part::WebhookEndpoints, &error)),
            }
        }
        if wanted.is_untaxed {
            findings.push(Finding::TaxOff);
        } else {
            match self.ask::<TaxFacts>("tax/settings", &[]).await {
                Ok(tax) => findings.push(rules::judge_tax(&tax)),
                Err(error) => findings.push(refused(Part::Tax, &error)),
            }
            match self.fetch_tax_countries().await {
                Ok(countries) => findings.push(Finding::TaxRegistrations(countries)),
                Err(error) => findings.push(refused(Part::Tax, &error)),
            }
        }
        match self.ask::<List<Value>>("customers", &[("limit", "20")]).await {
            Ok(customers) => findings.push(rules::judge_numbering(&customers.data)),
            Err(error) => findings.push(refused(Part::Numbering, &error)),
        }
        findings.extend(ByHand::ALL.iter().map(|setting| Finding::ByHand(*setting)));
        findings
    }

    /// Where tax is collected, each country once.
    pub(super) async fn fetch_tax_countries(&self) -> Result<Vec<String>, StripeError> {
        let mut countries = Vec::new();
        let mut last: Option<String> = None;
        for _ in 0..REGISTRATION_PAGES {
            let mut query = vec![("status", "active"), ("limit", "100")];
            query.extend(last.as_deref().map(|id| ("starting_after", id)));
            let page: Page<Registration> = self.ask("tax/registrations", &query).await?;
            last = page.data.last().map(|it| it.id.clone());
            countries.extend(page.data.into_iter().map(|it| it.country));
            if !page.has_more || last.is_none() {
                break;
            }
        }
        countries.sort();
        countries.dedup();
        Ok(countries)
    }

    pub(super) async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, StripeError> {
        serde_json::from_value(self.look(path, query).await?).map_err(StripeError::unreadable)
    }
}

/// A restricted key may lack the right to look; any other failure is one.
fn refused(part: Part, error: &StripeError) -> Finding {
    match (error.kind, error.status) {
        (StripeErrorKind::Authentication, Some(403)) => Finding::NotPermitted(part),
        (StripeErrorKind::Authentication, _) => Finding::KeyRefused,
        _ => Finding::NotAnswered(part, error.message.clone()),
    }
}
