//! The catalog file as it is written: TOML, taken apart but not judged yet.
//!
//! Shape is checked here (unknown members, wrong types, missing members are refused with line and
//! column); what the values mean is checked in [`super::rules`]. `demo/iot-platform.toml` is the
//! documentation of the format.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::{AddonPer, BillingInterval, LevelAggregation, LicenseType, PlanKind, PriceRole, TierMode};
use crate::vendors::BankDetails;

/// A whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CatalogFile {
    /// Who sells.
    pub vendor: VendorSection,
    /// What is sold, in the order of the price list.
    #[serde(default)]
    pub products: Vec<ProductSection>,
}

/// `[vendor]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VendorSection {
    /// Short name; finds the vendor, or names the new one.
    pub code: String,
    /// Display name.
    pub name: String,
    /// Host name it answers; any when absent. Used only when the vendor is created.
    pub host: Option<String>,
    /// Public origin and issuer; the deployment's when absent. Set once.
    pub origin: Option<String>,
    /// Registered name.
    pub legal_name: String,
    /// As printed on invoices.
    pub address_lines: Vec<String>,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// VAT id.
    pub vat_id: Option<String>,
    /// Entry in a commercial register and who manages.
    pub registration: Option<String>,
    /// Where customers write to.
    pub support_email: String,
    /// Headline of the price list.
    pub headline: String,
    /// The sentence under it.
    pub lead: String,
    /// Hue of the accent colour in degrees.
    pub accent_hue: i64,
    /// SVG file, relative to the catalog file.
    pub logo_file: Option<String>,
    /// In which order currencies are offered; alphabetical when absent.
    #[serde(default)]
    pub currencies: Vec<String>,
    /// Whether Stripe Tax reckons tax on what is sold; `false` where none is charged.
    #[serde(default = "yes")]
    pub stripe_tax: bool,
    /// For bank transfers.
    pub bank: Option<BankDetails>,
    /// Orders that may be paid by bank transfer; none when absent.
    pub transfer: Option<TransferSection>,
}

/// `[vendor.transfer]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TransferSection {
    /// Days from the invoice to the day by which it has to be paid.
    #[serde(default = "fourteen")]
    pub days_until_due: i64,
    /// Currency to the least decimal amount that an order must come to, before tax.
    #[serde(default)]
    pub minimum: BTreeMap<String, String>,
}

/// `[[products]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProductSection {
    /// The tokens' `aud`.
    pub code: String,
    /// Display name.
    pub name: String,
    /// One sentence.
    #[serde(default)]
    pub description: String,
    /// Published versions.
    #[serde(default)]
    pub releases: Vec<ReleaseSection>,
    /// Ways to buy, in the order of the price list.
    #[serde(default)]
    pub plans: Vec<PlanSection>,
}

/// `[[products.releases]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReleaseSection {
    /// Version as instances report it.
    pub version: String,
    /// UTC date.
    #[serde(deserialize_with = "date")]
    pub released_on: Date,
    /// `stable` when absent.
    #[serde(default = "stable")]
    pub channel: String,
}

fn stable() -> String {
    "stable".to_owned()
}

/// `[[products.plans]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanSection {
    /// Stable name within the product; the tokens' `pln`.
    pub code: String,
    /// Display name.
    pub name: String,
    /// Rented or bought.
    pub kind: PlanKind,
    /// How seats are counted.
    pub license_type: LicenseType,
    /// Seats in the base price; always 1 for perpetual plans.
    #[serde(default = "one")]
    pub included_seats: i64,
    /// Seats that can be bought at most.
    pub max_seats: i64,
    /// Whether it can be bought.
    #[serde(default = "yes")]
    pub published: bool,
    /// One line under the name.
    #[serde(default)]
    pub tagline: String,
    /// Sentences of the list.
    #[serde(default)]
    pub highlights: Vec<String>,
    /// Whether it is the one to recommend.
    #[serde(default)]
    pub recommended: bool,
    /// Limit name to maximum.
    #[serde(default)]
    pub limits: BTreeMap<String, i64>,
    /// Feature name to its last day, or `true`.
    #[serde(default)]
    pub features: BTreeMap<String, FeatureEnd>,
    /// How levels add up; `max` where missing.
    #[serde(default)]
    pub level_aggregation: BTreeMap<String, LevelAggregation>,
    /// Perpetual: percentage of the unit price for one more year of updates.
    pub maintenance_percent: Option<i64>,
    /// Subscriptions: days that are free before the first payment.
    #[serde(default)]
    pub trial_days: i64,
    /// Whether a trial begins without a card; it then ends by itself where none was given.
    #[serde(default)]
    pub trial_without_card: bool,
    /// Not to be bought by bank transfer, whatever the vendor offers.
    #[serde(default)]
    pub card_only: bool,
    /// Days that everything goes on after a failed renewal payment.
    #[serde(default = "fourteen")]
    pub payment_grace_days: i64,
    /// `user` plans: devices of one user at a time; any number when absent.
    pub devices_per_user: Option<i64>,
    /// Seats beyond the bought ones that a surge opens; together with `surge_minutes`.
    pub surge_seats: Option<i64>,
    /// How long a surge lasts.
    pub surge_minutes: Option<i64>,
    /// Whether instances report how often features are used.
    #[serde(default)]
    pub usage_signals: bool,
    /// How leases are issued.
    #[serde(default)]
    pub lease: LeaseSection,
    /// What the application does when it cannot renew; warn at once, stop after a day when absent.
    pub enforcement: Option<Vec<sdk::lease::EnforcementStep>>,
    /// Currency to interval to role to decimal amount: `usd.month.base = "10.00"`.
    #[serde(default)]
    pub prices: BTreeMap<String, BTreeMap<BillingInterval, BTreeMap<PriceRole, String>>>,
    /// What its buyers may have on top.
    #[serde(default)]
    pub addons: Vec<AddonSection>,
    /// The limits of which its buyers may have more.
    #[serde(default)]
    pub packs: Vec<PackSection>,
}

/// `[[products.plans.addons]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AddonSection {
    /// Stable name within the plan.
    pub code: String,
    /// Display name.
    pub name: String,
    /// One sentence.
    #[serde(default)]
    pub description: String,
    /// What it is paid for; the license when absent.
    #[serde(default = "license")]
    pub per: AddonPer,
    /// Feature name to its last day, or `true`.
    #[serde(default)]
    pub features: BTreeMap<String, FeatureEnd>,
    /// What it adds to the plan's limits; -1 makes one unlimited.
    #[serde(default)]
    pub limits: BTreeMap<String, i64>,
    /// Currency to interval to decimal amount: `usd.month = "10.00"`.
    #[serde(default)]
    pub prices: BTreeMap<String, BTreeMap<BillingInterval, String>>,
}

/// `[[products.plans.packs]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PackSection {
    /// The limit that it raises.
    pub limit: String,
    /// By how much.
    pub size: i64,
    /// How many a license can have.
    pub max: i64,
    /// What its tiers mean; `volume` when absent.
    #[serde(default = "volume")]
    pub mode: TierMode,
    /// Currency to interval to tiers: `usd.month = [{ up_to = 10, each = "5.00" }, { each = "4.00" }]`.
    #[serde(default)]
    pub prices: BTreeMap<String, BTreeMap<BillingInterval, Vec<TierSection>>>,
}

/// A tier of a pack's price.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TierSection {
    /// The last pack in it; none in the last tier.
    pub up_to: Option<i64>,
    /// Decimal amount of each.
    pub each: String,
}

fn volume() -> TierMode {
    TierMode::Volume
}

fn license() -> AddonPer {
    AddonPer::License
}

fn one() -> i64 {
    1
}

fn yes() -> bool {
    true
}

fn fourteen() -> i64 {
    14
}

/// `lease = { … }`; what is absent has the default of [`super::LeasePolicy`]. All in seconds.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LeaseSection {
    /// Life of a lease.
    pub lease_s: Option<i64>,
    /// Time between checks; a third of the lease, less a little, when absent.
    pub check_s: Option<i64>,
    /// `machine`: a silent machine's seat is free after this.
    pub reclaim_after_s: Option<i64>,
    /// Longest life of a borrowed lease; 0 forbids borrowing.
    pub max_borrow_s: Option<i64>,
}

/// Until when a plan's feature lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FeatureEnd {
    /// As long as the license.
    Never,
    /// To the end of this UTC day.
    After(Date),
}

impl<'de> Deserialize<'de> for FeatureEnd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match toml::Value::deserialize(deserializer)? {
            toml::Value::Boolean(true) => Ok(Self::Never),
            toml::Value::Datetime(datetime) => to_date(datetime).map(Self::After).map_err(D::Error::custom),
            _ => Err(D::Error::custom(EXPECTED_FEATURE)),
        }
    }
}

const EXPECTED_FEATURE: &str = "expected `true` (as long as the license) or a date such as 2027-12-31";
const EXPECTED_DATE: &str = "expected a date without a time, such as 2026-11-21";

fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    to_date(toml::value::Datetime::deserialize(deserializer)?).map_err(D::Error::custom)
}

fn to_date(datetime: toml::value::Datetime) -> Result<Date, &'static str> {
    match datetime {
        toml::value::Datetime { date: Some(_), time: None, offset: None } => {
            datetime.to_string().parse().map_err(|_| EXPECTED_DATE)
        }
        _ => Err(EXPECTED_DATE),
    }
}

/// Reads the text of a file.
///
/// # Errors
/// A message with line, column and the line itself, for whoever writes the file.
pub(super) fn read_catalog_file(text: &str) -> Result<CatalogFile, String> {
    toml::from_str(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_is_misspelt_or_ill_typed_is_refused_with_its_line() {
        let text = include_str!("../../../demo/iot-platform.toml");
        assert!(read_catalog_file(text).is_ok());
        for (from, to, expected) in [
            ("accent_hue =", "accent_hew =", "accent_hew"),
            ("released_on = 2026-10-05", "released_on = 2026-10-05T10:00:00Z", "without a time"),
            ("released_on = 2026-10-05", "released_on = 2026-02-30", "line"),
            ("kind = \"perpetual\"", "kind = \"eternal\"", "eternal"),
            ("single_sign_on = true", "single_sign_on = false", "as long as the license"),
            ("stage = \"warn\"", "stage = \"shout\"", "shout"),
        ] {
            let broken = text.replacen(from, to, 1);
            assert_ne!(broken, text, "the demo file has no {from:?}");
            let message = read_catalog_file(&broken).unwrap_err();
            assert!(message.contains(expected) && message.contains("line "), "{to}: {message}");
        }
    }
}
