//! Renewals, upgrades, downgrades, cancellation, failed payments, over time.

use crate::{Shop, id};

fn item(subscription: &serde_json::Value) -> String {
    id(&subscription["items"]["data"][0])
}

fn total(invoice: &serde_json::Value) -> i64 {
    invoice["total"].as_i64().unwrap()
}

#[tokio::test]
async fn what_the_preview_says_is_what_the_upgrade_charges_to_the_cent() {
    let shop = Shop::open().await;
    let (maker, pilot) =
        (shop.price("maker", 1_000, Some("month")).await, shop.price("pilot", 9_900, Some("month")).await);
    let extra = shop.price("extra", 3_900, Some("month")).await;
    let customer = shop.customer("US", "pm_card_visa").await;
    let before = shop.subscription(&customer, &maker).await;
    let (subscription, item) = (id(&before), item(&before));
    shop.at("2027-02-09T03:04:05Z");
    let moment = "1802142245";
    let preview = shop
        .post(
            "invoices/create_preview",
            &[
                ("subscription", &subscription),
                ("subscription_details[items][0][id]", &item),
                ("subscription_details[items][0][price]", &pilot),
                ("subscription_details[items][1][price]", &extra),
                ("subscription_details[items][1][quantity]", "2"),
                ("subscription_details[proration_behavior]", "always_invoice"),
                ("subscription_details[proration_date]", moment),
            ],
        )
        .await;
    // The buyer reads for a while.
    shop.at("2027-02-09T03:20:00Z");
    let after = shop
        .post(
            &format!("subscriptions/{subscription}"),
            &[
                ("items[0][id]", &item),
                ("items[0][price]", &pilot),
                ("items[1][price]", &extra),
                ("items[1][quantity]", "2"),
                ("proration_behavior", "always_invoice"),
                ("proration_date", moment),
                ("payment_behavior", "pending_if_incomplete"),
                ("expand[]", "latest_invoice"),
            ],
        )
        .await;
    assert_eq!(after["items"]["data"].as_array().unwrap().len(), 2);
    assert_eq!(after["latest_invoice"]["status"], "paid");
    assert_eq!(total(&after["latest_invoice"]), total(&preview));
    let amounts = |invoice: &serde_json::Value| -> Vec<i64> {
        invoice["lines"]["data"].as_array().unwrap().iter().map(|line| line["amount"].as_i64().unwrap()).collect()
    };
    assert_eq!(amounts(&after["latest_invoice"]), amounts(&preview));
    assert_eq!(amounts(&preview).len(), 3);
    // 31 Jan 12:00 to 28 Feb 12:00 is 2,419,200 s, of which 1,673,755 are left.
    assert_eq!(amounts(&preview), [-692, 6_849, 5_397]);
}

#[tokio::test]
async fn an_upgrade_that_is_not_paid_changes_nothing_until_it_is() {
    let shop = Shop::open().await;
    let (maker, pilot) =
        (shop.price("maker", 1_000, Some("month")).await, shop.price("pilot", 9_900, Some("month")).await);
    let customer = shop.customer("US", "pm_card_visa").await;
    let before = shop.subscription(&customer, &maker).await;
    let failing = id(&shop.post("payment_methods/pm_card_chargeCustomerFail/attach", &[("customer", &customer)]).await);
    let path = format!("subscriptions/{}", id(&before));
    shop.post(&path, &[("default_payment_method", &failing)]).await;
    let upgrade = [
        ("items[0][id]", item(&before)),
        ("items[0][price]", pilot.clone()),
        ("proration_behavior", "always_invoice".into()),
        ("payment_behavior", "pending_if_incomplete".into()),
    ];
    let upgrade: Vec<(&str, &str)> = upgrade.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let waiting = shop.post(&path, &upgrade).await;
    assert_eq!(waiting["items"]["data"][0]["price"]["id"], maker.as_str());
    assert_eq!(waiting["pending_update"]["subscription_items"][0]["price"]["id"], pilot.as_str());
    assert_eq!(waiting["status"], "active");
    let invoice = waiting["latest_invoice"].as_str().unwrap();
    shop.post(&format!("invoices/{invoice}/pay"), &[("payment_method", "pm_card_visa")]).await;
    let applied = shop.get(&path).await;
    assert_eq!(applied["items"]["data"][0]["price"]["id"], pilot.as_str());
    assert!(applied["pending_update"].is_null());
    let mut with_metadata = upgrade.clone();
    with_metadata.push(("metadata[order]", "ord_2"));
    assert_eq!(shop.try_post(&path, &with_metadata).await.0, 400, "metadata goes in a second call");
}

#[tokio::test]
async fn a_pending_upgrade_expires_after_23_hours() {
    let shop = Shop::open().await;
    let (maker, pilot) =
        (shop.price("maker", 1_000, Some("month")).await, shop.price("pilot", 9_900, Some("month")).await);
    let customer = shop.customer("US", "pm_card_visa").await;
    let before = shop.subscription(&customer, &maker).await;
    let path = format!("subscriptions/{}", id(&before));
    let failing = id(&shop.post("payment_methods/pm_card_chargeCustomerFail/attach", &[("customer", &customer)]).await);
    shop.post(&path, &[("default_payment_method", &failing)]).await;
    let form = [
        ("items[0][id]", item(&before)),
        ("items[0][price]", pilot),
        ("proration_behavior", "always_invoice".into()),
        ("payment_behavior", "pending_if_incomplete".into()),
    ];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let waiting = shop.post(&path, &form).await;
    shop.at("2027-02-01T11:00:01Z");
    let after = shop.get(&path).await;
    assert!(after["pending_update"].is_null());
    assert_eq!(after["items"]["data"][0]["price"]["id"], maker.as_str());
    let invoice = shop.get(&format!("invoices/{}", waiting["latest_invoice"].as_str().unwrap())).await;
    assert_eq!(invoice["status"], "void");
}

#[tokio::test]
async fn a_pending_upgrade_expires_with_the_period_when_that_is_sooner() {
    let shop = Shop::open().await;
    let (maker, pilot) =
        (shop.price("maker", 1_000, Some("month")).await, shop.price("pilot", 9_900, Some("month")).await);
    let customer = shop.customer("US", "pm_card_visa").await;
    let before = shop.subscription(&customer, &maker).await;
    let path = format!("subscriptions/{}", id(&before));
    let failing = id(&shop.post("payment_methods/pm_card_chargeCustomerFail/attach", &[("customer", &customer)]).await);
    shop.post(&path, &[("default_payment_method", &failing)]).await;
    // Two hours before the period ends.
    shop.at("2027-02-28T10:00:00Z");
    let form = [
        ("items[0][id]", item(&before)),
        ("items[0][price]", pilot),
        ("proration_behavior", "always_invoice".into()),
        ("payment_behavior", "pending_if_incomplete".into()),
    ];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let waiting = shop.post(&path, &form).await;
    assert_eq!(waiting["pending_update"]["expires_at"], before["items"]["data"][0]["current_period_end"]);
    shop.at("2027-02-28T12:00:01Z");
    let after = shop.get(&path).await;
    assert!(after["pending_update"].is_null());
    assert_eq!(after["items"]["data"][0]["price"]["id"], maker.as_str());
    assert_ne!(after["items"]["data"][0]["current_period_end"], before["items"]["data"][0]["current_period_end"]);
}

#[tokio::test]
async fn nothing_is_collected_any_more_for_what_has_ended() {
    let shop = Shop::open().await;
    let maker = shop.price("maker", 1_000, Some("month")).await;
    let customer = shop.customer("US", "pm_card_visa").await;
    let path = format!("subscriptions/{}", id(&shop.subscription(&customer, &maker).await));
    // Renewed, and its invoice is a draft for an hour.
    shop.at("2027-02-28T12:10:00Z");
    let draft = shop.get(&path).await["latest_invoice"].as_str().unwrap().to_owned();
    shop.delete(&path).await;
    shop.at("2027-03-10T00:00:00Z");
    assert_eq!(shop.get(&format!("invoices/{draft}")).await["status"], "draft");
}

#[tokio::test]
async fn a_month_end_subscription_renews_on_the_last_day_and_comes_back_to_the_31st() {
    let shop = Shop::open().await;
    let maker = shop.price("maker", 1_000, Some("month")).await;
    let customer = shop.customer("US", "pm_card_visa").await;
    let path = format!("subscriptions/{}", id(&shop.subscription(&customer, &maker).await));
    let ends = |subscription: &serde_json::Value| {
        let end = subscription["items"]["data"][0]["current_period_end"].as_i64().unwrap();
        jiff::Timestamp::from_second(end).unwrap().to_string()
    };
    assert_eq!(ends(&shop.get(&path).await), "2027-02-28T12:00:00Z");
    shop.at("2027-02-28T13:30:00Z");
    let renewed = shop.get(&format!("{path}?expand[]=latest_invoice")).await;
    assert_eq!(ends(&renewed), "2027-03-31T12:00:00Z");
    assert_eq!(renewed["latest_invoice"]["billing_reason"], "subscription_cycle");
    assert_eq!(renewed["latest_invoice"]["status"], "paid", "final and paid an hour after the renewal");
    shop.at("2028-02-01T00:00:00Z");
    assert_eq!(ends(&shop.get(&path).await), "2028-02-29T12:00:00Z");
    let invoices = shop.get("invoices?limit=100").await;
    assert_eq!(invoices["data"].as_array().unwrap().len(), 13, "one for every month");
    let numbers: Vec<&str> =
        invoices["data"].as_array().unwrap().iter().rev().map(|i| i["number"].as_str().unwrap()).collect();
    assert_eq!((numbers[0], numbers[12]), ("LHDEMO-0001", "LHDEMO-0013"));
}

#[tokio::test]
async fn a_downgrade_by_schedule_takes_effect_with_the_next_period() {
    let shop = Shop::open().await;
    let (maker, pilot) =
        (shop.price("maker", 1_000, Some("month")).await, shop.price("pilot", 9_900, Some("month")).await);
    let customer = shop.customer("US", "pm_card_visa").await;
    let subscription = id(&shop.subscription(&customer, &pilot).await);
    let schedule = shop.post("subscription_schedules", &[("from_subscription", &subscription)]).await;
    let (start, end) =
        (schedule["current_phase"]["start_date"].to_string(), schedule["current_phase"]["end_date"].to_string());
    let path = format!("subscription_schedules/{}", id(&schedule));
    let phases = [
        ("end_behavior", "release"),
        ("phases[0][items][0][price]", &pilot),
        ("phases[0][start_date]", &start),
        ("phases[0][end_date]", &end),
        ("phases[1][items][0][price]", &maker),
        ("phases[1][proration_behavior]", "none"),
        ("phases[1][duration][interval]", "month"),
    ];
    shop.post(&path, &phases).await;
    let now = shop.get(&format!("subscriptions/{subscription}")).await;
    assert_eq!(now["items"]["data"][0]["price"]["id"], pilot.as_str());
    let direct = shop.try_post(&format!("subscriptions/{subscription}"), &[("cancel_at_period_end", "true")]).await;
    assert_eq!(direct.0, 400, "the schedule must be released first");
    shop.at("2027-02-28T13:30:00Z");
    let later = shop.get(&format!("subscriptions/{subscription}?expand[]=latest_invoice")).await;
    assert_eq!(later["items"]["data"][0]["price"]["id"], maker.as_str());
    assert_eq!(total(&later["latest_invoice"]), 1_000);
    shop.at("2027-03-31T13:30:00Z");
    assert_eq!(shop.get(&path).await["status"], "released");
    assert_eq!(shop.get(&format!("subscriptions/{subscription}")).await["status"], "active");
}

#[tokio::test]
async fn phases_keep_the_discounts_that_they_name_and_no_other() {
    for (names_it, next) in [(true, 750), (false, 1_000)] {
        let shop = Shop::open().await;
        let (maker, pilot) =
            (shop.price("maker", 1_000, Some("month")).await, shop.price("pilot", 9_900, Some("month")).await);
        let form = [("percent_off", "25"), ("duration", "repeating"), ("duration_in_months", "6")];
        let coupon = id(&shop.post("coupons", &form).await);
        let customer = shop.customer("US", "pm_card_visa").await;
        let subscription = id(&shop.subscription(&customer, &pilot).await);
        let path = format!("subscriptions/{subscription}");
        let discounted = shop.post(&path, &[("discounts[0][coupon]", &coupon)]).await;
        let discount = discounted["discounts"][0].as_str().unwrap();
        let form = [("from_subscription", subscription.as_str()), ("expand[]", "subscription.discounts")];
        let schedule = shop.post("subscription_schedules", &form).await;
        assert_eq!(schedule["phases"][0]["discounts"][0]["discount"], discount);
        assert_eq!(schedule["subscription"]["discounts"][0]["id"], discount);
        let (start, end) =
            (schedule["current_phase"]["start_date"].to_string(), schedule["current_phase"]["end_date"].to_string());
        let mut phases = vec![
            ("phases[0][items][0][price]", pilot.as_str()),
            ("phases[0][start_date]", start.as_str()),
            ("phases[0][end_date]", end.as_str()),
            ("phases[1][items][0][price]", maker.as_str()),
            ("phases[1][proration_behavior]", "none"),
        ];
        if names_it {
            phases.push(("phases[0][discounts][0][discount]", discount));
            phases.push(("phases[1][discounts][0][discount]", discount));
        }
        shop.post(&format!("subscription_schedules/{}", id(&schedule)), &phases).await;
        assert_eq!(shop.get(&path).await["discounts"].as_array().unwrap().len(), usize::from(names_it));
        shop.at("2027-02-28T13:30:00Z");
        let later = shop.get(&format!("{path}?expand[]=latest_invoice")).await;
        assert_eq!(total(&later["latest_invoice"]), next);
    }
}

#[tokio::test]
async fn a_trial_that_the_current_phase_does_not_name_is_over() {
    for (trial, status) in [(Some("true"), "trialing"), (None, "active")] {
        let shop = Shop::open().await;
        let pilot = shop.price("pilot", 9_900, Some("month")).await;
        let customer = shop.customer("US", "pm_card_visa").await;
        let form = [("customer", customer.as_str()), ("items[0][price]", pilot.as_str()), ("trial_period_days", "14")];
        let subscription = id(&shop.post("subscriptions", &form).await);
        let schedule = shop.post("subscription_schedules", &[("from_subscription", &subscription)]).await;
        let (start, end) =
            (schedule["current_phase"]["start_date"].to_string(), schedule["current_phase"]["end_date"].to_string());
        assert_eq!(schedule["phases"][0]["trial_end"].to_string(), end);
        let mut phases = vec![
            ("phases[0][items][0][price]", pilot.as_str()),
            ("phases[0][start_date]", start.as_str()),
            ("phases[0][end_date]", end.as_str()),
            ("phases[1][items][0][price]", pilot.as_str()),
        ];
        phases.extend(trial.map(|trial| ("phases[0][trial]", trial)));
        shop.post(&format!("subscription_schedules/{}", id(&schedule)), &phases).await;
        assert_eq!(shop.get(&format!("subscriptions/{subscription}")).await["status"], status, "{trial:?}");
    }
}

#[tokio::test]
async fn a_year_that_a_schedule_begins_is_a_whole_year() {
    let shop = Shop::open().await;
    let (monthly, yearly) =
        (shop.price("maker", 1_000, Some("month")).await, shop.price("maker-year", 10_000, Some("year")).await);
    let customer = shop.customer("US", "pm_card_visa").await;
    let subscription = id(&shop.subscription(&customer, &monthly).await);
    let schedule = shop.post("subscription_schedules", &[("from_subscription", &subscription)]).await;
    let (start, end) =
        (schedule["current_phase"]["start_date"].to_string(), schedule["current_phase"]["end_date"].to_string());
    let phases = [
        ("end_behavior", "release"),
        ("phases[0][items][0][price]", &monthly),
        ("phases[0][start_date]", &start),
        ("phases[0][end_date]", &end),
        ("phases[1][items][0][price]", &yearly),
        ("phases[1][proration_behavior]", "none"),
        ("phases[1][duration][interval]", "year"),
    ];
    shop.post(&format!("subscription_schedules/{}", id(&schedule)), &phases).await;
    shop.at("2027-02-28T13:30:00Z");
    let later = shop.get(&format!("subscriptions/{subscription}?expand[]=latest_invoice")).await;
    assert_eq!(total(&later["latest_invoice"]), 10_000);
    let end = later["items"]["data"][0]["current_period_end"].as_i64().unwrap();
    assert_eq!(jiff::Timestamp::from_second(end).unwrap().to_string(), "2028-02-28T12:00:00Z");
}

#[tokio::test]
async fn cancelling_at_period_end_can_be_undone_and_otherwise_ends_it() {
    let shop = Shop::open().await;
    let maker = shop.price("maker", 1_000, Some("month")).await;
    let customer = shop.customer("US", "pm_card_visa").await;
    let path = format!("subscriptions/{}", id(&shop.subscription(&customer, &maker).await));
    let planned = shop.post(&path, &[("cancel_at_period_end", "true")]).await;
    assert_eq!(planned["cancel_at"], planned["items"]["data"][0]["current_period_end"]);
    assert!(shop.post(&path, &[("cancel_at_period_end", "false")]).await["cancel_at"].is_null());
    shop.post(&path, &[("cancel_at_period_end", "true")]).await;
    shop.at("2027-02-28T12:00:00Z");
    assert_eq!(shop.get(&path).await["status"], "canceled");
    assert!(shop.event_types().await.contains(&"customer.subscription.deleted".to_owned()));
    assert_eq!(shop.get("invoices").await["data"].as_array().unwrap().len(), 1, "nothing more is charged");
}

#[tokio::test]
async fn a_failed_renewal_is_past_due_retried_and_revived_by_payment() {
    let shop = Shop::open().await;
    let maker = shop.price("maker", 1_000, Some("month")).await;
    let customer = shop.customer("US", "pm_card_visa").await;
    let path = format!("subscriptions/{}", id(&shop.subscription(&customer, &maker).await));
    let failing = id(&shop.post("payment_methods/pm_card_chargeCustomerFail/attach", &[("customer", &customer)]).await);
    shop.post(&path, &[("default_payment_method", &failing)]).await;
    shop.at("2027-02-28T13:00:00Z");
    let failed = shop.get(&format!("{path}?expand[]=latest_invoice")).await;
    assert_eq!(failed["status"], "past_due");
    assert_eq!(failed["latest_invoice"]["attempt_count"], 1);
    shop.at("2027-03-03T13:00:00Z");
    let retried = shop.get(&format!("{path}?expand[]=latest_invoice")).await;
    assert_eq!(retried["latest_invoice"]["attempt_count"], 2);
    let invoice = id(&retried["latest_invoice"]);
    shop.post(&format!("invoices/{invoice}/pay"), &[("payment_method", "pm_card_visa")]).await;
    assert_eq!(shop.get(&path).await["status"], "active");
}

#[tokio::test]
async fn monthly_to_yearly_begins_a_new_period_and_credits_the_old_one() {
    let shop = Shop::open().await;
    let (monthly, yearly) = (shop.price("m", 1_000, Some("month")).await, shop.price("y", 10_000, Some("year")).await);
    let customer = shop.customer("US", "pm_card_visa").await;
    let before = shop.subscription(&customer, &monthly).await;
    shop.at("2027-02-14T12:00:00Z");
    let form = [
        ("items[0][id]", item(&before)),
        ("items[0][price]", yearly),
        ("proration_behavior", "always_invoice".into()),
        ("expand[]", "latest_invoice".into()),
    ];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let after = shop.post(&format!("subscriptions/{}", id(&before)), &form).await;
    assert_eq!(total(&after["latest_invoice"]), 10_000 - 500);
    let end = after["items"]["data"][0]["current_period_end"].as_i64().unwrap();
    assert_eq!(jiff::Timestamp::from_second(end).unwrap().to_string(), "2028-02-14T12:00:00Z");
}

#[tokio::test]
async fn a_wire_subscription_is_active_before_its_invoice_is_paid() {
    let shop = Shop::open().await;
    let maker = shop.price("maker", 1_000, Some("month")).await;
    let customer = shop.customer("DE", "pm_card_visa").await;
    let form = [
        ("customer", customer.as_str()),
        ("items[0][price]", &maker),
        ("collection_method", "send_invoice"),
        ("days_until_due", "14"),
        ("automatic_tax[enabled]", "true"),
    ];
    let subscription = shop.post("subscriptions", &form).await;
    assert_eq!(subscription["status"], "active");
    let invoice = subscription["latest_invoice"].as_str().unwrap();
    let open = shop.post(&format!("invoices/{invoice}/finalize"), &[]).await;
    assert_eq!((open["status"].as_str(), total(&open)), (Some("open"), 1_190));
    let paid = shop.post(&format!("invoices/{invoice}/pay"), &[("paid_out_of_band", "true")]).await;
    assert_eq!(paid["status"], "paid");
}

#[tokio::test]
async fn refunds_never_exceed_the_charge() {
    let shop = Shop::open().await;
    let maker = shop.price("maker", 1_000, Some("month")).await;
    let customer = shop.customer("US", "pm_card_visa").await;
    shop.subscription(&customer, &maker).await;
    let charge = id(&shop.get("charges").await["data"][0]);
    shop.post("refunds", &[("charge", &charge), ("amount", "400")]).await;
    assert_eq!(shop.try_post("refunds", &[("charge", &charge), ("amount", "601")]).await.0, 400);
    shop.post("refunds", &[("charge", &charge)]).await;
    assert_eq!(shop.get(&format!("charges/{charge}")).await["refunded"], true);
    assert_eq!(shop.try_post("refunds", &[("charge", &charge)]).await.0, 400);
}

#[tokio::test]
async fn an_immediate_cancellation_ends_the_subscription_now() {
    let shop = Shop::open().await;
    let maker = shop.price("maker", 1_000, Some("month")).await;
    let customer = shop.customer("US", "pm_card_visa").await;
    let subscription = id(&shop.subscription(&customer, &maker).await);
    let ended = shop.delete(&format!("subscriptions/{subscription}")).await;
    assert_eq!(ended["status"], "canceled");
    assert!(ended["ended_at"].is_i64());
}

#[tokio::test]
async fn a_disputed_charge_is_lost_or_won_by_its_evidence() {
    let shop = Shop::open().await;
    let maker = shop.price("maker", 1_000, Some("month")).await;
    for (evidence, end) in [("losing_evidence", "lost"), ("winning_evidence", "won")] {
        let customer = shop.customer("US", "pm_card_createDispute").await;
        shop.subscription(&customer, &maker).await;
        let dispute = shop.get("disputes").await["data"][0].clone();
        assert_eq!(dispute["status"], "needs_response");
        let decided =
            shop.post(&format!("disputes/{}", id(&dispute)), &[("evidence[uncategorized_text]", evidence)]).await;
        assert_eq!(decided["status"], end);
    }
    let types = shop.event_types().await;
    assert_eq!(types.iter().filter(|kind| *kind == "charge.dispute.created").count(), 2);
    assert_eq!(types.iter().filter(|kind| *kind == "charge.dispute.closed").count(), 2);
}

#[tokio::test]
async fn a_credit_note_takes_tax_back_in_proportion() {
    let shop = Shop::open().await;
    let pilot = shop.price("pilot", 9_900, Some("month")).await;
    let customer = shop.customer("DE", "pm_card_visa").await;
    let form = [("customer", customer.as_str()), ("items[0][price]", &pilot), ("automatic_tax[enabled]", "true")];
    let subscription = shop.post("subscriptions", &form).await;
    let invoice = subscription["latest_invoice"].as_str().unwrap();
    let note = shop.post("credit_notes", &[("invoice", invoice), ("amount", "1190"), ("refund_amount", "1190")]).await;
    assert_eq!((note["subtotal"].as_i64(), note["total"].as_i64()), (Some(1_000), Some(1_190)));
    assert_eq!(note["total_taxes"][0]["amount"], 190);
    assert_eq!(shop.get(&format!("invoices/{invoice}")).await["post_payment_credit_notes_amount"], 1_190);
}

#[tokio::test]
async fn an_invoice_shows_its_first_ten_lines_and_the_others_are_asked_for() {
    let shop = Shop::open().await;
    let customer = shop.customer("US", "pm_card_visa").await;
    let invoice = id(&shop.post("invoices", &[("customer", customer.as_str()), ("currency", "usd")]).await);
    for number in 1..=12 {
        let amount = number.to_string();
        let item = [("customer", customer.as_str()), ("invoice", &invoice), ("amount", &amount), ("currency", "usd")];
        shop.post("invoiceitems", &item).await;
    }
    let lines = |list: &serde_json::Value| -> (Vec<i64>, bool) {
        let amounts = list["data"].as_array().unwrap().iter().map(|line| line["amount"].as_i64().unwrap());
        (amounts.collect(), list["has_more"].as_bool().unwrap())
    };
    let path = format!("invoices/{invoice}");
    let shown = shop.post(&format!("{path}/finalize"), &[]).await;
    assert_eq!(shown["total"], 78, "all lines count");
    let first: Vec<i64> = (1..=10).collect();
    assert_eq!(lines(&shown["lines"]), (first.clone(), true));
    let last = shown["lines"]["data"][9]["id"].as_str().unwrap();
    let rest = shop.get(&format!("{path}/lines?limit=100&starting_after={last}")).await;
    assert_eq!(lines(&rest), (vec![11, 12], false));
    assert_eq!(lines(&shop.get(&format!("{path}/lines?limit=100")).await).0.len(), 12);
    let expanded = shop.get("events?type=invoice.finalized").await["data"][0]["data"]["object"].clone();
    assert_eq!(lines(&expanded["lines"]), (first, true), "also in events");

    let mut form = vec![("customer".to_owned(), customer.clone())];
    for number in 0..12 {
        let price = shop.price(&format!("plan-{number}"), 100 + number, Some("month")).await;
        form.push((format!("subscription_details[items][{number}][price]"), price));
    }
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let preview = shop.post("invoices/create_preview", &form).await;
    let of_preview = shop.get(&format!("invoices/{}/lines?limit=100", id(&preview))).await;
    let all: Vec<i64> = (100..112).collect();
    assert_eq!(lines(&of_preview), (all, false));
}
