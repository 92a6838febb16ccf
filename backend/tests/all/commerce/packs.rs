//! Packs: what they cost by their number is what Stripe charges, and what they give reaches the license.

use backend::billing::conversion::preview_conversion;
use backend::billing::unpaid_changes::withdraw_change;
use backend::billing::{
    Agreed, Change, ChangePreview, ChangeRefusal, ChangeRequest, change_subscription, preview_change,
};
use backend::catalog::{BillingInterval, Composition, PacksHeld, Price, PriceRole, Tier, TierMode, Tiers};
use backend::clock::{DAY_MS, HOUR_MS, UnixMs};
use backend::db::Db;
use backend::invoices::rules::document;
use backend::invoices::{DocumentKind, list_lines};
use backend::licenses::License;
use backend::money::Money;
use backend::orders::rules::{ChoiceProblem, quote};
use backend::orders::{OrderPlacement, Payment, Purchase};
use backend::stripe::{NewStripePrice, NewStripeProduct, Recurrence};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::options::{buy, change_later, change_now, hear};
use super::shop::Shop;
use crate::support::{NOW, on_both_engines};

async fn choose(shop: &Shop, plan: &'static str, packs: &[(&str, i64)]) -> anyhow::Result<Composition> {
    let plan = shop.plan(plan).await?;
    let packs = packs.iter().map(|(limit, count)| ((*limit).to_owned(), *count)).collect();
    let seats = plan.included_seats;
    Ok(Composition::new(plan.id, BillingInterval::Month, seats, shop.currency).with_packs(packs))
}

fn devices(license: &License) -> i64 {
    license.terms.limits["devices"]
}

/// What Stripe would charge for a new subscription of these items.
async fn asked_of_stripe(shop: &Shop, items: &[(&str, i64)]) -> anyhow::Result<Vec<(i64, i64)>> {
    let customer = shop.find_account().await?.stripe_customer_id.expect("a customer");
    let mut body = format!("customer={customer}");
    for (at, (price, quantity)) in items.iter().enumerate() {
        let item = format!("subscription_details[items][{at}]");
        body.push_str(&format!("&{item}[price]={price}&{item}[quantity]={quantity}"));
    }
    let invoice = shop.call("invoices/create_preview", &body).await?;
    let lines = invoice["lines"]["data"].as_array().cloned().unwrap_or_default();
    Ok(lines
        .iter()
        .map(|line| (line["quantity"].as_i64().expect("a number"), line["amount"].as_i64().expect("an amount")))
        .collect())
}

fn any_tiers() -> impl Strategy<Value = Tiers> {
    let ends = proptest::collection::btree_set(1_i64..60, 0..5);
    (ends, proptest::collection::vec(1_i64..100_000, 6), any::<bool>()).prop_map(|(ends, each, volume)| Tiers {
        mode: if volume { TierMode::Volume } else { TierMode::Graduated },
        steps: ends
            .into_iter()
            .map(Some)
            .chain([None])
            .zip(each)
            .map(|(up_to, each_minor)| Tier { up_to, each_minor })
            .collect(),
    })
}

on_both_engines! {
    async fn whatever_the_tiers_the_quote_is_what_stripe_charges_line_by_line(db: Db) {
        let shop = Shop::open(db).await?;
        shop.buy("pilot", BillingInterval::Month, 1).await?;
        let known = shop.plan("pilot").await?.prices.iter().find(|price| price.role == PriceRole::Pack).expect("packs").clone();
        let product = NewStripeProduct {
            id: "any_packs".to_owned(),
            name: "Any packs".to_owned(),
            description: String::new(),
            metadata: [].into(),
        };
        shop.stripe().push_product(&product).await?;
        let mut runner = TestRunner::deterministic();
        for case in 0..30 {
            let tiers = any_tiers().new_tree(&mut runner).expect("tiers").current();
            let first = tiers.steps[0].each_minor;
            let new = NewStripePrice {
                stripe_product_id: product.id.clone(),
                unit_amount: Money::new(first, shop.currency),
                tiers: Some(tiers.clone()),
                recurrence: Recurrence::Month,
                lookup_key: format!("any.{case}"),
                nickname: String::new(),
                metadata: [].into(),
            };
            let price_id = shop.stripe().push_price(&new).await?;
            // The same again is the same price; other tiers take the key over.
            assert_eq!(shop.stripe().push_price(&new).await?, price_id);
            let price = Price { unit_amount: new.unit_amount, tiers: Some(tiers), ..known.clone() };
            let ends = price.tiers.iter().flat_map(|tiers| &tiers.steps).filter_map(|tier| tier.up_to);
            let counts = ends.flat_map(|end| [end, end + 1]).chain([1, 77]);
            for count in counts {
                let rows = price.rows(count).expect("rows");
                let expected: Vec<_> = rows.iter().map(|row| (row.quantity, row.amount_minor)).collect();
                assert_eq!(asked_of_stripe(&shop, &[(&price_id, count)]).await?, expected, "{count} of {price:?}");
            }
        }
        Ok(())
    }

    async fn another_tier_is_another_price_and_who_bought_keeps_the_old_one(db: Db) {
        let shop = Shop::open(db).await?;
        let price = shop.plan("pilot").await?.prices.iter().find(|price| price.role == PriceRole::Pack).expect("packs").clone();
        let mut tiers = price.tiers.clone().expect("tiers");
        let new = |tiers: Tiers| NewStripePrice {
            stripe_product_id: backend::catalog::stripe_product_id(
                &backend::ids::PlanId::from_untrusted("pln_other"), PriceRole::Pack, "devices"),
            unit_amount: price.unit_amount,
            tiers: Some(tiers),
            recurrence: Recurrence::Month,
            lookup_key: "other".to_owned(),
            nickname: String::new(),
            metadata: [].into(),
        };
        let product = NewStripeProduct {
            id: new(tiers.clone()).stripe_product_id,
            name: "Other".to_owned(),
            description: String::new(),
            metadata: [].into(),
        };
        shop.stripe().push_product(&product).await?;
        let first = shop.stripe().push_price(&new(tiers.clone())).await?;
        tiers.mode = TierMode::Graduated;
        let graduated = shop.stripe().push_price(&new(tiers.clone())).await?;
        tiers.steps[1].each_minor += 1;
        let dearer = shop.stripe().push_price(&new(tiers)).await?;
        assert!(first != graduated && graduated != dearer);
        Ok(())
    }

    async fn packs_are_bought_with_their_plan_and_reach_the_license(db: Db) {
        let shop = Shop::open(db).await?;
        let choice = choose(&shop, "business", &[("devices", 6), ("assets", 1)]).await?;
        let license = buy(&shop, "business", choice.clone()).await?;
        assert_eq!((devices(&license), license.terms.limits["assets"]), (1_000 + 6 * 250, 1_250));
        assert_eq!(license.terms.packs["devices"], PacksHeld { count: 6, size: 250 });
        assert_eq!(license.composition(BillingInterval::Month, shop.currency), choice);
        let row = shop.subscription(&license.id).await?;
        assert_eq!((row.composition(), row.recurring_minor), (choice, 49_900 + 4 * 6_000 + 2 * 5_000 + 1_500));
        // The invoice has a line for each tier, in words that stand beside columns of their own.
        let invoice = shop.invoices().await?.remove(0);
        let (vendor_id, id) = (shop.vendor.id.clone(), invoice.id.clone());
        let lines = shop.db.read(|tx| Box::pin(async move { list_lines(tx, &vendor_id, &id).await })).await?;
        let printed = document(&invoice, &lines, DocumentKind::Invoice);
        let said: Vec<_> = printed.lines.iter().map(|line| (line.description.as_str(), line.quantity, line.unit_price_minor)).collect();
        assert_eq!(said, [
            ("Nordwind IoT Platform, Business", 1, Some(49_900)),
            ("Nordwind IoT Platform, Business: 250 devices more", 4, Some(6_000)),
            ("Nordwind IoT Platform, Business: 250 devices more", 2, Some(5_000)),
            ("Nordwind IoT Platform, Business: 250 assets more", 1, Some(1_500)),
        ]);
        // It renews at the same price.
        shop.set_clock(row.period_end.plus(2 * HOUR_MS))?;
        hear(&shop).await?;
        assert_eq!(shop.invoices().await?[0].subtotal_minor, row.recurring_minor);
        assert_eq!(devices(&shop.license(&license.id).await?), 2_500);
        Ok(())
    }

    async fn more_packs_are_had_at_once_and_fewer_at_the_end_of_what_is_paid(db: Db) {
        let shop = Shop::open(db).await?;
        let license = buy(&shop, "pilot", choose(&shop, "pilot", &[("devices", 4)]).await?).await?;
        assert_eq!(devices(&license), 300);
        shop.set_clock(NOW.plus(10 * DAY_MS))?;
        let to = |composition| ChangeRequest { license_id: license.id.clone(), to: composition };
        // With the fifth the price of all falls: 4 × 25 cost as much as 5 × 20, and nothing is to be paid.
        change_now(&shop, &to(choose(&shop, "pilot", &[("devices", 5)]).await?)).await?;
        assert_eq!(devices(&shop.license(&license.id).await?), 350);
        assert_eq!(shop.subscription(&license.id).await?.recurring_minor, 9_900 + 5 * 2_000);
        let lines = change_now(&shop, &to(choose(&shop, "pilot", &[("devices", 16)]).await?)).await?;
        assert!(matches!(lines[..], [back, more] if back < 0 && more > 0 && back + more < 11 * 2_000), "{lines:?}");
        assert_eq!(devices(&shop.license(&license.id).await?), 900);

        let fewer = choose(&shop, "pilot", &[("devices", 2)]).await?;
        let at = change_later(&shop, &to(fewer.clone()), 9_900 + 2 * 2_500).await?;
        assert_eq!(shop.subscription(&license.id).await?.scheduled.map(|planned| planned.0.to), Some(fewer));
        assert_eq!(devices(&shop.license(&license.id).await?), 900);
        shop.set_clock(at.plus(2 * HOUR_MS))?;
        hear(&shop).await?;
        assert_eq!(devices(&shop.license(&license.id).await?), 200);
        assert_eq!(shop.invoices().await?[0].subtotal_minor, 9_900 + 2 * 2_500);

        // None at all.
        let none = choose(&shop, "pilot", &[]).await?;
        let at = change_later(&shop, &to(none), 9_900).await?;
        shop.set_clock(at.plus(2 * HOUR_MS))?;
        hear(&shop).await?;
        let after = shop.license(&license.id).await?;
        assert_eq!((devices(&after), after.terms.packs.len()), (100, 0));
        Ok(())
    }

    async fn packs_that_are_in_use_are_not_given_up(db: Db) {
        let shop = Shop::open(db).await?;
        let license = buy(&shop, "pilot", choose(&shop, "pilot", &[("devices", 4)]).await?).await?;
        shop.report_devices(&license.id, "a", 220).await?;
        let to = |composition| ChangeRequest { license_id: license.id.clone(), to: composition };
        let request = to(choose(&shop, "pilot", &[("devices", 2)]).await?);
        let preview = preview_change(&shop.commerce, &shop.cx(), &request).await?;
        let ChangePreview::Refused(ChangeRefusal::LimitsInUse(over)) = preview else { anyhow::bail!("{preview:?}") };
        assert_eq!((over.len(), over[0].used, over[0].limit), (1, 220, 200));
        change_later(&shop, &to(choose(&shop, "pilot", &[("devices", 3)]).await?), 9_900 + 3 * 2_500).await?;
        Ok(())
    }

    async fn what_a_license_cannot_have_is_refused(db: Db) {
        let shop = Shop::open(db).await?;
        let too_many = ChoiceProblem::PackCount { limit: "devices".to_owned(), max: 16 };
        for (plan, packs, problem) in [
            ("pilot", [("devices", 17)], too_many.clone()),
            ("pilot", [("devices", -1)], too_many),
            ("pilot", [("assets", 1)], ChoiceProblem::PackNotOffered),
            ("startup", [("devices", 1)], ChoiceProblem::PackNotOffered),
        ] {
            let choice = choose(&shop, plan, &packs).await?;
            assert_eq!(shop.place(Purchase::Plan(choice)).await?, OrderPlacement::Refused(problem));
        }
        let license = shop.buy("pilot", BillingInterval::Month, 1).await?;
        let to = choose(&shop, "business", &[("devices", 41)]).await?;
        let preview = preview_change(&shop.commerce, &shop.cx(), &ChangeRequest { license_id: license.id, to }).await?;
        let problem = ChoiceProblem::PackCount { limit: "devices".to_owned(), max: 40 };
        assert_eq!(preview, ChangePreview::Refused(ChangeRefusal::Choice(problem)));
        Ok(())
    }

    async fn a_higher_plan_that_gives_as_much_is_had_at_once_without_packs(db: Db) {
        let shop = Shop::open(db).await?;
        let license = buy(&shop, "pilot", choose(&shop, "pilot", &[("devices", 8)]).await?).await?;
        shop.set_clock(NOW.plus(10 * DAY_MS))?;
        let to = choose(&shop, "startup", &[]).await?;
        change_now(&shop, &ChangeRequest { license_id: license.id.clone(), to }).await?;
        let after = shop.license(&license.id).await?;
        assert_eq!((devices(&after), after.terms.packs.len()), (500, 0));
        Ok(())
    }

    async fn packs_by_transfer_are_had_when_the_money_is_there(db: Db) {
        let shop = Shop::open(db).await?;
        let choice = choose(&shop, "business", &[("devices", 2)]).await?;
        let placed = shop.place_by(Purchase::Plan(choice), Payment::Transfer, None).await?;
        let OrderPlacement::Made { order } = placed else { anyhow::bail!("{placed:?}") };
        hear(&shop).await?;
        let order = shop.find_order(&order.id).await?;
        let (invoice, transfer) = shop.awaited(&order).await?;
        assert_eq!(invoice.subtotal_minor, 49_900 + 2 * 6_000);
        shop.transfer(transfer.total_minor).await?;
        shop.hear().await?;
        shop.hear().await?;
        let id = order.license_id.expect("a license");
        assert_eq!(devices(&shop.license(&id).await?), 1_500);

        let request = ChangeRequest { license_id: id.clone(), to: choose(&shop, "business", &[("devices", 10)]).await? };
        let order_more = async || {
            let preview = preview_change(&shop.commerce, &shop.cx(), &request).await?;
            let ChangePreview::Now(shown) = preview else { anyhow::bail!("{preview:?}") };
            let agreed =
                Agreed::ChargeNow { proration_date: shown.proration_date, amount_due_minor: shown.amount_due.amount_minor };
            let change = change_subscription(&shop.commerce, &shop.cx(), &request, agreed).await?;
            assert!(matches!(change, Change::AwaitingTransfer { .. }), "{change:?}");
            shop.hear().await?;
            anyhow::Ok(shown.amount_due.amount_minor)
        };
        // What was paid before is granted meanwhile, also when the change is dropped again.
        order_more().await?;
        assert_eq!(devices(&shop.license(&id).await?), 1_500);
        withdraw_change(&shop.commerce, &shop.cx(), &id).await?;
        shop.hear().await?;
        assert_eq!(shop.subscription(&id).await?.packs.0, [("devices".to_owned(), 2)].into());
        shop.set_clock(shop.now().plus(DAY_MS))?;
        let due = order_more().await?;
        assert_eq!(devices(&shop.license(&id).await?), 1_500);
        shop.transfer(due).await?;
        shop.hear().await?;
        shop.hear().await?;
        assert_eq!(devices(&shop.license(&id).await?), 3_500);
        assert_eq!(shop.subscription(&id).await?.recurring_minor, 49_900 + 4 * 6_000 + 6 * 5_000);
        Ok(())
    }

    async fn a_license_that_turns_perpetual_leaves_its_packs_behind(db: Db) {
        let shop = Shop::open(db).await?;
        let license = buy(&shop, "pilot", choose(&shop, "pilot", &[("devices", 4)]).await?).await?;
        shop.set_clock(NOW.plus(10 * DAY_MS))?;
        let now = UnixMs::from_seconds(shop.now().seconds());
        let shown = preview_conversion(&shop.commerce, &shop.cx(), &license.id, None, now).await?;
        let shown = shown.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
        assert_eq!((shown.lines.len(), shown.to.packs.len()), (1, 0));
        // What was paid for them counts.
        assert!(shown.credit.amount_minor > 9_900 * 20 / 31, "{:?}", shown.credit);
        Ok(())
    }

    async fn a_quote_of_packs_has_a_row_for_each_tier(db: Db) {
        let shop = Shop::open(db).await?;
        let plan = shop.plan("business").await?;
        let choice = choose(&shop, "business", &[("devices", 13)]).await?;
        let quoted = quote(&plan, &choice).map_err(|problem| anyhow::anyhow!("{problem:?}"))?;
        let rows: Vec<_> = quoted.lines[1].rows.iter().map(|row| (row.quantity, row.each.amount_minor)).collect();
        assert_eq!(rows, [(4, 6_000), (8, 5_000), (1, 4_000)]);
        assert_eq!(quoted.total.amount_minor, 49_900 + 4 * 6_000 + 8 * 5_000 + 4_000);
        Ok(())
    }
}
