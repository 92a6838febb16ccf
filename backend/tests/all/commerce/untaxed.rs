//! Vendors that charge no tax: nothing that is made at Stripe asks for it, and what was ordered before goes on as it was.

use backend::billing::maintenance::AutoRenewalStart;
use backend::billing::reconcile;
use backend::catalog::BillingInterval;
use backend::clock::DAY_MS;
use backend::db::{Db, DbError};
use backend::vendors::rules::{SettingsChange, TaxChoice, TaxSettings};
use backend::vendors::{SettingsUpdate, change_settings, find_vendor};

use super::maintenance::{ask, year};
use super::shop::Shop;
use super::to_perpetual::{offer, open};
use crate::support::{NOW, cx, on_both_engines};

/// An administrator says who reckons tax.
async fn switch(shop: &Shop, choice: TaxChoice) -> anyhow::Result<()> {
    let (cx, vendor_id) = (cx(&shop.vendor.id, shop.now()), shop.vendor.id.clone());
    let change = SettingsChange::Tax(TaxSettings { tax: choice.as_str().to_owned() });
    let saved: Result<SettingsUpdate, DbError> = shop
        .db
        .write(move |tx| {
            Box::pin(async move {
                let seen = find_vendor(tx, &vendor_id).await?.map_or(0, |vendor| vendor.settings_no);
                change_settings(tx, &cx, seen, &change).await
            })
        })
        .await;
    assert_eq!(saved?, SettingsUpdate::Saved);
    Ok(())
}

/// Whether what Stripe has of the buyer asks for tax, oldest first.
async fn asks(shop: &Shop, kind: &str) -> anyhow::Result<Vec<bool>> {
    let customer = shop.find_account().await?.stripe_customer_id.expect("a customer");
    let made = shop.objects_of(kind, &customer);
    Ok(made.iter().map(|object| object["automatic_tax"]["enabled"] == true).collect())
}

/// One of everything that is made at Stripe for a sale: four payment pages, two subscriptions and four invoices.
async fn sell_everything(shop: &Shop) -> anyhow::Result<()> {
    let license = shop.buy("startup", BillingInterval::Month, 3).await?;
    let perpetual = shop.buy("perpetual", BillingInterval::Once, 1).await?;
    shop.order_by_transfer("startup", BillingInterval::Month).await?;
    shop.order_by_transfer("perpetual", BillingInterval::Once).await?;
    shop.hear().await?;
    let renewal = ask(shop, &perpetual.id, year(1)).await?;
    assert!(matches!(renewal, AutoRenewalStart::Opened { .. }), "{renewal:?}");
    shop.set_clock(NOW.plus(DAY_MS))?;
    let shown = offer(shop, &license.id).await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
    open(shop, &license.id, &shown).await?;
    Ok(())
}

on_both_engines! {
    async fn all_that_is_sold_asks_for_tax(db: Db) {
        let shop = Shop::open(db).await?;
        sell_everything(&shop).await?;
        assert_eq!(asks(&shop, "checkout.session").await?, [true; 4]);
        assert_eq!(asks(&shop, "subscription").await?, [true; 2]);
        assert_eq!(asks(&shop, "invoice").await?, [true; 4]);
        let invoices = shop.invoices().await?;
        assert!(invoices.len() == 4 && invoices.iter().all(|invoice| invoice.tax_minor > 0), "{invoices:#?}");
        Ok(())
    }

    async fn nothing_that_is_sold_asks_for_tax_where_it_is_switched_off(db: Db) {
        let shop = Shop::open(db).await?;
        switch(&shop, TaxChoice::Nobody).await?;
        sell_everything(&shop).await?;
        assert_eq!(asks(&shop, "checkout.session").await?, [false; 4]);
        assert_eq!(asks(&shop, "subscription").await?, [false; 2]);
        assert_eq!(asks(&shop, "invoice").await?, [false; 4]);
        let invoices = shop.invoices().await?;
        assert_eq!(invoices.len(), 4);
        for invoice in &invoices {
            assert_eq!((invoice.tax_minor, invoice.total_minor), (0, invoice.subtotal_minor), "{invoice:#?}");
        }
        switch(&shop, TaxChoice::Stripe).await?;
        shop.order_by_transfer("startup", BillingInterval::Month).await?;
        assert_eq!(asks(&shop, "subscription").await?, [false, false, true], "who has one keeps it as it is");
        Ok(())
    }

    async fn an_order_is_made_as_it_was_placed_whatever_was_switched_since(db: Db) {
        let shop = Shop::open(db).await?;
        for (plan, interval) in [("startup", BillingInterval::Month), ("perpetual", BillingInterval::Once)] {
            let order = shop.order_by_transfer(plan, interval).await?;
            shop.forget_what_stripe_made(&order.id).await?;
            shop.forget_events().await?;
            switch(&shop, TaxChoice::Nobody).await?;
            // Under the same key: other parameters would be refused.
            reconcile(&shop.commerce, &shop.cx()).await?;
            let after = shop.find_order(&order.id).await?;
            assert_eq!(after.stripe_invoice_id, order.stripe_invoice_id, "{plan}");
            assert_eq!(after.stripe_subscription_id, order.stripe_subscription_id, "{plan}");
            assert!(order.stripe_invoice_id.is_some(), "{plan}");
            switch(&shop, TaxChoice::Stripe).await?;
        }
        assert_eq!(asks(&shop, "invoice").await?, [true; 2]);
        Ok(())
    }
}
