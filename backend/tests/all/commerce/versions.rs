//! Versions of plans: whoever has a plan keeps what was sold, through renewals and changes, until the license is moved.

use backend::Actor;
use backend::billing::{ChangeRequest, MoveRefusal, VersionMove, move_to_version, preview_move};
use backend::catalog::{
    AddonPer, BillingInterval, Catalog, CatalogApplication, CatalogPlan, Composition, apply_catalog, find_plan_version,
    load_catalog, push_prices,
};
use backend::clock::{DAY_MS, HOUR_MS};
use backend::cx::Cx;
use backend::db::Db;
use backend::ids::LicenseId;
use backend::leases::{Issuer, Refusal, activate_instance};
use backend::licenses::{KeyReveal, reveal_key};
use sdk::error::RenewalPrice;
use sdk::wire::{ActivateRequest, Identity, Nonce, Secret};

use super::options::{buy, change_now, hear};
use super::shop::Shop;
use crate::support::{NOW, cx, master, on_both_engines};

fn demo() -> anyhow::Result<Catalog> {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/iot-platform.toml");
    load_catalog(&file).map_err(|error| anyhow::anyhow!("{error:?}"))
}

/// Applies the demo catalog with one of its plans edited.
async fn edit(shop: &Shop, code: &str, edit: impl FnOnce(&mut CatalogPlan)) -> anyhow::Result<()> {
    let mut catalog = demo()?;
    let plans = catalog.products.iter_mut().flat_map(|product| product.plans.iter_mut());
    edit(plans.filter(|plan| plan.code == code).last().ok_or_else(|| anyhow::anyhow!("no plan {code}"))?);
    let operator = cx(&shop.vendor.id, shop.now());
    let applied = shop.db.write(move |tx| {
        Box::pin(async move { apply_catalog(tx, &operator, &master(), &catalog, "https://portal.test").await })
    });
    let CatalogApplication::Applied { .. } = applied.await? else { anyhow::bail!("refused") };
    push_prices(&shop.db, shop.stripe(), &cx(&shop.vendor.id, shop.now())).await?;
    Ok(())
}

/// What an instance with a build that is too new is told one more year of updates costs.
pub(super) async fn renewal_told(shop: &Shop, license_id: &LicenseId) -> anyhow::Result<RenewalPrice> {
    let issuer = Issuer { vendor: shop.vendor.clone(), master: master() };
    let (cx, license) = (shop.cx(), shop.license(license_id).await?);
    let too_late = license.updates_until.expect("updates").plus(DAY_MS).date();
    let answer = shop.db.write(move |tx| {
        Box::pin(async move {
            let KeyReveal::Shown(key) = reveal_key(tx, &cx, &master(), &license).await? else {
                anyhow::bail!("no key");
            };
            let request = ActivateRequest {
                license_key: Secret::new(key.expose()),
                product: "iot-platform".to_owned(),
                version: "9.9-own".to_owned(),
                released_on: Some(too_late),
                identity: Identity::instance("node-1"),
                nonce: Nonce::from_random(cx.entropy.bytes()),
                features: None,
                borrow_s: None,
                secret: None,
                known_seq: None,
            };
            Ok(activate_instance(tx, &cx, &issuer, &request).await?)
        })
    });
    match answer.await? {
        Err(Refusal::VersionNotCovered { renewal: Some(renewal), .. }) => Ok(renewal),
        other => anyhow::bail!("{other:?}"),
    }
}

impl Shop {
    async fn move_as(
        &self,
        actor: Actor,
        id: &LicenseId,
        agreed: i64,
    ) -> anyhow::Result<Result<VersionMove, MoveRefusal>> {
        let (cx, id) = (Cx { actor, ..self.cx() }, id.clone());
        let moved =
            self.db.write(move |tx| Box::pin(async move { move_to_version(tx, &cx, &master(), &id, agreed).await }));
        Ok(moved.await?)
    }
}

on_both_engines! {
    async fn who_has_a_plan_keeps_what_was_sold_through_renewals_and_further_seats(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 3).await?;
        assert_eq!((license.plan_version, license.terms.limits["devices"]), (1, 500));
        edit(&shop, "startup", |plan| {
            plan.terms.limits.insert("devices".to_owned(), 50);
            plan.included_seats = 1;
        }).await?;
        // Its name is nothing that is sold.
        edit(&shop, "startup", |plan| {
            plan.terms.limits.insert("devices".to_owned(), 50);
            plan.included_seats = 1;
            plan.name = "Startup plan".to_owned();
        }).await?;
        assert_eq!(shop.plan("startup").await?.version, 2);

        let row = shop.subscription(&license.id).await?;
        shop.set_clock(row.period_end.plus(2 * HOUR_MS))?;
        hear(&shop).await?;
        let renewed = shop.license(&license.id).await?;
        assert!(renewed.ends_at > license.ends_at, "{renewed:?}");
        assert_eq!((renewed.plan_version, renewed.seats, renewed.terms.limits["devices"]), (1, 3, 500));
        assert_eq!(shop.subscription(&license.id).await?.seats, 3);

        let plan_id = license.plan_id.clone();
        let to = Composition::new(plan_id, BillingInterval::Month, 4, shop.currency);
        change_now(&shop, &ChangeRequest { license_id: license.id.clone(), to }).await?;
        let grown = shop.license(&license.id).await?;
        assert_eq!((grown.plan_version, grown.seats, grown.terms.limits["devices"]), (1, 4, 500));
        let row = shop.subscription(&license.id).await?;
        assert_eq!(row.recurring_minor, 29_900 + 2 * 14_900, "two seats are included still");

        // Who buys now gets what is sold now.
        shop.set_clock(shop.now().plus(HOUR_MS))?;
        let choice = Composition::new(license.plan_id, BillingInterval::Month, 3, shop.currency);
        let bought = buy(&shop, "startup", choice).await?;
        assert_eq!((bought.plan_version, bought.seats, bought.terms.limits["devices"]), (2, 3, 50));
        Ok(())
    }

    async fn an_order_gives_what_was_sold_when_it_was_placed(db: Db) {
        let shop = Shop::open(db).await?;
        let (order, url) = shop.order("startup", BillingInterval::Month, 3).await?;
        edit(&shop, "startup", |plan| {
            plan.terms.limits.insert("devices".to_owned(), 50);
            plan.included_seats = 1;
        }).await?;
        shop.pay(&url, "4242").await?;
        hear(&shop).await?;
        let license_id = shop.find_order(&order.id).await?.license_id.expect("a license");
        let license = shop.license(&license_id).await?;
        assert_eq!((license.plan_version, license.seats, license.terms.limits["devices"]), (1, 3, 500));
        Ok(())
    }

    async fn another_plan_is_had_as_it_is_sold_now(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("maker", BillingInterval::Month, 1).await?;
        edit(&shop, "startup", |plan| { plan.terms.limits.insert("devices".to_owned(), 700); }).await?;
        let to = Composition::new(shop.plan("startup").await?.id, BillingInterval::Month, 2, shop.currency);
        shop.set_clock(NOW.plus(10 * DAY_MS))?;
        change_now(&shop, &ChangeRequest { license_id: license.id.clone(), to }).await?;
        let license = shop.license(&license.id).await?;
        assert_eq!((license.plan_version, license.terms.limits["devices"]), (2, 700));
        let (vendor_id, first) = (shop.vendor.id.clone(), shop.plan("startup").await?.as_version());
        let first = backend::catalog::PlanVersion { version: 1, ..first };
        let then = shop.db.read(|tx| Box::pin(async move { find_plan_version(tx, &vendor_id, &first).await })).await?;
        assert_eq!(then.expect("the first version").terms.limits["devices"], 500);
        Ok(())
    }

    async fn staff_move_a_license_that_uses_no_more_than_it_would_have(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 3).await?;
        assert_eq!(shop.move_as(Actor::Operator, &license.id, 1).await?.err(), Some(MoveRefusal::UpToDate));
        edit(&shop, "startup", |plan| {
            plan.terms.limits.insert("devices".to_owned(), 50);
            plan.terms.features.insert("gold".to_owned(), None);
            plan.included_seats = 1;
        }).await?;
        assert_eq!(shop.move_as(shop.cx().actor, &license.id, 2).await?.err(), Some(MoveRefusal::NotAllowed));
        assert_eq!(shop.move_as(Actor::Operator, &license.id, 3).await?.err(), Some(MoveRefusal::ChangedMeanwhile));
        shop.activate(&license.id, "node-a").await?;
        shop.report_devices(&license.id, "node-a", 60).await?;
        let refused = shop.move_as(Actor::Operator, &license.id, 2).await?.err();
        assert!(matches!(&refused, Some(MoveRefusal::LimitsInUse(over)) if over[0].used == 60), "{refused:?}");
        assert_eq!(shop.license(&license.id).await?.plan_version, 1);

        shop.report_devices(&license.id, "node-a", 40).await?;
        let (cx, id) = (Cx { actor: Actor::Operator, ..shop.cx() }, license.id.clone());
        let shown = shop.db.read(|tx| Box::pin(async move { preview_move(tx, &cx, &id).await })).await?;
        assert_eq!(shown.expect("a preview").seats, 2);
        shop.move_as(Actor::Operator, &license.id, 2).await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
        hear(&shop).await?;
        let moved = shop.license(&license.id).await?;
        assert_eq!((moved.plan_version, moved.seats, moved.terms.limits["devices"]), (2, 2, 50));
        assert!(moved.terms.features.contains_key("gold"));
        let row = shop.subscription(&license.id).await?;
        assert_eq!((row.seats, row.recurring_minor), (2, 29_900 + 14_900), "the price stays");
        Ok(())
    }

    async fn an_instance_is_told_what_updates_cost_of_the_plan_as_it_was_sold(db: Db) {
        let shop = Shop::open(db).await?;
        let plan_id = shop.plan("perpetual").await?.id;
        let choice = Composition::new(plan_id, BillingInterval::Once, 2, shop.currency)
            .with_addons([String::from("audit_log")].into());
        let license = buy(&shop, "perpetual", choice).await?;
        // Who buys now pays the add-on once, not for each seat.
        edit(&shop, "perpetual", |plan| {
            let addon = plan.addons.iter_mut().find(|addon| addon.code == "audit_log").expect("the add-on");
            addon.per = AddonPer::License;
        }).await?;
        assert_eq!(shop.plan("perpetual").await?.version, 2);
        let told = renewal_told(&shop, &license.id).await?;
        assert_eq!((told.amount_minor, told.currency.as_str()), (2 * (199_960 + 10_000), "usd"));
        Ok(())
    }
}
