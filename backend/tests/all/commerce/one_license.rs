//! However a payment becomes known, and whatever fails meanwhile: one license.

use backend::billing::{Receipt, list_failed_events, reconcile};
use backend::catalog::BillingInterval;
use backend::clock::{DAY_MS, HOUR_MS};
use backend::db::Db;
use backend::invoices::InvoiceStatus;
use backend::licenses::LicenseStatus;
use backend::orders::{Fulfilment, OrderProgress, OrderStatus, fulfil_order, order_progress};
use backend::stripe::{SubscriptionState, WebhookRefusal, verify_webhook};

use super::shop::{Shop, WEBHOOK_SECRET, sign};
use crate::support::{NOW, on_both_engines};

on_both_engines! {
    async fn the_webhook_alone_makes_one_license(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 3).await?;
        assert_eq!((license.status, license.seats), (LicenseStatus::Active, 3));
        let subscription = shop.subscription(&license.id).await?;
        assert_eq!(subscription.stripe_status, SubscriptionState::Active);
        assert_eq!(subscription.recurring_minor, 29_900 + 14_900);
        assert_eq!(license.ends_at, Some(subscription.period_end.plus(3 * DAY_MS)));
        assert_eq!(shop.licenses().await?, 1);
        let mails: Vec<String> = shop.outbox.take().into_iter().map(|mail| mail.subject).collect();
        assert_eq!(mails.iter().filter(|subject| subject.contains("license")).count(), 1, "{mails:?}");
        assert_eq!(mails.iter().filter(|subject| subject.starts_with("Invoice")).count(), 1, "{mails:?}");
        // Whoever comes later finds it done.
        let order = shop.find_order(&last_order(&shop).await?).await?;
        let again = fulfil_order(&shop.commerce, &shop.cx(), &order.id).await?;
        assert_eq!(again, Fulfilment::Fulfilled { license_id: license.id, newly: false });
        Ok(())
    }

    async fn the_return_page_alone_makes_one_license(db: Db) {
        let shop = Shop::open(db).await?;
        let (order, url) = shop.order("maker", BillingInterval::Month, 1).await?;
        let before = order_progress(&shop.commerce, &shop.cx(), &order.id).await?;
        assert!(matches!(before, OrderProgress::AwaitingPayment(_)), "{before:?}");
        let place = shop.pay(&url, "4242").await?;
        assert_eq!(place, format!("https://portal.test/orders/{}", order.id));
        let after = order_progress(&shop.commerce, &shop.cx(), &order.id).await?;
        let OrderProgress::Fulfilled { order, license_id } = after else { anyhow::bail!("{after:?}") };
        assert!(order.was_placed_in(b"this browser") && !order.was_placed_in(b"another"));
        // The webhooks come after, some of them twice.
        shop.deliver_all().await?;
        shop.deliver_all().await?;
        shop.work().await?;
        assert_eq!(shop.licenses().await?, 1);
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Active);
        assert_eq!(shop.invoices().await?.len(), 1);
        Ok(())
    }

    async fn the_reconciler_alone_makes_one_license(db: Db) {
        let shop = Shop::open(db).await?;
        let (order, url) = shop.order("maker", BillingInterval::Year, 1).await?;
        shop.pay(&url, "4242").await?;
        let found = reconcile(&shop.commerce, &shop.cx()).await?;
        assert_eq!(found.orders, 1);
        assert!(found.events > 0);
        shop.work().await?;
        assert_eq!(shop.find_order(&order.id).await?.status, OrderStatus::Paid);
        assert_eq!((shop.licenses().await?, shop.invoices().await?.len()), (1, 1));
        let again = reconcile(&shop.commerce, &shop.cx()).await?;
        assert_eq!((again.events, again.orders), (0, 0));
        Ok(())
    }

    async fn webhook_return_page_and_reconciler_at_once_make_one_license(db: Db) {
        let shop = Shop::open(db).await?;
        let (order, url) = shop.order("startup", BillingInterval::Month, 2).await?;
        shop.pay(&url, "4242").await?;
        shop.deliver_all().await?;
        let (commerce, cx) = (&shop.commerce, shop.cx());
        let (page, page_again, reconciled, worked) = tokio::join!(
            fulfil_order(commerce, &cx, &order.id),
            order_progress(commerce, &cx, &order.id),
            reconcile(commerce, &cx),
            shop.work(),
        );
        page_again?;
        worked?;
        let newly = u64::from(matches!(page?, Fulfilment::Fulfilled { newly: true, .. }));
        assert!(newly + reconciled?.orders <= 1);
        shop.work().await?;
        assert_eq!((shop.licenses().await?, shop.invoices().await?.len()), (1, 1));
        Ok(())
    }

    async fn eight_at_once_make_one_perpetual_license(db: Db) {
        let shop = Shop::open(db).await?;
        let (order, url) = shop.order("perpetual", BillingInterval::Once, 1).await?;
        shop.pay(&url, "4242").await?;
        let cx = shop.cx();
        let all = futures::future::join_all((0..8).map(|_| fulfil_order(&shop.commerce, &cx, &order.id))).await;
        let mut newly_made = 0;
        for outcome in all {
            let Fulfilment::Fulfilled { newly, .. } = outcome? else { anyhow::bail!("not fulfilled") };
            newly_made += u64::from(newly);
        }
        assert_eq!((newly_made, shop.licenses().await?), (1, 1));
        Ok(())
    }

    async fn webhooks_doubled_shuffled_and_one_lost_come_to_the_same(db: Db) {
        let shop = Shop::open(db).await?;
        let (order, url) = shop.order("startup", BillingInterval::Month, 4).await?;
        shop.pay(&url, "4242").await?;
        let mut events = shop.events().await?;
        let lost = events.iter().position(|event| event.event_type == "invoice.paid").expect("an invoice was paid");
        events.remove(lost);
        events.reverse();
        for event in &events {
            assert_eq!(shop.deliver(event).await?, Receipt::Stored);
            assert_eq!(shop.deliver(event).await?, Receipt::Known);
            shop.work().await?;
        }
        let license_id = shop.find_order(&order.id).await?.license_id.expect("fulfilled");
        assert_eq!(shop.license(&license_id).await?.seats, 4);
        assert_eq!(shop.licenses().await?, 1);
        assert_eq!(reconcile(&shop.commerce, &shop.cx()).await?.events, 1);
        shop.work().await?;
        let invoices = shop.invoices().await?;
        assert_eq!(invoices.len(), 1);
        assert_eq!((invoices[0].status, invoices[0].license_id.as_ref()), (InvoiceStatus::Paid, Some(&license_id)));
        let vendor_id = shop.vendor.id.clone();
        let failed =
            shop.db.read(move |tx| Box::pin(async move { list_failed_events(tx, &vendor_id, 10).await })).await?;
        assert_eq!(failed, []);
        Ok(())
    }

    async fn forged_and_stale_webhooks_change_nothing(db: Db) {
        let shop = Shop::open(db).await?;
        let (_, url) = shop.order("maker", BillingInterval::Month, 1).await?;
        shop.pay(&url, "4242").await?;
        let events = shop.events().await?;
        let (now, secrets) = (shop.now(), shop.stripe().config().webhook_secrets.clone());
        for event in &events {
            let body = event.raw.as_bytes();
            let forged = sign(&event.raw, "whsec_of_somebody", now.seconds());
            assert_eq!(verify_webhook(body, &forged, &secrets, now), Err(WebhookRefusal::Forged));
            let stale = sign(&event.raw, WEBHOOK_SECRET, now.seconds() - 301);
            assert_eq!(verify_webhook(body, &stale, &secrets, now), Err(WebhookRefusal::Stale));
        }
        shop.work().await?;
        assert_eq!(shop.licenses().await?, 0);
        Ok(())
    }

    async fn nothing_is_granted_before_payment(db: Db) {
        let shop = Shop::open(db).await?;
        let (order, url) = shop.order("maker", BillingInterval::Month, 1).await?;
        assert!(shop.pay(&url, "declined").await.is_err());
        // The session's id in somebody's hands buys nothing.
        let session = order.stripe_session_id.clone().expect("a session");
        let outcome = backend::orders::fulfil_session(&shop.commerce, &shop.cx(), &session).await?;
        assert_eq!(outcome, Fulfilment::AwaitingPayment);
        shop.deliver_all().await?;
        shop.work().await?;
        assert_eq!(shop.licenses().await?, 0);
        // After a day the session has run out.
        shop.set_clock(NOW.plus(25 * HOUR_MS))?;
        assert_eq!(fulfil_order(&shop.commerce, &shop.cx(), &order.id).await?, Fulfilment::Closed(OrderStatus::Expired));
        Ok(())
    }

    async fn a_stripe_that_fails_for_a_moment_costs_nothing_and_doubles_nothing(db: Db) {
        let shop = Shop::open(db).await?;
        shop.control("chaos", r#"{"fail_next":"500"}"#).await?;
        let (_, url) = shop.order("maker", BillingInterval::Month, 1).await?;
        shop.pay(&url, "4242").await?;
        shop.control("chaos", r#"{"fail_next":"429"}"#).await?;
        for event in shop.events().await? {
            shop.deliver(&event).await?;
        }
        shop.control("chaos", r#"{"fail_next":"500"}"#).await?;
        shop.work().await?;
        assert_eq!((shop.licenses().await?, shop.invoices().await?.len()), (1, 1));
        Ok(())
    }
}

async fn last_order(shop: &Shop) -> anyhow::Result<backend::ids::OrderId> {
    let (vendor_id, account_id) = (shop.vendor.id.clone(), shop.account.id.clone());
    let orders = shop
        .db
        .read(move |tx| {
            Box::pin(async move { backend::orders::list_orders(tx, &vendor_id, &account_id, None, 1).await })
        })
        .await?;
    orders.into_iter().next().map(|order| order.id).ok_or_else(|| anyhow::anyhow!("no orders"))
}
