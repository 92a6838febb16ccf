//! Reading and writing products, plans and prices; releases are in `release_store.rs`.

use super::{
    Addon, BillingInterval, LicenseType, Pack, Plan, PlanKind, PlanVersion, Presentation, Price, PriceRole, Product,
    Terms, Tiers,
};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, JsonText, Tx, execute, fetch_all, fetch_optional};
use crate::ids::{PlanId, PriceId, ProductId, VendorId};
use crate::money::{Currency, Money};

#[derive(sqlx::FromRow)]
struct ProductRow {
    id: ProductId,
    code: String,
    name: String,
    description: String,
    position: i64,
}

impl From<ProductRow> for Product {
    fn from(row: ProductRow) -> Self {
        Self { id: row.id, code: row.code, name: row.name, description: row.description, position: row.position }
    }
}

#[derive(sqlx::FromRow)]
struct PlanRow {
    id: PlanId,
    product_id: ProductId,
    code: String,
    name: String,
    kind: PlanKind,
    license_type: LicenseType,
    version: i64,
    included_seats: i64,
    max_seats: i64,
    terms: JsonText<Terms>,
    addons: JsonText<Vec<Addon>>,
    packs: JsonText<Vec<Pack>>,
    presentation: JsonText<Presentation>,
    position: i64,
    published: bool,
}

impl PlanRow {
    fn with_prices(self, prices: Vec<Price>) -> Plan {
        Plan {
            id: self.id,
            product_id: self.product_id,
            code: self.code,
            name: self.name,
            kind: self.kind,
            license_type: self.license_type,
            version: self.version,
            included_seats: self.included_seats,
            max_seats: self.max_seats,
            terms: self.terms.0,
            addons: self.addons.0,
            packs: self.packs.0,
            presentation: self.presentation.0,
            position: self.position,
            published: self.published,
            prices,
        }
    }
}

#[derive(sqlx::FromRow)]
struct PriceRow {
    id: PriceId,
    plan_id: PlanId,
    role: PriceRole,
    option_code: String,
    billing_interval: BillingInterval,
    currency: Currency,
    unit_amount_minor: i64,
    tiers: Option<JsonText<Tiers>>,
    lookup_key: String,
    stripe_price_id: Option<String>,
    created_at: UnixMs,
}

impl From<PriceRow> for Price {
    fn from(row: PriceRow) -> Self {
        Self {
            id: row.id,
            role: row.role,
            option: row.option_code,
            interval: row.billing_interval,
            unit_amount: Money::new(row.unit_amount_minor, row.currency),
            tiers: row.tiers.map(|tiers| tiers.0),
            lookup_key: row.lookup_key,
            stripe_price_id: row.stripe_price_id,
            created_at: row.created_at,
        }
    }
}

/// The product with this id.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_product(tx: &mut Tx, vendor_id: &VendorId, id: &ProductId) -> Result<Option<Product>, DbError> {
    let row = fetch_optional!(
        tx,
        ProductRow,
        "SELECT id, code, name, description, position FROM products
         WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        id
    )?;
    Ok(row.map(Product::from))
}

/// The product with this code.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_product_by_code(tx: &mut Tx, vendor_id: &VendorId, code: &str) -> Result<Option<Product>, DbError> {
    let row = fetch_optional!(
        tx,
        ProductRow,
        "SELECT id, code, name, description, position FROM products
         WHERE vendor_id = $1 AND code = $2",
        vendor_id,
        code
    )?;
    Ok(row.map(Product::from))
}

/// All products, in the catalog's order.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_products(tx: &mut Tx, vendor_id: &VendorId) -> Result<Vec<Product>, DbError> {
    let rows = fetch_all!(
        tx,
        ProductRow,
        "SELECT id, code, name, description, position FROM products
         WHERE vendor_id = $1 ORDER BY position, code",
        vendor_id
    )?;
    Ok(rows.into_iter().map(Product::from).collect())
}

/// All plans of a product with their current prices, in the order of the price list; those that are no
/// longer sold are included and say so in `published`.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_plans(tx: &mut Tx, vendor_id: &VendorId, product_id: &ProductId) -> Result<Vec<Plan>, DbError> {
    let plans = fetch_all!(
        tx,
        PlanRow,
        "SELECT id, product_id, code, name, kind, license_type, version, included_seats, max_seats, terms, addons,
                packs, presentation, position, published
         FROM plans WHERE vendor_id = $1 AND product_id = $2 ORDER BY position, code",
        vendor_id,
        product_id
    )?;
    let mut prices = fetch_all!(
        tx,
        PriceRow,
        "SELECT p.id, p.plan_id, p.role, p.option_code, p.billing_interval, p.currency, p.unit_amount_minor,
                p.tiers, p.lookup_key, p.stripe_price_id, p.created_at
         FROM prices p JOIN plans ON plans.id = p.plan_id
         WHERE p.vendor_id = $1 AND plans.product_id = $2 AND p.current
         ORDER BY p.currency, p.billing_interval, p.role, p.option_code",
        vendor_id,
        product_id
    )?;
    Ok(plans
        .into_iter()
        .map(|plan| {
            let (own, others) = prices.drain(..).partition(|price| price.plan_id == plan.id);
            prices = others;
            let own: Vec<PriceRow> = own;
            plan.with_prices(own.into_iter().map(Price::from).collect())
        })
        .collect())
}

/// The plan with this id, with its current prices.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_plan(tx: &mut Tx, vendor_id: &VendorId, id: &PlanId) -> Result<Option<Plan>, DbError> {
    let plan = fetch_optional!(
        tx,
        PlanRow,
        "SELECT id, product_id, code, name, kind, license_type, version, included_seats, max_seats, terms, addons,
                packs, presentation, position, published
         FROM plans WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        id
    )?;
    with_current_prices(tx, vendor_id, plan).await
}

/// The plan as it was sold at a version, with its current prices.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_plan_version(
    tx: &mut Tx,
    vendor_id: &VendorId,
    version: &PlanVersion,
) -> Result<Option<Plan>, DbError> {
    let plan = fetch_optional!(
        tx,
        PlanRow,
        "SELECT p.id, p.product_id, p.code, p.name, p.kind, p.license_type, v.version, v.included_seats, v.max_seats,
                v.terms, v.addons, v.packs, p.presentation, p.position, p.published
         FROM plan_versions v JOIN plans p ON p.vendor_id = v.vendor_id AND p.id = v.plan_id
         WHERE v.vendor_id = $1 AND v.plan_id = $2 AND v.version = $3",
        vendor_id,
        &version.plan_id,
        version.version
    )?;
    with_current_prices(tx, vendor_id, plan).await
}

/// The plan of a product with this code, with its current prices.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_plan_by_code(
    tx: &mut Tx,
    vendor_id: &VendorId,
    product_id: &ProductId,
    code: &str,
) -> Result<Option<Plan>, DbError> {
    let plan = fetch_optional!(
        tx,
        PlanRow,
        "SELECT id, product_id, code, name, kind, license_type, version, included_seats, max_seats, terms, addons,
                packs, presentation, position, published
         FROM plans WHERE vendor_id = $1 AND product_id = $2 AND code = $3",
        vendor_id,
        product_id,
        code
    )?;
    with_current_prices(tx, vendor_id, plan).await
}

async fn with_current_prices(
    tx: &mut Tx,
    vendor_id: &VendorId,
    plan: Option<PlanRow>,
) -> Result<Option<Plan>, DbError> {
    let Some(plan) = plan else { return Ok(None) };
    let prices = fetch_all!(
        tx,
        PriceRow,
        "SELECT id, plan_id, role, option_code, billing_interval, currency, unit_amount_minor, tiers, lookup_key,
                stripe_price_id, created_at
         FROM prices WHERE vendor_id = $1 AND plan_id = $2 AND current
         ORDER BY currency, billing_interval, role, option_code",
        vendor_id,
        &plan.id
    )?;
    Ok(Some(plan.with_prices(prices.into_iter().map(Price::from).collect())))
}

/// The plan that a link of the price list names, with its product: by codes, the product's where several
/// products are sold. Without it the first product that has such a plan. Published or not.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_offer(
    tx: &mut Tx,
    vendor_id: &VendorId,
    product_code: Option<&str>,
    plan_code: &str,
) -> Result<Option<(Product, Plan)>, DbError> {
    for product in list_products(tx, vendor_id).await? {
        if product_code.is_none_or(|code| code == product.code)
            && let Some(plan) = find_plan_by_code(tx, vendor_id, &product.id, plan_code).await?
        {
            return Ok(Some((product, plan)));
        }
    }
    Ok(None)
}

/// The price that Stripe calls by this id, current or not, and the plan it belongs to.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_price_by_stripe_id(
    tx: &mut Tx,
    vendor_id: &VendorId,
    stripe_price_id: &str,
) -> Result<Option<(PlanId, Price)>, DbError> {
    let row = fetch_optional!(
        tx,
        PriceRow,
        "SELECT id, plan_id, role, option_code, billing_interval, currency, unit_amount_minor, tiers, lookup_key,
                stripe_price_id, created_at
         FROM prices WHERE vendor_id = $1 AND stripe_price_id = $2",
        vendor_id,
        stripe_price_id
    )?;
    Ok(row.map(|row| (row.plan_id.clone(), Price::from(row))))
}

pub(super) async fn insert_product(tx: &mut Tx, cx: &Cx, product: &Product) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO products (id, vendor_id, code, name, description, position, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &product.id,
        &cx.vendor_id,
        &product.code,
        &product.name,
        &product.description,
        product.position,
        cx.now
    )?;
    Ok(())
}

pub(super) async fn update_product(tx: &mut Tx, cx: &Cx, product: &Product) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE products SET name = $3, description = $4, position = $5 WHERE vendor_id = $1 AND id = $2",
        &cx.vendor_id,
        &product.id,
        &product.name,
        &product.description,
        product.position
    )?;
    Ok(())
}

/// Inserts a plan without its prices.
pub(super) async fn insert_plan(tx: &mut Tx, cx: &Cx, plan: &Plan) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO plans (id, vendor_id, product_id, code, name, kind, license_type, included_seats, max_seats,
                            terms, addons, packs, presentation, position, published, created_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        &plan.id,
        &cx.vendor_id,
        &plan.product_id,
        &plan.code,
        &plan.name,
        plan.kind,
        plan.license_type,
        plan.included_seats,
        plan.max_seats,
        JsonText(plan.terms.clone()),
        JsonText(plan.addons.clone()),
        JsonText(plan.packs.clone()),
        JsonText(plan.presentation.clone()),
        plan.position,
        plan.published,
        cx.now,
        plan.version
    )?;
    insert_plan_version(tx, cx, plan).await
}

/// Keeps what a plan gives at its version.
pub(super) async fn insert_plan_version(tx: &mut Tx, cx: &Cx, plan: &Plan) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO plan_versions (vendor_id, plan_id, version, included_seats, max_seats, terms, addons, packs, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &cx.vendor_id,
        &plan.id,
        plan.version,
        plan.included_seats,
        plan.max_seats,
        JsonText(plan.terms.clone()),
        JsonText(plan.addons.clone()),
        JsonText(plan.packs.clone()),
        cx.now
    )?;
    Ok(())
}

/// Sets everything of a plan but its code, kind, license type and prices.
pub(super) async fn update_plan(tx: &mut Tx, cx: &Cx, plan: &Plan) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE plans SET name = $3, included_seats = $4, max_seats = $5, terms = $6, addons = $7, packs = $8,
                          presentation = $9, position = $10, published = $11, version = $12
         WHERE vendor_id = $1 AND id = $2",
        &cx.vendor_id,
        &plan.id,
        &plan.name,
        plan.included_seats,
        plan.max_seats,
        JsonText(plan.terms.clone()),
        JsonText(plan.addons.clone()),
        JsonText(plan.packs.clone()),
        JsonText(plan.presentation.clone()),
        plan.position,
        plan.published,
        plan.version
    )?;
    Ok(())
}

/// Puts a plan on the price list or takes it off; whether it was not so before.
pub(super) async fn update_plan_published(tx: &mut Tx, cx: &Cx, id: &PlanId, published: bool) -> Result<bool, DbError> {
    let updated = execute!(
        tx,
        "UPDATE plans SET published = $3 WHERE vendor_id = $1 AND id = $2 AND published <> $3",
        &cx.vendor_id,
        id,
        published
    )?;
    Ok(updated == 1)
}

pub(super) async fn insert_price(tx: &mut Tx, cx: &Cx, plan_id: &PlanId, price: &Price) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO prices (id, vendor_id, plan_id, role, option_code, billing_interval, currency, unit_amount_minor,
                             tiers, lookup_key, current, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, TRUE, $11)",
        &price.id,
        &cx.vendor_id,
        plan_id,
        price.role,
        &price.option,
        price.interval,
        price.unit_amount.currency,
        price.unit_amount.amount_minor,
        price.tiers.clone().map(JsonText),
        &price.lookup_key,
        cx.now
    )?;
    Ok(())
}

/// Takes a price off the list; those who bought at it keep it.
pub(super) async fn update_price_withdrawn(tx: &mut Tx, cx: &Cx, id: &PriceId) -> Result<(), DbError> {
    execute!(tx, "UPDATE prices SET current = FALSE WHERE vendor_id = $1 AND id = $2", &cx.vendor_id, id)?;
    Ok(())
}

/// Takes Stripe's price away from a row that is not current any more.
pub(super) async fn update_stripe_price_id_freed(
    tx: &mut Tx,
    vendor_id: &VendorId,
    stripe_price_id: &str,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE prices SET stripe_price_id = NULL WHERE vendor_id = $1 AND stripe_price_id = $2 AND NOT current",
        vendor_id,
        stripe_price_id
    )?;
    Ok(())
}

/// Remembers what Stripe calls a price.
pub(super) async fn update_stripe_price_id(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &PriceId,
    stripe_price_id: &str,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE prices SET stripe_price_id = $3 WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        id,
        stripe_price_id
    )?;
    Ok(())
}
