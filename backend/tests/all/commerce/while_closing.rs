//! What an account does that somebody has asked to close: nothing is bought for it, and nothing renews.

use backend::billing::conversion::{ConversionRefusal, preview_conversion};
use backend::billing::maintenance::{
    AutoRenewalProgress, AutoRenewalStart, AutoRenewalUrls, StartAutoRenewal, finish_auto_renewal, start_auto_renewal,
};
use backend::billing::{ChangePreview, ChangeRefusal, Resumption, preview_change, resume_subscription};
use backend::catalog::{BillingInterval, Composition};
use backend::clock::UnixMs;
use backend::db::{Db, DbError};
use backend::deletion::{AccountClosing, ClosingOutlook, ClosingRequest, Keeping, look_at_closing};
use backend::ids::{AutoRenewalId, LicenseId};
use backend::money::Money;
use backend::orders::{OrderPlacement, Purchase};

use super::closing::{ask, close, keep, number, work};
use super::request;
use super::shop::{Shop, run_sql};
use super::vouchers::bought;
use crate::support::on_both_engines;

/// A year of updates for one seat of the demo's perpetual plan.
const YEAR_MINOR: i64 = 199_960;

async fn start(shop: &Shop, license_id: &LicenseId) -> anyhow::Result<AutoRenewalStart> {
    let start = StartAutoRenewal {
        license_id: license_id.clone(),
        user_id: shop.user.id.clone(),
        agreed: Money::new(YEAR_MINOR, shop.currency),
        urls: AutoRenewalUrls {
            success: "https://portal.test/updates?renewal={AUTO_RENEWAL_ID}".to_owned(),
            cancel: "https://portal.test/updates".to_owned(),
        },
    };
    Ok(start_auto_renewal(&shop.commerce, &shop.cx(), &start).await?)
}

/// Agrees on Stripe's page.
async fn agree(shop: &Shop, url: &str) -> anyhow::Result<AutoRenewalProgress> {
    let back = shop.pay(url, "4242").await?;
    let id = AutoRenewalId::from_untrusted(back.rsplit('=').next().unwrap_or_default());
    Ok(finish_auto_renewal(&shop.commerce, &shop.cx(), &id).await?)
}

async fn ask_to_close(shop: &Shop) -> anyhow::Result<UnixMs> {
    match ask(shop, &shop.account.company).await? {
        ClosingRequest::Closes(at) => Ok(at),
        other => anyhow::bail!("{other:?}"),
    }
}

async fn living(shop: &Shop) -> anyhow::Result<i64> {
    number(shop, "SELECT COUNT(*) FROM auto_renewals WHERE status <> 'off'").await
}

/// Whether Stripe goes on with any automatic renewal.
async fn is_charged(shop: &Shop) -> anyhow::Result<bool> {
    let events = shop.events().await?;
    let of = |name: &'static str| events.iter().filter(|event| event.event_type == name).count();
    Ok(of("customer.subscription.created") > of("customer.subscription.deleted"))
}

/// The buyer, a partner, has earned ten cents by what it paid itself.
async fn earn(shop: &Shop) -> anyhow::Result<()> {
    let commission =
        "INSERT INTO commissions (id, vendor_id, partner_id, invoice_id, order_id, client_id, client, code, currency,
             rate_bp, paid_minor, credited_minor, credited_net_minor, settled_minor, refunded_minor, disputed_minor,
             net_minor, amount_minor, entry_count, created_at, updated_at)
         SELECT 'cms_1', i.vendor_id, i.account_id, i.id, o.id, i.account_id, '', '', i.currency,
             1000, 100, 0, 0, 0, 0, 0, 100, 10, 1, 1, 1
         FROM invoices i JOIN orders o ON o.vendor_id = i.vendor_id AND o.account_id = i.account_id LIMIT 1";
    run_sql(&shop.db, vec![commission.to_owned()]).await
}

/// And is paid that.
async fn pay_out(shop: &Shop) -> anyhow::Result<()> {
    let (vendor, partner, currency) = (&shop.vendor.id, &shop.account.id, shop.currency.as_str());
    let payout = format!(
        "INSERT INTO commission_payouts (id, vendor_id, partner_id, currency, amount_minor, paid_at, reference, created_at)
         VALUES ('pay_1', '{vendor}', '{partner}', '{currency}', 10, 1, '', 1)"
    );
    run_sql(&shop.db, vec![payout]).await
}

async fn outlook(shop: &Shop) -> anyhow::Result<ClosingOutlook> {
    let (cx, id) = (shop.cx(), shop.account.id.clone());
    let found: Result<_, DbError> =
        shop.db.read(move |tx| Box::pin(async move { look_at_closing(tx, &cx, &id).await })).await;
    found?.ok_or_else(|| anyhow::anyhow!("an owner sees it"))
}

on_both_engines! {
    async fn a_partner_is_told_what_it_is_owed_and_closes_once_that_is_paid_out(db: Db) {
        let shop = Shop::open(db).await?;
        bought(&shop).await?;
        let seen = outlook(&shop).await?;
        assert_eq!((seen.open_vouchers, seen.earned), (3, vec![]));
        earn(&shop).await?;
        assert_eq!(outlook(&shop).await?.earned, [Money::new(10, shop.currency)]);
        shop.outbox.take();
        let closes_at = ask_to_close(&shop).await?;
        work(&shop).await?;
        let told = shop.outbox.take();
        let text = told.iter().find(|mail| mail.subject.starts_with("Your account closes")).map(|mail| mail.text.as_str());
        let text: String = text.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("We still owe the company commission") && text.contains("3 vouchers are not redeemed"), "{text}");

        shop.set_clock(closes_at)?;
        assert_eq!(close(&shop).await?, AccountClosing::Waits);
        pay_out(&shop).await?;
        assert!(outlook(&shop).await?.earned.is_empty());
        assert_eq!(close(&shop).await?, AccountClosing::Closed);
        assert_eq!(number(&shop, "SELECT COUNT(*) FROM vouchers WHERE status = 'open'").await?, 3, "they are paid");
        Ok(())
    }

    async fn an_address_for_invoices_that_others_use_as_well_stays_in_the_log(db: Db) {
        let shop = Shop::open(db).await?;
        shop.another_account().await?;
        let mail = format!(
            "INSERT INTO mails (id, vendor_id, recipient, recipient_key, subject, created_at)
             VALUES ('job_1', '{}', 'victim@example.org', 'victim@example.org', 'Invoice', 1)",
            shop.vendor.id
        );
        run_sql(&shop.db, vec!["UPDATE accounts SET billing_email = 'Victim@example.org'".to_owned(), mail]).await?;
        let closes_at = ask_to_close(&shop).await?;
        shop.set_clock(closes_at)?;
        assert_eq!(close(&shop).await?, AccountClosing::Closed);
        let kept = "SELECT COUNT(*) FROM mails WHERE recipient = 'victim@example.org'";
        assert_eq!(number(&shop, kept).await?, 1);
        Ok(())
    }

    async fn an_automatic_renewal_that_is_on_when_its_account_closes_is_ended_with_it(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("perpetual", BillingInterval::Once, 1).await?;
        let AutoRenewalStart::Opened { url } = start(&shop, &license.id).await? else { panic!("it does not start") };
        assert_eq!(agree(&shop, &url).await?, AutoRenewalProgress::On);
        assert!(is_charged(&shop).await?);
        // Whatever has kept the job from running that ends it at once.
        let closes_at = ask_to_close(&shop).await?;
        shop.set_clock(closes_at)?;
        assert_eq!(close(&shop).await?, AccountClosing::Closed);
        assert_eq!(living(&shop).await?, 0);
        assert!(!is_charged(&shop).await?, "Stripe charges a closed account");
        Ok(())
    }

    async fn an_account_that_closes_starts_no_automatic_renewal_and_what_was_asked_for_does_not_begin(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("perpetual", BillingInterval::Once, 1).await?;
        let AutoRenewalStart::Opened { url: agreed } = start(&shop, &license.id).await? else { panic!("no page") };
        let AutoRenewalStart::Opened { url: left } = start(&shop, &license.id).await? else { panic!("no page") };
        let at = ask_to_close(&shop).await?;
        assert_eq!(start(&shop, &license.id).await?, AutoRenewalStart::AccountCloses { at });
        assert_eq!(agree(&shop, &agreed).await?, AutoRenewalProgress::Off, "it was agreed to too late");
        assert!(!is_charged(&shop).await?, "and so it is ended at once");
        assert_eq!(living(&shop).await?, 1, "the other page is open still");
        work(&shop).await?;
        assert_eq!(living(&shop).await?, 0);
        assert!(agree(&shop, &left).await.is_err(), "nobody can agree on it any more");

        assert_eq!(keep(&shop).await?, Keeping::Kept);
        let again = start(&shop, &license.id).await?;
        assert!(matches!(again, AutoRenewalStart::Opened { .. }), "{again:?}");
        Ok(())
    }

    async fn an_account_that_closes_buys_changes_and_resumes_nothing_until_it_is_kept(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 2).await?;
        let more = request(&shop, &license.id, "startup", 5).await?;
        let new = Composition::new(shop.plan("startup").await?.id, BillingInterval::Month, 1, shop.currency);
        let at = ask_to_close(&shop).await?;
        work(&shop).await?;
        let now = UnixMs::from_seconds(shop.now().seconds());
        let turned = preview_conversion(&shop.commerce, &shop.cx(), &license.id, None, now).await?;
        assert_eq!(turned.err(), Some(ConversionRefusal::AccountCloses { at }));
        let changed = preview_change(&shop.commerce, &shop.cx(), &more).await?;
        assert_eq!(changed, ChangePreview::Refused(ChangeRefusal::AccountCloses { at }));
        let resumed = resume_subscription(&shop.commerce, &shop.cx(), &license.id).await?;
        assert_eq!(resumed, Resumption::AccountCloses { at });
        assert!(shop.subscription(&license.id).await?.cancel_at_period_end, "nothing renews");
        let placed = shop.place(Purchase::Plan(new)).await?;
        assert_eq!(placed, OrderPlacement::AccountCloses { at });

        assert_eq!(keep(&shop).await?, Keeping::Kept);
        let resumed = resume_subscription(&shop.commerce, &shop.cx(), &license.id).await?;
        assert!(matches!(resumed, Resumption::Renewing { .. }), "{resumed:?}");
        let changed = preview_change(&shop.commerce, &shop.cx(), &more).await?;
        assert!(matches!(changed, ChangePreview::Now(_)), "{changed:?}");
        Ok(())
    }
}
