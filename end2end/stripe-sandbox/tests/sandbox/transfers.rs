//! Bank transfers: instructions, money that arrives in whole, in part or too much, and where it goes.

use serde_json::Value;

use crate::{Shop, id};

/// A payment intent that waits for a transfer.
async fn waiting(shop: &Shop, customer: &str, amount: &str, currency: &str) -> Value {
    let form = [
        ("amount", amount),
        ("currency", currency),
        ("customer", customer),
        ("payment_method_types[0]", "customer_balance"),
        ("payment_method_data[type]", "customer_balance"),
        ("confirm", "true"),
    ];
    shop.post("payment_intents", &form).await
}

/// An open invoice of a subscription that is paid by transfer.
async fn invoiced(shop: &Shop, customer: &str, amount: i64) -> (Value, Value) {
    let price = shop.price(&format!("wire-{amount}"), amount, Some("month")).await;
    let options = "payment_settings[payment_method_options][customer_balance]";
    let form = [
        ("customer".to_owned(), customer),
        ("items[0][price]".to_owned(), price.as_str()),
        ("collection_method".to_owned(), "send_invoice"),
        ("days_until_due".to_owned(), "14"),
        ("payment_settings[payment_method_types][0]".to_owned(), "customer_balance"),
        (format!("{options}[funding_type]"), "bank_transfer"),
        (format!("{options}[bank_transfer][type]"), "us_bank_transfer"),
    ];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let subscription = shop.post("subscriptions", &form).await;
    let invoice = subscription["latest_invoice"].as_str().unwrap();
    let invoice = shop.post(&format!("invoices/{invoice}/finalize"), &[]).await;
    (subscription, invoice)
}

async fn fund(shop: &Shop, customer: &str, amount: &str, more: &[(&str, &str)]) -> Value {
    let mut form = vec![("amount", amount), ("currency", "usd")];
    form.extend(more);
    shop.post(&format!("test_helpers/customers/{customer}/fund_cash_balance"), &form).await
}

async fn balance(shop: &Shop, customer: &str) -> i64 {
    shop.get(&format!("customers/{customer}/cash_balance")).await["available"]["usd"].as_i64().unwrap_or(0)
}

async fn movements(shop: &Shop, customer: &str) -> Vec<(String, i64, i64)> {
    let list = shop.get(&format!("customers/{customer}/cash_balance_transactions")).await;
    let entry = |t: &Value| {
        let kind = t["type"].as_str().unwrap().to_owned();
        (kind, t["net_amount"].as_i64().unwrap(), t["ending_balance"].as_i64().unwrap())
    };
    list["data"].as_array().unwrap().iter().rev().map(entry).collect()
}

#[tokio::test]
async fn a_part_leaves_the_rest_due_and_too_much_stays_in_the_balance() {
    let shop = Shop::open().await;
    let customer = shop.customer("US", "pm_card_visa").await;
    let intent = waiting(&shop, &customer, "1000", "usd").await;
    assert_eq!(intent["status"], "requires_action");
    let path = format!("payment_intents/{}", id(&intent));
    fund(&shop, &customer, "300", &[]).await;
    let part = shop.get(&path).await;
    let instructions = &part["next_action"]["display_bank_transfer_instructions"];
    assert_eq!(
        (part["status"].as_str(), instructions["amount_remaining"].as_i64()),
        (Some("requires_action"), Some(700))
    );
    fund(&shop, &customer, "900", &[]).await;
    let paid = shop.get(&format!("{path}?expand[]=latest_charge")).await;
    assert_eq!((paid["status"].as_str(), paid["amount_received"].as_i64()), (Some("succeeded"), Some(1_000)));
    assert_eq!(paid["latest_charge"]["payment_method_details"]["type"], "customer_balance");
    assert_eq!(balance(&shop, &customer).await, 200);
    let expected = [
        ("funded", 300, 300),
        ("applied_to_payment", -300, 0),
        ("funded", 900, 900),
        ("applied_to_payment", -700, 200),
    ];
    let expected: Vec<_> = expected.into_iter().map(|(kind, net, end)| (kind.to_owned(), net, end)).collect();
    assert_eq!(movements(&shop, &customer).await, expected);
    let types = shop.event_types().await;
    assert_eq!(types.iter().filter(|kind| *kind == "customer_cash_balance_transaction.created").count(), 4);
    for kind in ["payment_intent.partially_funded", "cash_balance.funds_available", "payment_intent.succeeded"] {
        assert_eq!(types.iter().filter(|known| *known == kind).count(), 1, "{kind}");
    }
    let next = waiting(&shop, &customer, "150", "usd").await;
    assert_eq!(next["status"], "succeeded", "what lies there pays at once");
    assert_eq!(balance(&shop, &customer).await, 50);
}

#[tokio::test]
async fn money_goes_to_what_it_names_then_to_what_fits_then_to_the_oldest() {
    let shop = Shop::open().await;
    let customer = shop.customer("US", "pm_card_visa").await;
    let mut intents = Vec::new();
    for amount in ["1000", "2000", "3000", "4000"] {
        intents.push(waiting(&shop, &customer, amount, "usd").await);
    }
    let status = async |at: usize| shop.get(&format!("payment_intents/{}", id(&intents[at]))).await["status"].clone();
    fund(&shop, &customer, "3000", &[]).await;
    assert_eq!(status(2).await, "succeeded", "it fits exactly");
    let reference = intents[3]["next_action"]["display_bank_transfer_instructions"]["reference"].as_str().unwrap();
    fund(&shop, &customer, "4000", &[("reference", &format!(" {} ", reference.to_lowercase()))]).await;
    assert_eq!(status(3).await, "succeeded", "it is named");
    fund(&shop, &customer, "1500", &[]).await;
    assert_eq!((status(0).await, status(1).await), ("succeeded".into(), "requires_action".into()));
    let second = shop.get(&format!("payment_intents/{}", id(&intents[1]))).await;
    assert_eq!(second["next_action"]["display_bank_transfer_instructions"]["amount_remaining"], 1_500);
}

#[tokio::test]
async fn a_cancelled_payment_gives_back_what_had_arrived_and_the_next_one_takes_it() {
    let shop = Shop::open().await;
    let customer = shop.customer("US", "pm_card_visa").await;
    let first = waiting(&shop, &customer, "1000", "usd").await;
    fund(&shop, &customer, "400", &[]).await;
    let second = waiting(&shop, &customer, "300", "usd").await;
    shop.post(&format!("payment_intents/{}/cancel", id(&first)), &[]).await;
    assert_eq!(shop.get(&format!("payment_intents/{}", id(&second))).await["status"], "succeeded");
    assert_eq!(balance(&shop, &customer).await, 100);
    let kinds: Vec<String> = movements(&shop, &customer).await.into_iter().map(|(kind, ..)| kind).collect();
    assert_eq!(kinds, ["funded", "applied_to_payment", "unapplied_from_payment", "applied_to_payment"]);
}

#[tokio::test]
async fn an_invoice_shows_what_has_arrived_and_is_paid_by_the_rest() {
    let shop = Shop::open().await;
    let customer = shop.customer("US", "pm_card_visa").await;
    let (subscription, invoice) = invoiced(&shop, &customer, 5_000).await;
    assert_eq!((subscription["status"].as_str(), invoice["status"].as_str()), (Some("active"), Some("open")));
    assert_eq!(invoice["payment_settings"]["payment_method_types"][0], "customer_balance");
    let path = format!("invoices/{}", id(&invoice));
    fund(&shop, &customer, "2000", &[]).await;
    let part = shop.get(&path).await;
    let of = |invoice: &Value, member: &str| invoice[member].as_i64().unwrap();
    assert_eq!(
        (part["status"].as_str(), of(&part, "amount_due"), of(&part, "amount_paid"), of(&part, "amount_remaining")),
        (Some("open"), 5_000, 2_000, 3_000)
    );
    let page = shop.http.get(part["hosted_invoice_url"].as_str().unwrap()).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("$20.00 has arrived, $30.00 is due") && page.contains("Routing number"), "{page}");
    assert!(!page.contains("Card number"), "the invoice takes transfers only");
    let number = invoice["number"].as_str().unwrap();
    fund(&shop, &customer, "3000", &[("reference", number)]).await;
    let paid = shop.get(&path).await;
    assert_eq!(
        (paid["status"].as_str(), of(&paid, "amount_paid"), of(&paid, "amount_remaining")),
        (Some("paid"), 5_000, 0)
    );
}

#[tokio::test]
async fn an_unpaid_transfer_invoice_is_announced_overdue_and_revived_by_the_money() {
    let shop = Shop::open().await;
    let customer = shop.customer("US", "pm_card_visa").await;
    let (subscription, invoice) = invoiced(&shop, &customer, 5_000).await;
    let path = format!("subscriptions/{}", id(&subscription));
    let due = jiff::Timestamp::from_second(invoice["due_date"].as_i64().unwrap()).unwrap();
    assert_eq!(due.to_string(), "2027-02-14T12:00:00Z");
    shop.at("2027-02-11T12:00:00Z");
    shop.get(&path).await;
    assert!(shop.event_types().await.contains(&"invoice.will_be_due".to_owned()));
    assert_eq!(shop.get(&path).await["status"], "active");
    shop.at("2027-02-14T12:00:00Z");
    assert_eq!(shop.get(&path).await["status"], "past_due");
    assert!(shop.event_types().await.contains(&"invoice.overdue".to_owned()));
    fund(&shop, &customer, "5000", &[]).await;
    assert_eq!(shop.get(&path).await["status"], "active");
}

#[tokio::test]
async fn a_voided_invoice_gives_back_what_had_arrived_and_takes_nothing_more() {
    let shop = Shop::open().await;
    let customer = shop.customer("US", "pm_card_visa").await;
    let (_, invoice) = invoiced(&shop, &customer, 5_000).await;
    fund(&shop, &customer, "2000", &[]).await;
    let void = shop.post(&format!("invoices/{}/void", id(&invoice)), &[]).await;
    assert_eq!((void["status"].as_str(), void["amount_paid"].as_i64()), (Some("void"), Some(0)));
    assert_eq!(balance(&shop, &customer).await, 2_000);
    fund(&shop, &customer, "3000", &[]).await;
    assert_eq!(balance(&shop, &customer).await, 5_000, "late money stays with the customer");
    assert_eq!(shop.get(&format!("invoices/{}", id(&invoice))).await["status"], "void");
}

#[tokio::test]
async fn a_card_that_pays_an_invoice_begun_by_transfer_pays_the_whole() {
    let shop = Shop::open().await;
    let customer = shop.customer("US", "pm_card_visa").await;
    let (_, invoice) = invoiced(&shop, &customer, 5_000).await;
    fund(&shop, &customer, "2000", &[]).await;
    let paid = shop.post(&format!("invoices/{}/pay", id(&invoice)), &[("payment_method", "pm_card_visa")]).await;
    assert_eq!((paid["status"].as_str(), paid["amount_paid"].as_i64()), (Some("paid"), Some(5_000)));
    assert_eq!(balance(&shop, &customer).await, 2_000);
}

#[tokio::test]
async fn with_manual_reconciliation_money_waits_until_it_is_applied() {
    let shop = Shop::open().await;
    let customer = shop.customer("US", "pm_card_visa").await;
    let path = format!("customers/{customer}/cash_balance");
    let settings = shop.post(&path, &[("settings[reconciliation_mode]", "manual")]).await;
    assert_eq!(settings["settings"]["using_merchant_default"], false);
    let intent = waiting(&shop, &customer, "1000", "usd").await;
    fund(&shop, &customer, "1500", &[]).await;
    let apply = format!("payment_intents/{}/apply_customer_balance", id(&intent));
    assert_eq!(shop.try_post(&apply, &[("amount", "1001")]).await.0, 400);
    let part = shop.post(&apply, &[("amount", "400")]).await;
    assert_eq!(part["next_action"]["display_bank_transfer_instructions"]["amount_remaining"], 600);
    shop.post(&path, &[("settings[reconciliation_mode]", "merchant_default")]).await;
    assert_eq!(shop.get(&format!("payment_intents/{}", id(&intent))).await["status"], "succeeded");
    assert_eq!(balance(&shop, &customer).await, 500);
}

#[tokio::test]
async fn a_refunded_transfer_returns_to_the_balance() {
    let shop = Shop::open().await;
    let customer = shop.customer("US", "pm_card_visa").await;
    let intent = waiting(&shop, &customer, "1000", "usd").await;
    fund(&shop, &customer, "1000", &[]).await;
    let refund = shop.post("refunds", &[("payment_intent", &id(&intent)), ("amount", "250")]).await;
    assert_eq!(balance(&shop, &customer).await, 250);
    let list = shop.get(&format!("customers/{customer}/cash_balance_transactions")).await;
    assert_eq!(list["data"][0]["refunded_from_payment"]["refund"], refund["id"]);
    let one = shop.get(&format!("customers/{customer}/cash_balance_transactions/{}", id(&list["data"][0]))).await;
    assert_eq!(one["type"], "refunded_from_payment");
}

#[tokio::test]
async fn every_currency_has_its_kind_of_account_and_a_customer_keeps_the_same_one() {
    let shop = Shop::open().await;
    let customer = shop.customer("DE", "pm_card_visa").await;
    for (currency, kind, address, member) in [
        ("eur", "eu_bank_transfer", "iban", "iban"),
        ("gbp", "gb_bank_transfer", "sort_code", "sort_code"),
        ("jpy", "jp_bank_transfer", "zengin", "bank_code"),
        ("mxn", "mx_bank_transfer", "spei", "clabe"),
        ("usd", "us_bank_transfer", "aba", "routing_number"),
    ] {
        let mut form = vec![("currency", currency), ("funding_type", "bank_transfer"), ("bank_transfer[type]", kind)];
        if currency == "eur" {
            form.push(("bank_transfer[eu_bank_transfer][country]", "NL"));
        }
        let path = format!("customers/{customer}/funding_instructions");
        let instructions = shop.post(&path, &form).await;
        let account = &instructions["bank_transfer"]["financial_addresses"][0];
        assert_eq!(
            (account["type"].as_str(), instructions["bank_transfer"]["type"].as_str()),
            (Some(address), Some(kind))
        );
        assert!(account[address][member].is_string(), "{account}");
        assert_eq!(shop.post(&path, &form).await, instructions);
        let intent = waiting(&shop, &customer, "1000", currency).await;
        assert_eq!(intent["next_action"]["display_bank_transfer_instructions"]["type"], kind);
    }
    let wrong = [("currency", "eur"), ("funding_type", "bank_transfer"), ("bank_transfer[type]", "us_bank_transfer")];
    assert_eq!(shop.try_post(&format!("customers/{customer}/funding_instructions"), &wrong).await.0, 400);
    let chf = [
        ("amount", "5"),
        ("currency", "chf"),
        ("customer", &customer),
        ("payment_method_types[0]", "customer_balance"),
    ];
    assert_eq!(shop.try_post("payment_intents", &chf).await.0, 400);
}

#[tokio::test]
async fn the_console_plays_the_bank() {
    let shop = Shop::open().await;
    let customer = shop.customer("US", "pm_card_visa").await;
    let intent = waiting(&shop, &customer, "1000", "usd").await;
    let console = shop.http.get(&shop.running.url).send().await.unwrap().text().await.unwrap();
    assert!(console.contains("Too much") && console.contains(&id(&intent)));
    let url = format!("{}/_sandbox/fund", shop.running.url);
    let form = [("customer", customer.as_str()), ("currency", "usd"), ("amount", "4.50")];
    assert_eq!(shop.browse(&url, &form).await.0, 303);
    let answer =
        shop.control("fund", serde_json::json!({ "customer": customer, "currency": "usd", "amount": 600 })).await;
    assert_eq!(answer["type"], "funded");
    assert_eq!(shop.get(&format!("payment_intents/{}", id(&intent))).await["status"], "succeeded");
    assert_eq!(balance(&shop, &customer).await, 50);
}
