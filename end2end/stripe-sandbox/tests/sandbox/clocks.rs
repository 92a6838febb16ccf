//! Test clocks: customers with a time of their own.

use crate::{Shop, id};

const START: i64 = 1_801_396_800;

#[tokio::test]
async fn what_follows_a_test_clock_moves_with_it_and_all_else_stays() {
    let shop = Shop::open().await;
    let maker = shop.price("maker", 1_000, Some("month")).await;
    let ordinary = shop.customer("US", "pm_card_visa").await;
    let ordinary = id(&shop.subscription(&ordinary, &maker).await);
    let clock = id(&shop.post("test_helpers/test_clocks", &[("frozen_time", &START.to_string())]).await);
    let customer = id(&shop.post("customers", &[("test_clock", &clock)]).await);
    let card = id(&shop.post("payment_methods/pm_card_visa/attach", &[("customer", &customer)]).await);
    shop.post(&format!("customers/{customer}"), &[("invoice_settings[default_payment_method]", &card)]).await;
    let subscription = shop.subscription(&customer, &maker).await;
    assert_eq!(subscription["test_clock"], clock.as_str());
    let path = format!("subscriptions/{}?expand[]=latest_invoice", id(&subscription));
    let to = START + 40 * 86_400;
    let advancing =
        shop.post(&format!("test_helpers/test_clocks/{clock}/advance"), &[("frozen_time", &to.to_string())]).await;
    assert_eq!(advancing["status"], "advancing");
    let ready = shop.get(&format!("test_helpers/test_clocks/{clock}")).await;
    assert_eq!((ready["status"].as_str(), ready["frozen_time"].as_i64()), (Some("ready"), Some(to)));
    let renewed = shop.get(&path).await;
    assert_eq!(renewed["latest_invoice"]["billing_reason"], "subscription_cycle");
    assert_eq!(renewed["latest_invoice"]["test_clock"], clock.as_str());
    let other = shop.get(&format!("subscriptions/{ordinary}?expand[]=latest_invoice")).await;
    assert_eq!(other["latest_invoice"]["billing_reason"], "subscription_create");
    // The sandbox's own clock moves the others, and not these.
    shop.at("2027-05-01T00:00:00Z");
    assert_eq!(shop.get(&path).await["latest_invoice"]["id"], renewed["latest_invoice"]["id"]);
    let later = shop.get(&format!("subscriptions/{ordinary}?expand[]=latest_invoice")).await;
    assert_eq!(later["latest_invoice"]["billing_reason"], "subscription_cycle");
    // What a call does happens at the customer's time.
    let item = id(&shop.post("invoiceitems", &[("customer", &customer), ("amount", "5"), ("currency", "usd")]).await);
    assert_eq!(shop.get(&format!("invoiceitems/{item}")).await["date"], to);
    let back = shop
        .try_post(&format!("test_helpers/test_clocks/{clock}/advance"), &[("frozen_time", &START.to_string())])
        .await;
    assert_eq!(back.0, 400);
    shop.delete(&format!("test_helpers/test_clocks/{clock}")).await;
    assert_eq!(shop.get(&path).await["status"], "canceled");
    assert_eq!(shop.get(&format!("customers/{customer}")).await["deleted"], true);
}
