//! What costs nothing is ordered without a card, licensed once, and completed after a crash.

use backend::billing::reconcile;
use backend::catalog::{BillingInterval, Composition};
use backend::db::Db;
use backend::invoices::InvoiceStatus;
use backend::licenses::LicenseStatus;
use backend::orders::{
    Fulfilment, GivenUp, Order, OrderPlacement, OrderStatus, Payment, Purchase, cancel_order, fulfil_order,
    show_new_key,
};
use backend::stripe::SubscriptionState;
use stripe_sandbox::Cut;

use super::shop::Shop;
use crate::support::{master, on_both_engines};

async fn community(shop: &Shop) -> anyhow::Result<Purchase> {
    let plan_id = shop.plan("community").await?.id;
    Ok(Purchase::Plan(Composition::new(plan_id, BillingInterval::Month, 1, shop.currency)))
}

async fn get_community(shop: &Shop) -> anyhow::Result<Order> {
    match shop.place_by(community(shop).await?, Payment::None, None).await? {
        OrderPlacement::Made { order } => shop.find_order(&order.id).await,
        other => anyhow::bail!("{other:?}"),
    }
}

/// A shop whose process died after Stripe had made the subscription, before anything was committed.
async fn died(db: Db) -> anyhow::Result<(Shop, Order, String)> {
    let shop = Shop::open(db).await?;
    let order = get_community(&shop).await?;
    let made = order.stripe_subscription_id.clone().ok_or_else(|| anyhow::anyhow!("no subscription"))?;
    shop.forget_what_stripe_made(&order.id).await?;
    assert_eq!(shop.licenses().await?, 0);
    Ok((shop, order, made))
}

async fn completed(shop: &Shop, order: &Order, made: &str) -> anyhow::Result<()> {
    let after = shop.find_order(&order.id).await?;
    // The same key answered the same subscription: nothing was made twice.
    assert_eq!((after.status, after.stripe_subscription_id.as_deref()), (OrderStatus::Paid, Some(made)));
    assert_eq!(shop.licenses().await?, 1);
    Ok(())
}

on_both_engines! {
    async fn a_free_plan_is_licensed_at_once_and_renews_for_nothing(db: Db) {
        let shop = Shop::open(db).await?;
        let order = get_community(&shop).await?;
        assert_eq!((order.status, order.payment, order.amount_minor), (OrderStatus::Paid, Payment::None, 0));
        let license_id = order.license_id.clone().expect("a license");
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Active);
        shop.activate(&license_id, "node-a").await?;
        let subscription = shop.subscription(&license_id).await?;
        assert_eq!((subscription.stripe_status, subscription.recurring_minor), (SubscriptionState::Active, 0));
        // The page on which it was ordered shows the key, as after a payment.
        let (cx, shown) = (shop.cx(), order.clone());
        let key = shop
            .db
            .write(move |tx| {
                Box::pin(async move { show_new_key(tx, &cx, &master(), &shown, b"this browser").await })
            })
            .await?;
        assert!(key.is_some());

        shop.deliver_all().await?;
        shop.deliver_all().await?;
        shop.work().await?;
        let invoices = shop.invoices().await?;
        assert_eq!(invoices.len(), 1);
        assert_eq!((invoices[0].status, invoices[0].total_minor), (InvoiceStatus::Paid, 0));
        assert_eq!(invoices[0].license_id.as_ref(), Some(&license_id));

        shop.set_clock(subscription.period_end.plus(2 * backend::clock::HOUR_MS))?;
        shop.deliver_all().await?;
        shop.work().await?;
        let renewed = shop.subscription(&license_id).await?;
        assert!(renewed.period_end > subscription.period_end, "{renewed:?}");
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Active);
        assert_eq!(shop.licenses().await?, 1);
        Ok(())
    }

    async fn a_free_order_that_died_after_stripe_made_it_is_completed_by_the_webhook(db: Db) {
        let (shop, order, made) = died(db).await?;
        shop.forget_events().await?;
        shop.deliver_all().await?;
        shop.work().await?;
        completed(&shop, &order, &made).await
    }

    async fn a_free_order_that_died_after_stripe_made_it_is_completed_by_its_page(db: Db) {
        let (shop, order, made) = died(db).await?;
        let done = fulfil_order(&shop.commerce, &shop.cx(), &order.id).await?;
        assert!(matches!(done, Fulfilment::Fulfilled { newly: true, .. }), "{done:?}");
        completed(&shop, &order, &made).await
    }

    async fn a_free_order_that_died_after_stripe_made_it_is_completed_by_the_reconciler(db: Db) {
        let (shop, order, made) = died(db).await?;
        assert_eq!(reconcile(&shop.commerce, &shop.cx()).await?.orders, 1);
        completed(&shop, &order, &made).await
    }

    async fn a_free_order_that_is_given_up_while_it_is_made_stays_given_up(db: Db) {
        let (shop, order, _) = died(db).await?;
        let (commerce, cx) = (&shop.commerce, shop.cx());
        // Between the order that is read and the license that is written, while Stripe is asked.
        shop.cut(Some((0, Cut::Before)));
        let give_up = async {
            while shop.was_cut().is_none() {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            let given_up = cancel_order(commerce, &cx, &order.id).await;
            shop.release();
            given_up
        };
        let (made, given_up) = tokio::join!(fulfil_order(commerce, &cx, &order.id), give_up);
        assert_eq!(given_up?, GivenUp::Closed(OrderStatus::Cancelled));
        assert_eq!(made?, Fulfilment::Closed(OrderStatus::Cancelled));
        assert_eq!((shop.find_order(&order.id).await?.status, shop.licenses().await?), (OrderStatus::Cancelled, 0));
        Ok(())
    }

    async fn what_costs_something_is_not_ordered_for_nothing_nor_the_other_way_round(db: Db) {
        let shop = Shop::open(db).await?;
        let plan_id = shop.plan("startup").await?.id;
        let startup = Purchase::Plan(Composition::new(plan_id, BillingInterval::Month, 2, shop.currency));
        let refused = shop.place_by(startup, Payment::None, None).await?;
        assert!(matches!(refused, OrderPlacement::PaymentNotOffered), "{refused:?}");
        let refused = shop.place_by(community(&shop).await?, Payment::Card, None).await?;
        assert!(matches!(refused, OrderPlacement::PaymentNotOffered), "{refused:?}");
        assert_eq!(shop.licenses().await?, 0);
        Ok(())
    }
}
