//! Whatever the local Stripe answers or tells, the client library decodes as the object that it says it is.

use std::collections::BTreeSet;

use serde_json::Value;

/// A card and a transfer customer, everything that is sold, changed, refunded, disputed and credited: method, path,
/// form. `{name}` is the id of what the step of that name answered, `{name.member}` one of its members.
const STEPS: &[(&str, &str, &str, &str)] = &[
    ("product", "POST", "products", "name=IoT"),
    ("maker", "POST", "prices", "product={product}&currency=usd&unit_amount=1000&recurring[interval]=month"),
    ("pilot", "POST", "prices", "product={product}&currency=usd&unit_amount=9900&recurring[interval]=month"),
    ("once", "POST", "prices", "product={product}&currency=usd&unit_amount=5000"),
    (
        "tiers",
        "POST",
        "prices",
        "product={product}&currency=jpy&billing_scheme=tiered&tiers_mode=volume&tiers[0][up_to]=5&tiers[0][unit_amount]=7&\
         tiers[1][up_to]=inf&tiers[1][unit_amount_decimal]=6.5&expand[]=tiers",
    ),
    ("coupon", "POST", "coupons", "percent_off=25&duration=repeating&duration_in_months=2"),
    ("code", "POST", "promotion_codes", "promotion[type]=coupon&promotion[coupon]={coupon}&code=SPRING"),
    (
        "customer",
        "POST",
        "customers",
        "email=jo@acme.example&name=Jo&address[country]=DE&tax_id_data[0][type]=eu_vat&tax_id_data[0][value]=DE123456789",
    ),
    ("card", "POST", "payment_methods/pm_card_visa/attach", "customer={customer}"),
    ("", "POST", "customers/{customer}", "invoice_settings[default_payment_method]={card}"),
    (
        "sub",
        "POST",
        "subscriptions",
        "customer={customer}&items[0][price]={maker}&automatic_tax[enabled]=true&discounts[0][promotion_code]={code}&\
         expand[]=latest_invoice.payments&expand[]=discounts",
    ),
    ("item", "GET", "subscription_items", "subscription={sub}"),
    (
        "",
        "POST",
        "invoices/create_preview",
        "subscription={sub}&subscription_details[items][0][id]={item.data.0.id}&\
         subscription_details[items][0][price]={pilot}&subscription_details[proration_behavior]=always_invoice",
    ),
    (
        "",
        "POST",
        "subscriptions/{sub}",
        "items[0][id]={item.data.0.id}&items[0][price]={pilot}&proration_behavior=always_invoice&\
         payment_behavior=pending_if_incomplete&expand[]=latest_invoice",
    ),
    ("schedule", "POST", "subscription_schedules", "from_subscription={sub}"),
    ("", "POST", "subscription_schedules/{schedule}/release", ""),
    ("broken", "POST", "payment_methods/pm_card_chargeCustomerFail/attach", "customer={customer}"),
    ("", "POST", "subscriptions/{sub}", "default_payment_method={broken}"),
    ("", "CLOCK", "3000000", ""),
    ("late", "GET", "subscriptions/{sub}", "expand[]=latest_invoice"),
    ("", "POST", "invoices/{late.latest_invoice.id}/pay", "payment_method={card}"),
    ("charges", "GET", "charges", "customer={customer}"),
    ("", "POST", "refunds", "charge={charges.data.0.id}&amount=100"),
    (
        "",
        "POST",
        "credit_notes",
        "invoice={late.latest_invoice.id}&amount=300&credit_amount=200&refund_amount=100&reason=order_change",
    ),
    ("", "GET", "customers/{customer}/balance_transactions", ""),
    (
        "angry",
        "POST",
        "payment_intents",
        "amount=500&currency=usd&customer={customer}&payment_method=pm_card_createDispute&confirm=true",
    ),
    ("disputes", "GET", "disputes", "payment_intent={angry}"),
    ("", "POST", "disputes/{disputes.data.0.id}", "evidence[uncategorized_text]=losing_evidence"),
    ("", "POST", "subscriptions/{sub}", "cancel_at_period_end=true&cancellation_details[feedback]=unused"),
    ("setup", "POST", "setup_intents", "customer={customer}&payment_method=pm_card_visa&confirm=true"),
    (
        "session",
        "POST",
        "checkout/sessions",
        "mode=payment&customer={customer}&line_items[0][price]={once}&line_items[0][quantity]=1&\
         success_url=http://127.0.0.1:9/&invoice_creation[enabled]=true&allowed_payment_method_types[0]=customer_balance&\
         payment_method_options[customer_balance][funding_type]=bank_transfer&\
         payment_method_options[customer_balance][bank_transfer][type]=us_bank_transfer",
    ),
    ("", "PAGE", "c/pay/{session}", "action=transfer"),
    ("", "GET", "checkout/sessions/{session}", "expand[]=payment_intent&expand[]=line_items"),
    ("", "POST", "test_helpers/customers/{customer}/fund_cash_balance", "amount=2000&currency=usd"),
    ("", "POST", "test_helpers/customers/{customer}/fund_cash_balance", "amount=3500&currency=usd"),
    ("", "GET", "checkout/sessions/{session}", "expand[]=invoice&expand[]=customer"),
    ("", "GET", "customers/{customer}/cash_balance", ""),
    ("", "GET", "customers/{customer}/cash_balance_transactions", ""),
    (
        "",
        "POST",
        "customers/{customer}/funding_instructions",
        "currency=eur&funding_type=bank_transfer&bank_transfer[type]=eu_bank_transfer&bank_transfer[eu_bank_transfer][country]=DE",
    ),
    (
        "wire",
        "POST",
        "subscriptions",
        "customer={customer}&items[0][price]={maker}&collection_method=send_invoice&days_until_due=14&\
         payment_settings[payment_method_types][0]=customer_balance&\
         payment_settings[payment_method_options][customer_balance][funding_type]=bank_transfer",
    ),
    ("", "POST", "invoices/{wire.latest_invoice}/finalize", ""),
    ("", "GET", "invoice_payments", "invoice={wire.latest_invoice}"),
    ("", "POST", "invoices/{wire.latest_invoice}/void", ""),
    ("", "GET", "account", ""),
    ("clock", "POST", "test_helpers/test_clocks", "frozen_time=1900000000"),
    ("", "POST", "test_helpers/test_clocks/{clock}/advance", "frozen_time=1900086400"),
    ("", "DELETE", "subscriptions/{wire}", ""),
];

/// The decoder of an object, by its `object`; none for what the library leaves to features that we do not use.
fn decoder(kind: &str) -> Option<fn(&str) -> bool> {
    fn ok<T: miniserde::Deserialize>(text: &str) -> bool {
        miniserde::json::from_str::<T>(text).is_ok()
    }
    Some(match kind {
        "account" => ok::<stripe_shared::Account>,
        "cash_balance" => ok::<stripe_shared::CashBalance>,
        "charge" => ok::<stripe_shared::Charge>,
        "checkout.session" => ok::<stripe_shared::CheckoutSession>,
        "coupon" => ok::<stripe_shared::Coupon>,
        "credit_note" => ok::<stripe_shared::CreditNote>,
        "credit_note_line_item" => ok::<stripe_shared::CreditNoteLineItem>,
        "customer" => ok::<stripe_shared::Customer>,
        "customer_balance_transaction" => ok::<stripe_shared::CustomerBalanceTransaction>,
        "customer_cash_balance_transaction" => ok::<stripe_shared::CustomerCashBalanceTransaction>,
        "discount" => ok::<stripe_shared::Discount>,
        "dispute" => ok::<stripe_shared::Dispute>,
        "funding_instructions" => ok::<stripe_shared::FundingInstructions>,
        "invoice" => ok::<stripe_shared::Invoice>,
        "invoice_payment" => ok::<stripe_shared::InvoicePayment>,
        "item" => ok::<stripe_shared::CheckoutSessionItem>,
        "line_item" => ok::<stripe_shared::InvoiceLineItem>,
        "payment_intent" => ok::<stripe_shared::PaymentIntent>,
        "payment_method" => ok::<stripe_shared::PaymentMethod>,
        "plan" => ok::<stripe_shared::Plan>,
        "price" => ok::<stripe_shared::Price>,
        "product" => ok::<stripe_shared::Product>,
        "promotion_code" => ok::<stripe_shared::PromotionCode>,
        "refund" => ok::<stripe_shared::Refund>,
        "setup_intent" => ok::<stripe_shared::SetupIntent>,
        "subscription" => ok::<stripe_shared::Subscription>,
        "subscription_item" => ok::<stripe_shared::SubscriptionItem>,
        "subscription_schedule" => ok::<stripe_shared::SubscriptionSchedule>,
        "tax_id" => ok::<stripe_shared::TaxId>,
        "test_helpers.test_clock" => ok::<stripe_shared::TestHelpersTestClock>,
        "event" => ok::<stripe_shared::Event>,
        _ => return None,
    })
}

/// Decodes everything in a value that is an object of Stripe; names what was decoded and what could not be.
fn decode(value: &Value, decoded: &mut BTreeSet<String>, refused: &mut Vec<String>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| decode(element, decoded, refused)),
        Value::Object(members) => {
            if let Some(kind) = value["object"].as_str().filter(|_| value["deleted"] != true)
                && let Some(fits) = decoder(kind)
            {
                decoded.insert(kind.to_owned());
                if !fits(&value.to_string()) {
                    refused.push(format!("{kind}: {value}"));
                }
            }
            members.values().for_each(|member| decode(member, decoded, refused));
        }
        _ => {}
    }
}

/// Replaces `{name}` and `{name.path}` by what was answered before.
fn filled(template: &str, answers: &Value) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (path, after) = after.split_once('}').expect("braces close");
        let mut parts = path.split('.').peekable();
        let mut node = &answers[parts.next().unwrap_or_default()];
        if parts.peek().is_none() {
            node = &node["id"];
        }
        for part in parts {
            node = part.parse::<usize>().map_or_else(|_| &node[part], |at| &node[at]);
        }
        text.push_str(before);
        text.push_str(node.as_str().unwrap_or_else(|| panic!("{path} is {node}")));
        rest = after;
    }
    text + rest
}

#[tokio::test]
async fn every_answer_and_event_of_the_local_stripe_decodes_in_the_client_library() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let clock = folder.path().join("clock");
    let start = 1_801_396_800_i64;
    std::fs::write(&clock, jiff::Timestamp::from_second(start)?.to_string())?;
    let config = stripe_sandbox::Config { clock: Some(clock.clone()), ..stripe_sandbox::Config::default() };
    let stripe = stripe_sandbox::start(config).await?;
    let http = plain_http()?;
    let version = stripe_client_core::VERSION.as_str();
    let mut answers = serde_json::json!({});
    let (mut decoded, mut refused) = (BTreeSet::new(), Vec::new());
    for (name, method, path, form) in STEPS {
        let (path, form) = (filled(path, &answers), filled(form, &answers));
        let request = match *method {
            "CLOCK" => {
                std::fs::write(&clock, jiff::Timestamp::from_second(start + path.parse::<i64>()?)?.to_string())?;
                continue;
            }
            "PAGE" => http.post(format!("{}/{path}", stripe.url)).body(form),
            "GET" => http.get(format!("{}/v1/{path}?{form}", stripe.url)),
            "DELETE" => http.delete(format!("{}/v1/{path}", stripe.url)),
            _ => http.post(format!("{}/v1/{path}", stripe.url)).body(form),
        };
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.bearer_auth("sk_test_decoding").header("stripe-version", version).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        anyhow::ensure!(status.is_success() || status.is_redirection(), "{method} {path}: {status} {text}");
        if *method == "PAGE" {
            continue;
        }
        let answer: Value = serde_json::from_str(&text)?;
        decode(&answer, &mut decoded, &mut refused);
        if !name.is_empty() {
            answers[*name] = answer;
        }
    }
    let mut after = String::new();
    loop {
        let url = format!("{}/v1/events?limit=100{after}", stripe.url);
        let page: Value = http.get(url).bearer_auth("sk_test_decoding").send().await?.json().await?;
        decode(&page, &mut decoded, &mut refused);
        if page["has_more"] != true {
            break;
        }
        let last = page["data"].as_array().and_then(|events| events.last()).expect("a page that is not the last");
        after = format!("&starting_after={}", last["id"].as_str().unwrap_or_default());
    }
    assert!(refused.is_empty(), "{} do not decode, such as {}", refused.len(), refused[0]);
    assert!(decoded.len() >= 30, "{decoded:?}");
    let mut wrong = answers["sub"].clone();
    wrong["created"] = Value::from("soon");
    decode(&wrong, &mut decoded, &mut refused);
    assert_eq!(refused.len(), 1, "a decoder that takes anything proves nothing");
    Ok(())
}

/// For the sandbox's pages on loopback; redirects are looked at, not followed.
fn plain_http() -> anyhow::Result<reqwest::Client> {
    let tls =
        rustls::ClientConfig::builder_with_provider(std::sync::Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()?)
}
