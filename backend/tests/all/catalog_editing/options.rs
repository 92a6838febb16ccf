//! What is sold on top of a plan, changed by forms.

use backend::catalog::editing::packable;
use backend::catalog::{AddonPer, Pack, Tier, TierMode, Tiers};

use super::*;

/// A good answer to every question about a new add-on.
const ADDON: [(&str, &str); 6] = [
    ("code", "reports"),
    ("name", "Reports"),
    ("limit_name_0", "devices"),
    ("limit_value_0", "100"),
    ("price_usd_month", "9"),
    ("price_usd_year", "90.50"),
];
/// The same about a new pack.
const PACK: [(&str, &str); 8] = [
    ("limit", "devices"),
    ("size", "100"),
    ("max", "5"),
    ("mode", "graduated"),
    ("tier_usd_month_upto_0", "2"),
    ("tier_usd_month_each_0", "30"),
    ("tier_usd_month_each_1", "25.5"),
    ("tier_usd_year_each_0", "300"),
];

/// The answers with one instead, or one more.
fn but<'a>(answers: &[(&'a str, &'a str)], field: &'a str, answer: &'a str) -> Vec<(&'a str, &'a str)> {
    answers.iter().copied().filter(|(name, _)| *name != field).chain([(field, answer)]).collect()
}

async fn is_there(db: &Db, cx: &Cx, edit: &Edit) -> Result<bool, DbError> {
    let (cx, edit) = (cx.clone(), edit.clone());
    let found = db.read(move |tx| Box::pin(async move { find_form(tx, &cx, &edit).await })).await?;
    Ok(found.is_some())
}

on_both_engines! {
    async fn an_add_on_is_made_changed_and_taken_off(db: Db) {
        let (vendor, _) = applied(&db, &demo("iot-platform.toml")).await?;
        let cx = cx(&vendor.id, NOW);
        let before = plan(&db, &cx, "startup").await?;
        let addon = |code: &str| Edit::Addon { plan_id: before.id.clone(), code: code.to_owned() };
        for (field, answer, at, fault) in [
            ("code", "Reports", "code", EditFault::Rule(Fault::NotACode)),
            ("name", "", "name", EditFault::Rule(Fault::Missing)),
            ("per", "x", "per", EditFault::NotAChoice),
            ("limit_value_0", "lots", "limit_value_0", EditFault::NotALimit),
            ("limit_value_0", "0", "limit_value_0", EditFault::Rule(Fault::GivesNothing)),
            ("limit_name_0", "", "limit_name_0", EditFault::Rule(Fault::Missing)),
            ("feature_name_0", "white_labelling", "feature_name_0", EditFault::Rule(Fault::PlanHasIt)),
            ("price_usd_month", "9.999", "price_usd_month", EditFault::Rule(Fault::NotAnAmount(2))),
            ("price_usd_month", "", "price_usd_month", EditFault::Rule(Fault::PricesOfPlanDiffer)),
        ] {
            let found = refused(&db, &cx, &addon(""), &but(&ADDON, field, answer)).await?;
            assert_eq!(found, [(at.to_owned(), fault)], "{field}: {answer}");
        }
        let (plan_id, changes) = saved(&db, &cx, &addon(""), &ADDON).await?;
        assert_eq!((plan_id.as_ref(), changes.is_empty()), (Some(&before.id), false));
        let made = plan(&db, &cx, "startup").await?;
        assert_eq!(made.addons[..before.addons.len()], before.addons[..]);
        let reports = made.addon("reports").expect("the add-on");
        assert_eq!((reports.name.as_str(), reports.per, reports.limits["devices"]), ("Reports", AddonPer::License, 100));
        let amounts = |plan: &Plan| {
            let prices = plan.prices.iter().filter(|price| price.option == "reports");
            prices.map(|price| price.unit_amount.amount_minor).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(amounts(&made).into_iter().collect::<Vec<_>>(), [900, 9_050]);

        saved(&db, &cx, &addon("reports"), &[("name", "Reporting"), ("per", "seat")]).await?;
        let changed = plan(&db, &cx, "startup").await?;
        let reports = changed.addon("reports").expect("the add-on");
        assert_eq!((reports.name.as_str(), reports.per, reports.limits["devices"]), ("Reporting", AddonPer::Seat, 100));
        assert_eq!(amounts(&changed), amounts(&made));

        saved(&db, &cx, &addon("reports"), &[("withdrawn", "true")]).await?;
        let after = plan(&db, &cx, "startup").await?;
        assert!(after.addon("reports").is_none_or(|addon| !addon.offered));
        assert!(amounts(&after).is_empty());
        assert_eq!(after.addons.iter().filter(|addon| addon.offered).count(), before.addons.len());
        assert!(!is_there(&db, &cx, &addon("reports")).await?, "what is not sold has no form");
        let found = refused(&db, &cx, &addon(""), &ADDON).await?;
        assert_eq!(found, [("code".to_owned(), EditFault::Rule(Fault::Duplicate))], "somebody may have it still");
        assert!(!is_there(&db, &cx, &addon("unknown")).await?);
        Ok(())
    }

    async fn a_pack_is_made_changed_and_taken_off(db: Db) {
        let (vendor, _) = applied(&db, &demo("iot-platform.toml")).await?;
        let cx = cx(&vendor.id, NOW);
        let before = plan(&db, &cx, "startup").await?;
        assert_eq!(packable(&before), ["assets", "devices"]);
        let pack = |limit: &str| Edit::Pack { plan_id: before.id.clone(), limit: limit.to_owned() };
        for (field, answer, at, fault) in [
            ("limit", "things", "limit", EditFault::Rule(Fault::NotALimit)),
            ("size", "", "size", EditFault::NotANumber),
            ("mode", "x", "mode", EditFault::NotAChoice),
            ("tier_usd_month_upto_1", "4", "tier_usd_month_upto_1", EditFault::Rule(Fault::TierEnds)),
            ("tier_usd_month_each_1", "cheap", "tier_usd_month_each_1", EditFault::Rule(Fault::NotAnAmount(2))),
            ("tier_usd_year_each_0", "", "tier_usd_year_each_0", EditFault::Rule(Fault::PricesOfPlanDiffer)),
        ] {
            let found = refused(&db, &cx, &pack(""), &but(&PACK, field, answer)).await?;
            assert_eq!(found, [(at.to_owned(), fault)], "{field}: {answer}");
        }
        saved(&db, &cx, &pack(""), &PACK).await?;
        let made = plan(&db, &cx, "startup").await?;
        assert_eq!(made.packs, [Pack { limit: "devices".to_owned(), size: 100, max: 5, offered: true }]);
        assert_eq!(packable(&made), ["assets"]);
        let of_month = |plan: &Plan| {
            let price = plan.prices.iter().find(|it| it.role == PriceRole::Pack && it.interval == BillingInterval::Month);
            price.and_then(|price| price.tiers.clone())
        };
        let steps = vec![Tier { up_to: Some(2), each_minor: 3_000 }, Tier { up_to: None, each_minor: 2_550 }];
        assert_eq!(of_month(&made), Some(Tiers { mode: TierMode::Graduated, steps: steps.clone() }));

        saved(&db, &cx, &pack("devices"), &[("size", "200"), ("mode", "volume")]).await?;
        let changed = plan(&db, &cx, "startup").await?;
        assert_eq!((changed.packs[0].size, changed.packs[0].max), (200, 5));
        assert_eq!(of_month(&changed), Some(Tiers { mode: TierMode::Volume, steps }));

        saved(&db, &cx, &pack("devices"), &[("withdrawn", "true")]).await?;
        let after = plan(&db, &cx, "startup").await?;
        assert!(after.packs.iter().all(|pack| !pack.offered) && of_month(&after).is_none());
        assert!(!is_there(&db, &cx, &pack("devices")).await?);
        Ok(())
    }

    async fn a_plan_has_prices_before_it_has_packs(db: Db) {
        let (vendor, _) = applied(&db, &demo("iot-platform.toml")).await?;
        let cx = cx(&vendor.id, NOW);
        let (product, _) = sold(&db, &cx).await?.remove(0);
        let limit = [("limit_name_0", "devices"), ("limit_value_0", "5")];
        let make = |code: &'static str, kind: &'static str| {
            let edit = Edit::NewPlan { product_id: product.id.clone(), like: None };
            (edit, [&[("code", code), ("name", code), ("kind", kind)][..], &limit].concat())
        };
        let (edit, answers) = make("rented", "subscription");
        saved(&db, &cx, &edit, &answers).await?;
        let rented = plan(&db, &cx, "rented").await?;
        let pack = Edit::Pack { plan_id: rented.id.clone(), limit: String::new() };
        let found = refused(&db, &cx, &pack, &[("limit", "devices")]).await?;
        assert_eq!(found, [(String::new(), EditFault::PlanWithoutPrices)]);
        let (edit, answers) = make("bought", "perpetual");
        saved(&db, &cx, &edit, &[answers.as_slice(), &[("maintenance_percent", "20")]].concat()).await?;
        let bought = plan(&db, &cx, "bought").await?;
        assert!(packable(&bought).is_empty());
        assert!(!is_there(&db, &cx, &Edit::Pack { plan_id: bought.id, limit: String::new() }).await?);
        Ok(())
    }

    async fn what_is_sold_on_top_is_the_administrators_and_not_overwritten_unseen(db: Db) {
        let (vendor, _) = applied(&db, &demo("iot-platform.toml")).await?;
        let cx = cx(&vendor.id, NOW);
        let startup = plan(&db, &cx, "startup").await?.id;
        let edits = [
            Edit::Addon { plan_id: startup.clone(), code: "audit_log".to_owned() },
            Edit::Addon { plan_id: startup.clone(), code: String::new() },
            Edit::Pack { plan_id: startup.clone(), limit: String::new() },
        ];
        for edit in &edits {
            let visitor = Cx { actor: Actor::Visitor, ..cx.clone() };
            assert!(!is_there(&db, &visitor, edit).await?, "{edit:?}");
            let sent = filled(&db, &cx, edit, &[]).await?;
            assert_eq!(send(&db, &visitor, sent).await?, Editing::NotAllowed, "{edit:?}");
        }
        let unchanged = filled(&db, &cx, &edits[0], &[]).await?;
        assert_eq!(send(&db, &cx, unchanged).await?, Editing::Unchanged);
        let late = filled(&db, &cx, &edits[0], &[("name", "Log")]).await?;
        saved(&db, &cx, &Edit::Plan(startup), &[("limit_value_0", "501")]).await?;
        assert_eq!(send(&db, &cx, late).await?, Editing::Stale);
        Ok(())
    }
}
