//! Tiers, coupons and codes, credit, trials and free plans: what is due, and what is not.

use serde_json::Value;

use crate::{Shop, id};

async fn product(shop: &Shop) -> String {
    id(&shop.post("products", &[("name", "IoT Platform")]).await)
}

fn total(invoice: &Value) -> i64 {
    invoice["total"].as_i64().unwrap()
}

#[tokio::test]
async fn tiers_show_when_asked_for_and_price_a_subscription() {
    let shop = Shop::open().await;
    let product = product(&shop).await;
    let form = [
        ("product", product.as_str()),
        ("currency", "usd"),
        ("recurring[interval]", "month"),
        ("billing_scheme", "tiered"),
        ("tiers_mode", "graduated"),
        ("tiers[0][up_to]", "5"),
        ("tiers[0][unit_amount]", "700"),
        ("tiers[1][up_to]", "inf"),
        ("tiers[1][unit_amount_decimal]", "650.5"),
        ("tiers[1][flat_amount]", "1000"),
    ];
    let price = shop.post("prices", &form).await;
    assert_eq!((price["billing_scheme"].as_str(), price["tiers_mode"].as_str()), (Some("tiered"), Some("graduated")));
    assert!(price["unit_amount"].is_null() && price.get("tiers").is_none());
    let shown = shop.get(&format!("prices/{}?expand[]=tiers", id(&price))).await;
    assert_eq!((shown["tiers"][0]["up_to"].as_i64(), shown["tiers"][1]["up_to"].as_i64()), (Some(5), None));
    let customer = shop.customer("US", "pm_card_visa").await;
    let form = [
        ("customer", customer.as_str()),
        ("items[0][price]", &id(&price)),
        ("items[0][quantity]", "8"),
        ("expand[]", "latest_invoice"),
    ];
    let subscription = shop.post("subscriptions", &form).await;
    // 5 × 700 + 1000 + 3 × 650.5, rounded once.
    assert_eq!(total(&subscription["latest_invoice"]), 6_452);
    let open =
        [("product", product.as_str()), ("currency", "usd"), ("billing_scheme", "tiered"), ("tiers_mode", "volume")];
    let endless = [("tiers[0][up_to]", "5"), ("tiers[0][unit_amount]", "1")];
    let form: Vec<_> = open.into_iter().chain(endless).collect();
    assert_eq!(shop.try_post("prices", &form).await.0, 400, "the last tier has no end");
}

#[tokio::test]
async fn a_free_plan_needs_no_card_and_its_invoice_is_paid_at_once() {
    let shop = Shop::open().await;
    let free = shop.price("free", 0, Some("month")).await;
    let customer = id(&shop.post("customers", &[("email", "jo@acme.example")]).await);
    let form = [("customer", customer.as_str()), ("items[0][price]", &free), ("expand[]", "latest_invoice")];
    let subscription = shop.post("subscriptions", &form).await;
    assert_eq!(subscription["status"], "active");
    let invoice = &subscription["latest_invoice"];
    assert_eq!((invoice["status"].as_str(), invoice["amount_due"].as_i64()), (Some("paid"), Some(0)));
    shop.at("2027-02-28T13:30:00Z");
    let later = shop.get(&format!("subscriptions/{}?expand[]=latest_invoice", id(&subscription))).await;
    assert_eq!((later["status"].as_str(), later["latest_invoice"]["status"].as_str()), (Some("active"), Some("paid")));
    assert_eq!(shop.get("charges").await["data"].as_array().unwrap().len(), 0);
    let paid = shop.price("paid", 100, Some("month")).await;
    let refused = shop.try_post("subscriptions", &[("customer", customer.as_str()), ("items[0][price]", &paid)]).await;
    assert_eq!(refused.0, 400, "what costs something needs a card");
}

#[tokio::test]
async fn a_whole_discount_and_enough_credit_leave_nothing_to_charge() {
    let shop = Shop::open().await;
    let pilot = shop.price("pilot", 9_900, Some("month")).await;
    let all = id(&shop
        .post("coupons", &[("percent_off", "100"), ("duration", "repeating"), ("duration_in_months", "1")])
        .await);
    let customer = id(&shop.post("customers", &[("email", "jo@acme.example")]).await);
    let form = [
        ("customer", customer.as_str()),
        ("items[0][price]", &pilot),
        ("discounts[0][coupon]", &all),
        ("expand[]", "latest_invoice"),
    ];
    let subscription = shop.post("subscriptions", &form).await;
    assert_eq!((subscription["status"].as_str(), total(&subscription["latest_invoice"])), (Some("active"), 0));
    let credited = id(&shop.post("customers", &[("email", "jo@acme.example")]).await);
    let path = format!("customers/{credited}/balance_transactions");
    shop.post(&path, &[("amount", "-25000"), ("currency", "usd"), ("description", "goodwill")]).await;
    let form = [("customer", credited.as_str()), ("items[0][price]", &pilot), ("expand[]", "latest_invoice")];
    let invoice = shop.post("subscriptions", &form).await["latest_invoice"].clone();
    let of = |member: &str| invoice[member].as_i64().unwrap();
    assert_eq!(
        (of("total"), of("starting_balance"), of("ending_balance"), of("amount_due"), of("amount_paid")),
        (9_900, -25_000, -15_100, 0, 0)
    );
    assert_eq!(shop.get(&format!("customers/{credited}")).await["balance"], -15_100, "the rest is carried over");
    let transactions = shop.get(&path).await;
    let kinds: Vec<&str> =
        transactions["data"].as_array().unwrap().iter().map(|t| t["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["applied_to_invoice", "adjustment"]);
    assert_eq!(transactions["data"][0]["invoice"], invoice["id"]);
    assert_eq!(shop.get("charges").await["data"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn a_downgrade_at_once_credits_the_customer_who_uses_it_up_on_renewal() {
    let shop = Shop::open().await;
    let (maker, pilot) =
        (shop.price("maker", 1_000, Some("month")).await, shop.price("pilot", 9_900, Some("month")).await);
    let customer = shop.customer("US", "pm_card_visa").await;
    let subscription = shop.subscription(&customer, &pilot).await;
    shop.at("2027-02-14T12:00:00Z");
    let item = id(&subscription["items"]["data"][0]);
    let path = format!("subscriptions/{}", id(&subscription));
    let form = [
        ("items[0][id]", item.as_str()),
        ("items[0][price]", &maker),
        ("proration_behavior", "always_invoice"),
        ("expand[]", "latest_invoice"),
    ];
    let after = shop.post(&path, &form).await;
    assert_eq!(
        (total(&after["latest_invoice"]), after["latest_invoice"]["amount_due"].as_i64()),
        (500 - 4_950, Some(0))
    );
    assert_eq!(shop.get(&format!("customers/{customer}")).await["balance"], -4_450);
    shop.at("2027-02-28T13:30:00Z");
    let renewed = shop.get(&format!("{path}?expand[]=latest_invoice")).await;
    assert_eq!(
        (renewed["latest_invoice"]["amount_due"].as_i64(), renewed["latest_invoice"]["ending_balance"].as_i64()),
        (Some(0), Some(-3_450))
    );
}

#[tokio::test]
async fn a_voided_invoice_gives_the_credit_back() {
    let shop = Shop::open().await;
    let customer = shop.customer("US", "pm_card_visa").await;
    shop.post(&format!("customers/{customer}/balance_transactions"), &[("amount", "-300"), ("currency", "usd")]).await;
    let invoice = id(&shop.post("invoices", &[("customer", &customer)]).await);
    let item = [("customer", customer.as_str()), ("invoice", &invoice), ("amount", "1000"), ("currency", "usd")];
    shop.post("invoiceitems", &item).await;
    let open = shop.post(&format!("invoices/{invoice}/finalize"), &[]).await;
    assert_eq!((open["amount_due"].as_i64(), open["amount_remaining"].as_i64()), (Some(700), Some(700)));
    assert_eq!(shop.get(&format!("customers/{customer}")).await["balance"], 0);
    shop.post(&format!("invoices/{invoice}/void"), &[]).await;
    assert_eq!(shop.get(&format!("customers/{customer}")).await["balance"], -300);
}

#[tokio::test]
async fn promotion_codes_hold_their_restrictions_in_checkout_and_api_alike() {
    let shop = Shop::open().await;
    let pilot = shop.price("pilot", 9_900, Some("month")).await;
    let coupon =
        id(&shop.post("coupons", &[("amount_off", "1000"), ("currency", "usd"), ("duration", "forever")]).await);
    let newcomer = shop.customer("US", "pm_card_visa").await;
    let known = shop.customer("US", "pm_card_visa").await;
    shop.subscription(&known, &pilot).await;
    let code = async |name: &str, more: &[(&str, &str)]| {
        let mut form = vec![("promotion[type]", "coupon"), ("promotion[coupon]", coupon.as_str()), ("code", name)];
        form.extend(more);
        id(&shop.post("promotion_codes", &form).await)
    };
    let minimum = [("restrictions[minimum_amount]", "10000"), ("restrictions[minimum_amount_currency]", "usd")];
    let codes = [
        (code("FIRST", &[("restrictions[first_time_transaction]", "true")]).await, [true, false]),
        (code("LARGE", &minimum).await, [false, false]),
        (code("MINE", &[("customer", &known)]).await, [false, true]),
        (code("SOON", &[("expires_at", "1801396801")]).await, [true, true]),
    ];
    for (code, allowed) in &codes {
        for (customer, allowed) in [&newcomer, &known].into_iter().zip(allowed) {
            let form = [
                ("mode", "subscription"),
                ("customer", customer.as_str()),
                ("line_items[0][price]", &pilot),
                ("line_items[0][quantity]", "1"),
                ("success_url", "http://127.0.0.1:9/done"),
                ("discounts[0][promotion_code]", code),
            ];
            let (status, body) = shop.try_post("checkout/sessions", &form).await;
            assert_eq!(status == 200, *allowed, "{code}: {body}");
            if *allowed {
                assert_eq!(body["amount_total"], 8_900);
                continue;
            }
            let form =
                [("customer", customer.as_str()), ("items[0][price]", &pilot), ("discounts[0][promotion_code]", code)];
            assert_eq!(shop.try_post("subscriptions", &form).await.0, 400);
        }
    }
    shop.at("2027-01-31T12:00:01Z");
    assert_eq!(shop.get(&format!("promotion_codes/{}", codes[3].0)).await["active"], false, "its time is over");
}

#[tokio::test]
async fn of_two_sessions_with_the_last_redemption_only_one_completes() {
    let shop = Shop::open().await;
    let pilot = shop.price("pilot", 9_900, Some("month")).await;
    let form = [("percent_off", "50"), ("duration", "once"), ("max_redemptions", "1")];
    let coupon = id(&shop.post("coupons", &form).await);
    let mut sessions = Vec::new();
    for _ in 0..2 {
        let form = [
            ("mode", "subscription"),
            ("customer_email", "a@b.example"),
            ("line_items[0][price]", &pilot),
            ("line_items[0][quantity]", "1"),
            ("success_url", "http://127.0.0.1:9/done"),
            ("discounts[0][coupon]", &coupon),
        ];
        sessions.push(shop.post("checkout/sessions", &form).await);
    }
    let pay = async |at: usize| shop.browse(sessions[at]["url"].as_str().unwrap(), &[("action", "4242")]).await.0;
    assert_eq!((pay(0).await, pay(1).await), (303, 400));
    let coupon = shop.get(&format!("coupons/{coupon}")).await;
    assert_eq!((coupon["times_redeemed"].as_i64(), coupon["valid"].as_bool()), (Some(1), Some(false)));
}

#[tokio::test]
async fn a_coupon_lasts_as_long_as_it_says() {
    let shop = Shop::open().await;
    let pilot = shop.price("pilot", 1_000, Some("month")).await;
    let invoices = async |form: &[(&str, &str)]| {
        shop.at("2027-01-01T00:00:00Z");
        let coupon = id(&shop.post("coupons", form).await);
        let customer = shop.customer("US", "pm_card_visa").await;
        let form = [("customer", customer.as_str()), ("items[0][price]", &pilot), ("discounts[0][coupon]", &coupon)];
        shop.post("subscriptions", &form).await;
        shop.at("2027-04-01T02:00:00Z");
        let list = shop.get(&format!("invoices?customer={customer}")).await;
        list["data"].as_array().unwrap().iter().rev().map(total).collect::<Vec<i64>>()
    };
    assert_eq!(invoices(&[("percent_off", "25"), ("duration", "once")]).await, [750, 1_000, 1_000, 1_000]);
    let two = [("amount_off", "300"), ("currency", "usd"), ("duration", "repeating"), ("duration_in_months", "2")];
    assert_eq!(invoices(&two).await, [700, 700, 1_000, 1_000]);
    assert_eq!(invoices(&[("percent_off", "10"), ("duration", "forever")]).await, [900, 900, 900, 900]);
}

#[tokio::test]
async fn a_trial_without_a_card_ends_as_it_was_told_to() {
    let shop = Shop::open().await;
    let pilot = shop.price("pilot", 9_900, Some("month")).await;
    for (told, status) in [("cancel", "canceled"), ("pause", "paused"), ("create_invoice", "past_due")] {
        shop.at("2027-01-01T00:00:00Z");
        let form = [
            ("mode", "subscription"),
            ("customer_email", "a@b.example"),
            ("line_items[0][price]", &pilot),
            ("line_items[0][quantity]", "1"),
            ("success_url", "http://127.0.0.1:9/done"),
            ("payment_method_collection", "if_required"),
            ("subscription_data[trial_period_days]", "14"),
            ("subscription_data[trial_settings][end_behavior][missing_payment_method]", told),
        ];
        let open = shop.post("checkout/sessions", &form).await;
        let url = open["url"].as_str().unwrap();
        let page = shop.http.get(url).send().await.unwrap().text().await.unwrap();
        assert!(!page.contains("Card number"), "nothing to pay, nothing to ask for");
        assert_eq!(shop.browse(url, &[("action", "nothing")]).await.0, 303);
        let done = shop.get(&format!("checkout/sessions/{}?expand[]=subscription", id(&open))).await;
        assert_eq!(
            (done["payment_status"].as_str(), done["subscription"]["status"].as_str()),
            (Some("no_payment_required"), Some("trialing"))
        );
        shop.at("2027-01-15T02:00:00Z");
        let path = format!("subscriptions/{}", id(&done["subscription"]));
        assert_eq!(shop.get(&path).await["status"], status);
        if status == "paused" {
            let customer = done["customer"].as_str().unwrap();
            let card = id(&shop.post("payment_methods/pm_card_visa/attach", &[("customer", customer)]).await);
            shop.post(&path, &[("default_payment_method", &card)]).await;
            let resumed = shop.post(&format!("{path}/resume"), &[("expand[]", "latest_invoice")]).await;
            assert_eq!(
                (resumed["status"].as_str(), resumed["latest_invoice"]["status"].as_str()),
                (Some("active"), Some("paid"))
            );
        }
    }
}

#[tokio::test]
async fn a_subscription_may_begin_before_its_first_whole_period() {
    let shop = Shop::open().await;
    let yearly = shop.price("maintenance", 36_500, Some("year")).await;
    let customer = shop.customer("US", "pm_card_visa").await;
    // 73 of 365 days from 2027-01-31T12:00:00Z.
    let anchor = (1_801_396_800 + 73 * 86_400).to_string();
    for (behavior, due) in [("create_prorations", Some(7_300)), ("none", None)] {
        let form = [
            ("customer", customer.as_str()),
            ("items[0][price]", &yearly),
            ("billing_cycle_anchor", &anchor),
            ("proration_behavior", behavior),
            ("expand[]", "latest_invoice"),
        ];
        let subscription = shop.post("subscriptions", &form).await;
        assert_eq!(subscription["status"], "active");
        assert_eq!(subscription["latest_invoice"]["total"].as_i64(), due, "{behavior}");
        assert_eq!(subscription["items"]["data"][0]["current_period_end"].to_string(), anchor);
    }
}

#[tokio::test]
async fn cancelling_at_once_may_credit_the_unused_time() {
    let shop = Shop::open().await;
    let pilot = shop.price("pilot", 2_800, Some("month")).await;
    let customer = shop.customer("US", "pm_card_visa").await;
    let subscription = id(&shop.subscription(&customer, &pilot).await);
    shop.at("2027-02-14T12:00:00Z");
    shop.delete(&format!("subscriptions/{subscription}?prorate=true&invoice_now=true")).await;
    let invoices = shop.get(&format!("invoices?subscription={subscription}")).await;
    assert_eq!(total(&invoices["data"][0]), -1_400);
    assert_eq!(shop.get(&format!("customers/{customer}")).await["balance"], -1_400);
}

#[tokio::test]
async fn amounts_of_other_exponents_stay_whole_minor_units() {
    let shop = Shop::open().await;
    let product = product(&shop).await;
    for (currency, amount, shown) in
        [("jpy", "1000", "¥1,000"), ("kwd", "12340", "KWD 12.340"), ("ugx", "50000", "UGX 500.00")]
    {
        let form = [("product", product.as_str()), ("currency", currency), ("unit_amount", amount)];
        let price = id(&shop.post("prices", &form).await);
        let form = [
            ("mode", "payment"),
            ("customer_email", "a@b.example"),
            ("line_items[0][price]", price.as_str()),
            ("line_items[0][quantity]", "1"),
            ("success_url", "http://127.0.0.1:9/done"),
            ("invoice_creation[enabled]", "true"),
        ];
        let open = shop.post("checkout/sessions", &form).await;
        let url = open["url"].as_str().unwrap();
        assert!(shop.http.get(url).send().await.unwrap().text().await.unwrap().contains(&format!("Pay {shown}")));
        shop.browse(url, &[("action", "4242")]).await;
        let done = shop.get(&format!("checkout/sessions/{}?expand[]=invoice", id(&open))).await;
        assert_eq!(
            (done["invoice"]["currency"].as_str(), done["invoice"]["amount_paid"].to_string().as_str()),
            (Some(currency), amount)
        );
    }
}

#[tokio::test]
async fn an_invoice_in_a_currency_without_fractions_asks_for_whole_ones_and_the_balance_takes_the_rest() {
    let shop = Shop::open().await;
    for currency in ["isk", "ugx"] {
        let customer = shop.customer("DE", "pm_card_visa").await;
        // 19 % on 101 and on 103.
        for (net, asked, balance) in [("10100", 12_000_i64, 19_i64), ("10300", 12_300, -24)] {
            let form = [("customer", customer.as_str()), ("currency", currency), ("automatic_tax[enabled]", "true")];
            let invoice = id(&shop.post("invoices", &form).await);
            let item =
                [("customer", customer.as_str()), ("invoice", &invoice), ("amount", net), ("currency", currency)];
            let path = format!("invoices/{invoice}");
            shop.post("invoiceitems", &item).await;
            assert_eq!(shop.get(&path).await["amount_due"], asked, "{currency} {net}");
            shop.post(&format!("{path}/finalize"), &[]).await;
            let paid = shop.post(&format!("{path}/pay"), &[]).await;
            assert_eq!((paid["amount_paid"].as_i64(), paid["ending_balance"].as_i64()), (Some(asked), Some(balance)));
            assert_eq!(shop.get(&format!("customers/{customer}")).await["balance"], balance);
        }
    }
    for (currency, amount, status) in
        [("isk", "550", 400), ("isk", "500", 200), ("kwd", "5124", 400), ("kwd", "5120", 200)]
    {
        let (answered, _) = shop.try_post("payment_intents", &[("amount", amount), ("currency", currency)]).await;
        assert_eq!(answered, status, "{amount} {currency}");
    }
}

#[tokio::test]
async fn taxes_and_prorations_in_a_currency_of_three_decimals_end_in_nought() {
    let shop = Shop::open().await;
    let product = product(&shop).await;
    let form =
        [("product", product.as_str()), ("currency", "kwd"), ("unit_amount", "9150"), ("recurring[interval]", "month")];
    let price = id(&shop.post("prices", &form).await);
    let customer = shop.customer("DE", "pm_card_visa").await;
    let form = [
        ("customer", customer.as_str()),
        ("items[0][price]", &price),
        ("automatic_tax[enabled]", "true"),
        ("expand[]", "latest_invoice"),
    ];
    let subscription = shop.post("subscriptions", &form).await;
    // 19 % of 9.150 is 1.7385.
    assert_eq!(total(&subscription["latest_invoice"]), 9_150 + 1_740);
    shop.at("2027-02-10T00:00:00Z");
    let preview = [
        ("subscription", subscription["id"].as_str().unwrap()),
        ("subscription_details[items][0][id]", subscription["items"]["data"][0]["id"].as_str().unwrap()),
        ("subscription_details[items][0][quantity]", "2"),
        ("subscription_details[proration_behavior]", "always_invoice"),
    ];
    let preview = shop.post("invoices/create_preview", &preview).await;
    let amounts: Vec<i64> =
        preview["lines"]["data"].as_array().unwrap().iter().map(|line| line["amount"].as_i64().unwrap()).collect();
    // 18.5 of 28 days are left: 6.0455, and twice that.
    assert_eq!(amounts, [-6_050, 12_090]);
    assert_eq!(total(&preview), 12_090 - 6_050 + 2_300 - 1_150);
}
