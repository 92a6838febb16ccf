//! Products, plans and prices changed by forms: the same rows as a file would leave, and never over what was not seen.

use std::path::Path;
use std::sync::Mutex;

use backend::billing::Commerce;
use backend::catalog::editing::{
    Edit, EditFault, EditForm, Editing, KeptVersion, Preview, SentForm, edit_catalog, find_form, preview_edit,
};
use backend::catalog::{
    BillingInterval, Catalog, CatalogApplication, Change, Fault, Plan, PriceList, PriceRole, Product, apply_catalog,
    find_price_by_stripe_id, handlers, list_plans, list_products, load_catalog, push_prices,
};
use backend::clock::Clock;
use backend::db::{Db, DbError};
use backend::ids::{PlanId, VendorId};
use backend::jobs::{Handlers, JobStatus, Runner, count_by_status};
use backend::money::{Currency, Money};
use backend::stripe::{NewStripePrice, NewStripeProduct, StripeAccounts, StripeError};
use backend::vendors::Vendor;
use backend::{Actor, Cx};

use crate::support::{NOW, cx, entropy, master, on_both_engines, vendor};

mod options;

fn demo(name: &str) -> Catalog {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo").join(name);
    load_catalog(&path).unwrap_or_else(|error| panic!("{name}: {error:?}"))
}

async fn applied(db: &Db, catalog: &Catalog) -> anyhow::Result<(Vendor, Vec<Change>)> {
    let (catalog, cx) = (catalog.clone(), cx(&VendorId::from_untrusted(""), NOW));
    let written = db.write(move |tx| {
        Box::pin(async move { apply_catalog(tx, &cx, &master(), &catalog, "https://portal.test").await })
    });
    match written.await? {
        CatalogApplication::Applied { vendor, changes } => Ok((*vendor, changes)),
        CatalogApplication::Refused(refusals) => anyhow::bail!("refused: {refusals:?}"),
    }
}

async fn sold(db: &Db, cx: &Cx) -> Result<Vec<(Product, Vec<Plan>)>, DbError> {
    let vendor_id = cx.vendor_id.clone();
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

/// The first product's plan of this code.
async fn plan(db: &Db, cx: &Cx, code: &str) -> anyhow::Result<Plan> {
    let plans = sold(db, cx).await?.remove(0).1;
    plans.into_iter().find(|plan| plan.code == code).ok_or_else(|| anyhow::anyhow!("no plan {code}"))
}

async fn form(db: &Db, cx: &Cx, edit: &Edit) -> anyhow::Result<EditForm> {
    let (cx, edit) = (cx.clone(), edit.clone());
    let found = db.read(move |tx| Box::pin(async move { find_form(tx, &cx, &edit).await })).await?;
    found.ok_or_else(|| anyhow::anyhow!("no such form"))
}

/// The form as it is shown, with these answers instead.
async fn filled(db: &Db, cx: &Cx, edit: &Edit, answers: &[(&str, &str)]) -> anyhow::Result<SentForm> {
    let mut shown = form(db, cx, edit).await?;
    for (field, answer) in answers {
        shown.typed.insert((*field).to_owned(), (*answer).to_owned());
    }
    Ok(SentForm { edit: edit.clone(), seen: shown.seen, typed: shown.typed })
}

async fn send(db: &Db, cx: &Cx, sent: SentForm) -> Result<Editing, DbError> {
    let cx = cx.clone();
    db.write(move |tx| Box::pin(async move { edit_catalog(tx, &cx, &master(), &sent).await })).await
}

async fn saved(
    db: &Db,
    cx: &Cx,
    edit: &Edit,
    answers: &[(&str, &str)],
) -> anyhow::Result<(Option<PlanId>, Vec<Change>)> {
    let sent = filled(db, cx, edit, answers).await?;
    match send(db, cx, sent).await? {
        Editing::Saved { plan_id, changes, .. } => Ok((plan_id, changes)),
        other => anyhow::bail!("not saved: {other:?}"),
    }
}

async fn preview(db: &Db, cx: &Cx, sent: SentForm) -> Result<Preview, DbError> {
    let cx = cx.clone();
    db.read(move |tx| Box::pin(async move { preview_edit(tx, &cx, &sent).await })).await
}

/// Fields that are refused.
async fn refused(db: &Db, cx: &Cx, edit: &Edit, answers: &[(&str, &str)]) -> anyhow::Result<Vec<(String, EditFault)>> {
    let before = sold(db, cx).await?;
    let sent = filled(db, cx, edit, answers).await?;
    let shown = preview(db, cx, sent.clone()).await?;
    let Editing::Refused(problems) = send(db, cx, sent).await? else { anyhow::bail!("{answers:?} is not refused") };
    assert_eq!(shown, Preview::Refused(problems.clone()), "what is shown is what is done");
    assert_eq!(sold(db, cx).await?, before, "nothing is written");
    Ok(problems.into_iter().map(|problem| (problem.field, problem.fault)).collect())
}

async fn jobs(db: &Db) -> Result<Vec<(JobStatus, i64)>, DbError> {
    db.read(|tx| Box::pin(async move { count_by_status(tx).await })).await
}

/// A Stripe that has one price for each look-up key, made anew when another amount is asked for.
#[derive(Default)]
struct OnePriceEach(Mutex<Vec<(String, Money)>>);

#[async_trait::async_trait]
impl PriceList for OnePriceEach {
    async fn push_product(&self, product: &NewStripeProduct) -> Result<String, StripeError> {
        Ok(product.id.clone())
    }

    async fn push_price(&self, price: &NewStripePrice) -> Result<String, StripeError> {
        let mut made = self.0.lock().expect("no test panics while it holds this");
        let newest = made.iter().rposition(|(key, _)| *key == price.lookup_key);
        let at = newest.filter(|at| made[*at].1 == price.unit_amount).unwrap_or_else(|| {
            made.push((price.lookup_key.clone(), price.unit_amount));
            made.len() - 1
        });
        Ok(format!("price_{at}"))
    }
}

on_both_engines! {
    async fn a_form_that_is_sent_as_it_is_shown_changes_nothing(db: Db) {
        for file in ["iot-platform.toml", "desk-tools.toml"] {
            let mut catalog = demo(file);
            catalog.vendor.origin = Some(format!("https://{}.test", catalog.vendor.code));
            let (vendor, _) = applied(&db, &catalog).await?;
            let cx = cx(&vendor.id, NOW);
            for (product, plans) in sold(&db, &cx).await? {
                let of_plan = plans.iter().flat_map(|plan| [Edit::Plan(plan.id.clone()), Edit::Prices(plan.id.clone())]);
                let addons = plans.iter().flat_map(|plan| {
                    let edit = |code: &str| Edit::Addon { plan_id: plan.id.clone(), code: code.to_owned() };
                    plan.addons.iter().map(|addon| edit(&addon.code)).collect::<Vec<_>>()
                });
                let packs = plans.iter().flat_map(|plan| {
                    let edit = |limit: &str| Edit::Pack { plan_id: plan.id.clone(), limit: limit.to_owned() };
                    plan.packs.iter().map(|pack| edit(&pack.limit)).collect::<Vec<_>>()
                });
                for edit in of_plan.chain(addons).chain(packs).chain([Edit::Product(product.id.clone())]) {
                    let sent = filled(&db, &cx, &edit, &[]).await?;
                    assert_eq!(preview(&db, &cx, sent.clone()).await?, Preview::Unchanged, "{edit:?} {sent:?}");
                    assert_eq!(send(&db, &cx, sent).await?, Editing::Unchanged, "{edit:?}");
                }
            }
        }
        Ok(())
    }

    async fn a_form_leaves_the_rows_that_a_file_would(db: Db) {
        let mut catalog = demo("iot-platform.toml");
        let (vendor, _) = applied(&db, &catalog).await?;
        let cx = cx(&vendor.id, NOW);
        let before = plan(&db, &cx, "startup").await?;
        let edit = Edit::Plan(before.id.clone());
        // Limits are sorted by name: assets, devices.
        let answers = [
            ("limit_value_1", "1,000"),
            ("limit_name_2", "users"),
            ("limit_value_2", "unlimited"),
            ("limit_sum_2", "sum"),
            ("feature_name_1", "beta"),
            ("feature_until_1", "2027-12-31"),
            ("tagline", "For more devices"),
            ("max_seats", "60"),
        ];
        let sent = filled(&db, &cx, &edit, &answers).await?;
        let Preview::Changes { changes: shown, keeps } = preview(&db, &cx, sent.clone()).await? else { anyhow::bail!("no changes") };
        assert_eq!(keeps, Some(KeptVersion { version: 1, licenses: 0 }));
        let Editing::Saved { changes, plan_id, .. } = send(&db, &cx, sent).await? else { anyhow::bail!("not saved") };
        assert_eq!((&changes, plan_id), (&shown, Some(before.id.clone())));
        let after = plan(&db, &cx, "startup").await?;
        assert_eq!((after.version, after.terms.limits["devices"], after.terms.limits["users"]), (2, 1_000, -1));
        assert_eq!((&after.addons, &after.prices, after.published), (&before.addons, &before.prices, true));

        // The same said by a file changes nothing any more.
        let wanted = catalog.products[0].plans.iter_mut().find(|plan| plan.code == "startup").expect("the plan");
        wanted.terms = after.terms.clone();
        wanted.presentation.tagline = "For more devices".to_owned();
        wanted.max_seats = 60;
        assert_eq!(applied(&db, &catalog).await?.1, []);
        Ok(())
    }

    async fn only_what_is_sold_makes_a_version(db: Db) {
        let (vendor, _) = applied(&db, &demo("iot-platform.toml")).await?;
        let cx = cx(&vendor.id, NOW);
        let edit = Edit::Plan(plan(&db, &cx, "maker").await?.id);
        let sent = filled(&db, &cx, &edit, &[("name", "Builder"), ("highlights", "One\r\n\r\n Two ")]).await?;
        assert!(matches!(preview(&db, &cx, sent).await?, Preview::Changes { keeps: None, .. }));
        saved(&db, &cx, &edit, &[("name", "Builder"), ("highlights", "One\r\n\r\n Two ")]).await?;
        let after = plan(&db, &cx, "maker").await?;
        assert_eq!((after.version, after.name.as_str()), (1, "Builder"));
        assert_eq!(after.presentation.highlights, ["One", "Two"]);
        saved(&db, &cx, &edit, &[("limit_value_0", "11")]).await?;
        assert_eq!(plan(&db, &cx, "maker").await?.version, 2);
        Ok(())
    }

    async fn what_the_rules_refuse_is_said_at_its_field(db: Db) {
        let (vendor, _) = applied(&db, &demo("iot-platform.toml")).await?;
        let cx = cx(&vendor.id, NOW);
        let pilot = plan(&db, &cx, "pilot").await?.id;
        let edit = Edit::Plan(pilot.clone());
        for (field, answer, at, fault) in [
            ("name", "", "name", EditFault::Rule(Fault::Missing)),
            ("max_seats", "many", "max_seats", EditFault::NotANumber),
            ("limit_name_0", "Assets", "limit_name_0", EditFault::Rule(Fault::NotACode)),
            ("limit_value_0", "lots", "limit_value_0", EditFault::NotALimit),
            ("limit_name_0", "", "limit_name_0", EditFault::Rule(Fault::Missing)),
            ("check_s", "500", "check_s", EditFault::Rule(Fault::CheckTooRare)),
            ("devices_per_user", "3", "devices_per_user", EditFault::Rule(Fault::DevicesOfOtherType)),
            ("recommended", "true", "recommended", EditFault::Rule(Fault::TwoRecommended)),
            ("position", "0", "position", EditFault::Rule(Fault::OutOfRange { min: 1, max: 1_000 })),
        ] {
            let found = refused(&db, &cx, &edit, &[(field, answer)]).await?;
            assert_eq!(found, [(at.to_owned(), fault)], "{field}: {answer}");
        }
        // Packs are sold of this limit, and no field of the form says so.
        let found = refused(&db, &cx, &edit, &[("limit_name_1", ""), ("limit_value_1", "")]).await?;
        assert_eq!(found, [(String::new(), EditFault::Rule(Fault::NotALimit))]);
        let prices = Edit::Prices(pilot);
        for (field, answer, at, fault) in [
            ("usd.month.base", "10.505", "usd.month.base", Fault::NotAnAmount(2)),
            ("usd.month.extra_seat", "", "usd.month.extra_seat", Fault::PriceMissing),
            ("offer_base_0", "5", "offer_currency_0", Fault::Missing),
        ] {
            let found = refused(&db, &cx, &prices, &[(field, answer)]).await?;
            assert_eq!(found, [(at.to_owned(), EditFault::Rule(fault))], "{field}: {answer}");
        }
        // A further currency needs packs in it as well, for which the form has no fields.
        let more = [("offer_currency_0", "gbp"), ("offer_interval_0", "month"), ("offer_base_0", "5")];
        let found = refused(&db, &cx, &prices, &more).await?;
        assert!(found.contains(&(String::new(), EditFault::PacksInTheWay)), "{found:?}");
        assert!(!found.contains(&(String::new(), EditFault::Rule(Fault::PricesOfPlanDiffer))), "{found:?}");
        let found = refused(&db, &cx, &Edit::NewProduct, &[("code", "iot-platform"), ("name", "Again")]).await?;
        assert_eq!(found, [("code".to_owned(), EditFault::Rule(Fault::Duplicate))]);
        Ok(())
    }

    async fn a_product_and_a_draft_are_made_and_priced(db: Db) {
        let (vendor, _) = applied(&db, &demo("iot-platform.toml")).await?;
        let cx = cx(&vendor.id, NOW);
        saved(&db, &cx, &Edit::NewProduct, &[("code", "edge"), ("name", "Edge"), ("position", "2")]).await?;
        let (product, plans) = sold(&db, &cx).await?.remove(1);
        assert_eq!((product.code.as_str(), product.position, plans.len()), ("edge", 1, 0));

        let new = Edit::NewPlan { product_id: product.id.clone(), like: None };
        let answers = [("code", "small"), ("name", "Small"), ("limit_name_0", "devices"), ("limit_value_0", "5")];
        let (plan_id, _) = saved(&db, &cx, &new, &answers).await?;
        let small = sold(&db, &cx).await?.remove(1).1.remove(0);
        assert_eq!((Some(&small.id), small.version, small.published, small.prices.len()), (plan_id.as_ref(), 1, false, 0));

        let prices = Edit::Prices(small.id.clone());
        let half = [("offer_currency_0", "KWD"), ("offer_interval_0", "month"), ("offer_base_0", "10.5")];
        let found = refused(&db, &cx, &prices, &half).await?;
        assert_eq!(found, [("offer_extra_seat_0".to_owned(), EditFault::Rule(Fault::PriceMissing))]);
        let whole = [
            ("offer_currency_0", "KWD"), ("offer_interval_0", "month"), ("offer_base_0", "10.5"), ("offer_extra_seat_0", "2"),
            ("offer_currency_1", "jpy"), ("offer_interval_1", "month"), ("offer_base_1", "1200"), ("offer_extra_seat_1", "300"),
        ];
        let (_, changes) = saved(&db, &cx, &prices, &whole).await?;
        assert_eq!(changes.len(), 4, "{changes:?}");
        let small = sold(&db, &cx).await?.remove(1).1.remove(0);
        let amount = |currency: &str| {
            let currency = Currency::parse(currency).expect("a currency");
            small.price(PriceRole::Base, BillingInterval::Month, currency).map(|price| price.unit_amount.amount_minor)
        };
        assert_eq!((amount("kwd"), amount("jpy"), small.version), (Some(10_500), Some(1_200), 1));

        // A copy brings along what it costs and what can be had on top.
        let startup = plan(&db, &cx, "startup").await?;
        let like = Edit::NewPlan { product_id: startup.product_id.clone(), like: Some(startup.id.clone()) };
        saved(&db, &cx, &like, &[("code", "scaleup"), ("name", "Scaleup")]).await?;
        let copy = plan(&db, &cx, "scaleup").await?;
        assert_eq!((&copy.terms, &copy.addons, copy.published), (&startup.terms, &startup.addons, false));
        assert_eq!(copy.prices.len(), startup.prices.len());
        assert!(copy.prices.iter().all(|price| price.lookup_key.contains(".scaleup.") && price.stripe_price_id.is_none()));
        Ok(())
    }

    async fn a_new_amount_stands_beside_the_old_one_and_stripe_hears_of_it(db: Db) {
        let (vendor, _) = applied(&db, &demo("iot-platform.toml")).await?;
        let cx = cx(&vendor.id, NOW);
        let stripe = OnePriceEach::default();
        push_prices(&db, &stripe, &cx).await?;
        let before = plan(&db, &cx, "maker").await?;
        let usd = Currency::parse("usd").expect("a currency");
        let base = |plan: &Plan| plan.price(PriceRole::Base, BillingInterval::Month, usd).cloned().expect("a price");
        let old = base(&before);
        let edit = Edit::Prices(before.id.clone());
        let (_, changes) = saved(&db, &cx, &edit, &[("usd.month.base", "12")]).await?;
        assert!(matches!(&changes[..], [Change::CreatePrice { before: Some(before), .. }] if before.amount_minor == 1_000), "{changes:?}");
        let after = plan(&db, &cx, "maker").await?;
        assert_eq!((after.version, base(&after).unit_amount.amount_minor), (1, 1_200));
        assert_eq!(base(&after).stripe_price_id, None);
        assert_eq!(after.known_to_stripe().price(PriceRole::Base, BillingInterval::Month, usd), None, "not on the list yet");
        let (vendor_id, known) = (vendor.id.clone(), old.stripe_price_id.clone().expect("pushed"));
        let found = db.read(move |tx| Box::pin(async move { find_price_by_stripe_id(tx, &vendor_id, &known).await })).await?;
        assert_eq!(found, Some((before.id.clone(), old.clone())), "who bought at it is recognised");

        // Back before Stripe has heard of it: Stripe's price is the one that it was.
        saved(&db, &cx, &edit, &[("usd.month.base", "10.00")]).await?;
        let pushed = push_prices(&db, &stripe, &cx).await?;
        assert_eq!((pushed.pushed, pushed.drift.len()), (1, 0));
        assert_eq!(base(&plan(&db, &cx, "maker").await?).stripe_price_id, old.stripe_price_id);
        assert_eq!(push_prices(&db, &stripe, &cx).await?.pushed, 0);

        // However much is changed, one job waits, and where there is no Stripe it has nothing to do.
        assert_eq!(jobs(&db).await?, [(JobStatus::Waiting, 1)]);
        let commerce = Commerce { db: db.clone(), master: master(), stripe: StripeAccounts::default() };
        let handlers = handlers::register(Handlers::new(), &commerce);
        Runner::new(db.clone(), Clock::fixed(NOW), entropy(), master(), handlers).run_until_idle().await?;
        assert_eq!(jobs(&db).await?, [(JobStatus::Done, 1)]);
        Ok(())
    }

    async fn what_was_not_seen_is_not_overwritten(db: Db) {
        let (vendor, _) = applied(&db, &demo("iot-platform.toml")).await?;
        let cx = cx(&vendor.id, NOW);
        let maker = plan(&db, &cx, "maker").await?;
        for edit in [Edit::Plan(maker.id.clone()), Edit::Prices(maker.id.clone()), Edit::Product(maker.product_id.clone())] {
            let field = if matches!(edit, Edit::Prices(_)) { "usd.month.base" } else { "name" };
            let first = filled(&db, &cx, &edit, &[(field, "11.00")]).await?;
            let second = filled(&db, &cx, &edit, &[(field, "12.00")]).await?;
            // At once, as two administrators would.
            let (one, other) = tokio::join!(send(&db, &cx, first.clone()), send(&db, &cx, second.clone()));
            let outcomes = [one?, other?];
            let stale = outcomes.iter().filter(|outcome| **outcome == Editing::Stale).count();
            let done = outcomes.iter().filter(|outcome| matches!(outcome, Editing::Saved { .. })).count();
            assert_eq!((done, stale), (1, 1), "{edit:?} {outcomes:?}");
            let left = sold(&db, &cx).await?;
            assert_eq!(preview(&db, &cx, second.clone()).await?, Preview::Stale);
            assert_eq!(send(&db, &cx, second).await?, Editing::Stale);
            assert_eq!(sold(&db, &cx).await?, left);
        }
        Ok(())
    }

    async fn nobody_else_changes_a_catalog(db: Db) {
        let (owner, _) = applied(&db, &demo("iot-platform.toml")).await?;
        let owner = cx(&owner.id, NOW);
        let maker = plan(&db, &owner, "maker").await?;
        let edit = Edit::Plan(maker.id.clone());
        let sent = filled(&db, &owner, &edit, &[("name", "Mine")]).await?;
        let visitor = Cx { actor: Actor::Visitor, ..owner.clone() };
        assert_eq!(send(&db, &visitor, sent.clone()).await?, Editing::NotAllowed);
        assert_eq!(preview(&db, &visitor, sent.clone()).await?, Preview::NotFound);
        assert!(form(&db, &visitor, &edit).await.is_err(), "nor is it shown to others");
        let stranger = cx(&vendor(&db, "acme").await?.id, NOW);
        assert_eq!(send(&db, &stranger, sent.clone()).await?, Editing::NotFound);
        assert_eq!(preview(&db, &stranger, sent).await?, Preview::NotFound);
        for edit in [
            Edit::Product(maker.product_id.clone()),
            Edit::Prices(maker.id.clone()),
            Edit::NewPlan { product_id: maker.product_id.clone(), like: None },
            Edit::Addon { plan_id: maker.id.clone(), code: String::new() },
            Edit::Pack { plan_id: maker.id.clone(), limit: String::new() },
        ] {
            assert!(form(&db, &stranger, &edit).await.is_err(), "{edit:?}");
        }
        assert_eq!(plan(&db, &owner, "maker").await?, maker);
        Ok(())
    }
}
