//! Which open orders a round of the reconciler asks Stripe about, where there are more than it can.

use backend::billing::reconcile;
use backend::catalog::BillingInterval;
use backend::clock::HOUR_MS;
use backend::db::Db;
use backend::orders::OrderStatus;

use super::shop::{Shop, run_sql};
use crate::support::{NOW, on_both_engines};

/// As many as a round asks about.
const BATCH: usize = 200;

on_both_engines! {
    async fn an_order_behind_many_that_are_never_paid_has_its_turn_in_the_next_round(db: Db) {
        let shop = Shop::open(db).await?;
        let (order, url) = shop.order("startup", BillingInterval::Month, 2).await?;
        let columns = "vendor_id, account_id, user_id, kind, plan_id, plan_version, billing_interval, seats, currency,
                       amount_minor, status, payment, items";
        let left = |n: usize| {
            format!(
                "INSERT INTO orders (id, created_at, {columns})
                 SELECT 'ord_left_{n}', created_at - 1, {columns} FROM orders WHERE id = '{}'",
                order.id
            )
        };
        run_sql(&shop.db, (0..BATCH).map(left).collect()).await?;
        shop.pay(&url, "4242").await?;
        assert_eq!(reconcile(&shop.commerce, &shop.cx()).await?.orders, 0, "older ones come first");
        assert_eq!(reconcile(&shop.commerce, &shop.cx()).await?.orders, 1);
        assert_eq!(shop.find_order(&order.id).await?.status, OrderStatus::Paid);
        Ok(())
    }

    async fn an_order_that_waits_for_its_transfer_is_asked_about_every_six_hours(db: Db) {
        let shop = Shop::open(db).await?;
        let order = shop.order_by_transfer("startup", BillingInterval::Month).await?;
        assert_eq!(reconcile(&shop.commerce, &shop.cx()).await?.orders, 0);
        let (_, transfer) = shop.awaited(&order).await?;
        shop.transfer(transfer.total_minor).await?;
        shop.set_clock(NOW.plus(6 * HOUR_MS - 1_000))?;
        let found = reconcile(&shop.commerce, &shop.cx()).await?;
        assert_eq!((found.orders, found.events > 0), (0, true), "its event is there all the same");
        shop.set_clock(NOW.plus(6 * HOUR_MS))?;
        assert_eq!(reconcile(&shop.commerce, &shop.cx()).await?.orders, 1);
        assert_eq!(shop.find_order(&order.id).await?.status, OrderStatus::Paid);
        Ok(())
    }
}
