//! From a subscription to a perpetual license: the price less the unused money, to the cent; nothing before it is paid.

use backend::billing::conversion::{
    ConversionOffer, ConversionProgress, ConversionRefusal, ConversionStart, ConversionUrls, StartConversion,
    finish_conversion, preview_conversion, start_conversion,
};
use backend::billing::{
    Agreed, Change, ChangePreview, ChangeRequest, change_subscription, preview_change, project_event, reconcile,
};
use backend::catalog::{BillingInterval, Composition, PlanKind};
use backend::clock::{DAY_MS, HOUR_MS, UnixMs};
use backend::db::Db;
use backend::ids::{ConversionId, LicenseId};
use backend::licenses::LicenseStatus;
use backend::licenses::rules::add_years;

use super::agree;
use super::shop::Shop;
use crate::support::{NOW, on_both_engines};

pub(super) async fn offer(shop: &Shop, id: &LicenseId) -> anyhow::Result<Result<ConversionOffer, ConversionRefusal>> {
    let now = UnixMs::from_seconds(shop.now().seconds());
    Ok(preview_conversion(&shop.commerce, &shop.cx(), id, None, now).await?)
}

pub(super) async fn start(shop: &Shop, id: &LicenseId, shown: &ConversionOffer) -> anyhow::Result<ConversionStart> {
    let start = StartConversion {
        license_id: id.clone(),
        plan_id: shown.plan.id.clone(),
        user_id: shop.user.id.clone(),
        reckoned_at: shown.reckoned_at,
        rest_minor: shown.rest.amount_minor,
        urls: ConversionUrls {
            success: "https://portal.test/for-ever?conversion={CONVERSION_ID}".to_owned(),
            cancel: "https://portal.test/for-ever".to_owned(),
        },
    };
    Ok(start_conversion(&shop.commerce, &shop.cx(), &start).await?)
}

pub(super) async fn open(shop: &Shop, id: &LicenseId, shown: &ConversionOffer) -> anyhow::Result<String> {
    match start(shop, id, shown).await? {
        ConversionStart::Opened { url } => Ok(url),
        other => anyhow::bail!("{other:?}"),
    }
}

on_both_engines! {
    async fn a_subscription_becomes_perpetual_for_the_price_less_what_is_unused_to_the_cent(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 3).await?;
        shop.activate(&license.id, "a").await?;
        let paid = shop.invoices().await?.remove(0).subtotal_minor;
        let row = shop.subscription(&license.id).await?;
        let half = UnixMs((row.period_start.0 + row.period_end.0) / 2);
        shop.set_clock(half)?;
        let shown = offer(&shop, &license.id).await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
        assert_eq!(shown.price.amount_minor, 3 * 499_900);
        assert!((shown.credit.amount_minor - paid / 2).abs() <= 2, "half of {paid}: {:?}", shown.credit);
        assert_eq!(shown.rest.amount_minor, shown.price.amount_minor - shown.credit.amount_minor);
        // Minutes pass while the buyer thinks; what is charged is still what was shown.
        shop.set_clock(half.plus(10 * 60_000))?;
        let url = open(&shop, &license.id, &shown).await?;
        let untouched = shop.license(&license.id).await?;
        assert_eq!((untouched.kind, untouched.ends_at), (PlanKind::Subscription, license.ends_at));
        let back = shop.pay(&url, "4242").await?;
        let id = ConversionId::from_untrusted(back.rsplit('=').next().unwrap_or_default());
        let done = finish_conversion(&shop.commerce, &shop.cx(), &id).await?;
        assert_eq!(done, ConversionProgress::Done);
        shop.deliver_all().await?;
        shop.work().await?;
        let after = shop.license(&license.id).await?;
        assert_eq!((after.kind, after.status, after.ends_at), (PlanKind::Perpetual, LicenseStatus::Active, None));
        assert_eq!((after.seats, after.updates_until), (3, Some(add_years(shop.now(), 1))));
        assert_eq!((after.key_hint, after.id), (license.key_hint, license.id.clone()), "the same license");
        let invoices = shop.invoices().await?;
        let net = invoices[0].subtotal_minor - invoices[0].discount_minor;
        assert_eq!((invoices.len(), net), (2, shown.rest.amount_minor));
        // The key works on, also long after the period that was paid; nothing more is charged.
        for event in shop.events().await? {
            project_event(&shop.commerce, &shop.cx(), &event.id).await?;
        }
        shop.set_clock(half.plus(70 * DAY_MS))?;
        shop.deliver_all().await?;
        shop.work().await?;
        reconcile(&shop.commerce, &shop.cx()).await?;
        shop.activate(&license.id, "b").await?;
        assert_eq!((shop.invoices().await?.len(), shop.license(&license.id).await?.status), (2, LicenseStatus::Active));
        assert!(shop.subscription(&license.id).await?.ended_at.is_some());
        Ok(())
    }

    async fn what_turns_perpetual_is_what_the_subscription_has_now_whatever_was_heard_of_it(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 4).await?;
        let to = Composition::new(shop.plan("startup").await?.id, BillingInterval::Month, 3, shop.currency);
        let request = ChangeRequest { license_id: license.id.clone(), to };
        let (commerce, cx) = (&shop.commerce, shop.cx());
        let ChangePreview::Later(planned) = preview_change(commerce, &cx, &request).await? else {
            anyhow::bail!("not later")
        };
        let agreed = Agreed::Later { recurring_minor: planned.recurring.amount_minor };
        assert_eq!(change_subscription(commerce, &cx, &request, agreed).await?, Change::Planned { at: planned.at });
        // Renewed with fewer seats, and no webhook has said so.
        shop.set_clock(planned.at.plus(2 * HOUR_MS))?;
        let shown = offer(&shop, &license.id).await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
        assert_eq!((shown.to.seats, shown.price.amount_minor), (3, 3 * 499_900));
        Ok(())
    }

    async fn a_period_that_is_not_charged_yet_is_no_unused_money(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 3).await?;
        let end = shop.subscription(&license.id).await?.period_end;
        // The renewal's invoice is a draft for an hour.
        shop.set_clock(end.plus(HOUR_MS / 4))?;
        assert_eq!(offer(&shop, &license.id).await?.err(), Some(ConversionRefusal::PaymentDue));
        // Still so when a change was charged since.
        let to = Composition::new(shop.plan("startup").await?.id, BillingInterval::Month, 4, shop.currency);
        let request = ChangeRequest { license_id: license.id.clone(), to };
        let ChangePreview::Now(charge) = preview_change(&shop.commerce, &shop.cx(), &request).await? else {
            anyhow::bail!("not now")
        };
        let changed = change_subscription(&shop.commerce, &shop.cx(), &request, agree(&charge)).await?;
        assert!(matches!(changed, Change::Applied { .. }), "{changed:?}");
        assert_eq!(offer(&shop, &license.id).await?.err(), Some(ConversionRefusal::PaymentDue));
        shop.set_clock(end.plus(2 * HOUR_MS))?;
        assert!(offer(&shop, &license.id).await?.is_ok(), "it is charged");
        Ok(())
    }

    async fn a_page_that_is_never_paid_leaves_everything_as_it_was(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("pilot", BillingInterval::Month, 1).await?;
        shop.set_clock(NOW.plus(10 * DAY_MS))?;
        let shown = offer(&shop, &license.id).await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
        let url = open(&shop, &license.id, &shown).await?;
        shop.set_clock(shop.now().plus(2 * HOUR_MS))?;
        assert!(shop.pay(&url, "4242").await.is_err(), "the page has closed");
        reconcile(&shop.commerce, &shop.cx()).await?;
        shop.work().await?;
        let after = shop.license(&license.id).await?;
        assert_eq!((after.kind, after.status), (PlanKind::Subscription, LicenseStatus::Active));
        assert!(shop.subscription(&license.id).await?.ended_at.is_none());
        assert_eq!(shop.invoices().await?.len(), 1);
        // What was shown then holds no more.
        let again = start(&shop, &license.id, &shown).await?;
        assert!(matches!(again, ConversionStart::Outdated(_)), "{again:?}");
        Ok(())
    }

    async fn the_webhook_or_the_reconciler_alone_finishes_a_conversion_that_was_paid(db: Db) {
        let shop = Shop::open(db).await?;
        for by_webhook in [true, false] {
            let license = shop.buy("pilot", BillingInterval::Year, 1).await?;
            let shown = offer(&shop, &license.id).await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
            let url = open(&shop, &license.id, &shown).await?;
            shop.pay(&url, "4242").await?;
            if by_webhook {
                shop.deliver_all().await?;
                shop.work().await?;
            } else {
                reconcile(&shop.commerce, &shop.cx()).await?;
            }
            assert_eq!(shop.license(&license.id).await?.kind, PlanKind::Perpetual, "webhook: {by_webhook}");
            assert!(shop.subscription(&license.id).await?.ended_at.is_some());
            shop.deliver_all().await?;
            shop.work().await?;
        }
        Ok(())
    }

    async fn what_cannot_turn_perpetual_says_why(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("maker", BillingInterval::Month, 1).await?;
        let stranger = backend::Cx {
            actor: backend::Actor::User(backend::ids::UserId::from_untrusted("usr_stranger")),
            ..shop.cx()
        };
        let refused = preview_conversion(&shop.commerce, &stranger, &license.id, None, shop.now()).await?;
        assert_eq!(refused.err(), Some(ConversionRefusal::NotAllowed));
        let perpetual = shop.buy("perpetual", BillingInterval::Once, 1).await?;
        assert_eq!(offer(&shop, &perpetual.id).await?.err(), Some(ConversionRefusal::NotASubscription));
        let end = shop.subscription(&license.id).await?.period_end;
        shop.set_clock(end.plus(-HOUR_MS))?;
        assert_eq!(offer(&shop, &license.id).await?.err(), Some(ConversionRefusal::RenewsSoon { at: end }));
        Ok(())
    }
}
