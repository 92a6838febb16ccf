//! Refunds, credit notes and disputes, and cards that change.

use serde_json::{Value, json};

use crate::{Shop, id};

/// A paid invoice of a subscription with this card, and its charge.
async fn paid(shop: &Shop, card: &str) -> (String, String) {
    let price = shop.price(&format!("maker-{card}"), 1_000, Some("month")).await;
    let customer = shop.customer("US", card).await;
    let subscription = shop.subscription(&customer, &price).await;
    let charge = shop.get(&format!("charges?customer={customer}")).await["data"][0].clone();
    (subscription["latest_invoice"].as_str().unwrap().to_owned(), id(&charge))
}

#[tokio::test]
async fn a_refund_may_take_its_time_or_fail_after_all() {
    let shop = Shop::open().await;
    for (card, first, last, refunded) in
        [("pm_card_pendingRefund", "pending", "succeeded", true), ("pm_card_refundFail", "succeeded", "failed", false)]
    {
        shop.at("2027-01-31T12:00:00Z");
        let (_, charge) = paid(&shop, card).await;
        let refund = shop.post("refunds", &[("charge", &charge), ("reason", "requested_by_customer")]).await;
        assert_eq!(refund["status"], first);
        assert_eq!(shop.get(&format!("charges/{charge}")).await["refunded"], true);
        shop.at("2027-01-31T12:01:00Z");
        assert_eq!(shop.get(&format!("refunds/{}", id(&refund))).await["status"], last);
        assert_eq!(shop.get(&format!("charges/{charge}")).await["refunded"], refunded);
    }
    let types = shop.event_types().await;
    assert_eq!(types.iter().filter(|kind| *kind == "refund.failed").count(), 1);
    assert_eq!(types.iter().filter(|kind| *kind == "refund.updated").count(), 2);
}

#[tokio::test]
async fn a_cash_balance_returns_to_the_bank() {
    let shop = Shop::open().await;
    let customer = shop.customer("US", "pm_card_visa").await;
    let fund = format!("test_helpers/customers/{customer}/fund_cash_balance");
    shop.post(&fund, &[("amount", "500"), ("currency", "usd")]).await;
    let form = |amount: &'static str| {
        [("origin", "customer_balance"), ("customer", customer.as_str()), ("currency", "usd"), ("amount", amount)]
    };
    assert_eq!(shop.try_post("refunds", &form("501")).await.0, 400);
    assert_eq!(shop.post("refunds", &form("300")).await["status"], "pending");
    assert_eq!(shop.get(&format!("customers/{customer}/cash_balance")).await["available"]["usd"], 200);
    let movements = shop.get(&format!("customers/{customer}/cash_balance_transactions")).await;
    assert_eq!(movements["data"][0]["type"], "return_initiated");
}

#[tokio::test]
async fn a_credit_note_says_where_all_of_its_money_goes() {
    let shop = Shop::open().await;
    let (invoice, charge) = paid(&shop, "pm_card_visa").await;
    let note = async |more: &[(&str, &str)]| {
        let mut form = vec![("invoice", invoice.as_str()), ("amount", "600")];
        form.extend(more);
        shop.try_post("credit_notes", &form).await
    };
    assert_eq!(note(&[]).await.0, 400, "nowhere");
    assert_eq!(note(&[("refund_amount", "100")]).await.0, 400, "not all");
    let (_, preview) = {
        let path = format!("credit_notes/preview?invoice={invoice}&amount=600&credit_amount=600");
        (200, shop.get(&path).await)
    };
    assert_eq!(preview["total"], 600);
    assert_eq!(shop.get("credit_notes").await["data"].as_array().unwrap().len(), 0, "a preview makes nothing");
    let (_, made) = note(&[("refund_amount", "100"), ("credit_amount", "200"), ("out_of_band_amount", "300")]).await;
    assert_eq!((made["type"].as_str(), made["post_payment_amount"].as_i64()), (Some("post_payment"), Some(600)));
    assert!(made["customer_balance_transaction"].is_string());
    assert_eq!(shop.get(&format!("charges/{charge}")).await["amount_refunded"], 100);
    assert_eq!(shop.get(&format!("customers/{}", made["customer"].as_str().unwrap())).await["balance"], -200);
    assert_eq!(note(&[("credit_amount", "600")]).await.0, 400, "more than the invoice");
    assert_eq!(shop.try_post(&format!("credit_notes/{}/void", id(&made)), &[]).await.0, 400, "it has been paid out");
}

#[tokio::test]
async fn a_credit_note_on_an_open_invoice_lowers_it_and_can_be_voided() {
    let shop = Shop::open().await;
    let customer = shop.customer("US", "pm_card_visa").await;
    let invoice = id(&shop.post("invoices", &[("customer", &customer)]).await);
    let item = [("customer", customer.as_str()), ("invoice", &invoice), ("amount", "1000"), ("currency", "usd")];
    shop.post("invoiceitems", &item).await;
    shop.post(&format!("invoices/{invoice}/finalize"), &[]).await;
    let due = async || shop.get(&format!("invoices/{invoice}")).await["amount_remaining"].as_i64().unwrap();
    let note = shop.post("credit_notes", &[("invoice", &invoice), ("amount", "400")]).await;
    assert_eq!((note["type"].as_str(), due().await), (Some("pre_payment"), 600));
    let void = shop.post(&format!("credit_notes/{}/void", id(&note)), &[]).await;
    assert_eq!((void["status"].as_str(), due().await), (Some("void"), 1_000));
    shop.post("credit_notes", &[("invoice", &invoice), ("amount", "250")]).await;
    let paid = shop.post(&format!("invoices/{invoice}/pay"), &[]).await;
    assert_eq!((paid["status"].as_str(), paid["amount_paid"].as_i64()), (Some("paid"), Some(750)));
    assert_eq!(shop.get("charges").await["data"][0]["amount"], 750, "the card pays what is left");
}

#[tokio::test]
async fn the_console_disputes_decides_and_renews_cards() {
    let shop = Shop::open().await;
    let (_, charge) = paid(&shop, "pm_card_visa").await;
    let opened = shop.control("dispute", json!({ "charge": charge })).await;
    assert_eq!(opened["status"], "needs_response");
    assert_eq!(shop.try_post("refunds", &[("charge", &charge)]).await.1["error"]["code"], "charge_disputed");
    let decided = shop.control("dispute", json!({ "dispute": id(&opened), "outcome": "lost" })).await;
    assert_eq!(decided["status"], "lost");
    assert!(shop.control("dispute", json!({ "dispute": id(&opened), "outcome": "won" })).await["error"].is_string());
    let card = shop.get("payment_methods").await["data"][0].clone();
    let wish = json!({ "payment_method": id(&card), "exp_month": 2, "exp_year": 2027 });
    assert_eq!(shop.control("card", wish).await["card"]["exp_year"], 2027);
    let console = shop.http.get(&shop.running.url).send().await.unwrap().text().await.unwrap();
    assert!(console.contains("Change expiry"));
    let types = shop.event_types().await;
    for kind in ["charge.dispute.created", "charge.dispute.closed", "payment_method.automatically_updated"] {
        assert_eq!(types.iter().filter(|known| *known == kind).count(), 1, "{kind}");
    }
}

#[tokio::test]
async fn a_card_that_is_detached_is_nobody_s_default_any_more() {
    let shop = Shop::open().await;
    let price = shop.price("maker", 1_000, Some("month")).await;
    let customer = shop.customer("US", "pm_card_visa").await;
    let card = shop.get(&format!("customers/{customer}")).await["invoice_settings"]["default_payment_method"].clone();
    let card = card.as_str().unwrap();
    let form = [("customer", customer.as_str()), ("items[0][price]", &price), ("default_payment_method", card)];
    let subscription = id(&shop.post("subscriptions", &form).await);
    shop.post(&format!("payment_methods/{card}"), &[("card[exp_month]", "4"), ("card[exp_year]", "2033")]).await;
    assert_eq!(shop.get(&format!("customers/{customer}/payment_methods/{card}")).await["card"]["exp_month"], 4);
    shop.post(&format!("payment_methods/{card}/detach"), &[]).await;
    assert_eq!(shop.get(&format!("subscriptions/{subscription}")).await["default_payment_method"], Value::Null);
    let customer = shop.get(&format!("customers/{customer}")).await;
    assert_eq!(customer["invoice_settings"]["default_payment_method"], Value::Null);
}

#[tokio::test]
async fn a_setup_intent_is_confirmed_or_cancelled_once() {
    let shop = Shop::open().await;
    let customer = shop.customer("US", "pm_card_visa").await;
    let intent = id(&shop.post("setup_intents", &[("customer", &customer)]).await);
    let path = format!("setup_intents/{intent}");
    let done = shop.post(&format!("{path}/confirm"), &[("payment_method", "pm_card_mastercard")]).await;
    assert_eq!(done["status"], "succeeded");
    assert_eq!(shop.try_post(&format!("{path}/cancel"), &[]).await.0, 400);
    let other = id(&shop.post("setup_intents", &[("customer", &customer)]).await);
    assert_eq!(shop.post(&format!("setup_intents/{other}/cancel"), &[]).await["status"], "canceled");
}
