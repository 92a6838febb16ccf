//! The catalog and the prices at Stripe: what somebody altered there by hand is told, and pushing sets it right.

use backend::catalog::{
    BillingInterval, Difference, PriceCheck, PriceDifference, PriceRole, check_prices, push_prices,
};
use backend::db::Db;
use backend::money::Money;
use backend::stripe::{Stripe, StripeConfig};

use super::shop::Shop;
use crate::support::{NOW, entropy, on_both_engines};

/// Prices of the demo catalog's plan `startup` without add-ons.
struct Startup {
    month: String,
    product: String,
    year: String,
}

impl Shop {
    async fn check(&self) -> anyhow::Result<PriceCheck> {
        Ok(check_prices(&self.db, self.stripe(), &self.cx()).await?)
    }

    async fn startup(&self) -> anyhow::Result<Startup> {
        let plan = self.plan("startup").await?;
        let price =
            |interval| plan.price(PriceRole::Base, interval, self.currency).and_then(|it| it.stripe_price_id.clone());
        let (month, year) = (price(BillingInterval::Month), price(BillingInterval::Year));
        let month = month.ok_or_else(|| anyhow::anyhow!("not pushed"))?;
        let product = self.look(&format!("prices/{month}")).await?["product"].as_str().unwrap_or_default().to_owned();
        Ok(Startup { month, product, year: year.ok_or_else(|| anyhow::anyhow!("not pushed"))? })
    }
}

on_both_engines! {
    async fn what_was_altered_at_stripe_is_told_and_set_right_by_pushing(db: Db) {
        let shop = Shop::open(db).await?;
        let clean = shop.check().await?;
        assert!(clean.checked > 20 && clean.differences.is_empty(), "{clean:?}");

        // The same is done twice: neither telling nor repairing depends on it being the first time.
        for round in 0..2 {
            shop.set_clock(NOW.plus(round * 60_000))?;
            let startup = shop.startup().await?;
            shop.call(&format!("products/{}", startup.product), "name=Something+else").await?;
            shop.call(&format!("prices/{}", startup.month), "active=false").await?;
            let other = format!(
                "product={}&currency=usd&unit_amount=1&recurring[interval]=year&transfer_lookup_key=true&lookup_key={}",
                startup.product,
                shop.look(&format!("prices/{}", startup.year)).await?["lookup_key"].as_str().unwrap_or_default(),
            );
            let other = shop.call("prices", &other).await?["id"].as_str().unwrap_or_default().to_owned();
            let told: Vec<Difference> = shop.check().await?.differences.into_iter().map(|it| it.what).collect();
            let renamed = Difference::ProductName("Something else".to_owned());
            assert_eq!(told.iter().filter(|it| **it == renamed).count(), 2, "month and year, {told:?}");
            assert!(told.contains(&Difference::Archived), "{told:?}");
            assert!(told.contains(&Difference::KeyElsewhere(other)), "{told:?}");
            assert_eq!(told.len(), 4, "{told:?}");

            let pushed = push_prices(&shop.db, shop.stripe(), &shop.cx()).await?;
            assert_eq!((pushed.pushed, pushed.drift.len()), (0, 2));
            assert_eq!(shop.check().await?.differences, []);
        }
        // It is sold again.
        shop.buy("startup", BillingInterval::Month, 2).await?;
        Ok(())
    }

    async fn an_archived_product_and_another_account_are_told(db: Db) {
        let shop = Shop::open(db).await?;
        let startup = shop.startup().await?;
        shop.call(&format!("products/{}", startup.product), "active=false").await?;
        let check = shop.check().await?;
        assert_eq!(check.differences.len(), 2);
        assert!(check.differences.iter().all(|it| it.what == Difference::ProductArchived), "{check:?}");
        push_prices(&shop.db, shop.stripe(), &shop.cx()).await?;
        assert_eq!(shop.check().await?.differences, []);

        let elsewhere = stripe_sandbox::start(stripe_sandbox::Config::default()).await?;
        let config = StripeConfig {
            api_base: elsewhere.url.clone(),
            secret_key: "sk_test_elsewhere".to_owned().into(),
            webhook_secrets: Vec::new(),
        };
        let check = check_prices(&shop.db, &Stripe::new(config, entropy())?, &shop.cx()).await?;
        assert_eq!(check.differences.len(), check.checked);
        let unknown = |it: &PriceDifference| matches!(it.what, Difference::Unknown(_));
        assert!(check.differences.iter().all(unknown), "{check:?}");
        elsewhere.shutdown().await;
        Ok(())
    }

    async fn a_price_that_costs_something_else_at_stripe_is_told(db: Db) {
        let shop = Shop::open(db).await?;
        shop.control(
            "chaos",
            r#"{"amend":[{"object":"price","member":"unit_amount","value":12345},
                         {"object":"price","member":"tiers","value":[]}]}"#,
        )
        .await?;
        let check = shop.check().await?;
        assert_eq!(check.differences.len(), check.checked);
        let otherwise = Difference::Amount(Some(Money::new(12_345, shop.currency)));
        for difference in &check.differences {
            let by_tiers = difference.lookup_key.contains("pack");
            let expected = if by_tiers { &Difference::Tiers } else { &otherwise };
            assert_eq!(difference.what, *expected, "{difference:?}");
        }
        assert!(check.differences.iter().any(|it| it.what == Difference::Tiers));
        Ok(())
    }
}
