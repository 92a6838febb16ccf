//! What campaigns mean for one account: the order that it has open, its first purchase, and what its invoices bring in.

use backend::billing::change_subscription;
use backend::campaigns::{NewCampaign, list_takings};
use backend::catalog::{BillingInterval, Composition};
use backend::clock::UnixMs;
use backend::db::{Db, DbError};
use backend::orders::promotion::PromotionProblem;
use backend::orders::{
    AskedCode, CodeAnswer, GivenUp, Order, OrderPlacement, OrderStatus, Payment, Purchase, cancel_order,
    look_up_promotion, quote_purchase,
};

use super::campaigns::{address, quarter, refused};
use super::shop::Shop;
use super::{agree, charge, request};
use crate::support::on_both_engines;

impl Shop {
    /// Orders by card with a code, for what the code was shown to take off; answers the payment page too.
    pub(super) async fn order_anything_with(&self, purchase: Purchase, code: &str) -> anyhow::Result<(Order, String)> {
        let (cx, account_id, wanted) = (self.cx(), self.account.id.clone(), purchase.clone());
        let quoted: Result<_, DbError> =
            self.db.read(|tx| Box::pin(async move { quote_purchase(tx, &cx, &account_id, &wanted).await })).await;
        let (plan, quote) = quoted?.ok_or_else(|| anyhow::anyhow!("not for sale"))?;
        let quote = quote.map_err(|problem| anyhow::anyhow!("{problem:?}"))?;
        let asked =
            AskedCode { account: &self.account, address: address(1), quote: &quote, plan_id: &plan.id, typed: code };
        let answer = look_up_promotion(&self.commerce, &self.cx(), &asked).await?;
        let CodeAnswer::Applies(discount) = answer else { anyhow::bail!("{answer:?}") };
        let promotion = Some((code.to_owned(), discount.takes_off.amount_minor));
        let placed = self.place_by(purchase, Payment::Card, promotion).await?;
        let OrderPlacement::Placed { order, checkout_url } = placed else { anyhow::bail!("{placed:?}") };
        Ok((*order, checkout_url))
    }

    async fn buy_anything_with(&self, purchase: Purchase, code: &str) -> anyhow::Result<Order> {
        let (order, url) = self.order_anything_with(purchase, code).await?;
        self.pay(&url, "4242").await?;
        self.hear().await?;
        self.find_order(&order.id).await
    }
}

on_both_engines! {
    async fn nobody_holds_a_campaign_with_pages_that_are_never_paid(db: Db) {
        let shop = Shop::open(db).await?;
        let campaign = shop.campaign(NewCampaign { max_redemptions: Some(2), ..quarter("FEW") }).await?;
        let mut urls = Vec::new();
        for _ in 0..3 {
            urls.push(shop.placed(&shop.account, "FEW").await?.1);
        }
        assert_eq!(shop.taken(&campaign).await?, (1, 0), "one account has one open order with it");
        let last = urls.pop().expect("the last page");
        for left in urls {
            assert!(shop.pay(&left, "4242").await.is_err(), "a page that was left can still be paid");
        }
        let other = shop.another_account().await?;
        shop.placed(&other, "FEW").await?;
        shop.pay(&last, "4242").await?;
        shop.hear().await?;
        assert_eq!(shop.taken(&campaign).await?, (1, 1));
        Ok(())
    }

    async fn an_order_that_waits_for_its_transfer_has_to_be_paid_or_given_up_before_the_next_with_the_code(db: Db) {
        let shop = Shop::open(db).await?;
        let campaign = shop.campaign(quarter("WIRE")).await?;
        let placed = shop.order_with(&shop.account, "WIRE", Payment::Transfer, 1).await?;
        let OrderPlacement::Made { order } = placed else { anyhow::bail!("{placed:?}") };
        let held = PromotionProblem::HeldByOrder { placed_at: order.created_at };
        for payment in [Payment::Transfer, Payment::Card] {
            assert_eq!(shop.order_with(&shop.account, "WIRE", payment, 1).await?, refused(held));
        }
        // It is said before anything is ordered, too.
        assert_eq!(shop.ask(&shop.account, "WIRE", 1).await?, CodeAnswer::Problem(held));
        assert_eq!(shop.taken(&campaign).await?, (1, 0));
        let given_up = cancel_order(&shop.commerce, &shop.cx(), &order.id).await?;
        assert_eq!(given_up, GivenUp::Closed(OrderStatus::Cancelled));
        shop.placed(&shop.account, "WIRE").await?;
        assert_eq!(shop.taken(&campaign).await?, (1, 0));
        Ok(())
    }

    async fn two_campaigns_on_one_license_have_each_its_own_takings(db: Db) {
        let shop = Shop::open(db).await?;
        let bought_with = shop.campaign(quarter("BUY")).await?;
        let renewed_with = shop.campaign(quarter("RENEW")).await?;
        let plan_id = shop.plan("perpetual").await?.id;
        let composition = Composition::new(plan_id, BillingInterval::Once, 1, shop.currency);
        let order = shop.buy_anything_with(Purchase::Plan(composition), "BUY").await?;
        let license_id = order.license_id.expect("a license");
        shop.buy_anything_with(Purchase::Maintenance { license_id, years: 1, currency: shop.currency }, "RENEW").await?;
        let (vendor_id, now) = (shop.vendor.id.clone(), shop.now());
        let takings =
            shop.db.read(|tx| Box::pin(async move { list_takings(tx, &vendor_id, UnixMs(0), now).await })).await?;
        for campaign in [&bought_with, &renewed_with] {
            let own: Vec<_> = takings.iter().filter(|it| it.campaign_id == campaign.id).map(|it| it.invoices).collect();
            assert_eq!(own, [1], "{}: {takings:?}", campaign.id);
        }
        Ok(())
    }

    async fn a_first_purchase_is_the_first_that_costs_something(db: Db) {
        let shop = Shop::open(db).await?;
        shop.campaign(NewCampaign { first_purchase_only: true, ..quarter("WELCOME") }).await?;
        let plan_id = shop.plan("community").await?.id;
        let free = Purchase::Plan(Composition::new(plan_id, BillingInterval::Month, 1, shop.currency));
        let placed = shop.place_by(free, Payment::None, None).await?;
        let OrderPlacement::Made { order } = placed else { anyhow::bail!("{placed:?}") };
        shop.hear().await?;
        assert!(matches!(shop.ask(&shop.account, "WELCOME", 1).await?, CodeAnswer::Applies(_)), "a free plan is none");
        // The free license turns into one that costs something: no order, and money all the same.
        let license_id = shop.find_order(&order.id).await?.license_id.expect("a license");
        shop.use_card(&license_id, "pm_card_visa").await?;
        let wanted = request(&shop, &license_id, "startup", 2).await?;
        let shown = charge(&shop, &wanted).await?;
        change_subscription(&shop.commerce, &shop.cx(), &wanted, agree(&shown)).await?;
        shop.hear().await?;
        let answer = shop.ask(&shop.account, "WELCOME", 1).await?;
        assert_eq!(answer, CodeAnswer::Problem(PromotionProblem::NotFirstPurchase));
        Ok(())
    }
}
