//! What travels. Times are RFC 3339 in UTC, days `YYYY-MM-DD`, money the smallest unit of its currency (`_minor`).

use std::collections::BTreeMap;

use backend::catalog::{Product, Release};
use backend::clock::UnixMs;
use backend::invoices::{Invoice, InvoiceLine};
use backend::leases::InstanceStatus;
use backend::leases::instance_list::ListedInstance;
use backend::licenses::LicenseView;
use backend::licenses::rules::{Inactive, standing};
use backend::licenses::search::ListedStatus;
use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use sdk::wire::Identity;
use serde::{Deserialize, Serialize};

/// One page of a list.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "PageOf{T}")]
pub struct Page<T> {
    /// The rows of the page.
    pub items: Vec<T>,
    /// Send it as `cursor` to get the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// Something that has a code and a name.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Named {
    /// Code, as in the catalog.
    pub code: String,
    /// Name for people.
    pub name: String,
}

/// The plan of a license.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LicensedPlan {
    /// Code, as in the catalog.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// Which version of the plan was sold.
    pub version: i64,
}

/// A license. Its key is never told.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LicenseResponse {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub account_id: String,
    /// What that company is called.
    pub company: String,
    /// The owner's name for it; may be empty.
    pub name: String,
    /// What may run.
    pub product: Named,
    /// Under which plan.
    pub plan: LicensedPlan,
    /// The license key with all but its last group hidden.
    pub key_hint: String,
    /// Rented or bought.
    #[schemars(extend("enum" = ["subscription", "perpetual"]))]
    pub kind: String,
    /// How seats are counted.
    #[schemars(extend("enum" = ["floating", "machine", "user"]))]
    pub license_type: String,
    /// Where it stands.
    #[schemars(extend("enum" = ["active", "waiting", "suspended", "ended", "revoked"]))]
    pub status: String,
    /// Why it is not active; absent while it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["not_paid", "not_started", "past_due", "cancelled", "expired", "suspended", "revoked", null]))]
    pub reason: Option<String>,
    /// Seats.
    pub seats: i64,
    /// Seats that are held now.
    pub seats_held: i64,
    /// First moment of validity.
    pub starts_at: Timestamp,
    /// First moment after validity; null for ever.
    pub ends_at: Option<Timestamp>,
    /// Perpetual: releases dated on or before the UTC date of this moment are covered.
    pub updates_until: Option<Timestamp>,
    /// Limits by name; -1 is unlimited.
    pub limits: BTreeMap<String, i64>,
    /// Features by name, each with its end, or null where it has none.
    pub features: BTreeMap<String, Option<Timestamp>>,
    /// When anything that runs under it was last heard of; null where nothing was ever activated.
    pub last_contact_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// What a license's row does not say itself.
#[derive(Clone, Debug)]
pub struct AboutLicense {
    /// What the company is called.
    pub company: String,
    /// Seats that are held.
    pub held: i64,
    /// When it was last heard of.
    pub last_contact_at: Option<UnixMs>,
}

impl LicenseResponse {
    /// A license at `now`.
    #[must_use]
    pub fn of(view: &LicenseView, about: AboutLicense, now: UnixMs) -> Self {
        let license = &view.license;
        let inactive = standing(license, now).err();
        let features = license.terms.features.iter();
        Self {
            id: license.id.to_string(),
            account_id: license.account_id.to_string(),
            company: about.company,
            name: license.name.clone(),
            product: Named { code: view.product_code.clone(), name: view.product_name.clone() },
            plan: LicensedPlan {
                code: view.plan_code.clone(),
                name: view.plan_name.clone(),
                version: license.plan_version,
            },
            key_hint: license.key_hint.clone(),
            kind: license.kind.as_str().to_owned(),
            license_type: license.license_type.as_str().to_owned(),
            status: status_of(inactive).as_str().to_owned(),
            reason: inactive.map(|why| reason_of(why).to_owned()),
            seats: license.seats,
            seats_held: about.held,
            starts_at: license.starts_at.timestamp(),
            ends_at: license.ends_at.map(UnixMs::timestamp),
            updates_until: license.updates_until.map(UnixMs::timestamp),
            limits: license.terms.limits.clone(),
            features: features.map(|(name, end)| (name.clone(), end.map(feature_end))).collect(),
            last_contact_at: about.last_contact_at.map(UnixMs::timestamp),
            created_at: license.created_at.timestamp(),
        }
    }
}

fn feature_end(seconds: i64) -> Timestamp {
    UnixMs::from_seconds(seconds).timestamp()
}

/// The same as the lists of the portal filter by.
fn status_of(inactive: Option<Inactive>) -> ListedStatus {
    match inactive {
        None => ListedStatus::Active,
        Some(Inactive::NotPaid | Inactive::NotStarted) => ListedStatus::Waiting,
        Some(Inactive::PastDue | Inactive::Suspended) => ListedStatus::Suspended,
        Some(Inactive::Cancelled | Inactive::Expired) => ListedStatus::Ended,
        Some(Inactive::Revoked) => ListedStatus::Revoked,
    }
}

fn reason_of(inactive: Inactive) -> &'static str {
    match inactive {
        Inactive::NotPaid => "not_paid",
        Inactive::NotStarted => "not_started",
        Inactive::PastDue => "past_due",
        Inactive::Cancelled => "cancelled",
        Inactive::Expired => "expired",
        Inactive::Suspended => "suspended",
        Inactive::Revoked => "revoked",
    }
}

/// The owner's new name for a license.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct RenameLicenseRequest {
    /// The name; empty removes it.
    #[schemars(length(max = 100))]
    pub name: String,
}

/// An installation under a license.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct InstanceResponse {
    /// Its id.
    pub id: String,
    /// The license it runs under.
    pub license_id: String,
    /// Who it is, as the application named it.
    pub identity: Identity,
    /// Where it stands: `lapsed` is one whose lease ended without a word.
    #[schemars(extend("enum" = ["holding", "lapsed", "released", "deactivated", "blocked"]))]
    pub state: String,
    /// Whether a seat is held for it; for a while that can be so although it gave it back.
    pub holds_seat: bool,
    /// Until when a seat is held for it.
    pub held_until: Timestamp,
    /// End of the last lease that it was given.
    pub lease_expires_at: Timestamp,
    /// Since when two copies of it wait for a decision in the portal; absent where none do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_conflict_since: Option<Timestamp>,
    /// Version at last contact.
    pub version: String,
    /// What it last reported of each limit.
    pub levels: BTreeMap<String, i64>,
    /// First activation.
    pub first_contact_at: Timestamp,
    /// Last activate or check.
    pub last_contact_at: Timestamp,
}

impl InstanceResponse {
    /// An instance at `now`.
    #[must_use]
    pub fn of(license_id: &str, instance: &ListedInstance, now: UnixMs) -> Self {
        let holds_seat = instance.holds_seat(now);
        let state = match instance.status {
            InstanceStatus::Active if holds_seat => "holding",
            InstanceStatus::Active => "lapsed",
            InstanceStatus::Released | InstanceStatus::Deleted => "released",
            InstanceStatus::Deactivated => "deactivated",
            InstanceStatus::Blocked => "blocked",
        };
        Self {
            id: instance.id.to_string(),
            license_id: license_id.to_owned(),
            identity: instance.identity(),
            state: state.to_owned(),
            holds_seat,
            held_until: instance.held_until.timestamp(),
            lease_expires_at: instance.lease_exp.timestamp(),
            in_conflict_since: instance.conflict_since(now).map(UnixMs::timestamp),
            version: instance.version.clone(),
            levels: instance.levels.0.clone(),
            first_contact_at: instance.first_contact_at.timestamp(),
            last_contact_at: instance.last_contact_at.timestamp(),
        }
    }
}

/// What came of an act on an instance.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct InstanceActResponse {
    /// Whether anything had to be changed; false where it was so already.
    pub changed: bool,
    /// When another may have its seat; null where nothing was changed.
    pub free_at: Option<Timestamp>,
    /// The instance as it is now.
    pub instance: InstanceResponse,
}

/// Use against what is licensed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct UsageResponse {
    /// The license.
    pub license_id: String,
    /// Seats that are held.
    pub seats_held: i64,
    /// Seats of the license.
    pub seats: i64,
    /// Every limit that is licensed or reported, by name.
    pub limits: Vec<LimitUsage>,
    /// How often features were used, of those that instances count.
    pub features: Vec<FeatureUsage>,
    /// First day of the counts of features.
    pub counted_from: Date,
    /// Last day of the counts of features: today.
    pub counted_until: Date,
}

/// Use of one limit.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LimitUsage {
    /// Name of the limit.
    pub name: String,
    /// What the instances last reported; those that gave their seats back use nothing.
    pub used: i64,
    /// What is licensed; -1 is unlimited.
    pub limit: i64,
}

/// Use of one feature.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FeatureUsage {
    /// Name of the feature.
    pub name: String,
    /// How often it was used.
    pub count: i64,
}

/// An invoice.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct InvoiceResponse {
    /// Its id.
    pub id: String,
    /// Who buys.
    pub account_id: String,
    /// What it is for, where that is one license.
    pub license_id: Option<String>,
    /// The sequential number.
    pub number: String,
    /// Where it stands.
    #[schemars(extend("enum" = ["open", "paid", "void", "uncollectible"]))]
    pub status: String,
    /// ISO 4217 code in lower case.
    pub currency: String,
    /// Sum of the lines, without tax, before discounts.
    pub subtotal_minor: i64,
    /// What discounts take off.
    pub discount_minor: i64,
    /// All taxes.
    pub tax_minor: i64,
    /// What is owed in all.
    pub total_minor: i64,
    /// What has been paid.
    pub paid_minor: i64,
    /// What is left to pay.
    pub due_minor: i64,
    /// When it became final.
    pub issued_at: Timestamp,
    /// By when it has to be paid.
    pub due_at: Option<Timestamp>,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// Its lines; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<InvoiceLineResponse>>,
}

/// One line of an invoice.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct InvoiceLineResponse {
    /// What was sold.
    pub description: String,
    /// How many.
    pub quantity: i64,
    /// Price of one, where there is one.
    pub unit_amount_minor: Option<i64>,
    /// Without tax, before discounts; negative for a credit.
    pub amount_minor: i64,
    /// What discounts take off.
    pub discount_minor: i64,
    /// Beginning of the period of supply.
    pub period_start: Option<Timestamp>,
    /// Its end.
    pub period_end: Option<Timestamp>,
}

impl InvoiceResponse {
    /// An invoice, with its lines where they are given.
    #[must_use]
    pub fn of(invoice: &Invoice, lines: Option<&[InvoiceLine]>) -> Self {
        Self {
            id: invoice.id.to_string(),
            account_id: invoice.account_id.to_string(),
            license_id: invoice.license_id.as_ref().map(ToString::to_string),
            number: invoice.number.clone(),
            status: invoice.status.as_str().to_owned(),
            currency: invoice.currency.as_str().to_owned(),
            subtotal_minor: invoice.subtotal_minor,
            discount_minor: invoice.discount_minor,
            tax_minor: invoice.tax_minor,
            total_minor: invoice.total_minor,
            paid_minor: invoice.paid_minor,
            due_minor: invoice.due_minor,
            issued_at: invoice.issued_at.timestamp(),
            due_at: invoice.due_at.map(UnixMs::timestamp),
            paid_at: invoice.paid_at.map(UnixMs::timestamp),
            lines: lines.map(|lines| lines.iter().map(InvoiceLineResponse::of).collect()),
        }
    }
}

impl InvoiceLineResponse {
    fn of(line: &InvoiceLine) -> Self {
        Self {
            description: line.description.clone(),
            quantity: line.quantity,
            unit_amount_minor: line.unit_amount_minor,
            amount_minor: line.amount_minor,
            discount_minor: line.discount_minor,
            period_start: line.period_start.map(UnixMs::timestamp),
            period_end: line.period_end.map(UnixMs::timestamp),
        }
    }
}

/// A product of the vendor's.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ProductResponse {
    /// Its code, which its leases bear as `aud`.
    pub code: String,
    /// Its name for people.
    pub name: String,
    /// One sentence; may be empty.
    pub description: String,
}

impl From<Product> for ProductResponse {
    fn from(product: Product) -> Self {
        Self { code: product.code, name: product.name, description: product.description }
    }
}

/// A release of a product.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ReleaseResponse {
    /// Version as instances report it.
    pub version: String,
    /// The day it was published.
    pub released_on: Date,
    /// For example `stable`.
    pub channel: String,
}

impl From<Release> for ReleaseResponse {
    fn from(release: Release) -> Self {
        Self { version: release.version, released_on: release.released_on, channel: release.channel }
    }
}

/// What came of publishing a release.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PublishedResponse {
    /// Whether it is new; false where it was published before.
    pub created: bool,
    /// The release.
    pub release: ReleaseResponse,
}

/// A release to be published.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct PublishReleaseRequest {
    /// Version as instances report it.
    #[schemars(length(min = 1, max = 60))]
    pub version: String,
    /// The day it is published; today in UTC where it is left out.
    #[serde(default)]
    pub released_on: Option<Date>,
    /// Small letters, digits, `-` and `_`; `stable` where it is left out.
    #[serde(default)]
    #[schemars(length(min = 1, max = 40))]
    pub channel: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_that_is_answered_is_described() {
        let schema = serde_json::to_value(schemars::schema_for!(LicenseResponse)).unwrap_or_default();
        let words = |member: &str| schema["properties"][member]["enum"].clone();
        let listed: Vec<_> = ListedStatus::ALL.iter().map(|status| status.as_str()).collect();
        assert_eq!(words("status"), serde_json::json!(listed));
        for inactive in [
            Inactive::NotPaid,
            Inactive::NotStarted,
            Inactive::PastDue,
            Inactive::Cancelled,
            Inactive::Expired,
            Inactive::Suspended,
            Inactive::Revoked,
        ] {
            let word = serde_json::json!(reason_of(inactive));
            assert!(words("reason").as_array().is_some_and(|words| words.contains(&word)), "{word}");
        }
        let kinds: Vec<_> = backend::catalog::PlanKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(words("kind"), serde_json::json!(kinds));
        let types: Vec<_> = backend::catalog::LicenseType::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(words("license_type"), serde_json::json!(types));
    }
}
