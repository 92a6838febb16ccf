//! Add-ons: bought, added, given up, kept; what they give reaches the license, and what is charged is what was shown.

use backend::billing::conversion::{
    ConversionStart, ConversionUrls, StartConversion, finish_conversion, preview_conversion, start_conversion,
};
use backend::billing::maintenance::{AutoRenewalStart, AutoRenewalUrls, StartAutoRenewal, start_auto_renewal};
use backend::billing::{
    Agreed, Change, ChangePreview, ChangeRefusal, ChangeRequest, change_subscription, preview_change,
};
use backend::catalog::{BillingInterval, CatalogApplication, Composition, apply_catalog, load_catalog};
use backend::clock::{DAY_MS, HOUR_MS, UnixMs};
use backend::db::Db;
use backend::ids::ConversionId;
use backend::licenses::{License, LicenseStatus};
use backend::money::Money;
use backend::orders::rules::{ChoiceProblem, quote};
use backend::orders::{OrderPlacement, Payment, Purchase};

use super::reversals::{payment, status};
use super::shop::Shop;
use crate::support::{NOW, cx, master, on_both_engines};

async fn choose(
    shop: &Shop,
    plan: &'static str,
    interval: BillingInterval,
    seats: i64,
    addons: &[&str],
) -> anyhow::Result<Composition> {
    let addons = addons.iter().map(|code| (*code).to_owned()).collect();
    Ok(Composition::new(shop.plan(plan).await?.id, interval, seats, shop.currency).with_addons(addons))
}

pub(super) async fn hear(shop: &Shop) -> anyhow::Result<()> {
    shop.deliver_all().await?;
    shop.work().await?;
    Ok(())
}

/// Buys it by card; the first invoice is what the quote says.
pub(super) async fn buy(shop: &Shop, plan: &'static str, choice: Composition) -> anyhow::Result<License> {
    let quoted = quote(&shop.plan(plan).await?, &choice).map_err(|problem| anyhow::anyhow!("{problem:?}"))?;
    let placed = shop.place(Purchase::Plan(choice)).await?;
    let OrderPlacement::Placed { order, checkout_url } = placed else { anyhow::bail!("{placed:?}") };
    assert_eq!(order.amount_minor, quoted.total.amount_minor);
    shop.pay(&checkout_url, "4242").await?;
    hear(shop).await?;
    assert_eq!(shop.invoices().await?[0].subtotal_minor, quoted.total.amount_minor);
    let license_id = shop.find_order(&order.id).await?.license_id;
    shop.license(&license_id.ok_or_else(|| anyhow::anyhow!("no license"))?).await
}

/// Changes at once; what is charged is what was shown.
pub(super) async fn change_now(shop: &Shop, request: &ChangeRequest) -> anyhow::Result<Vec<i64>> {
    let preview = preview_change(&shop.commerce, &shop.cx(), request).await?;
    let ChangePreview::Now(shown) = preview else { anyhow::bail!("{preview:?}") };
    let agreed =
        Agreed::ChargeNow { proration_date: shown.proration_date, amount_due_minor: shown.amount_due.amount_minor };
    let changed = change_subscription(&shop.commerce, &shop.cx(), request, agreed).await?;
    let Change::Applied { stripe_invoice_id: Some(invoice_id) } = changed else { anyhow::bail!("{changed:?}") };
    let charged = shop.stripe().fetch_invoice(&invoice_id).await?;
    assert_eq!(charged.amount_paid_minor, shown.amount_due.amount_minor);
    assert_eq!(shop.subscription(&request.license_id).await?.recurring(), shown.recurring);
    Ok(shown.lines.iter().map(|line| line.amount_minor).collect())
}

pub(super) async fn change_later(shop: &Shop, request: &ChangeRequest, recurring_minor: i64) -> anyhow::Result<UnixMs> {
    let preview = preview_change(&shop.commerce, &shop.cx(), request).await?;
    let ChangePreview::Later(planned) = preview else { anyhow::bail!("{preview:?}") };
    assert_eq!(planned.recurring.amount_minor, recurring_minor);
    let outcome = change_subscription(&shop.commerce, &shop.cx(), request, Agreed::Later { recurring_minor }).await?;
    assert_eq!(outcome, Change::Planned { at: planned.at });
    Ok(planned.at)
}

fn features(license: &License) -> Vec<&str> {
    license.terms.features.keys().map(String::as_str).collect()
}

on_both_engines! {
    async fn an_addon_is_bought_with_its_plan_and_reaches_the_license(db: Db) {
        let shop = Shop::open(db).await?;
        let choice = choose(&shop, "startup", BillingInterval::Month, 3, &["audit_log", "single_sign_on"]).await?;
        let license = buy(&shop, "startup", choice.clone()).await?;
        assert_eq!(features(&license), ["audit_log", "single_sign_on", "white_labelling"]);
        assert_eq!(license.terms.addons.values().collect::<Vec<_>>(), ["Audit log", "Single sign-on"]);
        let row = shop.subscription(&license.id).await?;
        assert_eq!((row.composition(), row.recurring_minor), (choice, 29_900 + 14_900 + 9_900 + 3 * 1_500));
        // It renews at the same price.
        shop.set_clock(row.period_end.plus(2 * HOUR_MS))?;
        hear(&shop).await?;
        assert_eq!(shop.invoices().await?[0].subtotal_minor, row.recurring_minor);
        assert_eq!(features(&shop.license(&license.id).await?).len(), 3);
        Ok(())
    }

    async fn an_addon_paid_by_transfer_is_on_the_invoice_that_is_sent(db: Db) {
        let shop = Shop::open(db).await?;
        let choice = choose(&shop, "startup", BillingInterval::Month, 2, &["audit_log"]).await?;
        let placed = shop.place_by(Purchase::Plan(choice.clone()), Payment::Transfer, None).await?;
        let OrderPlacement::Made { order } = placed else { anyhow::bail!("{placed:?}") };
        hear(&shop).await?;
        let order = shop.find_order(&order.id).await?;
        assert_eq!(shop.invoices().await?[0].subtotal_minor, 29_900 + 2 * 1_500);
        let license_id = order.license_id.ok_or_else(|| anyhow::anyhow!("no license"))?;
        assert_eq!(shop.subscription(&license_id).await?.composition(), choice);
        Ok(())
    }

    async fn what_its_plan_does_not_sell_is_refused(db: Db) {
        let shop = Shop::open(db).await?;
        let choice = choose(&shop, "business", BillingInterval::Month, 3, &["audit_log"]).await?;
        let refused = shop.place(Purchase::Plan(choice.clone())).await?;
        assert_eq!(refused, OrderPlacement::Refused(ChoiceProblem::AddonNotOffered));
        let license = shop.buy("startup", BillingInterval::Month, 3).await?;
        let request = ChangeRequest { license_id: license.id, to: choice };
        let preview = preview_change(&shop.commerce, &shop.cx(), &request).await?;
        assert_eq!(preview, ChangePreview::Refused(ChangeRefusal::Choice(ChoiceProblem::AddonNotOffered)));
        Ok(())
    }

    async fn an_addon_is_added_at_once_and_given_up_at_the_end_of_what_is_paid(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 2).await?;
        shop.set_clock(NOW.plus(10 * DAY_MS))?;
        let with = choose(&shop, "startup", BillingInterval::Month, 2, &["audit_log"]).await?;
        let request = ChangeRequest { license_id: license.id.clone(), to: with };
        let lines = change_now(&shop, &request).await?;
        assert!(matches!(lines[..], [line] if line > 0 && line < 2 * 1_500), "{lines:?}");
        assert_eq!(features(&shop.license(&license.id).await?), ["audit_log", "white_labelling"]);
        // A further seat has it too, at its price.
        let more = choose(&shop, "startup", BillingInterval::Month, 3, &["audit_log"]).await?;
        change_now(&shop, &ChangeRequest { license_id: license.id.clone(), to: more }).await?;
        assert_eq!(shop.subscription(&license.id).await?.recurring_minor, 29_900 + 14_900 + 3 * 1_500);

        let without = choose(&shop, "startup", BillingInterval::Month, 3, &[]).await?;
        let request = ChangeRequest { license_id: license.id.clone(), to: without.clone() };
        let at = change_later(&shop, &request, 29_900 + 14_900).await?;
        let planned = shop.subscription(&license.id).await?.scheduled.map(|planned| planned.0.to);
        assert_eq!(planned, Some(without));
        assert_eq!(features(&shop.license(&license.id).await?), ["audit_log", "white_labelling"]);
        shop.set_clock(at.plus(2 * HOUR_MS))?;
        hear(&shop).await?;
        let after = shop.license(&license.id).await?;
        assert_eq!((features(&after), after.terms.addons.len()), (vec!["white_labelling"], 0));
        assert_eq!(shop.invoices().await?[0].subtotal_minor, 29_900 + 14_900);
        Ok(())
    }

    async fn an_addon_whose_price_is_given_back_leaves_the_license_working(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 2).await?;
        shop.set_clock(NOW.plus(10 * DAY_MS))?;
        let with = choose(&shop, "startup", BillingInterval::Month, 2, &["audit_log"]).await?;
        change_now(&shop, &ChangeRequest { license_id: license.id.clone(), to: with }).await?;
        hear(&shop).await?;
        let invoice = shop.invoices().await?.remove(0);
        assert_eq!(invoice.billing_reason, "subscription_update");
        let payment = payment(&shop, &invoice).await?;
        shop.call("refunds", &format!("payment_intent={payment}")).await?;
        hear(&shop).await?;
        hear(&shop).await?;
        assert_eq!(status(&shop, &license.id).await?.0, LicenseStatus::Active);
        assert_eq!(features(&shop.license(&license.id).await?), ["audit_log", "white_labelling"]);
        assert!(!shop.subscription(&license.id).await?.cancel_at_period_end);
        Ok(())
    }

    async fn a_limit_that_is_in_use_is_not_given_up(db: Db) {
        let shop = Shop::open(db).await?;
        let with = choose(&shop, "maker", BillingInterval::Month, 1, &["more_devices"]).await?;
        let license = buy(&shop, "maker", with).await?;
        assert_eq!(license.terms.limits["devices"], 20);
        shop.report_devices(&license.id, "a", 15).await?;
        let without = choose(&shop, "maker", BillingInterval::Month, 1, &[]).await?;
        let request = ChangeRequest { license_id: license.id.clone(), to: without };
        let preview = preview_change(&shop.commerce, &shop.cx(), &request).await?;
        let ChangePreview::Refused(ChangeRefusal::LimitsInUse(over)) = preview else { anyhow::bail!("{preview:?}") };
        assert_eq!((over.len(), over[0].limit), (1, 10));
        shop.report_devices(&license.id, "a", 9).await?;
        change_later(&shop, &request, 1_000).await?;
        Ok(())
    }

    async fn a_higher_plan_that_has_it_all_is_had_at_once(db: Db) {
        let shop = Shop::open(db).await?;
        let with = choose(&shop, "startup", BillingInterval::Month, 3, &["single_sign_on"]).await?;
        let license = buy(&shop, "startup", with).await?;
        shop.set_clock(NOW.plus(10 * DAY_MS))?;
        let business = choose(&shop, "business", BillingInterval::Month, 3, &[]).await?;
        let lines = change_now(&shop, &ChangeRequest { license_id: license.id.clone(), to: business }).await?;
        assert!(lines.iter().any(|line| *line < 0), "what is unused comes back: {lines:?}");
        let after = shop.license(&license.id).await?;
        assert_eq!((features(&after), after.terms.addons.len()), (vec!["single_sign_on", "white_labelling"], 0));
        Ok(())
    }

    async fn who_has_what_is_no_longer_offered_keeps_it(db: Db) {
        let shop = Shop::open(db.clone()).await?;
        let with = choose(&shop, "startup", BillingInterval::Month, 2, &["audit_log"]).await?;
        let license = buy(&shop, "startup", with.clone()).await?;
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/iot-platform.toml");
        let mut catalog = load_catalog(&file).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        let plan = catalog.products[0].plans.iter_mut().find(|plan| plan.code == "startup").expect("the plan");
        plan.addons.retain(|addon| addon.code != "audit_log");
        plan.prices.retain(|price| price.option != "audit_log");
        let cx = cx(&shop.vendor.id, shop.now());
        let applied = db
            .write(move |tx| {
                Box::pin(async move { apply_catalog(tx, &cx, &master(), &catalog, "https://portal.test").await })
            })
            .await?;
        assert!(matches!(applied, CatalogApplication::Applied { .. }), "{applied:?}");

        let refused = shop.place(Purchase::Plan(with.clone())).await?;
        assert_eq!(refused, OrderPlacement::Refused(ChoiceProblem::AddonNotOffered));
        // A renewal and a further seat leave it as it is.
        shop.set_clock(shop.subscription(&license.id).await?.period_end.plus(2 * HOUR_MS))?;
        hear(&shop).await?;
        let more = Composition { seats: 3, ..with };
        change_now(&shop, &ChangeRequest { license_id: license.id.clone(), to: more }).await?;
        assert_eq!(features(&shop.license(&license.id).await?), ["audit_log", "white_labelling"]);
        assert_eq!(shop.subscription(&license.id).await?.recurring_minor, 29_900 + 14_900 + 3 * 1_500);
        Ok(())
    }

    async fn updates_of_a_perpetual_license_count_its_addons(db: Db) {
        let shop = Shop::open(db).await?;
        let choice = choose(&shop, "perpetual", BillingInterval::Once, 2, &["audit_log"]).await?;
        let license = buy(&shop, "perpetual", choice.clone()).await?;
        assert_eq!(features(&license), ["audit_log", "single_sign_on", "white_labelling"]);
        assert_eq!(license.composition(BillingInterval::Once, shop.currency), choice);
        let year = 2 * (199_960 + 10_000);
        shop.set_clock(NOW.plus(DAY_MS))?;
        let purchase = Purchase::Maintenance { license_id: license.id.clone(), years: 1, currency: shop.currency };
        let placed = shop.place(purchase).await?;
        let OrderPlacement::Placed { order, checkout_url } = placed else { anyhow::bail!("{placed:?}") };
        assert_eq!(order.amount_minor, year);
        shop.pay(&checkout_url, "4242").await?;
        hear(&shop).await?;
        assert_eq!(shop.invoices().await?[0].subtotal_minor, year);

        // And so they do where they renew by themselves.
        let urls = AutoRenewalUrls { success: "https://portal.test/ok".to_owned(), cancel: "https://portal.test".to_owned() };
        let start = StartAutoRenewal {
            license_id: license.id.clone(),
            user_id: shop.user.id.clone(),
            agreed: Money::new(year, shop.currency),
            urls,
        };
        let AutoRenewalStart::Opened { url } = start_auto_renewal(&shop.commerce, &shop.cx(), &start).await? else {
            anyhow::bail!("not opened")
        };
        shop.pay(&url, "4242").await?;
        hear(&shop).await?;
        let until = shop.license(&license.id).await?.updates_until.expect("updates");
        shop.set_clock(until.plus(2 * HOUR_MS))?;
        hear(&shop).await?;
        assert_eq!(shop.invoices().await?[0].subtotal_minor, year);
        Ok(())
    }

    async fn a_license_that_turns_perpetual_takes_along_what_is_sold_there_too(db: Db) {
        let shop = Shop::open(db).await?;
        let with = choose(&shop, "startup", BillingInterval::Month, 2, &["audit_log", "single_sign_on"]).await?;
        let license = buy(&shop, "startup", with).await?;
        shop.set_clock(NOW.plus(10 * DAY_MS))?;
        let now = UnixMs::from_seconds(shop.now().seconds());
        let shown = preview_conversion(&shop.commerce, &shop.cx(), &license.id, None, now).await?;
        let shown = shown.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
        assert_eq!((shown.price.amount_minor, shown.lines.len()), (2 * (499_900 + 25_000), 2));
        let start = StartConversion {
            license_id: license.id.clone(),
            plan_id: shown.plan.id.clone(),
            user_id: shop.user.id.clone(),
            reckoned_at: shown.reckoned_at,
            rest_minor: shown.rest.amount_minor,
            urls: ConversionUrls {
                success: "https://portal.test/{CONVERSION_ID}".to_owned(),
                cancel: "https://portal.test".to_owned(),
            },
        };
        let ConversionStart::Opened { url } = start_conversion(&shop.commerce, &shop.cx(), &start).await? else {
            anyhow::bail!("not opened")
        };
        let back = shop.pay(&url, "4242").await?;
        let id = ConversionId::from_untrusted(back.rsplit('/').next().unwrap_or_default());
        finish_conversion(&shop.commerce, &shop.cx(), &id).await?;
        hear(&shop).await?;
        let invoice = &shop.invoices().await?[0];
        assert_eq!(invoice.subtotal_minor - invoice.discount_minor, shown.rest.amount_minor);
        let after = shop.license(&license.id).await?;
        assert_eq!(features(&after), ["audit_log", "single_sign_on", "white_labelling"]);
        assert_eq!(after.terms.addons.keys().collect::<Vec<_>>(), ["audit_log"]);
        Ok(())
    }
}
