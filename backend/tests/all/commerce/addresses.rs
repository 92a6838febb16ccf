//! An account's address at Stripe: what somebody empties here goes there, and what a buyer has added there stays.

use backend::accounts::{AccountDetails, AccountUpdate, Address};
use backend::billing::update_billing_details;
use backend::catalog::BillingInterval;
use backend::db::{Db, DbError};

use super::shop::Shop;
use crate::support::{master, on_both_engines};

/// Somebody types another address.
async fn change(shop: &Shop, country: &str, address: &Address) -> anyhow::Result<()> {
    let account = shop.find_account().await?;
    let details = AccountDetails {
        company: account.company,
        country: country.to_owned(),
        address: address.clone(),
        ..AccountDetails::default()
    };
    let (cx, id) = (shop.cx(), account.id);
    let updated: Result<AccountUpdate, DbError> = shop
        .db
        .write(move |tx| Box::pin(async move { update_billing_details(tx, &cx, &master(), &id, &details).await }))
        .await;
    anyhow::ensure!(matches!(updated?, AccountUpdate::Updated { .. }), "it is not changed");
    Ok(())
}

async fn path_of_customer(shop: &Shop) -> anyhow::Result<String> {
    let customer_id = shop.find_account().await?.stripe_customer_id.expect("a customer");
    Ok(format!("customers/{customer_id}"))
}

/// Second line, postal code and state as Stripe has them.
async fn at_stripe(shop: &Shop) -> anyhow::Result<[Option<String>; 3]> {
    let customer = shop.look(&path_of_customer(shop).await?).await?;
    let part = |name: &str| customer["address"][name].as_str().map(str::to_owned);
    Ok(["line2", "postal_code", "state"].map(part))
}

on_both_engines! {
    async fn what_is_emptied_of_an_address_goes_at_stripe_and_what_a_buyer_added_there_stays(db: Db) {
        let shop = Shop::open(db).await?;
        shop.order("maker", BillingInterval::Month, 1).await?;
        let some = |text: &str| Some(text.to_owned());
        let plain = shop.account.address.clone();
        let with_state = Address { state: "Hamburg".to_owned(), ..plain.clone() };
        let with_both = Address { line2: "Floor 2".to_owned(), ..with_state.clone() };
        change(&shop, "DE", &with_both).await?;
        shop.work().await?;
        assert_eq!(at_stripe(&shop).await?, [some("Floor 2"), some("20457"), some("Hamburg")]);

        // One after the other, before Stripe hears of either.
        change(&shop, "DE", &with_state).await?;
        change(&shop, "DE", &plain).await?;
        shop.work().await?;
        assert_eq!(at_stripe(&shop).await?, [None, some("20457"), None]);

        // On a payment page, for example: tax may depend on it.
        shop.call(&path_of_customer(&shop).await?, "address[state]=HH").await?;
        let further_on = Address { line1: "Hafenstraße 3".to_owned(), ..plain };
        change(&shop, "DE", &further_on).await?;
        shop.work().await?;
        shop.order("maker", BillingInterval::Month, 1).await?;
        assert_eq!(at_stripe(&shop).await?, [None, some("20457"), some("HH")]);

        change(&shop, "AT", &further_on).await?;
        shop.work().await?;
        assert_eq!(at_stripe(&shop).await?, [None, some("20457"), None], "it was in the other country");
        Ok(())
    }
}
