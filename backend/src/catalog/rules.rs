//! What a catalog must satisfy. Every problem of a file is found, each with its place.
//!
//! [`check_catalog`] turns the file as written into a [`Catalog`] that can be applied without further
//! questions: amounts in minor units, policies complete, the logo cleaned.

use std::collections::{BTreeMap, BTreeSet};

use sdk::lease::EnforcementPolicyError;

use super::catalog_file::{
    CatalogFile, FeatureEnd, LeaseSection, PlanSection, ProductSection, TransferSection, VendorSection,
};
use super::logo::{LogoFault, clean_logo};
use super::{BillingInterval, LeasePolicy, PlanKind, Presentation, PriceRole, Terms};
use crate::clock::{DAY_MS, UnixMs};
use crate::money::{Currency, Money};
use crate::vendors::{Profile, TransferOffer};

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
    pub license_type: super::LicenseType,
    /// Seats in the base price.
    pub included_seats: i64,
    /// Seats at most.
    pub max_seats: i64,
    /// What a license under it may do.
    pub terms: Terms,
    /// What the price list says.
    pub presentation: Presentation,
    /// Whether it can be bought.
    pub published: bool,
    /// Its prices; of perpetual plans including maintenance.
    pub prices: Vec<CatalogPrice>,
}

/// A price of a catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CatalogPrice {
    /// What it is for.
    pub role: PriceRole,
    /// How often it is charged.
    pub interval: BillingInterval,
    /// Per unit.
    pub unit_amount: Money,
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
    /// A level is aggregated for a limit that the plan does not have.
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
    /// Not a three-letter currency.
    NotACurrency,
    /// Not a positive decimal with exactly this many decimals.
    NotAnAmount(u32),
    /// This kind of plan is not charged at that interval.
    IntervalOfOtherKind,
    /// This kind of plan has no price of that role.
    RoleOfOtherKind,
    /// A price that this kind of plan needs.
    PriceMissing,
    /// The currencies of a plan do not offer the same prices.
    CurrenciesDiffer,
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

/// Names an entry by its code, or by its number (from 1) when it has none.
fn label(code: &str, at: usize) -> String {
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

    fn vendor(&mut self, vendor: &VendorSection, logo: Option<Result<&str, String>>) -> CatalogVendor {
        let at = |member: &str| format!("vendor.{member}");
        self.code(at("code"), &vendor.code);
        self.text(at("name"), &vendor.name, 60);
        if let Some(host) = &vendor.host {
            self.expect(is_host(host), at("host"), Fault::NotAHost);
        }
        let origin = vendor.origin.as_deref().map(|origin| origin.trim_end_matches('/').to_owned());
        if let Some(origin) = &origin {
            self.expect(is_origin(origin), at("origin"), Fault::NotAnOrigin);
        }
        self.text(at("legal_name"), &vendor.legal_name, 120);
        self.range(at("address_lines"), vendor.address_lines.len() as i64, 1, 6);
        for (line, text) in vendor.address_lines.iter().enumerate() {
            self.text(format!("vendor.address_lines.#{}", line + 1), text, 80);
        }
        let known = crate::text::en::countries::country(&vendor.country).is_some();
        self.expect(known, at("country"), Fault::NotACountry);
        if let Some(vat_id) = &vendor.vat_id {
            self.text(at("vat_id"), vat_id, 20);
        }
        self.expect(is_email(&vendor.support_email), at("support_email"), Fault::NotAnEmail);
        self.text(at("headline"), &vendor.headline, 80);
        self.text(at("lead"), &vendor.lead, 300);
        self.range(at("accent_hue"), vendor.accent_hue, 0, 359);
        if let Some(bank) = &vendor.bank {
            self.text(at("bank.name"), &bank.name, 80);
            self.expect(is_iban(&bank.iban), at("bank.iban"), Fault::NotAnIban);
            self.text(at("bank.bic"), &bank.bic, 11);
        }
        let transfer = vendor.transfer.as_ref().map(|transfer| self.transfer(&at("transfer"), transfer));
        let logo_svg = match logo {
            None => None,
            Some(Ok(svg)) => clean_logo(svg).map_err(|fault| self.problem(at("logo_file"), Fault::Logo(fault))).ok(),
            Some(Err(reason)) => {
                self.problem(at("logo_file"), Fault::Logo(LogoFault::Unreadable(reason)));
                None
            }
        };
        CatalogVendor {
            code: vendor.code.clone(),
            name: vendor.name.clone(),
            host: vendor.host.clone(),
            origin,
            profile: Profile {
                legal_name: vendor.legal_name.clone(),
                address_lines: vendor.address_lines.clone(),
                country: vendor.country.clone(),
                vat_id: vendor.vat_id.clone(),
                support_email: vendor.support_email.clone(),
                headline: vendor.headline.clone(),
                lead: vendor.lead.clone(),
                bank: vendor.bank.clone(),
                transfer,
            },
            accent_hue: vendor.accent_hue,
            logo_svg,
        }
    }

    fn transfer(&mut self, path: &str, transfer: &TransferSection) -> TransferOffer {
        self.range(format!("{path}.days_until_due"), transfer.days_until_due, 1, 90);
        let mut minimum = BTreeMap::new();
        for (code, amount) in &transfer.minimum {
            let path = format!("{path}.minimum.{code}");
            let Some(currency) = Currency::parse(code).filter(|currency| currency.as_str() == code) else {
                self.problem(path, Fault::NotACurrency);
                continue;
            };
            match parse_amount(amount, currency) {
                Some(amount_minor) => drop(minimum.insert(code.clone(), amount_minor)),
                None => self.problem(path, Fault::NotAnAmount(currency.exponent())),
            }
        }
        TransferOffer { days_until_due: transfer.days_until_due, minimum }
    }

    fn product(&mut self, path: &str, product: &ProductSection) -> CatalogProduct {
        self.code(format!("{path}.code"), &product.code);
        self.text(format!("{path}.name"), &product.name, 80);
        self.optional_text(format!("{path}.description"), &product.description, 300);
        let mut versions = BTreeSet::new();
        for (at, release) in product.releases.iter().enumerate() {
            let path = format!("{path}.releases.{}", label(&release.version, at));
            self.text(format!("{path}.version"), &release.version, 60);
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

    fn plan(&mut self, path: &str, plan: &PlanSection) -> CatalogPlan {
        self.code(format!("{path}.code"), &plan.code);
        self.text(format!("{path}.name"), &plan.name, 60);
        self.range(format!("{path}.included_seats"), plan.included_seats, 1, 1_000_000);
        if plan.kind == PlanKind::Perpetual {
            let included = format!("{path}.included_seats");
            self.expect(plan.included_seats == 1, included, Fault::PerpetualIncludesOneSeat);
        }
        self.range(format!("{path}.max_seats"), plan.max_seats, plan.included_seats.max(1), 1_000_000);
        self.optional_text(format!("{path}.tagline"), &plan.tagline, 120);
        for (at, highlight) in plan.highlights.iter().enumerate() {
            self.text(format!("{path}.highlights.#{}", at + 1), highlight, 120);
        }
        for (name, limit) in &plan.limits {
            self.code(format!("{path}.limits.{name}"), name);
            // 2^53 − 1: what every JSON reader holds exactly (RFC 8259 §6).
            self.range(format!("{path}.limits.{name}"), *limit, -1, (1 << 53) - 1);
        }
        for name in plan.features.keys() {
            self.code(format!("{path}.features.{name}"), name);
        }
        for name in plan.level_aggregation.keys() {
            let known = plan.limits.contains_key(name);
            self.expect(known, format!("{path}.level_aggregation.{name}"), Fault::NotALimit);
        }
        self.range(format!("{path}.payment_grace_days"), plan.payment_grace_days, 0, 90);
        // Stripe allows two years (https://docs.stripe.com/billing/subscriptions/trials).
        self.range(format!("{path}.trial_days"), plan.trial_days, 0, 730);
        let has_trial = plan.kind == PlanKind::Perpetual && plan.trial_days > 0;
        self.expect(!has_trial, format!("{path}.trial_days"), Fault::TrialOfPerpetual);
        let begins = !plan.trial_without_card || plan.trial_days > 0;
        self.expect(begins, format!("{path}.trial_without_card"), Fault::TrialMissing);
        let maintenance = format!("{path}.maintenance_percent");
        match (plan.kind, plan.maintenance_percent) {
            (PlanKind::Perpetual, None) => self.problem(maintenance, Fault::MaintenanceMissing),
            (PlanKind::Perpetual, Some(percent)) => self.range(maintenance, percent, 1, 100),
            (PlanKind::Subscription, Some(_)) => self.problem(maintenance, Fault::MaintenanceOfSubscription),
            (PlanKind::Subscription, None) => {}
        }
        let (surge_seats, surge_minutes) = self.surge(path, plan);
        let terms = Terms {
            limits: plan.limits.clone(),
            features: plan.features.iter().map(|(name, end)| (name.clone(), last_second(*end))).collect(),
            lease: self.lease(&format!("{path}.lease"), &plan.lease),
            enforcement: self.enforcement(&format!("{path}.enforcement"), plan.enforcement.as_ref()),
            level_aggregation: plan.level_aggregation.clone(),
            maintenance_percent: plan.maintenance_percent,
            trial_days: plan.trial_days,
            trial_without_card: plan.trial_without_card,
            card_only: plan.card_only,
            payment_grace_days: plan.payment_grace_days,
            devices_per_user: self.devices(format!("{path}.devices_per_user"), plan),
            surge_seats,
            surge_minutes,
            usage_signals: plan.usage_signals,
        };
        CatalogPlan {
            code: plan.code.clone(),
            name: plan.name.clone(),
            kind: plan.kind,
            license_type: plan.license_type,
            included_seats: plan.included_seats,
            max_seats: plan.max_seats,
            terms,
            presentation: Presentation {
                tagline: plan.tagline.clone(),
                highlights: plan.highlights.clone(),
                recommended: plan.recommended,
            },
            published: plan.published,
            prices: self.prices(&format!("{path}.prices"), plan),
        }
    }

    fn devices(&mut self, path: String, plan: &PlanSection) -> Option<i64> {
        let devices = plan.devices_per_user?;
        self.expect(plan.license_type == super::LicenseType::User, path.as_str(), Fault::DevicesOfOtherType);
        self.range(path, devices, 1, 1_000);
        Some(devices)
    }

    /// Seats and minutes of a surge: both or neither. One that lasted a day would never close, since it may open
    /// again after that.
    fn surge(&mut self, path: &str, plan: &PlanSection) -> (i64, i64) {
        match (plan.surge_seats, plan.surge_minutes) {
            (None, None) => (0, 0),
            (Some(seats), Some(minutes)) => {
                self.range(format!("{path}.surge_seats"), seats, 1, plan.max_seats.max(1));
                self.range(format!("{path}.surge_minutes"), minutes, 5, 720);
                (seats, minutes)
            }
            (seats, _) => {
                let missing = if seats.is_none() { "surge_seats" } else { "surge_minutes" };
                self.problem(format!("{path}.{missing}"), Fault::SurgeIncomplete);
                (0, 0)
            }
        }
    }

    fn lease(&mut self, path: &str, lease: &LeaseSection) -> LeasePolicy {
        const DAY_S: i64 = 86_400;
        let default = LeasePolicy::default();
        let lease_s = lease.lease_s.unwrap_or(default.lease_s);
        let policy = LeasePolicy {
            lease_s,
            check_s: lease.check_s.unwrap_or(lease_s.saturating_mul(3) / 10),
            reclaim_after_s: lease.reclaim_after_s.unwrap_or(default.reclaim_after_s.max(lease_s)),
            max_borrow_s: lease.max_borrow_s.unwrap_or(default.max_borrow_s),
        };
        self.range(format!("{path}.lease_s"), policy.lease_s, 60, 90 * DAY_S);
        self.range(format!("{path}.check_s"), policy.check_s, 10, 30 * DAY_S);
        self.expect(policy.check_s <= policy.lease_s / 3, format!("{path}.check_s"), Fault::CheckTooRare);
        let reclaim = format!("{path}.reclaim_after_s");
        self.expect(policy.reclaim_after_s >= policy.lease_s, reclaim, Fault::ReclaimedBeforeLeaseEnds);
        self.range(format!("{path}.reclaim_after_s"), policy.reclaim_after_s, 60, 400 * DAY_S);
        self.range(format!("{path}.max_borrow_s"), policy.max_borrow_s, 0, 400 * DAY_S);
        let fits = policy.max_borrow_s == 0 || policy.max_borrow_s >= policy.lease_s;
        self.expect(fits, format!("{path}.max_borrow_s"), Fault::BorrowShorterThanLease);
        policy
    }

    fn enforcement(
        &mut self,
        path: &str,
        steps: Option<&Vec<sdk::lease::EnforcementStep>>,
    ) -> sdk::lease::EnforcementPolicy {
        let Some(steps) = steps else { return sdk::lease::EnforcementPolicy::default() };
        sdk::lease::EnforcementPolicy::try_from(steps.clone()).unwrap_or_else(|error| {
            self.problem(path, Fault::Enforcement(error));
            sdk::lease::EnforcementPolicy::default()
        })
    }

    fn prices(&mut self, path: &str, plan: &PlanSection) -> Vec<CatalogPrice> {
        let mut prices = Vec::new();
        let mut offers: BTreeMap<&str, BTreeSet<(BillingInterval, PriceRole)>> = BTreeMap::new();
        for (code, intervals) in &plan.prices {
            let Some(currency) = Currency::parse(code).filter(|currency| currency.as_str() == code) else {
                self.problem(format!("{path}.{code}"), Fault::NotACurrency);
                continue;
            };
            let offer = offers.entry(code).or_default();
            for (interval, roles) in intervals {
                let path = format!("{path}.{code}.{}", interval.as_str());
                let fits = (*interval == BillingInterval::Once) == (plan.kind == PlanKind::Perpetual);
                self.expect(fits, path.as_str(), Fault::IntervalOfOtherKind);
                for (role, amount) in roles {
                    let path = format!("{path}.{}", role.as_str());
                    self.expect(roles_of(plan.kind).contains(role), path.as_str(), Fault::RoleOfOtherKind);
                    let Some(amount_minor) = parse_amount(amount, currency) else {
                        self.problem(path, Fault::NotAnAmount(currency.exponent()));
                        continue;
                    };
                    // A plan may be free; a seat beyond it, or a license for ever, is worth something.
                    let least = i64::from(*role != PriceRole::Base);
                    self.range(path, amount_minor, least, MAX_AMOUNT_MINOR);
                    let unit_amount = Money::new(amount_minor, currency);
                    prices.push(CatalogPrice { role: *role, interval: *interval, unit_amount });
                }
                for role in roles_of(plan.kind) {
                    let needed = *role != PriceRole::ExtraSeat || plan.max_seats > plan.included_seats;
                    let present = roles.contains_key(role);
                    self.expect(present || !needed, format!("{path}.{}", role.as_str()), Fault::PriceMissing);
                }
                offer.extend(roles.keys().map(|role| (*interval, *role)));
            }
        }
        let mut all = offers.values();
        match all.next() {
            None => self.problem(path, Fault::PriceMissing),
            Some(first) if first.is_empty() => self.problem(path, Fault::PriceMissing),
            Some(first) => self.expect(all.all(|other| other == first), path, Fault::CurrenciesDiffer),
        }
        let has_base = prices.iter().any(|price| price.role == PriceRole::Base);
        let is_free = |price: &CatalogPrice| price.role != PriceRole::Base || price.unit_amount.amount_minor == 0;
        let tries_what_is_free = plan.trial_days > 0 && has_base && prices.iter().all(is_free);
        self.expect(!tries_what_is_free, path, Fault::TrialOfFree);
        prices.extend(maintenance_prices(&prices, plan.maintenance_percent));
        prices
    }
}

/// Stripe takes unit amounts of up to eight digits (<https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts>).
const MAX_AMOUNT_MINOR: i64 = 99_999_999;

/// The prices that a file states; maintenance follows from its percentage.
fn roles_of(kind: PlanKind) -> &'static [PriceRole] {
    match kind {
        PlanKind::Subscription => &[PriceRole::Base, PriceRole::ExtraSeat],
        PlanKind::Perpetual => &[PriceRole::Unit],
    }
}

/// One more year of updates for one seat: a percentage of the unit price, halves rounded up.
fn maintenance_prices(prices: &[CatalogPrice], percent: Option<i64>) -> Vec<CatalogPrice> {
    let Some(percent) = percent else { return Vec::new() };
    (prices.iter().filter(|price| price.role == PriceRole::Unit))
        .map(|unit| CatalogPrice {
            role: PriceRole::Maintenance,
            interval: BillingInterval::Once,
            unit_amount: Money::new(
                unit.unit_amount.amount_minor.saturating_mul(percent).saturating_add(50) / 100,
                unit.unit_amount.currency,
            ),
        })
        .collect()
}

/// Reads `4999.00` with exactly the currency's decimals; `None` for any other form.
fn parse_amount(text: &str, currency: Currency) -> Option<i64> {
    let decimals = currency.exponent() as usize;
    let (whole, fraction) = if decimals == 0 { (text, "") } else { text.split_once('.')? };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || fraction.len() != decimals || !digits(fraction) {
        return None;
    }
    format!("{whole}{fraction}").parse().ok()
}

/// The last second of a feature's last day, in Unix seconds.
fn last_second(end: FeatureEnd) -> Option<i64> {
    match end {
        FeatureEnd::Never => None,
        FeatureEnd::After(date) => Some(UnixMs::start_of(date).plus(DAY_MS).seconds() - 1),
    }
}

pub(crate) fn is_code(code: &str) -> bool {
    code.len() <= 40
        && code.starts_with(|c: char| c.is_ascii_lowercase())
        && code.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
}

fn is_host(host: &str) -> bool {
    !host.is_empty()
        && host.len() <= 253
        && host.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

/// Whether `origin` can be an issuer: `https://host[:port]`, or http where the host is this machine.
#[must_use]
pub fn is_origin(origin: &str) -> bool {
    let (rest, plain) = match (origin.strip_prefix("https://"), origin.strip_prefix("http://")) {
        (Some(rest), _) => (rest, false),
        (None, Some(rest)) => (rest, true),
        (None, None) => return false,
    };
    let (host, port) = rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port)));
    let loopback = host == "localhost" || host == "127.0.0.1" || host.ends_with(".localhost");
    is_host(host) && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0)) && (!plain || loopback)
}

fn is_email(text: &str) -> bool {
    text.len() <= 254
        && text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && is_host(domain) && domain.contains('.') && !text.contains(char::is_whitespace)
        })
}

/// ISO 13616: two letters, two check digits, up to 30 letters and digits; remainder 1 by 97.
fn is_iban(text: &str) -> bool {
    let compact: Vec<u8> = text.bytes().filter(|byte| *byte != b' ').collect();
    let form = (15..=34).contains(&compact.len())
        && compact[..2].iter().all(u8::is_ascii_uppercase)
        && compact[2..4].iter().all(u8::is_ascii_digit)
        && compact.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let remainder = (compact.iter().skip(4)).chain(compact.iter().take(4)).fold(0_u32, |remainder, byte| match byte {
        b'0'..=b'9' => (remainder * 10 + u32::from(byte - b'0')) % 97,
        letter => (remainder * 100 + u32::from(letter.wrapping_sub(b'A')) + 10) % 97,
    });
    form && remainder == 1
}

#[cfg(test)]
mod tests;
