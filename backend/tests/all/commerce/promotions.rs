//! Promotion codes made at Stripe: shown before the order, applied to it, recorded with it.

use backend::billing::{Agreed, Change, ChangePreview, change_subscription, preview_change};
use backend::catalog::{BillingInterval, Composition};
use backend::clock::{DAY_MS, HOUR_MS};
use backend::db::Db;
use backend::invoices::InvoiceStatus;
use backend::orders::promotion::PromotionProblem;
use backend::orders::{
    AskedCode, CodeAnswer, OrderPlacement, OrderStatus, Payment, Purchase, look_up_promotion, rules,
};
use backend::stripe::{IdempotencyKey, ItemChange, Recurrence, SubscriptionState};

use super::request;
use super::reversals::settle;
use super::shop::{ADDRESS, Shop};
use crate::support::on_both_engines;

async fn startup(shop: &Shop) -> anyhow::Result<Purchase> {
    let plan_id = shop.plan("startup").await?.id;
    Ok(Purchase::Plan(Composition::new(plan_id, BillingInterval::Month, 3, shop.currency)))
}

async fn ask(shop: &Shop, code: &str) -> anyhow::Result<CodeAnswer> {
    let plan = shop.plan("startup").await?;
    let choice = Composition::new(plan.id.clone(), BillingInterval::Month, 3, shop.currency);
    let quote = rules::quote(&plan, &choice).expect("sold");
    let asked = AskedCode { account: &shop.account, address: ADDRESS, quote: &quote, plan_id: &plan.id, typed: code };
    Ok(look_up_promotion(&shop.commerce, &shop.cx(), &asked).await?)
}

impl Shop {
    /// A code, with the parameters of its coupon and its own.
    async fn code(&self, code: &str, coupon: &str, more: &str) -> anyhow::Result<()> {
        let coupon = self.call("coupons", coupon).await?;
        let coupon = coupon["id"].as_str().expect("an id").to_owned();
        let body = format!("promotion[type]=coupon&promotion[coupon]={coupon}&code={code}{more}");
        self.call("promotion_codes", &body).await?;
        Ok(())
    }
}

on_both_engines! {
    async fn what_a_code_was_shown_to_take_off_is_taken_off(db: Db) {
        let shop = Shop::open(db).await?;
        shop.code("SPRING", "percent_off=25&duration=once", "").await?;
        let CodeAnswer::Applies(discount) = ask(&shop, "spring").await? else { anyhow::bail!("no discount") };
        assert_eq!((discount.code.as_str(), discount.takes_off.amount_minor), ("SPRING", 11_200));
        let promotion = Some(("spring".to_owned(), 11_200));
        let placed = shop.place_by(startup(&shop).await?, Payment::Card, promotion).await?;
        let OrderPlacement::Placed { order, checkout_url } = placed else { anyhow::bail!("{placed:?}") };
        shop.pay(&checkout_url, "4242").await?;
        shop.deliver_all().await?;
        shop.work().await?;
        let order = shop.find_order(&order.id).await?;
        assert_eq!((order.status, order.promotion_code.as_deref()), (OrderStatus::Paid, Some("SPRING")));
        assert!(order.promotion_code_id.is_some());
        let invoice = &shop.invoices().await?[0];
        assert_eq!((invoice.subtotal_minor, invoice.discount_minor), (44_800, 11_200));
        assert_eq!(invoice.status, InvoiceStatus::Paid);
        Ok(())
    }

    async fn what_a_code_takes_off_for_months_is_taken_off_after_a_planned_change_too(db: Db) {
        let shop = Shop::open(db).await?;
        shop.code("HALFYEAR", "percent_off=25&duration=repeating&duration_in_months=2", "").await?;
        let promotion = Some(("halfyear".to_owned(), 11_200));
        let placed = shop.place_by(startup(&shop).await?, Payment::Card, promotion).await?;
        let OrderPlacement::Placed { order, checkout_url } = placed else { anyhow::bail!("{placed:?}") };
        shop.pay(&checkout_url, "4242").await?;
        settle(&shop).await?;
        let license_id = shop.find_order(&order.id).await?.license_id.expect("a license");
        let request = request(&shop, &license_id, "startup", 2).await?;
        let preview = preview_change(&shop.commerce, &shop.cx(), &request).await?;
        let ChangePreview::Later(planned) = preview else { anyhow::bail!("{preview:?}") };
        let agreed = Agreed::Later { recurring_minor: planned.recurring.amount_minor };
        let changed = change_subscription(&shop.commerce, &shop.cx(), &request, agreed).await?;
        assert!(matches!(changed, Change::Planned { .. }), "{changed:?}");
        let first = shop.invoices().await?.remove(0);
        for takes_off in [true, false] {
            let end = shop.subscription(&license_id).await?.period_end;
            shop.set_clock(end.plus(2 * HOUR_MS))?;
            settle(&shop).await?;
            let invoice = shop.invoices().await?.remove(0);
            assert!(invoice.subtotal_minor < first.subtotal_minor, "{invoice:?}");
            let wanted = if takes_off { invoice.subtotal_minor / 4 } else { 0 };
            assert_eq!(invoice.discount_minor, wanted, "two months of it, whatever was planned");
        }
        Ok(())
    }

    async fn a_change_that_is_planned_in_a_trial_leaves_the_trial_alone(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("prototype", BillingInterval::Month, 1).await?;
        let before = shop.subscription(&license.id).await?;
        let stripe_id = &before.stripe_subscription_id;
        let items = shop.stripe().fetch_subscription(stripe_id).await?.items;
        let then: Vec<ItemChange> = (items.iter())
            .map(|it| ItemChange { item_id: None, price_id: it.price_id.clone(), quantity: it.quantity })
            .collect();
        let key = IdempotencyKey::new(&[stripe_id, "in the trial"]);
        shop.stripe().schedule_change(&key, stripe_id, &then, Recurrence::Month).await?;
        settle(&shop).await?;
        assert_eq!(shop.subscription(&license.id).await?.stripe_status, SubscriptionState::Trialing);
        shop.set_clock(before.period_end.plus(-DAY_MS))?;
        settle(&shop).await?;
        assert!(shop.invoices().await?.iter().all(|invoice| invoice.total_minor == 0), "nothing is charged yet");
        shop.set_clock(before.period_end.plus(2 * HOUR_MS))?;
        settle(&shop).await?;
        assert_eq!(shop.invoices().await?.remove(0).subtotal_minor, 3_900);
        Ok(())
    }

    async fn no_code_can_be_entered_on_the_payment_page(db: Db) {
        let shop = Shop::open(db).await?;
        let (order, _) = shop.order("startup", BillingInterval::Month, 2).await?;
        let session = shop.look(&format!("checkout/sessions/{}", order.stripe_session_id.expect("a session"))).await?;
        assert_eq!(session["object"], "checkout.session");
        assert_ne!(session["allow_promotion_codes"], true, "limits that are ours would not hold there");
        Ok(())
    }

    async fn a_code_for_everything_leaves_nothing_to_pay(db: Db) {
        let shop = Shop::open(db).await?;
        shop.code("GIFT", "percent_off=100&duration=once", "").await?;
        let plan_id = shop.plan("perpetual").await?.id;
        let purchase = Purchase::Plan(Composition::new(plan_id, BillingInterval::Once, 1, shop.currency));
        let placed = shop.place_by(purchase, Payment::Card, Some(("GIFT".to_owned(), 499_900))).await?;
        let OrderPlacement::Placed { order, checkout_url } = placed else { anyhow::bail!("{placed:?}") };
        shop.pay(&checkout_url, "pay").await?;
        shop.deliver_all().await?;
        shop.work().await?;
        let order = shop.find_order(&order.id).await?;
        assert_eq!(order.status, OrderStatus::Paid);
        let invoice = &shop.invoices().await?[0];
        assert_eq!((invoice.total_minor, invoice.status), (0, InvoiceStatus::Paid));
        assert!(order.license_id.is_some());
        Ok(())
    }

    async fn a_code_that_does_not_apply_orders_nothing_and_says_why(db: Db) {
        let shop = Shop::open(db).await?;
        shop.code("ONE-USE", "percent_off=10&duration=once", "&max_redemptions=1").await?;
        shop.code("BIG", "percent_off=10&duration=once", "&restrictions[minimum_amount]=50000&restrictions[minimum_amount_currency]=usd")
            .await?;
        shop.code("FIRST", "percent_off=10&duration=once", "&restrictions[first_time_transaction]=true").await?;
        assert!(matches!(ask(&shop, "ONE-USE").await?, CodeAnswer::Applies(_)));
        assert!(matches!(ask(&shop, "FIRST").await?, CodeAnswer::Applies(_)));
        let below = CodeAnswer::Problem(PromotionProblem::BelowMinimum(backend::money::Money::new(
            50_000,
            backend::money::Currency::parse("usd").expect("a currency"),
        )));
        assert_eq!(ask(&shop, "BIG").await?, below);
        assert_eq!(ask(&shop, "NONE").await?, CodeAnswer::Problem(PromotionProblem::Unknown));

        let placed = shop.place_by(startup(&shop).await?, Payment::Card, Some(("ONE-USE".to_owned(), 1))).await?;
        assert!(matches!(placed, OrderPlacement::DiscountChanged), "{placed:?}");
        let placed = shop.place_by(startup(&shop).await?, Payment::Card, Some(("ONE-USE".to_owned(), 4_480))).await?;
        let OrderPlacement::Placed { checkout_url, .. } = placed else { anyhow::bail!("{placed:?}") };
        shop.pay(&checkout_url, "4242").await?;
        shop.deliver_all().await?;
        shop.work().await?;
        // Used up, and no newcomer any more.
        let placed = shop.place_by(startup(&shop).await?, Payment::Card, Some(("ONE-USE".to_owned(), 4_480))).await?;
        assert!(
            matches!(placed, OrderPlacement::CodeRefused(PromotionProblem::UsedUp | PromotionProblem::Unknown)),
            "{placed:?}"
        );
        assert_eq!(ask(&shop, "FIRST").await?, CodeAnswer::Problem(PromotionProblem::NotFirstPurchase));
        assert_eq!(shop.licenses().await?, 1);
        Ok(())
    }
}
