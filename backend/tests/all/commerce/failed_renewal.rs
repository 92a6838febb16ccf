//! A renewal that fails: who hears of it and when, what every page says, and how it is paid.

use backend::billing::attention::{Attention, list_attention};
use backend::billing::cards::{
    CardOutcome, CardUpdateProgress, CardUpdateStart, CardUpdateUrls, StartCardUpdate, finish_card_session,
    finish_card_update, start_card_update,
};
use backend::billing::dunning::list_overdue_payments;
use backend::billing::{Reminded, project_event, reconcile, remind};
use backend::catalog::BillingInterval;
use backend::clock::{DAY_MS, HOUR_MS, UnixMs};
use backend::db::Db;
use backend::ids::{CardUpdateId, LicenseId};
use backend::licenses::{License, LicenseStatus};
use backend::stripe::SubscriptionState;

use super::cancel;
use super::shop::Shop;
use crate::support::{NOW, master, on_both_engines};

/// Buys a plan with a card that will be refused, and waits until it was.
async fn fail(shop: &Shop, card: &str) -> anyhow::Result<(License, UnixMs)> {
    let license = shop.buy("maker", BillingInterval::Month, 1).await?;
    shop.outbox.take();
    shop.use_card(&license.id, card).await?;
    let due = shop.subscription(&license.id).await?.period_end.plus(2 * HOUR_MS);
    pass(shop, due).await?;
    Ok((license, due))
}

async fn pass(shop: &Shop, to: UnixMs) -> anyhow::Result<()> {
    shop.set_clock(to)?;
    shop.deliver_all().await?;
    shop.work().await?;
    Ok(())
}

async fn reminded(shop: &Shop) -> anyhow::Result<Reminded> {
    let reminded = remind(&shop.db, &master(), &shop.cx()).await?;
    shop.work().await?;
    Ok(reminded)
}

fn subjects(shop: &Shop) -> Vec<String> {
    let mails = shop.outbox.take();
    mails.into_iter().map(|mail| mail.subject).filter(|subject| !subject.starts_with("Invoice")).collect()
}

async fn attention(shop: &Shop) -> anyhow::Result<Vec<Attention>> {
    let (vendor_id, account_id, now) = (shop.vendor.id.clone(), shop.account.id.clone(), shop.now());
    Ok(shop.db.read(move |tx| Box::pin(async move { list_attention(tx, &vendor_id, &account_id, now).await })).await?)
}

/// Asks for another card, and gives it on Stripe's page.
async fn give_card(shop: &Shop, license_id: &LicenseId, card: &str, for_all: bool) -> anyhow::Result<CardUpdateId> {
    let url = ask_for_card(shop, license_id, for_all).await?;
    let back = shop.pay(&url, card).await?;
    let id = back.rsplit('=').next().unwrap_or_default();
    Ok(CardUpdateId::from_untrusted(id))
}

async fn ask_for_card(shop: &Shop, license_id: &LicenseId, for_all: bool) -> anyhow::Result<String> {
    let start = StartCardUpdate {
        license_id: license_id.clone(),
        user_id: shop.user.id.clone(),
        for_all,
        urls: CardUpdateUrls {
            success: "https://portal.test/card?update={CARD_UPDATE_ID}".to_owned(),
            cancel: "https://portal.test/card".to_owned(),
        },
    };
    match start_card_update(&shop.commerce, &shop.cx(), &start).await? {
        CardUpdateStart::Opened { url } => Ok(url),
        other => anyhow::bail!("{other:?}"),
    }
}

/// Pays so many days after the failure; answers nothing but that one letter says so.
async fn pay_after(db: Db, days: i64, subject: &str) -> anyhow::Result<()> {
    let shop = Shop::open(db).await?;
    let (license, due) = fail(&shop, "pm_card_chargeCustomerFail").await?;
    pass(&shop, due.plus(days * DAY_MS)).await?;
    shop.outbox.take();
    let stripe_id = shop.subscription(&license.id).await?.stripe_subscription_id;
    let invoice_id = shop.stripe().fetch_subscription(&stripe_id).await?.latest_invoice_id.expect("an invoice");
    shop.call(&format!("invoices/{invoice_id}/pay"), "payment_method=pm_card_visa").await?;
    shop.deliver_all().await?;
    shop.work().await?;
    assert_eq!(shop.license(&license.id).await?.status, LicenseStatus::Active);
    assert_eq!(subjects(&shop), [subject]);
    assert_eq!(attention(&shop).await?, []);
    Ok(())
}

on_both_engines! {
    async fn a_failed_renewal_is_mailed_at_failure_halfway_two_days_before_the_end_and_at_suspension_each_once(db: Db) {
        let shop = Shop::open(db).await?;
        let (license, due) = fail(&shop, "pm_card_chargeCustomerFail").await?;
        let mails = shop.outbox.take();
        let mails: Vec<_> = mails.into_iter().filter(|mail| !mail.subject.starts_with("Invoice")).collect();
        assert_eq!(mails.len(), 1, "{mails:?}");
        assert_eq!(mails[0].subject, "Your payment to Nordwind IoT did not go through");
        // The letter leads to the page on which the invoice is paid, without a login.
        assert!(mails[0].text.contains("/i/") || mails[0].text.contains("invoice"), "{}", mails[0].text);
        assert!(mails[0].text.contains("Open: $11.90"), "{}", mails[0].text);

        let nothing = Reminded::default();
        assert_eq!(reminded(&shop).await?, nothing);
        pass(&shop, due.plus(7 * DAY_MS)).await?;
        assert_eq!(reminded(&shop).await?, Reminded { payments: 1, ..nothing });
        assert_eq!(reminded(&shop).await?, nothing, "once");
        assert_eq!(subjects(&shop), ["Reminder: a payment to Nordwind IoT is open"]);
        pass(&shop, due.plus(12 * DAY_MS)).await?;
        assert_eq!(reminded(&shop).await?, Reminded { payments: 1, ..nothing });
        assert_eq!(subjects(&shop), ["Nordwind IoT Platform stops in two days unless it is paid"]);
        assert_eq!(shop.license(&license.id).await?.status, LicenseStatus::Active);
        pass(&shop, due.plus(14 * DAY_MS)).await?;
        assert_eq!(reminded(&shop).await?, nothing);
        assert_eq!(shop.license(&license.id).await?.status, LicenseStatus::Suspended);
        assert_eq!(subjects(&shop), ["Your license for Nordwind IoT Platform is suspended"]);
        pass(&shop, due.plus(15 * DAY_MS)).await?;
        assert_eq!((reminded(&shop).await?, subjects(&shop)), (nothing, Vec::new()));
        Ok(())
    }

    async fn every_page_says_what_failed_until_when_all_works_and_where_to_pay(db: Db) {
        let shop = Shop::open(db).await?;
        let (license, due) = fail(&shop, "pm_card_chargeCustomerFail").await?;
        let found = attention(&shop).await?;
        let [Attention::PaymentFailed { license_id, owed: Some(owed), works_until, is_suspended: false, .. }] =
            found.as_slice()
        else {
            anyhow::bail!("{found:?}")
        };
        assert_eq!((license_id, *works_until), (&license.id, Some(due.plus(14 * DAY_MS))));
        assert_eq!(owed.due_minor, 1_190);
        assert!(owed.payment_url.is_some());
        let vendor_id = shop.vendor.id.clone();
        let overdue = shop
            .db
            .read(|tx| Box::pin(async move { list_overdue_payments(tx, &vendor_id, None, 10).await }))
            .await?;
        assert_eq!(overdue.len(), 1);
        assert_eq!(overdue[0].account_id, shop.account.id);
        assert_eq!((overdue[0].since, overdue[0].due_minor, overdue[0].ends_at), (due, 1_190, *works_until));
        let (vendor_id, place) = (shop.vendor.id.clone(), overdue[0].place());
        let rest = shop
            .db
            .read(|tx| Box::pin(async move { list_overdue_payments(tx, &vendor_id, Some(&place), 10).await }))
            .await?;
        assert_eq!(rest, []);

        pass(&shop, due.plus(14 * DAY_MS)).await?;
        let found = attention(&shop).await?;
        assert!(matches!(found.as_slice(), [Attention::PaymentFailed { is_suspended: true, .. }]), "{found:?}");
        Ok(())
    }

    async fn a_payment_on_stripes_page_settles_what_is_in_its_grace_and_says_so(db: Db) {
        pay_after(db, 3, "Thank you, your payment to Nordwind IoT has arrived").await?;
        Ok(())
    }

    async fn a_payment_on_stripes_page_restores_what_was_suspended_at_once_and_says_so(db: Db) {
        pay_after(db, 14, "Your license for Nordwind IoT Platform works again").await?;
        Ok(())
    }

    async fn a_renewal_that_the_bank_wants_confirmed_is_mailed_with_the_way_to_do_it(db: Db) {
        let shop = Shop::open(db).await?;
        let (license, _) = fail(&shop, "pm_card_authenticationRequired").await?;
        assert_eq!(shop.subscription(&license.id).await?.stripe_status, SubscriptionState::PastDue);
        assert_eq!(subjects(&shop), ["Please confirm your payment to Nordwind IoT"]);
        Ok(())
    }

    async fn another_card_pays_the_open_invoice_and_all_renewals_after_it(db: Db) {
        let shop = Shop::open(db).await?;
        let (license, _) = fail(&shop, "pm_card_chargeCustomerFail").await?;
        let before = shop.subscription(&license.id).await?.card.expect("a card").0;
        assert_eq!(before.last4, "0341");
        let id = give_card(&shop, &license.id, "4242", false).await?;
        let done = finish_card_update(&shop.commerce, &shop.cx(), &id).await?;
        assert_eq!(done, CardUpdateProgress::Finished { outcome: CardOutcome::Paid, payment_url: None });
        let row = shop.subscription(&license.id).await?;
        assert_eq!((row.stripe_status, row.past_due_since), (SubscriptionState::Active, None));
        let card = row.card.expect("a card").0;
        assert_eq!((card.brand.as_str(), card.last4.as_str()), ("visa", "4242"));
        assert_eq!(shop.license(&license.id).await?.status_reason, "");
        // Whoever comes later finds it done.
        shop.deliver_all().await?;
        shop.work().await?;
        assert_eq!(finish_card_update(&shop.commerce, &shop.cx(), &id).await?, done);
        let invoices = shop.invoices().await?;
        assert_eq!(invoices.len(), 2);
        assert!(invoices.iter().all(|invoice| invoice.due_minor == 0), "{invoices:?}");
        pass(&shop, row.period_end.plus(2 * HOUR_MS)).await?;
        let row = shop.subscription(&license.id).await?;
        assert_eq!((row.stripe_status, shop.invoices().await?.len()), (SubscriptionState::Active, 3));
        Ok(())
    }

    async fn the_webhook_or_the_reconciler_alone_finishes_a_card_and_an_old_page_never_puts_an_old_card_back(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("maker", BillingInterval::Month, 1).await?;
        let earlier = ask_for_card(&shop, &license.id, false).await?;
        shop.set_clock(shop.now().plus(60_000))?;
        let later = ask_for_card(&shop, &license.id, false).await?;
        shop.pay(&later, "4242").await?;
        shop.deliver_all().await?;
        shop.work().await?;
        let chosen = shop.subscription(&license.id).await?.card.expect("a card").0;
        // The page that was opened first is finished last: what was asked for last still counts.
        shop.pay(&earlier, "4242").await?;
        assert_eq!(reconcile(&shop.commerce, &shop.cx()).await?.orders, 0);
        shop.work().await?;
        assert_eq!(shop.subscription(&license.id).await?.card.expect("a card").0, chosen);
        for event in shop.events().await? {
            project_event(&shop.commerce, &shop.cx(), &event.id).await?;
        }
        assert_eq!(shop.subscription(&license.id).await?.card.expect("a card").0, chosen);

        let third = ask_for_card(&shop, &license.id, false).await?;
        shop.pay(&third, "4242").await?;
        reconcile(&shop.commerce, &shop.cx()).await?;
        assert_ne!(shop.subscription(&license.id).await?.card.expect("a card").0, chosen);
        Ok(())
    }

    async fn a_card_for_all_is_charged_for_every_subscription_and_otherwise_for_one(db: Db) {
        let shop = Shop::open(db).await?;
        let one = shop.buy("maker", BillingInterval::Month, 1).await?;
        let other = shop.buy("pilot", BillingInterval::Month, 1).await?;
        let card_of = async |id: &LicenseId| -> anyhow::Result<String> {
            Ok(shop.subscription(id).await?.card.expect("a card").0.payment_method_id)
        };
        let (before_one, before_other) = (card_of(&one.id).await?, card_of(&other.id).await?);
        let id = give_card(&shop, &one.id, "4242", false).await?;
        finish_card_update(&shop.commerce, &shop.cx(), &id).await?;
        shop.deliver_all().await?;
        shop.work().await?;
        assert_ne!(card_of(&one.id).await?, before_one);
        assert_eq!(card_of(&other.id).await?, before_other);
        let id = give_card(&shop, &one.id, "4242", true).await?;
        let done = finish_card_update(&shop.commerce, &shop.cx(), &id).await?;
        assert_eq!(done, CardUpdateProgress::Finished { outcome: CardOutcome::Saved, payment_url: None });
        assert_eq!(card_of(&one.id).await?, card_of(&other.id).await?);
        Ok(())
    }

    async fn nobody_else_gives_a_card_and_a_page_that_is_left_changes_nothing(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("maker", BillingInterval::Month, 1).await?;
        let before = shop.subscription(&license.id).await?.card;
        let url = ask_for_card(&shop, &license.id, true).await?;
        let session_id = url.rsplit('/').next().unwrap_or_default().to_owned();
        let waiting = finish_card_session(&shop.commerce, &shop.cx(), &session_id).await?;
        assert_eq!(waiting, CardUpdateProgress::Waiting);
        shop.set_clock(NOW.plus(25 * HOUR_MS))?;
        let left = finish_card_session(&shop.commerce, &shop.cx(), &session_id).await?;
        assert_eq!(left, CardUpdateProgress::Dropped);
        assert_eq!(shop.subscription(&license.id).await?.card, before);

        let stranger = backend::Cx {
            actor: backend::Actor::User(backend::ids::UserId::from_untrusted("usr_stranger")),
            ..shop.cx()
        };
        let start = StartCardUpdate {
            license_id: license.id.clone(),
            user_id: shop.user.id.clone(),
            for_all: false,
            urls: CardUpdateUrls { success: "https://portal.test/".to_owned(), cancel: "https://portal.test/".to_owned() },
        };
        assert_eq!(start_card_update(&shop.commerce, &stranger, &start).await?, CardUpdateStart::NotAllowed);
        Ok(())
    }

    async fn a_card_that_ends_before_it_is_charged_is_warned_of_thirty_and_seven_days_before_each_once(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("maker", BillingInterval::Year, 1).await?;
        let other = shop.buy("pilot", BillingInterval::Year, 1).await?;
        shop.outbox.take();
        // 2026-11-21: the card ends with January 2027.
        let made = shop
            .call("payment_methods", "type=card&card[number]=4242424242424242&card[exp_month]=1&card[exp_year]=2027")
            .await?;
        let method = made["id"].as_str().expect("an id").to_owned();
        for license_id in [&license.id, &other.id] {
            shop.use_card(license_id, &method).await?;
        }
        shop.deliver_all().await?;
        shop.work().await?;
        let end: UnixMs = "2027-02-01T00:00:00Z".parse::<jiff::Timestamp>()?.into();
        assert_eq!(shop.subscription(&license.id).await?.card_ends_at, Some(end));
        assert_eq!(attention(&shop).await?, []);

        let nothing = Reminded::default();
        pass(&shop, end.plus(-30 * DAY_MS)).await?;
        assert_eq!(reminded(&shop).await?, Reminded { cards: 1, ..nothing }, "one letter for one card");
        assert_eq!(reminded(&shop).await?, nothing);
        assert_eq!(subjects(&shop), ["Your card with Nordwind IoT ends soon"]);
        let found = attention(&shop).await?;
        assert!(matches!(found.as_slice(), [Attention::CardEnds { .. }]), "{found:?}");
        pass(&shop, end.plus(-7 * DAY_MS)).await?;
        assert_eq!(reminded(&shop).await?, Reminded { cards: 1, ..nothing });
        assert_eq!(reminded(&shop).await?, nothing);
        pass(&shop, end.plus(DAY_MS)).await?;
        assert_eq!(reminded(&shop).await?, nothing);
        Ok(())
    }

    async fn a_card_that_will_not_be_charged_again_is_not_warned_of(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("maker", BillingInterval::Year, 1).await?;
        let made = shop
            .call("payment_methods", "type=card&card[number]=4242424242424242&card[exp_month]=12&card[exp_year]=2026")
            .await?;
        shop.use_card(&license.id, made["id"].as_str().expect("an id")).await?;
        cancel(&shop, &license.id).await?;
        shop.outbox.take();
        pass(&shop, NOW.plus(20 * DAY_MS)).await?;
        assert_eq!(reminded(&shop).await?, Reminded::default());
        assert_eq!(attention(&shop).await?, []);
        Ok(())
    }

    async fn a_card_that_the_bank_renews_by_itself_is_known_here(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("maker", BillingInterval::Month, 1).await?;
        let stripe_id = shop.subscription(&license.id).await?.stripe_subscription_id;
        let customer_id = shop.stripe().fetch_subscription(&stripe_id).await?.customer_id;
        // The subscription loses its own card, so the customer's counts.
        let made = shop.call("payment_methods/pm_card_mastercard/attach", &format!("customer={customer_id}")).await?;
        let method = made["id"].as_str().expect("an id").to_owned();
        shop.call(&format!("subscriptions/{stripe_id}"), &format!("default_payment_method={method}")).await?;
        shop.deliver_all().await?;
        shop.work().await?;
        assert_eq!(shop.subscription(&license.id).await?.card.expect("a card").0.brand, "mastercard");
        Ok(())
    }
}
