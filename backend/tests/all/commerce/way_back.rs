//! Orders that are left, and the way back to them.

use backend::catalog::BillingInterval;
use backend::clock::{DAY_MS, HOUR_MS};
use backend::db::Db;
use backend::orders::{
    Fulfilment, GivenUp, OrderProgress, OrderStatus, UnfinishedOrder, cancel_order, fulfil_order,
    list_unfinished_orders, order_progress,
};

use super::shop::Shop;
use crate::support::{NOW, on_both_engines};

pub(super) async fn unfinished(shop: &Shop) -> anyhow::Result<Vec<UnfinishedOrder>> {
    let (vendor_id, account_id, since) =
        (shop.vendor.id.clone(), shop.account.id.clone(), shop.now().plus(-7 * DAY_MS));
    let found = shop
        .db
        .read(|tx| Box::pin(async move { list_unfinished_orders(tx, &vendor_id, &account_id, since, 10).await }));
    Ok(found.await?)
}

on_both_engines! {
    async fn an_order_that_was_left_can_be_gone_on_with_and_after_a_day_begun_again(db: Db) {
        let shop = Shop::open(db).await?;
        let (order, url) = shop.order("startup", BillingInterval::Month, 2).await?;
        let left = unfinished(&shop).await?;
        assert_eq!(left.len(), 1);
        assert_eq!((&left[0].id, left[0].checkout_url.as_ref()), (&order.id, Some(&url)));

        shop.set_clock(NOW.plus(25 * HOUR_MS))?;
        shop.deliver_all().await?;
        shop.work().await?;
        shop.deliver_all().await?;
        shop.work().await?;
        assert_eq!(shop.find_order(&order.id).await?.status, OrderStatus::Expired);
        let left = unfinished(&shop).await?;
        assert_eq!((left[0].status, left[0].checkout_url.as_ref()), (OrderStatus::Expired, None));
        let mails: Vec<_> = shop.outbox.take().into_iter().map(|mail| (mail.to, mail.subject)).collect();
        let told: Vec<_> = mails.iter().filter(|(_, subject)| subject.contains("was not finished")).collect();
        assert_eq!(told.len(), 1, "{mails:?}");
        assert_eq!(told[0].0, shop.user.email);

        // Ordered again and paid, nothing is left of it.
        shop.buy("startup", BillingInterval::Month, 2).await?;
        assert_eq!(unfinished(&shop).await?, []);
        shop.set_clock(NOW.plus(9 * DAY_MS))?;
        assert_eq!(unfinished(&shop).await?, []);
        Ok(())
    }

    async fn who_ordered_the_same_again_gets_no_mail_about_the_first_try(db: Db) {
        let shop = Shop::open(db).await?;
        shop.order("startup", BillingInterval::Month, 2).await?;
        shop.set_clock(NOW.plus(HOUR_MS))?;
        shop.buy("pilot", BillingInterval::Month, 1).await?;
        shop.set_clock(NOW.plus(25 * HOUR_MS))?;
        shop.deliver_all().await?;
        shop.work().await?;
        let mails: Vec<_> = shop.outbox.take().into_iter().map(|mail| mail.subject).collect();
        assert!(!mails.iter().any(|subject| subject.contains("was not finished")), "{mails:?}");
        Ok(())
    }

    async fn a_cancelled_order_cannot_be_paid_any_more_and_a_paid_one_not_be_cancelled(db: Db) {
        let shop = Shop::open(db).await?;
        let (order, url) = shop.order("maker", BillingInterval::Month, 1).await?;
        let given_up = cancel_order(&shop.commerce, &shop.cx(), &order.id).await?;
        assert_eq!(given_up, GivenUp::Closed(OrderStatus::Cancelled));
        assert!(shop.pay(&url, "4242").await.is_err());
        assert_eq!(cancel_order(&shop.commerce, &shop.cx(), &order.id).await?, given_up);
        assert!(matches!(
            order_progress(&shop.commerce, &shop.cx(), &order.id).await?,
            OrderProgress::Closed(_)
        ));

        let (order, url) = shop.order("maker", BillingInterval::Month, 1).await?;
        shop.pay(&url, "4242").await?;
        // Paid, and no webhook has come yet.
        let outcome = cancel_order(&shop.commerce, &shop.cx(), &order.id).await?;
        assert!(matches!(outcome, GivenUp::Paid(_)), "{outcome:?}");
        let after = fulfil_order(&shop.commerce, &shop.cx(), &order.id).await?;
        assert!(matches!(after, Fulfilment::Fulfilled { newly: false, .. }), "{after:?}");
        assert_eq!(shop.licenses().await?, 1);
        Ok(())
    }
}
