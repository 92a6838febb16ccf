//! What a catalog must satisfy. Every problem of a file is found, each with its place.
//!
//! [`check_catalog`] turns the file as written into a [`Catalog`] that can be applied without further
//! questions: amounts in minor units, policies complete, the logo cleaned.

mod addons;
mod packs;
mod plan;
mod prices;
mod vendor;

use std::collections::BTreeSet;

use sdk::lease::EnforcementPolicyError;

use super::catalog_file::{CatalogFile, ProductSection};
use super::logo::LogoFault;
use super::{Addon, BillingInterval, LicenseType, Pack, PlanKind, Presentation, PriceRole, Terms, Tiers};
use crate::money::Money;
use crate::vendors::Profile;

pub(crate) use prices::parse_amount;
pub(super) use prices::write_amount;
pub use vendor::is_origin;
pub(crate) use vendor::{is_host, is_iban};

/// Most characters of a release's version.
pub const VERSION_MAX_CHARS: usize = 60;

/// A catalog that satisfies the rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalog {
    /// Who sells.
    pub vendor: CatalogVendor,
    /// What is sold, in the order of the price list.
    pub products: Vec<CatalogProduct>,
}

/// The vendor of a catalog.
#[derive(Clone, Debug, PartialEq)]
pub struct CatalogVendor {
    /// Short name.
    pub code: String,
    /// Display name.
    pub name: String,
    /// Host name, for a vendor that is yet to be created.
    pub host: Option<String>,
    /// Public origin, without a trailing slash; the deployment's when absent.
    pub origin: Option<String>,
    /// Legal and public details.
    pub profile: Profile,
    /// 0–359.
    pub accent_hue: i64,
    /// Cleaned markup.
    pub logo_svg: Option<String>,
}

/// A product of a catalog.
#[derive(Clone, Debug, PartialEq)]
pub struct CatalogProduct {
    /// The tokens' `aud`.
    pub code: String,
    /// Display name.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// Version, UTC date and channel.
    pub releases: Vec<CatalogRelease>,
    /// Ways to buy.
    pub plans: Vec<CatalogPlan>,
}

/// A release of a catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogRelease {
    /// Version as instances report it.
    pub version: String,
    /// UTC date.
    pub released_on: jiff::civil::Date,
    /// For example `stable`.
    pub channel: String,
}

/// A plan of a catalog.
#[derive(Clone, Debug, PartialEq)]
pub struct CatalogPlan {
    /// The tokens' `pln`.
    pub code: String,
    /// Display name.
    pub name: String,
    /// Rented or bought.
    pub kind: PlanKind,
    /// How seats are counted.
    pub license_type: LicenseType,
    /// Seats in the base price.
    pub included_seats: i64,
    /// Seats at most.
    pub max_seats: i64,
    /// What a license under it may do.
    pub terms: Terms,
    /// What the price list says.
    pub presentation: Presentation,
    /// What its buyers may have on top.
    pub addons: Vec<Addon>,
    /// The limits of which its buyers may have more.
    pub packs: Vec<Pack>,
    /// Whether it can be bought.
    pub published: bool,
    /// Its prices and those of its add-ons and packs; of perpetual plans including maintenance.
    pub prices: Vec<CatalogPrice>,
}

/// A price of a catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogPrice {
    /// What it is for.
    pub role: PriceRole,
    /// Code of the add-on, or name of the limit, that it is for; empty where it is for the plan itself.
    pub option: String,
    /// How often it is charged.
    pub interval: BillingInterval,
    /// Per unit; where there are tiers, in the first of them.
    pub unit_amount: Money,
    /// What units cost by their number, where they do not all cost the same.
    pub tiers: Option<Tiers>,
}

impl CatalogPrice {
    /// Whether another one takes its place, or it another's, whatever the amounts.
    #[must_use]
    pub fn is_for_the_same(&self, other: &Self) -> bool {
        (self.role, &self.option, self.interval) == (other.role, &other.option, other.interval)
            && self.unit_amount.currency == other.unit_amount.currency
    }
}

/// Something in a catalog that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, as a path of members; products and plans by their code.
    pub path: String,
    /// What.
    pub fault: Fault,
}

/// The ways to break a rule. [`crate::text::en::catalog::fault`] has the sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A text that must not be empty is.
    Missing,
    /// More than so many characters.
    TooLong(usize),
    /// The documents' font lacks this character.
    Unprintable(char),
    /// Not lower-case letters, digits, `-` and `_`, beginning with a letter, 40 at most.
    NotACode,
    /// The same code, version or name twice.
    Duplicate,
    /// Not an ISO 3166-1 alpha-2 country.
    NotACountry,
    /// Not an e-mail address.
    NotAnEmail,
    /// Not `https://host` (or http on a loopback name).
    NotAnOrigin,
    /// Not a host name.
    NotAHost,
    /// Not an IBAN, by form or check digits (ISO 13616).
    NotAnIban,
    /// Outside of what is allowed.
    OutOfRange {
        /// Least value.
        min: i64,
        /// Greatest value.
        max: i64,
    },
    /// Perpetual plans sell every seat by the unit.
    PerpetualIncludesOneSeat,
    /// A level is aggregated, or packs are sold, of a limit that the plan does not have.
    NotALimit,
    /// Checks must fit three times into a lease.
    CheckTooRare,
    /// A machine would be taken for silent before its lease ends.
    ReclaimedBeforeLeaseEnds,
    /// A borrowed lease would be shorter than a normal one.
    BorrowShorterThanLease,
    /// Devices are counted only where users are seated.
    DevicesOfOtherType,
    /// A surge needs seats and minutes.
    SurgeIncomplete,
    /// The steps are no policy.
    Enforcement(EnforcementPolicyError),
    /// Only perpetual plans have maintenance.
    MaintenanceOfSubscription,
    /// Only subscriptions have a trial.
    TrialOfPerpetual,
    /// A trial of what costs nothing anyway.
    TrialOfFree,
    /// How a trial begins, of a plan that has none.
    TrialMissing,
    /// A perpetual plan without maintenance.
    MaintenanceMissing,
    /// Not a currency that Stripe takes, in lower case.
    NotACurrency,
    /// Not a positive decimal with exactly this many decimals.
    NotAnAmount(u32),
    /// Not a multiple of the smallest amount that Stripe takes of the currency, in minor units.
    TooFine {
        /// That amount: 10 or 100.
        step: i64,
    },
    /// This kind of plan is not charged at that interval.
    IntervalOfOtherKind,
    /// This kind of plan has no price of that role.
    RoleOfOtherKind,
    /// A price that this kind of plan needs.
    PriceMissing,
    /// The currencies of a plan do not offer the same prices.
    CurrenciesDiffer,
    /// An add-on or pack that is not sold at the intervals and in the currencies of its plan.
    PricesOfPlanDiffer,
    /// An add-on that gives nothing.
    GivesNothing,
    /// An add-on that gives what its plan has.
    PlanHasIt,
    /// Packs of a perpetual plan.
    PackOfPerpetual,
    /// A price without tiers.
    TiersMissing,
    /// A tier that does not end above the one before.
    TiersNotRising,
    /// The last tier ends, or one before it does not.
    TierEnds,
    /// More than one plan of a product is recommended.
    TwoRecommended,
    /// The logo.
    Logo(LogoFault),
}

/// Judges a file. `logo` is the text of its logo file, or why that cannot be read.
///
/// # Errors
/// Every problem found, in the order of the file.
pub(super) fn check_catalog(file: &CatalogFile, logo: Option<Result<&str, String>>) -> Result<Catalog, Vec<Problem>> {
    let mut check = Check::default();
    let vendor = check.vendor(&file.vendor, logo);
    let mut codes = BTreeSet::new();
    let products = (file.products.iter().enumerate())
        .map(|(at, product)| {
            let path = format!("products.{}", label(&product.code, at));
            if !codes.insert(product.code.as_str()) {
                check.problem(format!("{path}.code"), Fault::Duplicate);
            }
            check.product(&path, product)
        })
        .collect();
    if check.problems.is_empty() { Ok(Catalog { vendor, products }) } else { Err(check.problems) }
}

/// Judges one product, written as the section of a file. Answers every problem found, with its place below `path`.
pub(super) fn check_product(path: &str, product: &ProductSection) -> (CatalogProduct, Vec<Problem>) {
    let mut check = Check::default();
    let checked = check.product(path, product);
    (checked, check.problems)
}

/// Names an entry by its code, or by its number (from 1) when it has none.
pub(super) fn label(code: &str, at: usize) -> String {
    if code.is_empty() { format!("#{}", at + 1) } else { code.to_owned() }
}

#[derive(Default)]
struct Check {
    problems: Vec<Problem>,
}

impl Check {
    fn problem(&mut self, path: impl Into<String>, fault: Fault) {
        self.problems.push(Problem { path: path.into(), fault });
    }

    fn expect(&mut self, holds: bool, path: impl Into<String>, fault: Fault) {
        if !holds {
            self.problem(path, fault);
        }
    }

    fn range(&mut self, path: String, value: i64, min: i64, max: i64) {
        self.expect((min..=max).contains(&value), path, Fault::OutOfRange { min, max });
    }

    /// A text that people read: present, of bounded length, printable on an invoice.
    fn text(&mut self, path: String, text: &str, max: usize) {
        if text.trim().is_empty() {
            self.problem(path, Fault::Missing);
        } else {
            self.optional_text(path, text, max);
        }
    }

    fn optional_text(&mut self, path: String, text: &str, max: usize) {
        if text.chars().count() > max {
            self.problem(path, Fault::TooLong(max));
        } else if let Some(character) = crate::pdf::fonts::unprintable(text) {
            self.problem(path, Fault::Unprintable(character));
        }
    }

    fn code(&mut self, path: String, code: &str) {
        self.expect(is_code(code), path, Fault::NotACode);
    }

    fn product(&mut self, path: &str, product: &ProductSection) -> CatalogProduct {
        self.code(format!("{path}.code"), &product.code);
        self.text(format!("{path}.name"), &product.name, 80);
        self.optional_text(format!("{path}.description"), &product.description, 300);
        let mut versions = BTreeSet::new();
        for (at, release) in product.releases.iter().enumerate() {
            let path = format!("{path}.releases.{}", label(&release.version, at));
            self.text(format!("{path}.version"), &release.version, VERSION_MAX_CHARS);
            self.code(format!("{path}.channel"), &release.channel);
            self.expect(versions.insert(&release.version), format!("{path}.version"), Fault::Duplicate);
        }
        let mut codes = BTreeSet::new();
        let plans = (product.plans.iter().enumerate())
            .map(|(at, plan)| {
                let path = format!("{path}.plans.{}", label(&plan.code, at));
                self.expect(codes.insert(&plan.code), format!("{path}.code"), Fault::Duplicate);
                self.plan(&path, plan)
            })
            .collect();
        let recommended = product.plans.iter().filter(|plan| plan.recommended && plan.published).count();
        self.expect(recommended <= 1, format!("{path}.plans"), Fault::TwoRecommended);
        CatalogProduct {
            code: product.code.clone(),
            name: product.name.clone(),
            description: product.description.clone(),
            releases: (product.releases.iter())
                .map(|release| CatalogRelease {
                    version: release.version.clone(),
                    released_on: release.released_on,
                    channel: release.channel.clone(),
                })
                .collect(),
            plans,
        }
    }
}

/// Whether a release can have this version and channel, as in a catalog file.
///
/// # Errors
/// `version` or `channel`, whichever cannot be.
pub(super) fn check_release(version: &str, channel: Option<&str>) -> Result<(), &'static str> {
    let is_text = !version.is_empty() && version.trim() == version && version.chars().count() <= VERSION_MAX_CHARS;
    if !is_text || crate::pdf::fonts::unprintable(version).is_some() {
        return Err("version");
    }
    if channel.is_some_and(|channel| !is_code(channel)) { Err("channel") } else { Ok(()) }
}

/// Whether this is a code: up to 40 lower-case letters, digits, `-` and `_`, beginning with a letter.
#[must_use]
pub fn is_code(code: &str) -> bool {
    code.len() <= 40
        && code.starts_with(|c: char| c.is_ascii_lowercase())
        && code.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
}

#[cfg(test)]
mod tests;
