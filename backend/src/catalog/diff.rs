//! What applying a catalog would change: a pure comparison of what is with what shall be.
//!
//! The same list is shown to whoever applies the catalog and then carried out, so that nothing happens
//! that was not shown, and an empty list means that nothing is written.

use super::addons::addons_after;
use super::packs::packs_after;
use super::rules::{Catalog, CatalogPlan, CatalogPrice, CatalogProduct, CatalogRelease};
use super::{Plan, Price, Product, Release};
use crate::money::Money;
use crate::vendors::Vendor;

/// What the database holds of a vendor's catalog.
#[derive(Clone, Debug, Default)]
pub(super) struct Current {
    /// The vendor; `None` when there is none of the catalog's code.
    pub vendor: Option<Vendor>,
    /// Its products.
    pub products: Vec<CurrentProduct>,
}

/// A product with all that belongs to it.
#[derive(Clone, Debug)]
pub(super) struct CurrentProduct {
    /// The product.
    pub product: Product,
    /// Its releases.
    pub releases: Vec<Release>,
    /// Its plans with their current prices.
    pub plans: Vec<Plan>,
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A new vendor, with its signing keys.
    CreateVendor {
        /// Its code.
        code: String,
        /// Its issuer.
        origin: String,
    },
    /// Name, profile, accent or logo; names the members that differ.
    UpdateVendor {
        /// For example `profile.lead`.
        members: Vec<&'static str>,
    },
    /// A new product.
    CreateProduct {
        /// Its code.
        product: String,
        /// Order on the price list.
        position: i64,
    },
    /// Name, description or position.
    UpdateProduct {
        /// Its code.
        product: String,
        /// Order on the price list.
        position: i64,
        /// What differs.
        members: Vec<&'static str>,
    },
    /// A release that was not known.
    CreateRelease {
        /// Product code.
        product: String,
        /// The release.
        release: CatalogRelease,
    },
    /// Another date or channel for a known version.
    UpdateRelease {
        /// Product code.
        product: String,
        /// As it was.
        before: Release,
        /// As it shall be.
        after: CatalogRelease,
    },
    /// A new plan, without its prices.
    CreatePlan {
        /// Product code.
        product: String,
        /// Its code.
        plan: String,
        /// Order on the price list.
        position: i64,
    },
    /// Anything but kind, license type and prices.
    UpdatePlan {
        /// Product code.
        product: String,
        /// Its code.
        plan: String,
        /// Order on the price list.
        position: i64,
        /// What differs.
        members: Vec<&'static str>,
    },
    /// A plan that the file leaves out is no longer offered.
    WithdrawPlan {
        /// Product code.
        product: String,
        /// Its code.
        plan: String,
    },
    /// A price; where `before` is given it takes that one's place for new buyers.
    CreatePrice {
        /// Product code.
        product: String,
        /// Plan code.
        plan: String,
        /// Role, interval and amount.
        price: CatalogPrice,
        /// The amount until now.
        before: Option<Money>,
    },
    /// A price that the file leaves out is no longer offered.
    WithdrawPrice {
        /// Product code.
        product: String,
        /// Plan code.
        plan: String,
        /// As it was.
        price: CatalogPrice,
    },
}

/// What a file asks for and must not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The issuer of a vendor is set once: tokens in the field name it.
    OriginIsFixed {
        /// The vendor's.
        origin: String,
    },
    /// Which vendor answers which host name is the operator's to say.
    HostIsTheOperators {
        /// The vendor's; `None` where it answers any.
        host: Option<String>,
    },
    /// Licenses under a plan were sold as what it is.
    PlanKindIsFixed {
        /// Product code.
        product: String,
        /// Plan code.
        plan: String,
    },
}

/// Compares; `default_origin` is the issuer of a new vendor whose file names none.
///
/// # Errors
/// Everything that the file asks for and must not have.
pub(super) fn compare(current: &Current, catalog: &Catalog, default_origin: &str) -> Result<Vec<Change>, Vec<Refusal>> {
    let mut changes = Vec::new();
    let mut refusals = Vec::new();
    compare_vendor(current, catalog, default_origin, &mut changes, &mut refusals);
    for (position, wanted) in (0..).zip(&catalog.products) {
        let found = current.products.iter().find(|it| it.product.code == wanted.code);
        compare_product(found, wanted, position, &mut changes, &mut refusals);
    }
    if refusals.is_empty() { Ok(changes) } else { Err(refusals) }
}

fn compare_vendor(
    current: &Current,
    catalog: &Catalog,
    default_origin: &str,
    changes: &mut Vec<Change>,
    refusals: &mut Vec<Refusal>,
) {
    let wanted = &catalog.vendor;
    let Some(vendor) = &current.vendor else {
        let origin = wanted.origin.as_deref().unwrap_or(default_origin).trim_end_matches('/').to_owned();
        changes.push(Change::CreateVendor { code: wanted.code.clone(), origin });
        return;
    };
    if wanted.origin.as_ref().is_some_and(|origin| *origin != vendor.origin) {
        refusals.push(Refusal::OriginIsFixed { origin: vendor.origin.clone() });
    }
    // A file without one says nothing about it.
    if wanted.host.is_some() && wanted.host != vendor.host {
        refusals.push(Refusal::HostIsTheOperators { host: vendor.host.clone() });
    }
    let (now, then) = (&vendor.profile, &wanted.profile);
    let mut members = differing([
        ("name", vendor.name != wanted.name),
        ("legal_name", now.legal_name != then.legal_name),
        ("address_lines", now.address_lines != then.address_lines),
        ("country", now.country != then.country),
        ("vat_id", now.vat_id != then.vat_id),
        ("registration", now.registration != then.registration),
        ("support_email", now.support_email != then.support_email),
        ("headline", now.headline != then.headline),
        ("lead", now.lead != then.lead),
        ("currencies", now.currencies != then.currencies),
        ("bank", now.bank != then.bank),
        ("transfer", now.transfer != then.transfer),
        ("stripe_tax", now.untaxed != then.untaxed),
        ("accent_hue", vendor.accent_hue != wanted.accent_hue),
        ("logo_file", vendor.logo_svg != wanted.logo_svg),
    ]);
    if vendor.settings_no > 0 {
        // The rest is the console's.
        members.retain(|member| *member == "currencies");
    }
    if !members.is_empty() {
        changes.push(Change::UpdateVendor { members });
    }
}

fn compare_product(
    found: Option<&CurrentProduct>,
    wanted: &CatalogProduct,
    position: i64,
    changes: &mut Vec<Change>,
    refusals: &mut Vec<Refusal>,
) {
    let product = wanted.code.clone();
    compare_product_alone(found.map(|found| &found.product), wanted, position, changes);
    let releases = found.map_or(&[][..], |found| &found.releases);
    for after in &wanted.releases {
        let (product, after) = (product.clone(), after.clone());
        match releases.iter().find(|release| release.version == after.version) {
            None => changes.push(Change::CreateRelease { product, release: after }),
            Some(before) if (before.released_on, &before.channel) != (after.released_on, &after.channel) => {
                changes.push(Change::UpdateRelease { product, before: before.clone(), after });
            }
            Some(_) => {}
        }
    }
    let plans = found.map_or(&[][..], |found| &found.plans);
    for (position, plan) in (0..).zip(&wanted.plans) {
        let now = plans.iter().find(|it| it.code == plan.code);
        compare_plan(&product, now, plan, position, changes, refusals);
    }
    for plan in plans.iter().filter(|plan| plan.published) {
        if !wanted.plans.iter().any(|it| it.code == plan.code) {
            changes.push(Change::WithdrawPlan { product: product.clone(), plan: plan.code.clone() });
        }
    }
}

/// Compares what a product is, without what belongs to it.
pub(super) fn compare_product_alone(
    found: Option<&Product>,
    wanted: &CatalogProduct,
    position: i64,
    changes: &mut Vec<Change>,
) {
    let product = wanted.code.clone();
    let Some(now) = found else {
        changes.push(Change::CreateProduct { product, position });
        return;
    };
    let members = differing([
        ("name", now.name != wanted.name),
        ("description", now.description != wanted.description),
        ("position", now.position != position),
    ]);
    if !members.is_empty() {
        changes.push(Change::UpdateProduct { product, position, members });
    }
}

/// Compares a plan with its prices.
pub(super) fn compare_plan(
    product: &str,
    found: Option<&Plan>,
    wanted: &CatalogPlan,
    position: i64,
    changes: &mut Vec<Change>,
    refusals: &mut Vec<Refusal>,
) {
    let (product, plan) = (product.to_owned(), wanted.code.clone());
    match found {
        None => changes.push(Change::CreatePlan { product: product.clone(), plan: plan.clone(), position }),
        Some(now) if (now.kind, now.license_type) != (wanted.kind, wanted.license_type) => {
            refusals.push(Refusal::PlanKindIsFixed { product: product.clone(), plan: plan.clone() });
        }
        Some(now) => {
            let members = differing_plan_members(now, wanted, position);
            if !members.is_empty() {
                changes.push(Change::UpdatePlan { product: product.clone(), plan: plan.clone(), position, members });
            }
        }
    }
    for price in &wanted.prices {
        let currency = price.unit_amount.currency;
        let before = found.and_then(|now| now.price_of(price.role, &price.option, price.interval, currency));
        let is_same = |before: &Price| (before.unit_amount, &before.tiers) == (price.unit_amount, &price.tiers);
        if !before.is_some_and(is_same) {
            let before = before.map(|before| before.unit_amount);
            changes.push(Change::CreatePrice {
                product: product.clone(),
                plan: plan.clone(),
                price: price.clone(),
                before,
            });
        }
    }
    for price in found.map_or(&[][..], |now| &now.prices) {
        let price = CatalogPrice {
            role: price.role,
            option: price.option.clone(),
            interval: price.interval,
            unit_amount: price.unit_amount,
            tiers: price.tiers.clone(),
        };
        if !wanted.prices.iter().any(|it| it.is_for_the_same(&price)) {
            changes.push(Change::WithdrawPrice { product: product.clone(), plan: plan.clone(), price });
        }
    }
}

fn differing_plan_members(now: &Plan, wanted: &CatalogPlan, position: i64) -> Vec<&'static str> {
    let (terms, then) = (&now.terms, &wanted.terms);
    let (shown, show) = (&now.presentation, &wanted.presentation);
    differing([
        ("name", now.name != wanted.name),
        ("included_seats", now.included_seats != wanted.included_seats),
        ("max_seats", now.max_seats != wanted.max_seats),
        ("limits", terms.limits != then.limits),
        ("features", terms.features != then.features),
        ("addons", now.addons != addons_after(&now.addons, &wanted.addons)),
        ("packs", now.packs != packs_after(&now.packs, &wanted.packs)),
        ("lease", terms.lease != then.lease),
        ("enforcement", terms.enforcement != then.enforcement),
        ("level_aggregation", terms.level_aggregation != then.level_aggregation),
        ("maintenance_percent", terms.maintenance_percent != then.maintenance_percent),
        ("trial_days", terms.trial_days != then.trial_days),
        ("trial_without_card", terms.trial_without_card != then.trial_without_card),
        ("card_only", terms.card_only != then.card_only),
        ("payment_grace_days", terms.payment_grace_days != then.payment_grace_days),
        ("devices_per_user", terms.devices_per_user != then.devices_per_user),
        ("surge_seats", terms.surge_seats != then.surge_seats),
        ("surge_minutes", terms.surge_minutes != then.surge_minutes),
        ("usage_signals", terms.usage_signals != then.usage_signals),
        ("tagline", shown.tagline != show.tagline),
        ("highlights", shown.highlights != show.highlights),
        ("recommended", shown.recommended != show.recommended),
        ("position", now.position != position),
        ("published", now.published != wanted.published),
    ])
}

fn differing<const N: usize>(members: [(&'static str, bool); N]) -> Vec<&'static str> {
    members.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect()
}
