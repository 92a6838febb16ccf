//! Webhooks as a receiver sees them, with and without chaos.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;

use crate::{SECRET, Shop, id};

#[tokio::test]
async fn every_webhook_is_signed_over_its_exact_bytes_at_the_clock_s_time() {
    let shop = Shop::open().await;
    shop.post("customers", &[("name", "Αθήνα")]).await;
    shop.received_until(|events| events.len() == 1).await;
    let (header, body) = shop.received.lock().unwrap()[0].clone();
    let (time, signature) = header.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    assert_eq!(time, "1801396800", "2027-01-31T12:00:00Z");
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("{time}.").as_bytes());
    mac.update(&body);
    assert_eq!(data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes()), signature);
}

#[tokio::test]
async fn duplicated_webhooks_come_twice_with_the_same_id() {
    let shop = Shop::open().await;
    shop.control("chaos", json!({ "duplicate": true })).await;
    shop.post("customers", &[("name", "Acme")]).await;
    let events = shop.received_until(|events| events.len() == 2).await;
    assert_eq!(events[0]["id"], events[1]["id"]);
}

#[tokio::test]
async fn a_dropped_webhook_is_still_listed_and_can_be_resent() {
    let shop = Shop::open().await;
    shop.control("chaos", json!({ "drop": "all" })).await;
    shop.post("customers", &[("name", "Lost")]).await;
    shop.control("chaos", json!({ "drop": 0 })).await;
    shop.post("customers", &[("name", "Seen")]).await;
    let events = shop.received_until(|events| !events.is_empty()).await;
    assert_eq!(events[0]["data"]["object"]["name"], "Seen");
    let listed = shop.get("events?type=customer.created").await;
    assert_eq!(listed["data"].as_array().unwrap().len(), 2);
    let lost = id(&listed["data"][1]);
    shop.control("resend", json!({ "event_id": lost })).await;
    shop.received_until(|events| events.iter().any(|event| event["data"]["object"]["name"] == "Lost")).await;
}

#[tokio::test]
async fn endpoints_made_over_the_api_get_only_what_they_asked_for() {
    let shop = Shop::open().await;
    let bad = shop.try_post("webhook_endpoints", &[("url", "ftp://x"), ("enabled_events[]", "*")]).await;
    assert_eq!(bad.0, 400);
    let form = [("url", "http://127.0.0.1:9/none"), ("enabled_events[]", "invoice.paid")];
    let endpoint = shop.post("webhook_endpoints", &form).await;
    assert!(endpoint["secret"].as_str().unwrap().starts_with("whsec_"));
    assert!(shop.get(&format!("webhook_endpoints/{}", id(&endpoint))).await["secret"].is_null(), "shown once");
    shop.post("customers", &[("name", "Acme")]).await;
    let state: serde_json::Value =
        shop.http.get(format!("{}/_sandbox/state", shop.running.url)).send().await.unwrap().json().await.unwrap();
    let queued = state["deliveries"].as_array().unwrap();
    assert!(queued.iter().all(|delivery| delivery["endpoint"] != endpoint["id"]));
}

#[tokio::test]
async fn the_clock_moves_through_the_control_api() {
    let shop = Shop::open().await;
    let answer = shop.control("clock", json!({ "advance_s": 86_400 })).await;
    assert_eq!(answer["now_text"], "2027-02-01T12:00:00Z");
    let answer = shop.control("clock", json!({ "set": "2027-03-01T00:00:00Z" })).await;
    assert_eq!(answer["now_text"], "2027-03-01T00:00:00Z");
    assert!(shop.control("clock", json!({ "set": "tomorrow" })).await["error"].is_string());
}
