//! The test cards: which succeed, and with which words the others are declined.

use crate::{Shop, id};

const DECLINES: &[(&str, &str, &str, &str)] = &[
    ("pm_card_visa_chargeDeclined", "4000000000000002", "card_declined", "generic_decline"),
    ("pm_card_visa_chargeDeclinedInsufficientFunds", "4000000000009995", "card_declined", "insufficient_funds"),
    ("pm_card_visa_chargeDeclinedLostCard", "4000000000009987", "card_declined", "lost_card"),
    ("pm_card_visa_chargeDeclinedStolenCard", "4000000000009979", "card_declined", "stolen_card"),
    ("pm_card_visa_chargeDeclinedVelocityLimitExceeded", "4000000000006975", "card_declined", "card_velocity_exceeded"),
    ("pm_card_chargeDeclinedExpiredCard", "4000000000000069", "expired_card", "expired_card"),
    ("pm_card_chargeDeclinedIncorrectCvc", "4000000000000127", "incorrect_cvc", "incorrect_cvc"),
    ("pm_card_chargeDeclinedProcessingError", "4000000000000119", "processing_error", "processing_error"),
];

#[tokio::test]
async fn cards_are_declined_with_the_code_that_they_stand_for() {
    let shop = Shop::open().await;
    let customer = id(&shop.post("customers", &[("email", "jo@acme.example")]).await);
    for &(token, number, code, decline_code) in DECLINES {
        let form = [("amount", "1000"), ("currency", "usd"), ("payment_method", token), ("confirm", "true")];
        let (status, answer) = shop.try_post("payment_intents", &form).await;
        let error = &answer["error"];
        assert_eq!((status, error["code"].as_str(), error["type"].as_str()), (402, Some(code), Some("card_error")));
        assert_eq!(error["decline_code"].as_str(), Some(decline_code), "{token}");
        let intent = &error["payment_intent"];
        assert_eq!(intent["status"], "requires_payment_method", "{token}");
        assert_eq!(intent["last_payment_error"]["code"].as_str(), Some(code), "{token}");
        let attach = format!("payment_methods/{token}/attach");
        assert_eq!(shop.try_post(&attach, &[("customer", &customer)]).await.0, 402, "{token}");
        let form = [("type", "card"), ("card[number]", number), ("card[exp_month]", "12"), ("card[exp_year]", "2034")];
        let method = shop.post("payment_methods", &form).await;
        assert_eq!(method["card"]["last4"].as_str(), number.get(12..), "the number is known as well");
    }
}

#[tokio::test]
async fn cards_say_what_they_are() {
    let shop = Shop::open().await;
    for (token, brand, funding) in [
        ("pm_card_visa", "visa", "credit"),
        ("pm_card_visa_debit", "visa", "debit"),
        ("pm_card_discover", "discover", "credit"),
    ] {
        let form = [("amount", "1000"), ("currency", "usd"), ("payment_method", token), ("confirm", "true")];
        let intent = shop.post("payment_intents", &form).await;
        assert_eq!(intent["status"], "succeeded", "{token}");
        let method = shop.get(&format!("payment_methods/{}", intent["payment_method"].as_str().unwrap())).await;
        assert_eq!(
            (method["card"]["brand"].as_str(), method["card"]["funding"].as_str()),
            (Some(brand), Some(funding))
        );
    }
}
