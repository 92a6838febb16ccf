//! What an account's settings mean for us.

use serde_json::Value;
use stripe_client_core::VERSION;

use super::{AccountFacts, EndpointFacts, TaxFacts, Wanted};

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// As it should be.
    Fine,
    /// No call tells: somebody has to look.
    ByHand,
    /// Works, but something will be missed or late.
    Doubtful,
    /// Selling fails, or documents become wrong.
    Broken,
}

/// What was asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The account.
    Account,
    /// Where its events go.
    WebhookEndpoints,
    /// Stripe Tax.
    Tax,
    /// How invoices are numbered.
    Numbering,
}

/// A setting that no call tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByHand {
    /// How often a failed renewal is charged again.
    Retries,
    /// What becomes of a subscription when all attempts have failed.
    AfterRetries,
    /// Mails by Stripe, which would tell customers twice.
    Mails,
    /// What stands on Stripe's own pages.
    Branding,
}

impl ByHand {
    /// All of them, in the order in which the dashboard is walked through.
    pub const ALL: &'static [Self] = &[Self::Retries, Self::AfterRetries, Self::Mails, Self::Branding];
}

/// One thing that was found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Stripe does not know the key.
    KeyRefused,
    /// A restricted key may not look at this.
    NotPermitted(Part),
    /// No answer, or none that can be read; Stripe's sentence.
    NotAnswered(Part, String),
    /// The key works.
    Account {
        /// Stripe's id.
        id: String,
        /// What customers see, or empty.
        name: String,
        /// ISO 3166-1 alpha-2.
        country: String,
        /// Real money.
        is_live: bool,
    },
    /// The account may not take money yet.
    NoCharges {
        /// Real money: then it cannot sell.
        is_live: bool,
    },
    /// Transfers are taken over these networks.
    BankTransfers(Vec<String>),
    /// Events arrive: everything about the endpoint is right.
    Endpoint(String),
    /// No endpoint leads here.
    NoEndpoint {
        /// The address that it must have.
        url: String,
        /// What must be sent there.
        event_types: Vec<&'static str>,
    },
    /// It is switched off.
    EndpointDisabled(String),
    /// Several lead here: every event comes as often, and all but one are refused by their signature.
    EndpointTwice(Vec<String>),
    /// It does not send what we depend on.
    EndpointLacks {
        /// Stripe's id.
        id: String,
        /// What is missing.
        event_types: Vec<&'static str>,
    },
    /// Its events are written in another version than ours.
    EndpointVersion {
        /// Stripe's id.
        id: String,
        /// The version; none is the account's own.
        version: Option<String>,
        /// Ours.
        wanted: String,
    },
    /// Tax is reckoned.
    TaxActive,
    /// The vendor has switched it off.
    TaxOff,
    /// Tax is not set up: Checkout refuses to open.
    TaxPending(Vec<String>),
    /// Where tax is collected.
    TaxRegistrations(Vec<String>),
    /// One sequence of numbers for all invoices.
    NumberedByAccount,
    /// A sequence for each customer: numbers of the vendor's documents would not follow each other.
    NumberedByCustomer,
    /// Nothing tells before the first customer.
    NumberingUnknown,
    /// No call tells.
    ByHand(ByHand),
}

impl Finding {
    /// How much it matters.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::Account { .. } | Self::Endpoint(_) | Self::TaxActive | Self::TaxOff | Self::NumberedByAccount => {
                Severity::Fine
            }
            Self::TaxRegistrations(countries) | Self::BankTransfers(countries) => {
                if countries.is_empty() {
                    Severity::Doubtful
                } else {
                    Severity::Fine
                }
            }
            Self::NoCharges { is_live: false }
            | Self::NotPermitted(_)
            | Self::EndpointTwice(_)
            | Self::EndpointVersion { .. } => Severity::Doubtful,
            Self::NumberingUnknown | Self::ByHand(_) => Severity::ByHand,
            Self::KeyRefused
            | Self::NotAnswered(..)
            | Self::NoCharges { is_live: true }
            | Self::NoEndpoint { .. }
            | Self::EndpointDisabled(_)
            | Self::EndpointLacks { .. }
            | Self::TaxPending(_)
            | Self::NumberedByCustomer => Severity::Broken,
        }
    }
}

pub(super) fn judge_account(account: &AccountFacts, is_live: bool) -> Vec<Finding> {
    let name = account.business_profile.as_ref().and_then(|profile| profile.name.clone()).unwrap_or_default();
    let mut findings =
        vec![Finding::Account { id: account.id.clone(), name, country: account.country.clone(), is_live }];
    if !account.charges_enabled {
        findings.push(Finding::NoCharges { is_live });
    }
    let networks = account
        .capabilities
        .iter()
        .filter(|(name, state)| name.ends_with("bank_transfer_payments") && state.as_str() == Some("active"));
    findings.push(Finding::BankTransfers(networks.map(|(name, _)| name.clone()).collect()));
    findings
}

/// What `endpoints` miss of what is `wanted`.
pub(super) fn judge_endpoints(endpoints: &[EndpointFacts], wanted: &Wanted) -> Vec<Finding> {
    let plain = |url: &str| url.trim_end_matches('/').to_ascii_lowercase();
    let ours: Vec<&EndpointFacts> = endpoints
        .iter()
        .filter(|endpoint| wanted.webhook_urls.iter().any(|url| plain(url) == plain(&endpoint.url)))
        .collect();
    let enabled: Vec<&&EndpointFacts> = ours.iter().filter(|endpoint| endpoint.status == "enabled").collect();
    let Some(endpoint) = enabled.first() else {
        return vec![match ours.first() {
            Some(endpoint) => Finding::EndpointDisabled(endpoint.id.clone()),
            None => Finding::NoEndpoint {
                url: wanted.webhook_urls.first().cloned().unwrap_or_default(),
                event_types: wanted.event_types.clone(),
            },
        }];
    };
    let mut findings = Vec::new();
    if enabled.len() > 1 {
        findings.push(Finding::EndpointTwice(enabled.iter().map(|endpoint| endpoint.id.clone()).collect()));
    }
    let sends = |wanted: &str| endpoint.enabled_events.iter().any(|sent| sent == "*" || sent == wanted);
    let missing: Vec<_> = wanted.event_types.iter().copied().filter(|event_type| !sends(event_type)).collect();
    if !missing.is_empty() {
        findings.push(Finding::EndpointLacks { id: endpoint.id.clone(), event_types: missing });
    }
    if endpoint.api_version.as_deref() != Some(VERSION.as_str()) {
        findings.push(Finding::EndpointVersion {
            id: endpoint.id.clone(),
            version: endpoint.api_version.clone(),
            wanted: VERSION.as_str().to_owned(),
        });
    }
    if findings.is_empty() {
        findings.push(Finding::Endpoint(endpoint.url.clone()));
    }
    findings
}

pub(super) fn judge_tax(tax: &TaxFacts) -> Finding {
    if tax.status == "active" {
        return Finding::TaxActive;
    }
    let pending = tax.status_details.pending.clone().unwrap_or_default();
    Finding::TaxPending(pending.missing_fields.unwrap_or_default())
}

/// Stripe leaves `next_invoice_sequence` out of a customer where the account has one sequence for all
/// (<https://docs.stripe.com/api/customers/object#customer_object-next_invoice_sequence>).
pub(super) fn judge_numbering(customers: &[Value]) -> Finding {
    if customers.is_empty() {
        return Finding::NumberingUnknown;
    }
    let by_customer = customers.iter().any(|customer| !customer["next_invoice_sequence"].is_null());
    if by_customer { Finding::NumberedByCustomer } else { Finding::NumberedByAccount }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn endpoint(url: &str, status: &str, version: Option<&str>, events: &[&str]) -> EndpointFacts {
        EndpointFacts {
            id: "we_1".to_owned(),
            url: url.to_owned(),
            status: status.to_owned(),
            api_version: version.map(str::to_owned),
            enabled_events: events.iter().map(|event| (*event).to_owned()).collect(),
        }
    }

    #[test]
    fn an_endpoint_must_lead_here_be_on_send_everything_and_speak_our_version() {
        const HERE: &str = "https://shop.example/stripe/webhook/acme";
        let version = VERSION.as_str().to_owned();
        let ours = Some(version.as_str());
        let wanted = Wanted {
            webhook_urls: vec![HERE.to_owned(), "https://shop.example/stripe/webhook/ven_1".to_owned()],
            event_types: vec!["invoice.paid", "refund.updated"],
            is_untaxed: false,
        };
        let judge = |endpoints: &[EndpointFacts]| judge_endpoints(endpoints, &wanted);
        let all = ["invoice.paid", "refund.updated", "payout.paid"];
        assert_eq!(judge(&[endpoint(HERE, "enabled", ours, &all)]), [Finding::Endpoint(HERE.to_owned())]);
        assert_eq!(
            judge(&[endpoint("https://shop.example/stripe/webhook/ven_1/", "enabled", ours, &["*"])]),
            [Finding::Endpoint("https://shop.example/stripe/webhook/ven_1/".to_owned())]
        );
        let missing = Finding::NoEndpoint { url: HERE.to_owned(), event_types: vec!["invoice.paid", "refund.updated"] };
        assert_eq!(judge(&[]), std::slice::from_ref(&missing));
        assert_eq!(judge(&[endpoint("https://other.example/stripe/webhook/acme", "enabled", ours, &all)]), [missing]);
        assert_eq!(judge(&[endpoint(HERE, "disabled", ours, &all)]), [Finding::EndpointDisabled("we_1".to_owned())]);
        assert_eq!(
            judge(&[endpoint(HERE, "enabled", ours, &["invoice.paid"])]),
            [Finding::EndpointLacks { id: "we_1".to_owned(), event_types: vec!["refund.updated"] }]
        );
        for other in [None, Some("2020-08-27")] {
            let found = judge(&[endpoint(HERE, "enabled", other, &["*"])]);
            assert!(matches!(&found[..], [Finding::EndpointVersion { .. }]), "{found:?}");
        }
        let twice = judge(&[endpoint(HERE, "enabled", ours, &["*"]), endpoint(HERE, "enabled", ours, &["*"])]);
        assert!(matches!(&twice[..], [Finding::EndpointTwice(_)]), "{twice:?}");
    }

    #[test]
    fn a_customer_with_a_sequence_of_its_own_betrays_the_numbering() {
        assert_eq!(judge_numbering(&[]), Finding::NumberingUnknown);
        assert_eq!(judge_numbering(&[json!({ "id": "cus_1" })]), Finding::NumberedByAccount);
        let mixed = [json!({ "id": "cus_1" }), json!({ "id": "cus_2", "next_invoice_sequence": 1 })];
        assert_eq!(judge_numbering(&mixed), Finding::NumberedByCustomer);
    }

    #[test]
    fn an_account_that_may_not_charge_is_broken_only_where_money_is_real() {
        let account: AccountFacts = serde_json::from_value(json!({
            "id": "acct_1", "country": "DE", "charges_enabled": false,
            "capabilities": { "card_payments": "active", "sepa_bank_transfer_payments": "active", "us_bank_transfer_payments": "inactive" },
        }))
        .expect("an account");
        let worst = |is_live| judge_account(&account, is_live).iter().map(Finding::severity).max();
        assert_eq!(worst(true), Some(Severity::Broken));
        assert_eq!(worst(false), Some(Severity::Doubtful));
        let transfers = Finding::BankTransfers(vec!["sepa_bank_transfer_payments".to_owned()]);
        assert!(judge_account(&account, true).contains(&transfers));
    }

    #[test]
    fn tax_that_is_pending_says_what_is_missing() {
        let tax = |value: Value| judge_tax(&serde_json::from_value(value).expect("settings"));
        assert_eq!(tax(json!({ "status": "active", "status_details": { "active": {} } })), Finding::TaxActive);
        assert_eq!(
            tax(json!({ "status": "pending", "status_details": { "pending": { "missing_fields": ["head_office"] } } })),
            Finding::TaxPending(vec!["head_office".to_owned()])
        );
    }
}
