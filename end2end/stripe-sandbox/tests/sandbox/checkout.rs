//! The hosted Checkout page and what it makes.

use crate::{Shop, id};

async fn session(shop: &Shop, mode: &str, price: &str, more: &[(&str, &str)]) -> serde_json::Value {
    let mut form = vec![
        ("mode", mode),
        ("line_items[0][price]", price),
        ("line_items[0][quantity]", "1"),
        ("client_reference_id", "ord_1"),
        ("success_url", "http://127.0.0.1:9/done?session={CHECKOUT_SESSION_ID}"),
        ("cancel_url", "http://127.0.0.1:9/back"),
    ];
    form.extend(more);
    shop.post("checkout/sessions", &form).await
}

#[tokio::test]
async fn a_card_buys_a_subscription_and_tells_so_in_events() {
    let shop = Shop::open().await;
    let price = shop.price("prototype", 3_900, Some("month")).await;
    let customer = shop.customer("US", "pm_card_visa").await;
    let more = [("customer", customer.as_str()), ("subscription_data[metadata][order]", "ord_1")];
    let open = session(&shop, "subscription", &price, &more).await;
    let page = shop.http.get(open["url"].as_str().unwrap()).send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("form-action 'self' http://127.0.0.1:9"), "browsers apply it to the redirect: {policy}");
    assert!(page.text().await.unwrap().contains("Pay with 4242 (succeeds)"));
    let form = [
        ("action", "pay"),
        ("card_number", "4242 4242 4242 4242"),
        ("expiry", "12/34"),
        ("cvc", "123"),
        ("name", "Jo"),
    ];
    let (status, location) = shop.browse(open["url"].as_str().unwrap(), &form).await;
    assert_eq!((status, location), (303, format!("http://127.0.0.1:9/done?session={}", id(&open))));
    let done = shop
        .get(&format!("checkout/sessions/{}?expand[]=subscription&expand[]=invoice&expand[]=line_items", id(&open)))
        .await;
    assert_eq!((done["status"].as_str(), done["payment_status"].as_str()), (Some("complete"), Some("paid")));
    assert_eq!(done["client_reference_id"], "ord_1");
    assert_eq!(done["subscription"]["status"], "active");
    assert_eq!(done["subscription"]["metadata"]["order"], "ord_1");
    assert_eq!(done["invoice"]["parent"]["subscription_details"]["metadata"]["order"], "ord_1");
    assert_eq!((done["invoice"]["status"].as_str(), done["invoice"]["total"].as_i64()), (Some("paid"), Some(3_900)));
    assert_eq!(done["line_items"]["data"][0]["price"]["id"], price.as_str());
    let types = shop.event_types().await;
    for expected in ["customer.subscription.created", "invoice.finalized", "invoice.paid", "checkout.session.completed"]
    {
        assert_eq!(types.iter().filter(|kind| *kind == expected).count(), 1, "{expected} in {types:?}");
    }
    let received = shop.received_until(|events| events.len() == types.len()).await;
    assert!(received.iter().any(|event| event["type"] == "checkout.session.completed"));
}

#[tokio::test]
async fn a_buyer_of_any_country_pays_with_its_own_tax_id() {
    let shop = Shop::open().await;
    let price = shop.price("pilot", 9_900, Some("month")).await;
    for (country, kind, value) in [
        ("CH", "ch_vat", "CHE-123.456.789 MWST"),
        ("NO", "no_vat", "123456789MVA"),
        ("US", "us_ein", "12-3456789"),
        ("GB", "gb_vat", "GB123456789"),
    ] {
        for is_known in [true, false] {
            let customer = shop.customer(country, "pm_card_visa").await;
            let path = format!("customers/{customer}/tax_ids");
            if is_known {
                shop.post(&path, &[("type", kind), ("value", value)]).await;
            }
            let more = [
                ("customer", customer.as_str()),
                ("automatic_tax[enabled]", "true"),
                ("tax_id_collection[enabled]", "true"),
                ("customer_update[name]", "auto"),
            ];
            let open = session(&shop, "subscription", &price, &more).await;
            let (status, page) =
                shop.browse(open["url"].as_str().unwrap(), &[("action", "4242"), ("tax_id", value)]).await;
            assert_eq!(status, 303, "{country}: {page}");
            let stored = shop.get(&path).await;
            let stored: Vec<(&str, &str)> = (stored["data"].as_array().unwrap().iter())
                .map(|tax_id| (tax_id["type"].as_str().unwrap(), tax_id["value"].as_str().unwrap()))
                .collect();
            assert_eq!(stored, [(kind, value)]);
        }
    }
}

#[tokio::test]
async fn a_declined_card_leaves_the_session_open_and_makes_nothing() {
    let shop = Shop::open().await;
    let price = shop.price("prototype", 3_900, Some("month")).await;
    let open = session(&shop, "subscription", &price, &[("customer_email", "a@b.example")]).await;
    let (status, _) = shop.browse(open["url"].as_str().unwrap(), &[("action", "declined")]).await;
    assert_eq!(status, 402);
    assert_eq!(shop.get(&format!("checkout/sessions/{}", id(&open))).await["status"], "open");
    assert_eq!(shop.get("subscriptions?status=all").await["data"].as_array().unwrap().len(), 0);
    let (status, _) = shop.browse(open["url"].as_str().unwrap(), &[("action", "4242")]).await;
    assert_eq!(status, 303);
}

#[tokio::test]
async fn three_d_secure_is_a_step_that_can_fail_and_be_repeated() {
    let shop = Shop::open().await;
    let price = shop.price("perpetual", 499_900, None).await;
    let more = [
        ("customer_email", "a@b.example"),
        ("invoice_creation[enabled]", "true"),
        ("invoice_creation[invoice_data][metadata][order]", "ord_2"),
        ("payment_intent_data[metadata][order]", "ord_2"),
    ];
    let open = session(&shop, "payment", &price, &more).await;
    let url = open["url"].as_str().unwrap();
    let (_, step) = shop.browse(url, &[("action", "3ds")]).await;
    let step = format!("{}{step}", shop.running.url);
    assert_eq!(shop.browse(&step, &[("result", "fail")]).await.0, 402);
    assert_eq!(shop.get(&format!("checkout/sessions/{}", id(&open))).await["status"], "open");
    assert_eq!(shop.browse(&step, &[("result", "complete")]).await.0, 303);
    let done = shop.get(&format!("checkout/sessions/{}?expand[]=invoice&expand[]=payment_intent", id(&open))).await;
    assert_eq!(done["invoice"]["metadata"]["order"], "ord_2");
    assert_eq!(done["payment_intent"]["metadata"]["order"], "ord_2");
    assert_eq!(
        (done["invoice"]["status"].as_str(), done["invoice"]["amount_paid"].as_i64()),
        (Some("paid"), Some(499_900))
    );
    assert_eq!(shop.browse(url, &[("action", "4242")]).await.0, 200, "it cannot be paid twice");
}

#[tokio::test]
async fn vat_follows_country_and_vat_id() {
    let shop = Shop::open().await;
    let price = shop.price("pilot", 9_900, Some("month")).await;
    for (country, vat_id, tax) in
        [("DE", None, 1_881), ("FR", None, 1_980), ("FR", Some("FR40303265045"), 0), ("US", None, 0)]
    {
        let more = [("automatic_tax[enabled]", "true"), ("tax_id_collection[enabled]", "true")];
        let open = session(&shop, "subscription", &price, &more).await;
        let mut form = vec![("action", "4242"), ("email", "a@b.example"), ("country", country)];
        form.extend(vat_id.map(|vat_id| ("tax_id", vat_id)));
        assert_eq!(shop.browse(open["url"].as_str().unwrap(), &form).await.0, 303);
        let done =
            shop.get(&format!("checkout/sessions/{}?expand[]=invoice&expand[]=customer.tax_ids", id(&open))).await;
        let invoice = &done["invoice"];
        assert_eq!(done["total_details"]["amount_tax"], tax, "{country} {vat_id:?}");
        assert_eq!(invoice["total"], 9_900 + tax);
        assert_eq!(invoice["total"], done["amount_total"], "what was shown is what was charged");
        let reason = invoice["total_taxes"][0]["taxability_reason"].as_str();
        assert_eq!(
            reason,
            if country == "US" {
                None
            } else if vat_id.is_some() {
                Some("reverse_charge")
            } else {
                Some("standard_rated")
            }
        );
        assert_eq!(done["customer"]["tax_ids"]["data"][0]["value"].as_str(), vat_id);
    }
}

#[tokio::test]
async fn a_buyer_stays_in_the_country_that_is_known() {
    let shop = Shop::open().await;
    let price = shop.price("pilot", 9_900, Some("month")).await;
    for country in ["KW", "AU", "BR", "TR"] {
        let customer = shop.customer(country, "pm_card_visa").await;
        let more = [
            ("customer", customer.as_str()),
            ("automatic_tax[enabled]", "true"),
            ("billing_address_collection", "required"),
            ("customer_update[address]", "auto"),
        ];
        let open = session(&shop, "subscription", &price, &more).await;
        let url = open["url"].as_str().unwrap();
        let page = shop.http.get(url).send().await.unwrap().text().await.unwrap();
        let selected = format!("<option value=\"{country}\" selected>");
        assert_eq!((page.matches(" selected>").count(), page.contains(&selected)), (1, true), "{country}");
        // A browser sends what is selected.
        assert_eq!(shop.browse(url, &[("action", "4242"), ("country", country)]).await.0, 303);
        let done = shop.get(&format!("customers/{customer}")).await;
        assert_eq!(done["address"]["country"], country);
    }
}

#[tokio::test]
async fn a_promotion_code_lowers_the_price_and_counts() {
    let shop = Shop::open().await;
    let price = shop.price("pilot", 9_900, Some("month")).await;
    let coupon = id(&shop.post("coupons", &[("percent_off", "25"), ("duration", "once")]).await);
    let form = [
        ("promotion[type]", "coupon"),
        ("promotion[coupon]", coupon.as_str()),
        ("code", "SAVE25"),
        ("max_redemptions", "1"),
    ];
    let code = id(&shop.post("promotion_codes", &form).await);
    let more = [("customer_email", "a@b.example"), ("allow_promotion_codes", "true")];
    let open = session(&shop, "subscription", &price, &more).await;
    let url = open["url"].as_str().unwrap();
    assert_eq!(shop.browse(url, &[("action", "apply_promotion"), ("promotion_code", "nope")]).await.0, 400);
    assert_eq!(shop.browse(url, &[("action", "apply_promotion"), ("promotion_code", "save25")]).await.0, 303);
    shop.browse(url, &[("action", "4242")]).await;
    let done = shop.get(&format!("checkout/sessions/{}?expand[]=invoice&expand[]=subscription", id(&open))).await;
    assert_eq!((done["amount_total"].as_i64(), done["invoice"]["total"].as_i64()), (Some(7_425), Some(7_425)));
    assert_eq!(done["subscription"]["discounts"].as_array().unwrap().len(), 0, "once is spent");
    assert_eq!(shop.get(&format!("promotion_codes/{code}")).await["times_redeemed"], 1);
    let second = session(&shop, "subscription", &price, &more).await;
    let (status, _) = shop
        .browse(second["url"].as_str().unwrap(), &[("action", "apply_promotion"), ("promotion_code", "SAVE25")])
        .await;
    assert_eq!(status, 400, "it is used up");
}

#[tokio::test]
async fn a_session_expires_in_its_time() {
    let shop = Shop::open().await;
    let price = shop.price("pilot", 9_900, Some("month")).await;
    let open = session(&shop, "subscription", &price, &[]).await;
    shop.at("2027-02-01T12:00:01Z");
    assert_eq!(shop.get(&format!("checkout/sessions/{}", id(&open))).await["status"], "expired");
    assert!(shop.event_types().await.contains(&"checkout.session.expired".to_owned()));
}

#[tokio::test]
async fn setup_mode_saves_a_card_for_the_subscription() {
    let shop = Shop::open().await;
    let customer = shop.customer("US", "pm_card_visa").await;
    let form = [("mode", "setup"), ("customer", customer.as_str()), ("success_url", "http://127.0.0.1:9/done")];
    let open = shop.post("checkout/sessions", &form).await;
    shop.browse(open["url"].as_str().unwrap(), &[("action", "4242")]).await;
    let done = shop.get(&format!("checkout/sessions/{}?expand[]=setup_intent.payment_method", id(&open))).await;
    assert_eq!(done["setup_intent"]["payment_method"]["customer"], customer.as_str());
}

#[tokio::test]
async fn a_bank_transfer_completes_when_the_money_arrives() {
    let shop = Shop::open().await;
    let price = shop.price("perpetual", 499_900, None).await;
    let customer = shop.customer("DE", "pm_card_visa").await;
    let more = [
        ("customer", customer.as_str()),
        ("payment_method_types[0]", "customer_balance"),
        ("payment_method_options[customer_balance][funding_type]", "bank_transfer"),
        ("payment_method_options[customer_balance][bank_transfer][type]", "us_bank_transfer"),
        ("invoice_creation[enabled]", "true"),
    ];
    let open = session(&shop, "payment", &price, &more).await;
    let url = open["url"].as_str().unwrap();
    let page = shop.http.get(url).send().await.unwrap().text().await.unwrap();
    shop.browse(url, &[("action", "transfer")]).await;
    let path = format!("checkout/sessions/{}?expand[]=payment_intent&expand[]=invoice", id(&open));
    let waiting = shop.get(&path).await;
    assert_eq!((waiting["status"].as_str(), waiting["payment_status"].as_str()), (Some("complete"), Some("unpaid")));
    assert!(waiting["invoice"].is_null(), "it is made when the payment has succeeded");
    let instructions = &waiting["payment_intent"]["next_action"]["display_bank_transfer_instructions"];
    assert_eq!(instructions["amount_remaining"], 499_900);
    for shown in [&instructions["reference"], &instructions["financial_addresses"][0]["aba"]["account_number"]] {
        assert!(page.contains(shown.as_str().unwrap()), "the page has shown {shown} before");
    }
    let fund = format!("test_helpers/customers/{customer}/fund_cash_balance");
    shop.post(&fund, &[("amount", "499900"), ("currency", "usd")]).await;
    let paid = shop.get(&path).await;
    assert_eq!((paid["payment_status"].as_str(), paid["invoice"]["status"].as_str()), (Some("paid"), Some("paid")));
    assert_eq!(paid["invoice"]["amount_paid"], 499_900);
    assert!(shop.event_types().await.contains(&"checkout.session.async_payment_succeeded".to_owned()));
}

#[tokio::test]
async fn a_session_whose_transfer_is_given_up_fails_and_its_money_stays_with_the_customer() {
    let shop = Shop::open().await;
    let price = shop.price("perpetual", 1_000, None).await;
    let customer = shop.customer("US", "pm_card_visa").await;
    let more = [
        ("customer", customer.as_str()),
        ("payment_method_types[0]", "customer_balance"),
        ("payment_method_options[customer_balance][funding_type]", "bank_transfer"),
    ];
    let open = session(&shop, "payment", &price, &more).await;
    shop.browse(open["url"].as_str().unwrap(), &[("action", "transfer")]).await;
    let intent =
        shop.get(&format!("checkout/sessions/{}", id(&open))).await["payment_intent"].as_str().unwrap().to_owned();
    let page = format!("{}/c/transfer/{intent}", shop.running.url);
    assert_eq!(shop.browse(&page, &[("amount", "nothing")]).await.0, 400);
    assert_eq!(shop.browse(&page, &[("amount", "4")]).await.0, 303);
    assert!(shop.http.get(&page).send().await.unwrap().text().await.unwrap().contains("$4.00 of $10.00 has arrived"));
    shop.post(&format!("payment_intents/{intent}/cancel"), &[]).await;
    assert!(shop.event_types().await.contains(&"checkout.session.async_payment_failed".to_owned()));
    assert_eq!(shop.get(&format!("customers/{customer}/cash_balance")).await["available"]["usd"], 400);
    let card = [("mode", "subscription"), ("payment_method_types[0]", "customer_balance"), ("customer", &customer)];
    let refused = [
        ("line_items[0][price]", price.as_str()),
        ("line_items[0][quantity]", "1"),
        ("success_url", "http://a.example"),
    ];
    let form: Vec<(&str, &str)> = card.into_iter().chain(refused).collect();
    assert_eq!(shop.try_post("checkout/sessions", &form).await.0, 400, "subscriptions are paid by transfer otherwise");
}

#[tokio::test]
async fn a_card_that_passed_3d_secure_once_is_charged_later_without_asking_and_the_other_asks_again() {
    let shop = Shop::open().await;
    let price = shop.price("pilot", 9_900, Some("month")).await;
    for (number, renewed) in [("4000002500003155", "active"), ("4000002760003184", "past_due")] {
        shop.at("2027-01-31T12:00:00Z");
        let open = session(&shop, "subscription", &price, &[("customer_email", "a@b.example")]).await;
        let form = [("action", "pay"), ("card_number", number), ("expiry", "12/34"), ("cvc", "123")];
        let (_, step) = shop.browse(open["url"].as_str().unwrap(), &form).await;
        shop.browse(&format!("{}{step}", shop.running.url), &[("result", "complete")]).await;
        let done = shop.get(&format!("checkout/sessions/{}", id(&open))).await;
        shop.at("2027-02-28T13:30:00Z");
        let subscription = done["subscription"].as_str().unwrap();
        let later = shop.get(&format!("subscriptions/{subscription}?expand[]=latest_invoice")).await;
        assert_eq!(later["status"], renewed, "{number}");
        if renewed == "past_due" {
            assert!(shop.event_types().await.contains(&"invoice.payment_action_required".to_owned()));
            let page = later["latest_invoice"]["hosted_invoice_url"].as_str().unwrap();
            let (_, step) = shop.browse(page, &[("action", "3ds")]).await;
            shop.browse(&step.replace("/c/", &format!("{}/c/", shop.running.url)), &[("result", "complete")]).await;
            assert_eq!(shop.get(&format!("subscriptions/{subscription}")).await["status"], "active");
        }
    }
}

#[tokio::test]
async fn a_debit_is_under_way_for_minutes_and_one_that_is_returned_leaves_the_session_unpaid_for_ever() {
    let shop = Shop::open().await;
    let price = shop.price("perpetual", 1_000, None).await;
    let customer = shop.customer("DE", "pm_card_visa").await;
    for (button, begun, later, paid) in [
        ("debit", "2027-02-01T12:00:00Z", "2027-02-01T12:10:00Z", "paid"),
        ("debit_returned", "2027-02-02T12:00:00Z", "2027-02-02T12:10:00Z", "unpaid"),
    ] {
        shop.at(begun);
        let open = session(&shop, "payment", &price, &[("customer", customer.as_str())]).await;
        shop.browse(open["url"].as_str().unwrap(), &[("action", button)]).await;
        let path = format!("checkout/sessions/{}?expand[]=payment_intent", id(&open));
        let under_way = shop.get(&path).await;
        assert_eq!(under_way["payment_status"], "unpaid", "{button}");
        assert_eq!(under_way["payment_intent"]["status"], "processing", "{button}");
        shop.at(later);
        let settled = shop.get(&path).await;
        assert_eq!((settled["status"].as_str(), settled["payment_status"].as_str()), (Some("complete"), Some(paid)));
    }
    let types = shop.event_types().await;
    for expected in ["checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed"] {
        assert_eq!(types.iter().filter(|kind| *kind == expected).count(), 1, "{expected} in {types:?}");
    }
}
