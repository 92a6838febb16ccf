//! The catalog: applied from files, read back, changed, and pushed to Stripe.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use backend::Cx;
use backend::catalog::{
    BillingInterval, Catalog, CatalogApplication, Change, Plan, PriceList, PriceRole, Product, PushError, Refusal,
    apply_catalog, find_plan, find_plan_by_code, find_price_by_stripe_id, find_product, find_product_by_code,
    find_release, list_plans, list_products, list_releases, load_catalog, newest_covered_release, preview_catalog,
    push_new_prices, push_prices,
};
use backend::db::{Db, DbError};
use backend::ids::VendorId;
use backend::money::Currency;
use backend::stripe::{NewStripePrice, NewStripeProduct, StripeError, StripeErrorKind};
use backend::vendors::{Vendor, list_vendors};

use crate::support::{NOW, cx, master, on_both_engines};

const ORIGIN: &str = "https://portal.test";

fn demo(name: &str) -> Catalog {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo").join(name);
    load_catalog(&path).unwrap_or_else(|error| panic!("{name}: {error:?}"))
}

async fn apply(db: &Db, catalog: &Catalog, origin: &'static str) -> Result<CatalogApplication, DbError> {
    let (catalog, cx) = (catalog.clone(), cx(&VendorId::from_untrusted(""), NOW));
    db.write(move |tx| Box::pin(async move { apply_catalog(tx, &cx, &master(), &catalog, origin).await })).await
}

async fn applied(db: &Db, catalog: &Catalog) -> anyhow::Result<(Vendor, Vec<Change>)> {
    match apply(db, catalog, ORIGIN).await? {
        CatalogApplication::Applied { vendor, changes } => Ok((*vendor, changes)),
        CatalogApplication::Refused(refusals) => anyhow::bail!("refused: {refusals:?}"),
    }
}

async fn products(db: &Db, vendor_id: &VendorId) -> Result<Vec<(Product, Vec<Plan>)>, DbError> {
    let vendor_id = vendor_id.clone();
    db.read(move |tx| {
        Box::pin(async move {
            let mut found = Vec::new();
            for product in list_products(tx, &vendor_id).await? {
                let plans = list_plans(tx, &vendor_id, &product.id).await?;
                found.push((product, plans));
            }
            Ok(found)
        })
    })
    .await
}

async fn audit_acts(db: &Db) -> anyhow::Result<i64> {
    db.read(|tx| {
        Box::pin(async move {
            let count = "SELECT CAST(COUNT(*) AS BIGINT) FROM audit";
            let (count,): (i64,) = match tx {
                backend::db::Tx::Sqlite(tx) => sqlx::query_as(count).fetch_one(&mut **tx).await?,
                backend::db::Tx::Postgres(tx) => sqlx::query_as(count).fetch_one(&mut **tx).await?,
            };
            Ok::<_, anyhow::Error>(count)
        })
    })
    .await
}

fn usd() -> Currency {
    Currency::parse("usd").expect("a currency")
}

/// A Stripe that keeps prices by look-up key and can be told to fail.
#[derive(Default)]
struct FakeStripe {
    state: Mutex<FakeState>,
}

#[derive(Default)]
struct FakeState {
    /// Look-up key to amount and id.
    prices: BTreeMap<String, (i64, String)>,
    products: BTreeMap<String, String>,
    made: usize,
    fails_after: Option<usize>,
    /// Look-up keys of prices that are not taken.
    refuses: Vec<String>,
    /// Look-up keys that were asked about, in order.
    asked: Vec<String>,
}

fn failure(kind: StripeErrorKind) -> StripeError {
    StripeError { kind, status: None, code: None, decline_code: None, message: "no".to_owned(), request_id: None }
}

#[async_trait::async_trait]
impl PriceList for FakeStripe {
    async fn push_product(&self, product: &NewStripeProduct) -> Result<String, StripeError> {
        self.state.lock().expect("state").products.insert(product.id.clone(), product.name.clone());
        Ok(product.id.clone())
    }

    async fn push_price(&self, price: &NewStripePrice) -> Result<String, StripeError> {
        let mut state = self.state.lock().expect("state");
        let amount = price.unit_amount.amount_minor;
        state.asked.push(price.lookup_key.clone());
        if state.refuses.contains(&price.lookup_key) {
            return Err(failure(StripeErrorKind::Refused));
        }
        if let Some((known, id)) = state.prices.get(&price.lookup_key)
            && *known == amount
        {
            return Ok(id.clone());
        }
        if state.fails_after == Some(state.made) {
            return Err(failure(StripeErrorKind::Unavailable));
        }
        state.made += 1;
        let id = format!("price_{}", state.made);
        state.prices.insert(price.lookup_key.clone(), (amount, id.clone()));
        Ok(id)
    }
}

on_both_engines! {
    async fn a_catalog_is_applied_once_and_a_second_time_changes_nothing(db: Db) {
        let catalog = demo("iot-platform.toml");
        let (vendor, changes) = applied(&db, &catalog).await?;
        assert!(matches!(&changes[0], Change::CreateVendor { origin, .. } if origin == ORIGIN));
        assert_eq!((vendor.name.as_str(), vendor.accent_hue, vendor.origin.as_str()), ("Nordwind IoT", 205, ORIGIN));
        assert_eq!(vendor.profile.bank.as_ref().map(|bank| bank.bic.as_str()), Some("COBADEFFXXX"));
        assert!(vendor.logo_svg.as_deref().is_some_and(|logo| logo.starts_with("<svg ")));
        let found = products(&db, &vendor.id).await?;
        let plans: Vec<_> = found[0].1.iter().map(|plan| plan.code.as_str()).collect();
        assert_eq!(plans, ["maker", "community", "prototype", "pilot", "startup", "business", "perpetual"]);
        assert!(found[0].1.iter().all(|plan| plan.published));

        let rows = audit_acts(&db).await?;
        let (again, changes) = applied(&db, &demo("iot-platform.toml")).await?;
        assert_eq!((again, changes), (vendor.clone(), Vec::new()));
        assert_eq!(products(&db, &vendor.id).await?, found);
        assert_eq!(audit_acts(&db).await?, rows);
        Ok(())
    }

    async fn what_is_shown_is_what_is_done(db: Db) {
        let catalog = demo("desk-tools.toml");
        let shown = {
            let catalog = catalog.clone();
            db.read(move |tx| Box::pin(async move { preview_catalog(tx, &catalog, ORIGIN).await })).await?
        };
        let (_, done) = applied(&db, &catalog).await?;
        assert_eq!(shown.as_ref(), Ok(&done));
        assert!(done.iter().all(|change| backend::text::en::catalog::change(change).starts_with("+ ")));
        Ok(())
    }

    async fn two_vendors_do_not_see_each_others_catalog(db: Db) {
        let (nordwind, _) = applied(&db, &demo("iot-platform.toml")).await?;
        let mut second = demo("desk-tools.toml");
        second.vendor.origin = Some("https://falter.test".to_owned());
        let (falter, _) = applied(&db, &second).await?;
        let (product, plans) = products(&db, &nordwind.id).await?.remove(0);
        let (theirs, stranger) = (product.id.clone(), falter.id.clone());
        let plan_id = plans[0].id.clone();
        db.read(move |tx| Box::pin(async move {
            assert_eq!(find_product(tx, &stranger, &theirs).await?, None);
            assert_eq!(find_product_by_code(tx, &stranger, "iot-platform").await?, None);
            assert_eq!(find_plan(tx, &stranger, &plan_id).await?, None);
            assert_eq!(find_plan_by_code(tx, &stranger, &theirs, "maker").await?, None);
            assert_eq!(list_plans(tx, &stranger, &theirs).await?, []);
            assert_eq!(list_releases(tx, &stranger, &theirs).await?, []);
            assert_eq!(find_release(tx, &stranger, &theirs, "4.2.1").await?, None);
            assert_eq!(list_vendors(tx).await?.len(), 2);
            Ok::<_, DbError>(())
        })).await?;
        Ok(())
    }

    async fn a_new_amount_is_a_new_price_and_the_old_row_stays(db: Db) {
        let mut catalog = demo("iot-platform.toml");
        let (vendor, _) = applied(&db, &catalog).await?;
        let cx = cx(&vendor.id, NOW);
        let stripe = FakeStripe::default();
        push_prices(&db, &stripe, &cx).await?;
        let old = products(&db, &vendor.id).await?[0].1[0].prices.clone();
        let base = |prices: &[backend::catalog::Price]| prices.iter()
            .find(|price| price.role == PriceRole::Base && price.interval == BillingInterval::Month).cloned();
        let old_base = base(&old).expect("a monthly price");

        let wanted = catalog.products[0].plans[0].prices.iter_mut()
            .find(|price| price.role == PriceRole::Base && price.interval == BillingInterval::Month).expect("a monthly price");
        wanted.unit_amount.amount_minor = 1_200;
        let (_, changes) = applied(&db, &catalog).await?;
        assert!(matches!(&changes[..], [Change::CreatePrice { before: Some(before), .. }] if before.amount_minor == 1_000), "{changes:?}");

        let plan = products(&db, &vendor.id).await?[0].1[0].clone();
        let new_base = base(&plan.prices).expect("a monthly price");
        assert_eq!((new_base.unit_amount.amount_minor, plan.prices.len()), (1_200, old.len()));
        assert_eq!(new_base.lookup_key, old_base.lookup_key);
        assert_eq!(new_base.stripe_price_id, None);
        let (vendor_id, stripe_id) = (vendor.id.clone(), old_base.stripe_price_id.clone().expect("pushed"));
        let found = db.read(move |tx| Box::pin(async move { find_price_by_stripe_id(tx, &vendor_id, &stripe_id).await })).await?;
        assert_eq!(found, Some((plan.id, old_base)));

        let pushed = push_prices(&db, &stripe, &cx).await?;
        assert_eq!((pushed.pushed, pushed.drift.len()), (1, 0));
        Ok(())
    }

    async fn what_a_file_leaves_out_is_withdrawn_and_comes_back(db: Db) {
        let whole = demo("iot-platform.toml");
        let (vendor, _) = applied(&db, &whole).await?;
        let mut less = whole.clone();
        less.products[0].plans.retain(|plan| plan.code != "pilot");
        less.products[0].releases.remove(0);
        less.products[0].plans[0].prices.retain(|price| price.interval == BillingInterval::Year);
        let (_, changes) = applied(&db, &less).await?;
        assert!(changes.iter().any(|change| matches!(change, Change::WithdrawPlan { plan, .. } if plan == "pilot")));
        assert_eq!(changes.iter().filter(|change| matches!(change, Change::WithdrawPrice { .. })).count(), 3);
        let (product, plans) = products(&db, &vendor.id).await?.remove(0);
        let of = |code: &str| plans.iter().find(|plan| plan.code == code).expect("the plan");
        assert!(!of("pilot").published && of("startup").published);
        assert_eq!(of("maker").price(PriceRole::Base, BillingInterval::Month, usd()), None);
        let vendor_id = vendor.id.clone();
        let releases = db.read(move |tx| Box::pin(async move { list_releases(tx, &vendor_id, &product.id).await })).await?;
        assert_eq!(releases.len(), 5, "what was published was published");

        let (_, changes) = applied(&db, &less).await?;
        assert_eq!(changes, [], "withdrawn once");
        applied(&db, &whole).await?;
        assert!(products(&db, &vendor.id).await?[0].1.iter().all(|plan| plan.published));
        assert_eq!(applied(&db, &whole).await?.1, []);
        Ok(())
    }

    async fn an_addon_that_a_file_leaves_out_is_withdrawn_with_its_prices_and_comes_back(db: Db) {
        let whole = demo("iot-platform.toml");
        let (vendor, _) = applied(&db, &whole).await?;
        let mut less = whole.clone();
        let plan = less.products[0].plans.iter_mut().find(|plan| plan.code == "startup").expect("the plan");
        plan.addons.retain(|addon| addon.code != "audit_log");
        plan.prices.retain(|price| price.option != "audit_log");
        let (_, changes) = applied(&db, &less).await?;
        let said: Vec<String> = changes.iter().map(backend::text::en::catalog::change).collect();
        assert_eq!(said[0], "~ plan iot-platform/startup: addons (for new licenses)");
        assert!(said[1].starts_with("- price iot-platform/startup addon.audit_log per month: 15.00 USD"), "{said:?}");
        assert_eq!(said.len(), 3, "{said:?}");
        let plans = products(&db, &vendor.id).await?.remove(0).1;
        let startup = plans.iter().find(|plan| plan.code == "startup").expect("the plan");
        let offered: Vec<_> = startup.addons.iter().map(|addon| (addon.code.as_str(), addon.offered)).collect();
        assert_eq!(offered, [("single_sign_on", true), ("audit_log", false)]);
        assert_eq!(startup.price_of(PriceRole::Addon, "audit_log", BillingInterval::Month, usd()), None);
        assert_eq!(applied(&db, &less).await?.1, [], "withdrawn once");
        applied(&db, &whole).await?;
        let plans = products(&db, &vendor.id).await?.remove(0).1;
        assert!(plans.iter().flat_map(|plan| &plan.addons).all(|addon| addon.offered));
        Ok(())
    }

    async fn issuer_and_kind_cannot_change_and_then_nothing_is_written(db: Db) {
        let catalog = demo("iot-platform.toml");
        let (vendor, _) = applied(&db, &catalog).await?;
        let before = products(&db, &vendor.id).await?;
        let mut other = catalog.clone();
        other.vendor.name = "Another".to_owned();
        other.vendor.origin = Some("https://elsewhere.test".to_owned());
        other.products[0].plans[0].license_type = backend::catalog::LicenseType::Machine;
        let CatalogApplication::Refused(refusals) = apply(&db, &other, ORIGIN).await? else {
            anyhow::bail!("applied");
        };
        assert!(matches!(&refusals[..], [Refusal::OriginIsFixed { .. }, Refusal::PlanKindIsFixed { .. }]), "{refusals:?}");
        assert_eq!(products(&db, &vendor.id).await?, before);
        // A deployment that moved keeps the issuer of the vendors that it has.
        let CatalogApplication::Applied { vendor, changes } = apply(&db, &catalog, "https://moved.test").await? else {
            anyhow::bail!("refused");
        };
        assert_eq!((vendor.origin.as_str(), changes.len()), (ORIGIN, 0));
        Ok(())
    }

    async fn the_newest_covered_release_is_dated_on_or_before_the_last_day(db: Db) {
        let (vendor, _) = applied(&db, &demo("iot-platform.toml")).await?;
        let (product, _) = products(&db, &vendor.id).await?.remove(0);
        for (last_day, expected) in [
            ("2026-06-18", Some("4.2.0")),
            ("2026-06-17", Some("4.1.0")),
            ("2027-11-21", Some("4.2.1")),
            ("2028-02-29", Some("4.2.1")),
            ("2028-03-01", Some("5.0.0")),
            ("2025-01-01", None),
        ] {
            let (vendor_id, product_id, last_day) = (vendor.id.clone(), product.id.clone(), last_day.parse()?);
            let found = db.read(move |tx| Box::pin(async move {
                newest_covered_release(tx, &vendor_id, &product_id, last_day).await
            })).await?;
            assert_eq!(found.as_ref().map(|release| release.version.as_str()), expected, "{last_day}");
        }
        Ok(())
    }

    async fn prices_are_pushed_resumed_and_compared(db: Db) {
        let (vendor, _) = applied(&db, &demo("iot-platform.toml")).await?;
        let cx: Cx = cx(&vendor.id, NOW);
        let stripe = FakeStripe::default();
        stripe.state.lock().expect("state").fails_after = Some(7);
        assert!(push_prices(&db, &stripe, &cx).await.is_err());
        stripe.state.lock().expect("state").fails_after = None;
        let resumed = push_prices(&db, &stripe, &cx).await?;
        // Five subscriptions with two roles at two intervals, a free one with one; the perpetual plan's unit and maintenance.
        // Three add-ons of subscriptions at two intervals, and one of the perpetual plan with its own maintenance. Packs of
        // three limits at two intervals.
        assert_eq!((resumed.unchanged, resumed.pushed, resumed.drift.len()), (7, 31, 0));
        assert_eq!(push_prices(&db, &stripe, &cx).await?.unchanged, 38);
        let state = stripe.state.lock().expect("state").prices.clone();
        assert_eq!(state["nordwind.iot-platform.startup.extra_seat.year.usd"].0, 149_000);
        assert_eq!(state["nordwind.iot-platform.perpetual.maintenance.once.usd"].0, 199_960);
        assert_eq!(state["nordwind.iot-platform.startup.addon.audit_log.year.usd"].0, 15_000);
        assert_eq!(state["nordwind.iot-platform.perpetual.maintenance.audit_log.once.usd"].0, 10_000);
        let names: Vec<String> = stripe.state.lock().expect("state").products.values().cloned().collect();
        assert!(names.contains(&"Nordwind IoT Platform, Startup: additional instance".to_owned()), "{names:?}");
        assert!(names.contains(&"Nordwind IoT Platform, Startup: Audit log, per instance".to_owned()), "{names:?}");

        let key = "nordwind.iot-platform.maker.base.month.usd";
        stripe.state.lock().expect("state").prices.remove(key);
        let before = products(&db, &vendor.id).await?[0].1[0].prices.iter()
            .find(|price| price.lookup_key == key).and_then(|price| price.stripe_price_id.clone()).expect("pushed");
        let drifted = push_prices(&db, &stripe, &cx).await?;
        assert_eq!((drifted.unchanged, drifted.drift.len()), (37, 1));
        assert_eq!(drifted.drift[0].before, before);
        let vendor_id = vendor.id.clone();
        let old = db.read(move |tx| Box::pin(async move { find_price_by_stripe_id(tx, &vendor_id, &before).await })).await?;
        assert!(old.is_some(), "who bought at the old price is still recognised");
        assert_eq!(push_prices(&db, &stripe, &cx).await?.unchanged, 38);
        Ok(())
    }

    async fn a_price_that_stripe_refuses_keeps_back_no_other(db: Db) {
        let mut catalog = demo("iot-platform.toml");
        let (vendor, _) = applied(&db, &catalog).await?;
        let cx: Cx = cx(&vendor.id, NOW);
        let stripe = FakeStripe::default();
        let refused = ["nordwind.iot-platform.maker.base.month.usd", "nordwind.iot-platform.pilot.base.year.usd"];
        stripe.state.lock().expect("state").refuses = refused.map(str::to_owned).to_vec();
        for known in [0, 36] {
            let Err(PushError::Prices { done, failed }) = push_new_prices(&db, &stripe, &cx).await else {
                anyhow::bail!("nothing failed")
            };
            let keys: Vec<&str> = failed.iter().map(|it| it.lookup_key.as_str()).collect();
            assert_eq!(keys, refused, "all that failed, in the order of the price list");
            assert_eq!((done.pushed, done.unchanged), (36 - known, known));
            let asked = std::mem::take(&mut stripe.state.lock().expect("state").asked);
            assert_eq!(asked.len(), 38 - known, "what Stripe has is not asked about again");
        }

        // What is new comes first; the one that applies a file has the rest compared.
        let unit = catalog.products[0].plans.iter_mut().flat_map(|plan| &mut plan.prices)
            .find(|price| price.role == PriceRole::Unit && price.option.is_empty()).expect("a price");
        unit.unit_amount.amount_minor += 100;
        applied(&db, &catalog).await?;
        stripe.state.lock().expect("state").refuses.clear();
        let pushed = push_prices(&db, &stripe, &cx).await?;
        let asked = stripe.state.lock().expect("state").asked.clone();
        let unpushed = ["maker.base.month", "pilot.base.year", "perpetual.unit.once"];
        let firsts: Vec<&str> = asked.iter().take(3).map(String::as_str).collect();
        assert_eq!(firsts, unpushed.map(|key| format!("nordwind.iot-platform.{key}.usd")));
        assert_eq!((pushed.pushed, pushed.unchanged, asked.len()), (3, 35, 38));
        Ok(())
    }
}
