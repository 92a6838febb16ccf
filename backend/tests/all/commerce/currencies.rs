//! Several currencies: the choice is free until an account has a subscription or credit in one, and after.

use std::path::Path;

use backend::billing::{CancelReason, Cancellation, cancel_subscription};
use backend::catalog::{BillingInterval, Composition};
use backend::clock::HOUR_MS;
use backend::db::Db;
use backend::money::Currency;
use backend::orders::currency::{FixedBy, FixedCurrency, fixed_currency};
use backend::orders::rules::ChoiceProblem;
use backend::orders::{OrderPlacement, Payment, Purchase};
use backend::refunds::{CreditInvoice, CreditOutcome, credit_invoice};
use backend::stripe::CreditSettlement;

use super::options::hear;
use super::reversals::finance;
use super::shop::Shop;
use super::versions::renewal_told;
use crate::support::on_both_engines;

fn currency(code: &str) -> Currency {
    Currency::parse(code).expect("a currency")
}

async fn shop(db: Db, code: &str) -> anyhow::Result<Shop> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all/commerce/histories/catalog.toml");
    let mut shop = Shop::open_with(db, &file).await?;
    shop.currency = currency(code);
    Ok(shop)
}

async fn in_currency(shop: &Shop, code: &str) -> anyhow::Result<Purchase> {
    let plan_id = shop.plan("small").await?.id;
    Ok(Purchase::Plan(Composition::new(plan_id, BillingInterval::Month, 1, currency(code))))
}

async fn fixed(shop: &Shop) -> anyhow::Result<Option<FixedCurrency>> {
    let (vendor_id, account_id) = (shop.vendor.id.clone(), shop.account.id.clone());
    Ok(shop.db.read(|tx| Box::pin(async move { fixed_currency(tx, &vendor_id, &account_id).await })).await?)
}

on_both_engines! {
    async fn an_account_buys_in_one_currency_while_a_subscription_runs(db: Db) {
        let shop = shop(db, "jpy").await?;
        assert_eq!(fixed(&shop).await?, None);
        let license = shop.buy("small", BillingInterval::Month, 1).await?;
        let bound = FixedCurrency { currency: currency("jpy"), by: FixedBy::Subscription };
        assert_eq!(fixed(&shop).await?, Some(bound));
        for payment in [Payment::Card, Payment::Transfer] {
            let refused = shop.place_by(in_currency(&shop, "usd").await?, payment, None).await?;
            assert_eq!(refused, OrderPlacement::Refused(ChoiceProblem::CurrencyFixed(bound)));
        }
        assert!(matches!(shop.place(in_currency(&shop, "jpy").await?).await?, OrderPlacement::Placed { .. }));

        // Once it is over, the choice is free again, here and at Stripe.
        let cancelled = cancel_subscription(&shop.commerce, &shop.cx(), &license.id, &CancelReason::default()).await?;
        assert!(matches!(cancelled, Cancellation::Cancelling { .. }), "{cancelled:?}");
        assert_eq!(fixed(&shop).await?, Some(bound));
        shop.set_clock(shop.subscription(&license.id).await?.period_end.plus(2 * HOUR_MS))?;
        hear(&shop).await?;
        assert_eq!(fixed(&shop).await?, None);
        let placed = shop.place(in_currency(&shop, "usd").await?).await?;
        let OrderPlacement::Placed { checkout_url, order } = placed else { anyhow::bail!("{placed:?}") };
        shop.pay(&checkout_url, "4242").await?;
        hear(&shop).await?;
        assert!(shop.find_order(&order.id).await?.license_id.is_some());
        assert_eq!(fixed(&shop).await?.map(|fixed| fixed.currency), Some(currency("usd")));
        Ok(())
    }

    async fn credit_that_is_left_binds_to_its_currency(db: Db) {
        let shop = shop(db, "jpy").await?;
        let license = shop.buy("small", BillingInterval::Month, 1).await?;
        let invoice = shop.invoices().await?.remove(0);
        let part = CreditInvoice {
            invoice_id: invoice.id,
            amount_minor: 500,
            settlement: CreditSettlement::Balance,
            reason: String::new(),
            memo: String::new(),
            credited_before_minor: 0,
        };
        assert_eq!(credit_invoice(&shop.commerce, &finance(&shop).await?, &part).await?, CreditOutcome::Credited);
        cancel_subscription(&shop.commerce, &shop.cx(), &license.id, &CancelReason::default()).await?;
        shop.set_clock(shop.subscription(&license.id).await?.period_end.plus(2 * HOUR_MS))?;
        hear(&shop).await?;
        let bound = FixedCurrency { currency: currency("jpy"), by: FixedBy::Credit };
        assert_eq!(fixed(&shop).await?, Some(bound));
        let refused = shop.place(in_currency(&shop, "usd").await?).await?;
        assert_eq!(refused, OrderPlacement::Refused(ChoiceProblem::CurrencyFixed(bound)));
        // What is bought next uses it up.
        let placed = shop.place(in_currency(&shop, "jpy").await?).await?;
        let OrderPlacement::Placed { checkout_url, .. } = placed else { anyhow::bail!("{placed:?}") };
        shop.pay(&checkout_url, "4242").await?;
        hear(&shop).await?;
        assert_eq!(fixed(&shop).await?, Some(FixedCurrency { by: FixedBy::Subscription, ..bound }));
        Ok(())
    }

    async fn stripe_refuses_what_would_combine_currencies(db: Db) {
        let shop = shop(db, "usd").await?;
        shop.buy("small", BillingInterval::Month, 1).await?;
        let customer = shop.find_account().await?.stripe_customer_id.expect("a customer");
        let plan = shop.plan("small").await?;
        let price = |code: &str| {
            let price = plan.price(backend::catalog::PriceRole::Base, BillingInterval::Month, currency(code));
            price.and_then(|price| price.stripe_price_id.clone()).expect("pushed")
        };
        let body = |code: &str| {
            format!("customer={customer}&items[0][price]={}&collection_method=send_invoice&days_until_due=7", price(code))
        };
        let refused = shop.call("subscriptions", &body("jpy")).await;
        let said = match &refused {
            Ok(answer) => answer["error"]["message"].to_string(),
            Err(error) => error.to_string(),
        };
        assert!(said.contains("You cannot combine currencies on a single customer"), "{refused:?}");
        assert!(shop.call("subscriptions", &body("usd")).await?["id"].is_string());
        Ok(())
    }

    async fn an_instance_is_told_what_updates_cost_in_the_currency_in_which_its_license_was_paid(db: Db) {
        let shop = shop(db, "usd").await?;
        let license = shop.buy("forever", BillingInterval::Once, 2).await?;
        let told = renewal_told(&shop, &license.id).await?;
        assert_eq!((told.amount_minor, told.currency.as_str()), (2 * 19_960, "usd"));
        // What is ordered and not paid says nothing.
        let updates = |code| Purchase::Maintenance { license_id: license.id.clone(), years: 1, currency: currency(code) };
        let placed = shop.place(updates("jpy")).await?;
        let OrderPlacement::Placed { checkout_url, .. } = placed else { anyhow::bail!("{placed:?}") };
        assert_eq!(renewal_told(&shop, &license.id).await?, told);
        shop.set_clock(shop.now().plus(HOUR_MS))?;
        shop.pay(&checkout_url, "4242").await?;
        hear(&shop).await?;
        let told = renewal_told(&shop, &license.id).await?;
        assert_eq!((told.amount_minor, told.currency.as_str()), (2 * 30_000, "jpy"));
        Ok(())
    }
}
