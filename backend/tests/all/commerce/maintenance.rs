//! Updates of perpetual licenses: reminded of before they end, and renewing by themselves where that is agreed to.

use backend::billing::attention::{Attention, list_attention};
use backend::billing::maintenance::{
    AutoRenewalProgress, AutoRenewalStart, AutoRenewalStop, AutoRenewalUrls, StartAutoRenewal, find_auto_renewal,
    finish_auto_renewal, start_auto_renewal, stop_auto_renewal,
};
use backend::billing::{Reminded, project_event, reconcile, remind};
use backend::catalog::BillingInterval;
use backend::clock::{DAY_MS, HOUR_MS, UnixMs};
use backend::db::Db;
use backend::ids::{AutoRenewalId, LicenseId};
use backend::licenses::rules::add_years;
use backend::money::{Currency, Money};

use super::shop::{Shop, run_sql};
use crate::support::{NOW, master, on_both_engines};

async fn pass(shop: &Shop, to: UnixMs) -> anyhow::Result<()> {
    shop.set_clock(to)?;
    shop.deliver_all().await?;
    shop.work().await?;
    Ok(())
}

pub(super) fn year(seats: i64) -> Money {
    Money::new(seats * 199_960, Currency::parse("usd").expect("a currency"))
}

pub(super) async fn ask(shop: &Shop, license_id: &LicenseId, agreed: Money) -> anyhow::Result<AutoRenewalStart> {
    let start = StartAutoRenewal {
        license_id: license_id.clone(),
        user_id: shop.user.id.clone(),
        agreed,
        urls: AutoRenewalUrls {
            success: "https://portal.test/updates?renewal={AUTO_RENEWAL_ID}".to_owned(),
            cancel: "https://portal.test/updates".to_owned(),
        },
    };
    Ok(start_auto_renewal(&shop.commerce, &shop.cx(), &start).await?)
}

async fn switch_on(shop: &Shop, license_id: &LicenseId, seats: i64) -> anyhow::Result<AutoRenewalId> {
    let AutoRenewalStart::Opened { url } = ask(shop, license_id, year(seats)).await? else {
        anyhow::bail!("not opened")
    };
    let back = shop.pay(&url, "4242").await?;
    Ok(AutoRenewalId::from_untrusted(back.rsplit('=').next().unwrap_or_default()))
}

async fn is_on(shop: &Shop, license_id: &LicenseId) -> anyhow::Result<bool> {
    let (vendor_id, id) = (shop.vendor.id.clone(), license_id.clone());
    let found = shop.db.read(|tx| Box::pin(async move { find_auto_renewal(tx, &vendor_id, &id).await })).await?;
    Ok(found.is_some())
}

on_both_engines! {
    async fn the_end_of_updates_is_mailed_of_sixty_thirty_and_seven_days_before_each_once(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("perpetual", BillingInterval::Once, 1).await?;
        let until = license.updates_until.expect("updates");
        let (nothing, one) = (Reminded::default(), Reminded { updates: 1, ..Reminded::default() });
        let attention = async || {
            let (vendor_id, account_id, now) = (shop.vendor.id.clone(), shop.account.id.clone(), shop.now());
            shop.db.read(move |tx| Box::pin(async move { list_attention(tx, &vendor_id, &account_id, now).await })).await
        };
        for (days, expected) in [(61, nothing), (60, one), (31, nothing), (30, one), (7, one), (1, nothing), (-1, nothing)] {
            pass(&shop, until.plus(-days * DAY_MS)).await?;
            shop.outbox.take();
            assert_eq!(remind(&shop.db, &master(), &shop.cx()).await?, expected, "{days} days before");
            assert_eq!(remind(&shop.db, &master(), &shop.cx()).await?, nothing, "once, {days} days before");
            shop.work().await?;
            assert_eq!(shop.outbox.take().len() as u64, expected.updates);
            let shown = attention().await?;
            let is_shown = matches!(shown.as_slice(), [Attention::UpdatesEnd { .. }]);
            assert_eq!(is_shown, (0..=60).contains(&days), "{days}: {shown:?}");
        }
        Ok(())
    }

    async fn updates_renew_by_themselves_on_their_day_a_year_for_each_payment_and_only_once_for_each(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("perpetual", BillingInterval::Once, 2).await?;
        let invoices = shop.invoices().await?.len();
        let id = switch_on(&shop, &license.id, 2).await?;
        let done = finish_auto_renewal(&shop.commerce, &shop.cx(), &id).await?;
        assert_eq!(done, AutoRenewalProgress::On);
        shop.deliver_all().await?;
        shop.work().await?;
        // Nothing is charged before the day, and nothing brought.
        let until = license.updates_until.expect("updates");
        assert_eq!(shop.license(&license.id).await?.updates_until, Some(until));
        for years in 1..=2 {
            pass(&shop, add_years(NOW, years).plus(3 * HOUR_MS)).await?;
            let expected = Some(add_years(NOW, years + 1));
            assert_eq!(shop.license(&license.id).await?.updates_until, expected, "after {years} years");
            for event in shop.events().await? {
                project_event(&shop.commerce, &shop.cx(), &event.id).await?;
            }
            reconcile(&shop.commerce, &shop.cx()).await?;
            shop.work().await?;
            assert_eq!(shop.license(&license.id).await?.updates_until, expected, "once");
        }
        let paid: Vec<i64> = shop.invoices().await?.iter().map(|it| it.subtotal_minor).filter(|it| *it > 0).collect();
        assert_eq!((paid.len(), paid[0]), (invoices + 2, 2 * 199_960));

        let stopped = stop_auto_renewal(&shop.commerce, &shop.cx(), &license.id).await?;
        assert_eq!(stopped, AutoRenewalStop::Stopped);
        assert!(!is_on(&shop, &license.id).await?);
        pass(&shop, add_years(NOW, 3).plus(3 * HOUR_MS)).await?;
        assert_eq!(shop.license(&license.id).await?.updates_until, Some(add_years(NOW, 3)), "not any more");
        Ok(())
    }

    async fn who_has_bought_nothing_at_stripe_can_have_updates_renew_by_themselves(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("perpetual", BillingInterval::Once, 1).await?;
        // As it is where a partner bought the license, or where it was issued by hand.
        run_sql(&shop.db, vec!["UPDATE accounts SET stripe_customer_id = NULL".to_owned()]).await?;
        assert_eq!(ask(&shop, &license.id, year(2)).await?, AutoRenewalStart::Outdated);
        assert_eq!(shop.find_account().await?.stripe_customer_id, None, "nothing is made for what is refused");
        let id = switch_on(&shop, &license.id, 1).await?;
        assert!(shop.find_account().await?.stripe_customer_id.is_some());
        let done = finish_auto_renewal(&shop.commerce, &shop.cx(), &id).await?;
        assert_eq!(done, AutoRenewalProgress::On);
        Ok(())
    }

    async fn a_leap_day_renews_on_the_last_of_february(db: Db) {
        let shop = Shop::open(db).await?;
        let leap: UnixMs = "2028-02-29T09:30:00Z".parse::<jiff::Timestamp>()?.into();
        shop.set_clock(leap)?;
        let license = shop.buy("perpetual", BillingInterval::Once, 1).await?;
        let day = |at: Option<UnixMs>| at.map(|at| at.date().to_string()).unwrap_or_default();
        assert_eq!(day(license.updates_until), "2029-02-28");
        switch_on(&shop, &license.id, 1).await?;
        pass(&shop, add_years(leap, 1).plus(3 * HOUR_MS)).await?;
        assert_eq!(day(shop.license(&license.id).await?.updates_until), "2030-02-28");
        Ok(())
    }

    async fn automatic_renewal_is_agreed_to_at_the_price_that_was_shown_by_who_may_and_in_time(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("perpetual", BillingInterval::Once, 1).await?;
        assert_eq!(ask(&shop, &license.id, year(2)).await?, AutoRenewalStart::Outdated);
        let stranger = backend::Cx {
            actor: backend::Actor::User(backend::ids::UserId::from_untrusted("usr_stranger")),
            ..shop.cx()
        };
        let stopped = stop_auto_renewal(&shop.commerce, &stranger, &license.id).await?;
        assert_eq!(stopped, AutoRenewalStop::Off);
        // Agreed to on two pages: one of them counts, the other is cancelled.
        let AutoRenewalStart::Opened { url: one } = ask(&shop, &license.id, year(1)).await? else { anyhow::bail!("one") };
        let AutoRenewalStart::Opened { url: two } = ask(&shop, &license.id, year(1)).await? else { anyhow::bail!("two") };
        for url in [one, two] {
            shop.pay(&url, "4242").await?;
            shop.deliver_all().await?;
            shop.work().await?;
        }
        assert_eq!(ask(&shop, &license.id, year(1)).await?, AutoRenewalStart::On);
        let stopped = stop_auto_renewal(&shop.commerce, &stranger, &license.id).await?;
        assert_eq!(stopped, AutoRenewalStop::NotAllowed);
        pass(&shop, add_years(NOW, 1).plus(3 * HOUR_MS)).await?;
        assert_eq!(shop.license(&license.id).await?.updates_until, Some(add_years(NOW, 2)), "one year, not two");

        let other = shop.buy("perpetual", BillingInterval::Once, 1).await?;
        let until = other.updates_until.expect("updates");
        pass(&shop, until.plus(-DAY_MS)).await?;
        assert_eq!(ask(&shop, &other.id, year(1)).await?, AutoRenewalStart::TooLate);
        Ok(())
    }
}
