//! What was given back stays given back, however a license is changed around it, and whichever is heard of first.

use backend::billing::conversion::{
    ConversionRefusal, ConversionStart, ConversionUrls, StartConversion, finish_conversion, preview_conversion,
    start_conversion,
};
use backend::billing::{
    Agreed, Change, ChangePreview, ChangeRefusal, cancel_subscription, change_subscription, end_subscription,
    preview_change,
};
use backend::catalog::{BillingInterval, PlanKind};
use backend::clock::{DAY_MS, HOUR_MS, UnixMs};
use backend::db::Db;
use backend::ids::{ConversionId, LicenseId};
use backend::invoices::Invoice;
use backend::licenses::LicenseStatus;
use backend::{Actor, Cx};

use super::reversals::{payment, settle, status};
use super::shop::Shop;
use super::{agree, charge, request};
use crate::support::{NOW, on_both_engines};

async fn give_back(shop: &Shop, invoice: &Invoice) -> anyhow::Result<()> {
    let payment = payment(shop, invoice).await?;
    shop.call("refunds", &format!("payment_intent={payment}")).await?;
    Ok(())
}

/// The newest invoice of a license.
async fn newest(shop: &Shop, id: &LicenseId) -> anyhow::Result<Invoice> {
    let all = shop.invoices().await?;
    all.into_iter().find(|invoice| invoice.license_id.as_ref() == Some(id)).ok_or_else(|| anyhow::anyhow!("no invoice"))
}

async fn turn_perpetual(shop: &Shop, id: &LicenseId) -> anyhow::Result<()> {
    let now = UnixMs::from_seconds(shop.now().seconds());
    let offer = preview_conversion(&shop.commerce, &shop.cx(), id, None, now).await?;
    let offer = offer.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
    let start = StartConversion {
        license_id: id.clone(),
        plan_id: offer.plan.id.clone(),
        user_id: shop.user.id.clone(),
        reckoned_at: offer.reckoned_at,
        rest_minor: offer.rest.amount_minor,
        urls: ConversionUrls {
            success: "https://portal.test/{CONVERSION_ID}".to_owned(),
            cancel: "https://portal.test".to_owned(),
        },
    };
    let started = start_conversion(&shop.commerce, &shop.cx(), &start).await?;
    let ConversionStart::Opened { url } = started else { anyhow::bail!("{started:?}") };
    let back = shop.pay(&url, "4242").await?;
    let conversion = ConversionId::from_untrusted(back.rsplit('/').next().unwrap_or_default());
    finish_conversion(&shop.commerce, &shop.cx(), &conversion).await?;
    settle(shop).await
}

on_both_engines! {
    async fn a_year_that_a_change_began_takes_the_license_with_it(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 2).await?;
        shop.set_clock(NOW.plus(5 * DAY_MS))?;
        let mut yearly = request(&shop, &license.id, "startup", 2).await?;
        yearly.to.interval = BillingInterval::Year;
        let shown = charge(&shop, &yearly).await?;
        change_subscription(&shop.commerce, &shop.cx(), &yearly, agree(&shown)).await?;
        settle(&shop).await?;
        give_back(&shop, &newest(&shop, &license.id).await?).await?;
        settle(&shop).await?;
        assert_eq!(status(&shop, &license.id).await?, (LicenseStatus::Revoked, "refunded".to_owned()));
        Ok(())
    }

    async fn nothing_more_is_sold_on_top_of_what_was_given_back(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("pilot", BillingInterval::Month, 1).await?;
        let higher = request(&shop, &license.id, "business", 3).await?;
        let shown = charge(&shop, &higher).await?;
        give_back(&shop, &newest(&shop, &license.id).await?).await?;
        settle(&shop).await?;
        let preview = preview_change(&shop.commerce, &shop.cx(), &higher).await?;
        assert_eq!(preview, ChangePreview::Refused(ChangeRefusal::Revoked));
        let changed = change_subscription(&shop.commerce, &shop.cx(), &higher, agree(&shown)).await?;
        assert_eq!(changed, Change::Refused(ChangeRefusal::Revoked));
        let offer = preview_conversion(&shop.commerce, &shop.cx(), &license.id, None, shop.now()).await?;
        assert_eq!(offer.err(), Some(ConversionRefusal::Revoked), "the unused money is not there any more");
        Ok(())
    }

    async fn a_license_that_turned_perpetual_stands_on_what_that_cost(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("pilot", BillingInterval::Month, 1).await?;
        let period = newest(&shop, &license.id).await?;
        shop.set_clock(NOW.plus(10 * DAY_MS))?;
        turn_perpetual(&shop, &license.id).await?;
        give_back(&shop, &period).await?;
        settle(&shop).await?;
        assert_eq!(status(&shop, &license.id).await?.0, LicenseStatus::Active, "that period is over");
        give_back(&shop, &newest(&shop, &license.id).await?).await?;
        settle(&shop).await?;
        assert_eq!(status(&shop, &license.id).await?, (LicenseStatus::Revoked, "refunded".to_owned()));
        assert_eq!(shop.license(&license.id).await?.kind, PlanKind::Perpetual);
        Ok(())
    }

    async fn a_refund_and_an_end_come_to_the_same_whichever_is_heard_of_first(db: Db) {
        let shop = Shop::open(db).await?;
        let operator = Cx { actor: Actor::Operator, ..shop.cx() };
        for ends_first in [true, false] {
            let license = shop.buy("pilot", BillingInterval::Month, 1).await?;
            let invoice = newest(&shop, &license.id).await?;
            if ends_first {
                end_subscription(&shop.commerce, &operator, &license.id, "").await?;
            }
            give_back(&shop, &invoice).await?;
            settle(&shop).await?;
            if !ends_first {
                end_subscription(&shop.commerce, &operator, &license.id, "").await?;
                settle(&shop).await?;
            }
            assert_eq!(status(&shop, &license.id).await?, (LicenseStatus::Revoked, "refunded".to_owned()), "{ends_first}");
        }
        Ok(())
    }

    async fn a_period_given_back_after_the_next_was_paid_calls_nothing_off(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("pilot", BillingInterval::Month, 1).await?;
        let first = newest(&shop, &license.id).await?;
        let before = shop.events().await?.len();
        shop.set_clock(shop.subscription(&license.id).await?.period_end.plus(2 * HOUR_MS))?;
        give_back(&shop, &first).await?;
        // The refund of the old period is heard of before the new one.
        let mut events = shop.events().await?.split_off(before);
        events.reverse();
        for event in &events {
            shop.deliver(event).await?;
            shop.work().await?;
        }
        assert_eq!(status(&shop, &license.id).await?.0, LicenseStatus::Active);
        assert!(!shop.subscription(&license.id).await?.cancel_at_period_end, "it goes on");
        Ok(())
    }

    async fn a_change_starts_from_what_stripe_has_before_any_webhook_arrives(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 4).await?;
        let lower = request(&shop, &license.id, "pilot", 2).await?;
        let agreed = Agreed::Later { recurring_minor: 2 * 9_900 };
        let planned = change_subscription(&shop.commerce, &shop.cx(), &lower, agreed).await?;
        assert!(matches!(planned, Change::Planned { .. }), "{planned:?}");
        shop.set_clock(shop.subscription(&license.id).await?.period_end.plus(HOUR_MS * 2))?;
        // The plan has taken effect at Stripe, and nobody has said so here.
        let higher = request(&shop, &license.id, "startup", 3).await?;
        let shown = charge(&shop, &higher).await?;
        let changed = change_subscription(&shop.commerce, &shop.cx(), &higher, agree(&shown)).await?;
        assert!(matches!(changed, Change::Applied { .. }), "{changed:?}");
        settle(&shop).await?;
        assert_eq!(shop.license(&license.id).await?.seats, 3);
        Ok(())
    }

    async fn a_plan_that_nobody_heard_of_is_made_anew_and_not_taken_for_done(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 4).await?;
        let fewer = request(&shop, &license.id, "startup", 3).await?;
        let agreed = Agreed::Later { recurring_minor: 29_900 + 14_900 };
        let stale = shop.subscription(&license.id).await?;
        change_subscription(&shop.commerce, &shop.cx(), &fewer, agreed).await?;
        // As after a crash before the row was written: Stripe has the plan, the row does not.
        forget_the_plan(&shop, &stale).await?;
        let again = change_subscription(&shop.commerce, &shop.cx(), &fewer, agreed).await?;
        assert!(matches!(again, Change::Planned { .. }), "{again:?}");
        settle(&shop).await?;
        let planned = shop.subscription(&license.id).await?.scheduled;
        assert_eq!(planned.map(|planned| planned.0.to.seats), Some(3));
        cancel_subscription(&shop.commerce, &shop.cx(), &license.id, &backend::billing::CancelReason::default()).await?;
        Ok(())
    }
}

/// Sets the row back to what it was.
async fn forget_the_plan(shop: &Shop, row: &backend::billing::Subscription) -> anyhow::Result<()> {
    let (id, lock_no) = (row.id.clone(), row.lock_no);
    let statement = "UPDATE subscriptions SET scheduled = NULL, lock_no = $2 WHERE id = $1";
    shop.db
        .write(move |tx| {
            Box::pin(async move {
                match tx {
                    backend::db::Tx::Sqlite(tx) => {
                        sqlx::query(statement).bind(&id).bind(lock_no).execute(&mut **tx).await.map(drop)
                    }
                    backend::db::Tx::Postgres(tx) => {
                        sqlx::query(statement).bind(&id).bind(lock_no).execute(&mut **tx).await.map(drop)
                    }
                }
                .map_err(backend::db::DbError::from)
            })
        })
        .await?;
    Ok(())
}
