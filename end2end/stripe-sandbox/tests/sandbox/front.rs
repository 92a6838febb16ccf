//! Keys, errors, idempotency, expansion.

use crate::{Shop, id};

#[tokio::test]
async fn a_live_key_is_refused_and_so_is_no_key() {
    let shop = Shop::open().await;
    let url = format!("{}/v1/customers", shop.running.url);
    let live = shop.http.get(&url).bearer_auth("sk_live_x").send().await.unwrap();
    assert_eq!(live.status(), 401);
    assert_eq!(shop.http.get(&url).send().await.unwrap().status(), 401);
    let basic = shop.http.get(&url).basic_auth("sk_test_cli", Some("")).send().await.unwrap();
    assert_eq!(basic.status(), 200);
}

#[tokio::test]
async fn only_loopback_and_test_keys_can_be_configured() {
    let outside = stripe_sandbox::Config { listen: ([0, 0, 0, 0], 0).into(), ..Default::default() };
    assert!(stripe_sandbox::start(outside).await.is_err());
    let live = stripe_sandbox::Config { api_keys: vec!["sk_live_x".into()], ..Default::default() };
    assert!(stripe_sandbox::start(live).await.is_err());
}

#[tokio::test]
async fn what_stripe_does_not_know_is_refused_in_stripe_s_shape() {
    let shop = Shop::open().await;
    let (status, body) = shop.try_post("customers", &[("colour", "red")]).await;
    assert_eq!((status, body["error"]["code"].as_str()), (400, Some("parameter_unknown")));
    let (status, body) = shop.try_post("colours", &[]).await;
    assert_eq!((status, body["error"]["type"].as_str()), (404, Some("invalid_request_error")));
    let (status, body) = shop.try_post("customers/cus_none", &[]).await;
    assert_eq!((status, body["error"]["code"].as_str()), (404, Some("resource_missing")));
}

#[tokio::test]
async fn the_same_idempotency_key_gives_the_same_answer_once() {
    let shop = Shop::open().await;
    let send = |name: &'static str| {
        let request = shop.http.post(format!("{}/v1/customers", shop.running.url)).bearer_auth("sk_test_shop");
        request.header("idempotency-key", "key_1").form(&[("name", name)]).send()
    };
    let first = send("Acme").await.unwrap();
    assert!(!first.headers().contains_key("idempotent-replayed"));
    let first: serde_json::Value = first.json().await.unwrap();
    let again = send("Acme").await.unwrap();
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    assert_eq!(again.json::<serde_json::Value>().await.unwrap(), first);
    let other = send("Other").await.unwrap();
    assert_eq!(other.status(), 400);
    assert_eq!(other.json::<serde_json::Value>().await.unwrap()["error"]["type"], "idempotency_error");
    assert_eq!(shop.get("customers").await["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_failure_on_request_happens_once_and_is_not_kept_for_the_key() {
    let shop = Shop::open().await;
    for (wish, status) in [("500", 500), ("429", 429), ("402", 402), ("400", 400)] {
        shop.control("chaos", serde_json::json!({ "fail_next": wish })).await;
        assert_eq!(shop.try_post("customers", &[("name", "Acme")]).await.0, status);
        assert_eq!(shop.try_post("customers", &[("name", "Acme")]).await.0, 200);
    }
}

#[tokio::test]
async fn a_timeout_executes_so_that_the_same_key_finds_the_answer() {
    let shop = Shop::open().await;
    shop.control("chaos", serde_json::json!({ "fail_next": "timeout" })).await;
    let request = || {
        let request = shop.http.post(format!("{}/v1/customers", shop.running.url)).bearer_auth("sk_test_shop");
        request.header("idempotency-key", "key_lost").form(&[("name", "Acme")])
    };
    let lost = request().timeout(std::time::Duration::from_millis(300)).send().await;
    assert!(lost.is_err_and(|error| error.is_timeout()));
    let again = request().send().await.unwrap();
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    assert_eq!(shop.get("customers").await["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn ids_expand_along_paths_and_lists() {
    let shop = Shop::open().await;
    let price = shop.price("maker", 1_000, Some("month")).await;
    let customer = shop.customer("US", "pm_card_visa").await;
    let subscription = id(&shop.subscription(&customer, &price).await);
    let expanded =
        shop.get(&format!("subscriptions/{subscription}?expand[]=latest_invoice.payments&expand[]=customer")).await;
    assert_eq!(expanded["customer"]["email"], "jo@acme.example");
    assert_eq!(expanded["latest_invoice"]["payments"]["data"][0]["status"], "paid");
    let list = shop.get("subscriptions?expand[]=data.latest_invoice").await;
    assert_eq!(list["data"][0]["latest_invoice"]["status"], "paid");
    assert!(!list.to_string().contains("\"_"), "the sandbox's own notes stay inside");
}

#[tokio::test]
async fn a_lookup_key_moves_only_when_asked_to() {
    let shop = Shop::open().await;
    let old = shop.price("maker", 1_000, Some("month")).await;
    let product = shop.get(&format!("prices/{old}")).await["product"].as_str().unwrap().to_owned();
    let form = [("product", product.as_str()), ("currency", "usd"), ("unit_amount", "1200"), ("lookup_key", "maker")];
    assert_eq!(shop.try_post("prices", &form).await.0, 400);
    let mut moving = form.to_vec();
    moving.push(("transfer_lookup_key", "true"));
    let new = id(&shop.post("prices", &moving).await);
    let found = shop.get("prices?lookup_keys[]=maker&active=true").await;
    assert_eq!(found["data"].as_array().unwrap().len(), 1);
    assert_eq!(id(&found["data"][0]), new);
}

#[tokio::test]
async fn a_request_of_this_version_gets_nothing_that_the_version_has_no_more() {
    let shop = Shop::open().await;
    let customer = shop.customer("US", "pm_card_visa").await;
    let send = async |version: Option<&str>, types: &str| {
        let form = [("amount", "100"), ("currency", "usd"), ("customer", customer.as_str()), (types, "card")];
        let request = shop.http.post(format!("{}/v1/payment_intents", shop.running.url)).bearer_auth("sk_test_shop");
        let request = version.into_iter().fold(request, |request, version| request.header("stripe-version", version));
        request.form(&form).send().await.unwrap().status().as_u16()
    };
    assert_eq!(send(None, "payment_method_types[0]").await, 200);
    assert_eq!(send(Some("2026-09-30.endive"), "payment_method_types[0]").await, 400);
    assert_eq!(send(Some("2026-09-30.endive"), "allowed_payment_method_types[0]").await, 200);
}

#[tokio::test]
async fn of_an_address_only_what_is_sent_changes_and_an_empty_text_takes_a_part_away() {
    let shop = Shop::open().await;
    let form = [("address[line1]", "Hafenstraße 1"), ("address[line2]", "Floor 2"), ("address[country]", "DE")];
    let customer = shop.post("customers", &form).await;
    assert_eq!(customer["address"]["line2"], "Floor 2");
    assert!(customer["address"]["state"].is_null());
    let path = format!("customers/{}", id(&customer));
    let kept = shop.post(&path, &[("address[line1]", "Am Hafen 1")]).await;
    assert_eq!(kept["address"]["line1"], "Am Hafen 1");
    assert_eq!(kept["address"]["line2"], "Floor 2");
    let emptied = shop.post(&path, &[("address[line2]", "")]).await;
    assert!(emptied["address"]["line2"].is_null());
    assert_eq!(emptied["address"]["country"], "DE");
    assert!(shop.post(&path, &[("address", "")]).await["address"].is_null());
}
