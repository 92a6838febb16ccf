//! Payments that are under way for a while, and what the bank makes of them.

use backend::billing::reconcile;
use backend::campaigns::NewCampaign;
use backend::catalog::{BillingInterval, Composition};
use backend::clock::MINUTE_MS;
use backend::db::Db;
use backend::orders::{Fulfilment, GivenUp, OrderStatus, Purchase, cancel_order, fulfil_order};

use super::campaigns::quarter;
use super::shop::Shop;
use crate::support::on_both_engines;

async fn for_ever(shop: &Shop) -> anyhow::Result<Purchase> {
    let plan_id = shop.plan("perpetual").await?.id;
    Ok(Purchase::Plan(Composition::new(plan_id, BillingInterval::Once, 1, shop.currency)))
}

/// Who hears of it first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Event,
    Reconciler,
}

on_both_engines! {
    async fn a_payment_that_the_bank_returns_closes_its_order_frees_its_code_and_is_told(db: Db) {
        let shop = Shop::open(db).await?;
        let campaign = shop.campaign(NewCampaign { max_redemptions: Some(1), ..quarter("DEBIT") }).await?;
        for by in [By::Event, By::Reconciler] {
            let (order, url) = shop.order_anything_with(for_ever(&shop).await?, "DEBIT").await?;
            shop.pay(&url, "debit_returned").await?;
            shop.hear().await?;
            let (commerce, cx) = (&shop.commerce, shop.cx());
            assert_eq!(fulfil_order(commerce, &cx, &order.id).await?, Fulfilment::AwaitingPayment);
            // Its money is on the way, so it is neither given up nor is its code another's.
            assert_eq!(cancel_order(commerce, &cx, &order.id).await?, GivenUp::NotAllowed);
            assert_eq!(shop.taken(&campaign).await?, (1, 0));
            shop.outbox.take();

            shop.set_clock(shop.now().plus(10 * MINUTE_MS))?;
            match by {
                By::Event => shop.hear().await?,
                By::Reconciler => {
                    reconcile(commerce, &shop.cx()).await?;
                    assert_eq!(shop.find_order(&order.id).await?.status, OrderStatus::Cancelled, "by the round itself");
                    shop.work().await?;
                }
            }
            assert_eq!(shop.find_order(&order.id).await?.status, OrderStatus::Cancelled);
            assert_eq!(shop.taken(&campaign).await?, (0, 0));
            let mails = shop.subjects();
            assert_eq!(mails.iter().filter(|subject| subject.contains("has failed")).count(), 1, "{mails:?}");
            assert_eq!(shop.licenses().await?, 0);
        }
        Ok(())
    }

    async fn a_payment_that_arrives_after_a_while_is_licensed_then(db: Db) {
        let shop = Shop::open(db).await?;
        let campaign = shop.campaign(quarter("DEBIT")).await?;
        let (order, url) = shop.order_anything_with(for_ever(&shop).await?, "DEBIT").await?;
        shop.pay(&url, "debit").await?;
        shop.hear().await?;
        assert_eq!((shop.find_order(&order.id).await?.status, shop.licenses().await?), (OrderStatus::Open, 0));
        shop.set_clock(shop.now().plus(10 * MINUTE_MS))?;
        shop.hear().await?;
        assert_eq!((shop.find_order(&order.id).await?.status, shop.licenses().await?), (OrderStatus::Paid, 1));
        assert_eq!(shop.taken(&campaign).await?, (0, 1));
        Ok(())
    }
}
