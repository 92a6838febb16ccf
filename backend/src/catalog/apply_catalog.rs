//! Applying a catalog: the vendor and all it sells brought to what the file says, in one transaction.

use super::addons::addons_after;
use super::diff::{Change, Current, CurrentProduct, Refusal, compare};
use super::packs::packs_after;
use super::rules::{Catalog, CatalogPlan, CatalogPrice, CatalogProduct};
use super::{Plan, Price, Product, price_name, release_store, store, versions};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Extent, Subject, Tx};
use crate::ids::VendorId;
use crate::keys::MasterKey;
use crate::vendors::{self, NewVendor, Profile, Vendor};

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum CatalogApplication {
    /// All of these changes were made; none when the catalog was applied before.
    Applied {
        /// The vendor.
        vendor: Box<Vendor>,
        /// What changed.
        changes: Vec<Change>,
    },
    /// The file asks for what must not change; nothing was written.
    Refused(Vec<Refusal>),
}

/// What [`apply_catalog`] would change now.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn preview_catalog(
    tx: &mut Tx,
    catalog: &Catalog,
    default_origin: &str,
) -> Result<Result<Vec<Change>, Vec<Refusal>>, DbError> {
    Ok(compare(&load_current(tx, &catalog.vendor.code).await?, catalog, default_origin))
}

/// Brings the vendor of this code and its catalog to what `catalog` says. Creates the vendor when there is
/// none. Applying the same catalog again changes nothing.
///
/// `cx.vendor_id` is not used: the catalog names its vendor. `default_origin` is the deployment's public origin,
/// the issuer of a new vendor whose catalog names none.
///
/// # Errors
/// [`DbError::Duplicate`] when another vendor has the same host or origin.
pub async fn apply_catalog(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    catalog: &Catalog,
    default_origin: &str,
) -> Result<CatalogApplication, DbError> {
    // Whoever changes the same catalog in the console waits, and then has seen an older state of it.
    if let Some(vendor) = vendors::find_vendor_by_code(tx, &catalog.vendor.code).await? {
        vendors::lock_vendor(tx, &vendor.id).await?;
    }
    let current = load_current(tx, &catalog.vendor.code).await?;
    let changes = match compare(&current, catalog, default_origin) {
        Ok(changes) => changes,
        Err(refusals) => return Ok(CatalogApplication::Refused(refusals)),
    };
    let vendor = match current.vendor {
        Some(vendor) => vendor,
        None => create_vendor(tx, cx, master, catalog, default_origin).await?,
    };
    let cx = Cx { vendor_id: vendor.id.clone(), ..cx.clone() };
    if !changes.is_empty() {
        // Leases answered from memory name plans and judge releases as they were.
        tx.change(Subject::All, Extent::Whole).await?;
    }
    let wanted = Wanted { vendor_code: &catalog.vendor.code, products: &catalog.products };
    for change in &changes {
        match change {
            Change::UpdateVendor { members } => update_vendor(tx, &cx, catalog, members).await?,
            change => carry_out(tx, &cx, &wanted, change).await?,
        }
    }
    let vendor = vendors::find_vendor(tx, &vendor.id).await?.unwrap_or(vendor);
    Ok(CatalogApplication::Applied { vendor: Box::new(vendor), changes })
}

pub(super) async fn load_current(tx: &mut Tx, vendor_code: &str) -> Result<Current, DbError> {
    let Some(vendor) = vendors::find_vendor_by_code(tx, vendor_code).await? else { return Ok(Current::default()) };
    let mut products = Vec::new();
    for product in store::list_products(tx, &vendor.id).await? {
        let releases = release_store::list_releases(tx, &vendor.id, &product.id).await?;
        let plans = store::list_plans(tx, &vendor.id, &product.id).await?;
        products.push(CurrentProduct { product, releases, plans });
    }
    Ok(Current { vendor: Some(vendor), products })
}

async fn create_vendor(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    catalog: &Catalog,
    default_origin: &str,
) -> Result<Vendor, DbError> {
    let wanted = &catalog.vendor;
    let new = NewVendor {
        code: wanted.code.clone(),
        host: wanted.host.clone(),
        origin: wanted.origin.clone().unwrap_or_else(|| default_origin.to_owned()),
        name: wanted.name.clone(),
    };
    let vendor = vendors::create_vendor(tx, cx, master, &new).await?;
    brand(tx, &vendor.id, catalog).await?;
    Ok(vendor)
}

async fn brand(tx: &mut Tx, vendor_id: &VendorId, catalog: &Catalog) -> Result<(), DbError> {
    let wanted = &catalog.vendor;
    let Some(vendor) = vendors::lock_vendor(tx, vendor_id).await? else { return Ok(()) };
    if vendor.settings_no > 0 {
        let profile = Profile { currencies: wanted.profile.currencies.clone(), ..vendor.profile };
        let (name, logo) = (&vendor.name, vendor.logo_svg.as_deref());
        return vendors::update_branding(tx, vendor_id, name, &profile, vendor.accent_hue, logo).await;
    }
    let logo = wanted.logo_svg.as_deref();
    vendors::update_branding(tx, vendor_id, &wanted.name, &wanted.profile, wanted.accent_hue, logo).await
}

async fn update_vendor(tx: &mut Tx, cx: &Cx, catalog: &Catalog, members: &[&'static str]) -> Result<(), DbError> {
    brand(tx, &cx.vendor_id, catalog).await?;
    let name = vendors::find_vendor(tx, &cx.vendor_id).await?.map(|vendor| vendor.name);
    let changed = serde_json::json!({ "members": members, "name": name });
    record(tx, cx, "vendor.update", cx.vendor_id.as_str(), None, Some(changed)).await
}

/// What a change leads to: all products of a file, or the one that is changed by hand.
pub(super) struct Wanted<'c> {
    /// The vendor's code, which Stripe's look-up keys begin with.
    pub vendor_code: &'c str,
    /// Products with the plans that shall be so.
    pub products: &'c [CatalogProduct],
}

/// Makes one change of products, releases, plans or prices: the only code that does.
pub(super) async fn carry_out(tx: &mut Tx, cx: &Cx, catalog: &Wanted<'_>, change: &Change) -> Result<(), DbError> {
    match change {
        // The vendor is made already, since every other row needs its id, and what it says of itself is the file's alone.
        Change::CreateVendor { .. } | Change::UpdateVendor { .. } => Ok(()),
        Change::CreateProduct { product, position } => {
            let wanted = wanted_product(catalog, product)?;
            let product = Product {
                id: cx.id(),
                code: wanted.code.clone(),
                name: wanted.name.clone(),
                description: wanted.description.clone(),
                position: *position,
            };
            store::insert_product(tx, cx, &product).await?;
            let after = serde_json::json!({ "code": product.code, "name": product.name });
            record(tx, cx, "product.create", product.id.as_str(), None, Some(after)).await
        }
        Change::UpdateProduct { product, position, .. } => {
            let wanted = wanted_product(catalog, product)?;
            let before = known_product(tx, cx, product).await?;
            let after = Product {
                name: wanted.name.clone(),
                description: wanted.description.clone(),
                position: *position,
                ..before.clone()
            };
            store::update_product(tx, cx, &after).await?;
            let (was, is) = (product_state(&before), product_state(&after));
            record(tx, cx, "product.update", after.id.as_str(), Some(was), Some(is)).await
        }
        Change::CreateRelease { product, release } => {
            let product = known_product(tx, cx, product).await?;
            let (version, date, channel) = (&release.version, release.released_on, &release.channel);
            let inserted = release_store::insert_release(tx, cx, &product.id, version, date, channel).await?;
            let id = inserted.ok_or(CHANGED_MEANWHILE)?;
            let after = serde_json::json!({ "version": version, "released_on": date, "channel": channel });
            record(tx, cx, "release.create", id.as_str(), None, Some(after)).await
        }
        Change::UpdateRelease { before, after, .. } => {
            release_store::update_release(tx, cx, &before.id, after.released_on, &after.channel).await?;
            let was = serde_json::json!({ "released_on": before.released_on, "channel": before.channel });
            let is = serde_json::json!({ "released_on": after.released_on, "channel": after.channel });
            record(tx, cx, "release.update", before.id.as_str(), Some(was), Some(is)).await
        }
        Change::CreatePlan { product, plan, position } => {
            let wanted = wanted_plan(catalog, product, plan)?;
            let product = known_product(tx, cx, product).await?;
            let plan = Plan {
                id: cx.id(),
                product_id: product.id,
                code: wanted.code.clone(),
                name: wanted.name.clone(),
                kind: wanted.kind,
                license_type: wanted.license_type,
                version: 1,
                included_seats: wanted.included_seats,
                max_seats: wanted.max_seats,
                terms: wanted.terms.clone(),
                addons: wanted.addons.clone(),
                packs: wanted.packs.clone(),
                presentation: wanted.presentation.clone(),
                position: *position,
                published: wanted.published,
                prices: Vec::new(),
            };
            store::insert_plan(tx, cx, &plan).await?;
            record(tx, cx, "plan.create", plan.id.as_str(), None, Some(plan_state(&plan))).await
        }
        Change::UpdatePlan { product, plan, position, .. } => {
            let wanted = wanted_plan(catalog, product, plan)?;
            let before = known_plan(tx, cx, product, plan).await?;
            update_plan(tx, cx, &before, plan_after(&before, wanted, *position)).await
        }
        Change::WithdrawPlan { product, plan } => {
            let before = known_plan(tx, cx, product, plan).await?;
            update_plan(tx, cx, &before, Plan { published: false, ..before.clone() }).await
        }
        Change::CreatePrice { product, plan, price, before } => {
            let known = known_plan(tx, cx, product, plan).await?;
            if before.is_some() {
                withdraw_price(tx, cx, &known, price).await?;
            }
            let new = Price {
                id: cx.id(),
                role: price.role,
                option: price.option.clone(),
                interval: price.interval,
                unit_amount: price.unit_amount,
                tiers: price.tiers.clone(),
                lookup_key: lookup_key(catalog.vendor_code, product, plan, price),
                stripe_price_id: None,
                created_at: cx.now,
            };
            store::insert_price(tx, cx, &known.id, &new).await?;
            record(tx, cx, "price.create", new.id.as_str(), None, Some(price_state(&new))).await
        }
        Change::WithdrawPrice { product, plan, price } => {
            let known = known_plan(tx, cx, product, plan).await?;
            withdraw_price(tx, cx, &known, price).await
        }
    }
}

/// Stripe's look-up key of a price: the same for every amount that this price ever has, so that Stripe moves
/// it from the old price to the new one.
fn lookup_key(vendor: &str, product: &str, plan: &str, price: &CatalogPrice) -> String {
    let (interval, currency) = (price.interval.as_str(), price.unit_amount.currency);
    format!("{vendor}.{product}.{plan}.{}.{interval}.{}", price_name(price.role, &price.option), currency.as_str())
}

/// A plan as it is once it is changed, its prices and its version apart.
pub(super) fn plan_after(before: &Plan, wanted: &CatalogPlan, position: i64) -> Plan {
    Plan {
        name: wanted.name.clone(),
        included_seats: wanted.included_seats,
        max_seats: wanted.max_seats,
        terms: wanted.terms.clone(),
        addons: addons_after(&before.addons, &wanted.addons),
        packs: packs_after(&before.packs, &wanted.packs),
        presentation: wanted.presentation.clone(),
        position,
        published: wanted.published,
        ..before.clone()
    }
}

async fn update_plan(tx: &mut Tx, cx: &Cx, before: &Plan, after: Plan) -> Result<(), DbError> {
    let after = versions::update_plan(tx, cx, before, after).await?;
    record(tx, cx, "plan.update", after.id.as_str(), Some(plan_state(before)), Some(plan_state(&after))).await
}

async fn withdraw_price(tx: &mut Tx, cx: &Cx, plan: &Plan, price: &CatalogPrice) -> Result<(), DbError> {
    let old = plan.price_of(price.role, &price.option, price.interval, price.unit_amount.currency);
    let Some(old) = old else { return Ok(()) };
    store::update_price_withdrawn(tx, cx, &old.id).await?;
    record(tx, cx, "price.withdraw", old.id.as_str(), Some(price_state(old)), None).await
}

async fn record(
    tx: &mut Tx,
    cx: &Cx,
    act: &str,
    object_id: &str,
    before: Option<serde_json::Value>,
    after: Option<serde_json::Value>,
) -> Result<(), DbError> {
    audit::record(tx, cx, None, act, object_id, before.as_ref(), after.as_ref()).await
}

pub(super) fn product_state(product: &Product) -> serde_json::Value {
    serde_json::json!({ "name": product.name, "description": product.description, "position": product.position })
}

pub(super) fn plan_state(plan: &Plan) -> serde_json::Value {
    serde_json::json!({
        "code": plan.code, "name": plan.name, "version": plan.version, "included_seats": plan.included_seats, "max_seats": plan.max_seats,
        "terms": plan.terms, "addons": plan.addons, "packs": plan.packs, "presentation": plan.presentation, "position": plan.position,
        "published": plan.published,
    })
}

pub(super) fn price_state(price: &Price) -> serde_json::Value {
    serde_json::json!({ "lookup_key": price.lookup_key, "unit_amount": price.unit_amount, "tiers": price.tiers })
}

fn wanted_product<'c>(catalog: &Wanted<'c>, code: &str) -> Result<&'c CatalogProduct, DbError> {
    catalog.products.iter().find(|product| product.code == code).ok_or(CHANGED_MEANWHILE)
}

fn wanted_plan<'c>(catalog: &Wanted<'c>, product: &str, plan: &str) -> Result<&'c CatalogPlan, DbError> {
    let product = wanted_product(catalog, product)?;
    product.plans.iter().find(|it| it.code == plan).ok_or(CHANGED_MEANWHILE)
}

async fn known_product(tx: &mut Tx, cx: &Cx, code: &str) -> Result<Product, DbError> {
    store::find_product_by_code(tx, &cx.vendor_id, code).await?.ok_or(CHANGED_MEANWHILE)
}

async fn known_plan(tx: &mut Tx, cx: &Cx, product: &str, plan: &str) -> Result<Plan, DbError> {
    let product = known_product(tx, cx, product).await?;
    store::find_plan_by_code(tx, &cx.vendor_id, &product.id, plan).await?.ok_or(CHANGED_MEANWHILE)
}

/// Catalog rows are never deleted, so this takes a hand in the database; nothing is written then.
pub(super) const CHANGED_MEANWHILE: DbError = DbError::GivenUp("the catalog was changed while it was being applied");
