//! What administrators change about their vendor.

use std::path::Path;

use backend::Cx;
use backend::accounts::StaffRole;
use backend::catalog::{CatalogApplication, apply_catalog, load_catalog, preview_catalog};
use backend::db::{Db, DbError};
use backend::ids::{UserId, VendorId};
use backend::money::Currency;
use backend::vendors::rules::{InvoiceSettings, Setting, SettingsChange, ShopSettings};
use backend::vendors::{
    HostChange, HostProblem, NewVendor, SettingsUpdate, TestMail, Vendor, change_settings, check_host, create_vendor,
    find_vendor, find_vendor_by_host, lock_hosts, send_test_mail, set_host,
};

use crate::licenses::stage::{ORIGIN, Stage};
use crate::support::{NOW, cx, master, on_both_engines, vendor};

async fn change(stage: &Stage, who: &UserId, seen: i64, change: &SettingsChange) -> Result<SettingsUpdate, DbError> {
    let (cx, change) = (stage.person(who, NOW), change.clone());
    stage.write(move |tx| Box::pin(async move { change_settings(tx, &cx, seen, &change).await })).await
}

async fn set(stage: &Stage, cx: Cx, host: Option<&'static str>) -> Result<HostChange, DbError> {
    stage.write(move |tx| Box::pin(async move { set_host(tx, &cx, host).await })).await
}

/// The code of the vendor that answers this host name.
async fn answers(stage: &Stage, host: &'static str) -> Result<Option<String>, DbError> {
    let found: Result<Option<Vendor>, DbError> =
        stage.db.read(move |tx| Box::pin(async move { find_vendor_by_host(tx, host).await })).await;
    Ok(found?.map(|vendor| vendor.code))
}

async fn now(stage: &Stage) -> Result<Vendor, DbError> {
    let id = stage.vendor.id.clone();
    let found: Result<Option<Vendor>, DbError> =
        stage.db.read(move |tx| Box::pin(async move { find_vendor(tx, &id).await })).await;
    Ok(found?.expect("the vendor"))
}

fn renamed(vendor: &Vendor, name: &str) -> SettingsChange {
    SettingsChange::Shop(ShopSettings { name: name.to_owned(), ..ShopSettings::of(vendor) })
}

async fn apply_demo(db: &Db, currencies: Vec<Currency>) -> anyhow::Result<(Vendor, usize)> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/iot-platform.toml");
    let mut catalog = load_catalog(&file).map_err(|error| anyhow::anyhow!("{error:?}"))?;
    catalog.vendor.profile.currencies = currencies;
    let previewed = catalog.clone();
    let seen: Result<_, DbError> =
        db.read(move |tx| Box::pin(async move { preview_catalog(tx, &previewed, ORIGIN).await })).await;
    let seen = seen?.map_err(|refusals| anyhow::anyhow!("{refusals:?}"))?;
    let cx = cx(&VendorId::from_untrusted(""), NOW);
    let applied: Result<_, DbError> =
        db.write(move |tx| Box::pin(async move { apply_catalog(tx, &cx, &master(), &catalog, ORIGIN).await })).await;
    match applied? {
        CatalogApplication::Applied { vendor, changes } if changes == seen => Ok((*vendor, changes.len())),
        other => anyhow::bail!("{other:?} instead of {seen:?}"),
    }
}

on_both_engines! {
    async fn a_change_is_written_once_recorded_and_nobody_overwrites_what_they_have_not_seen(db: Db) {
        let stage = Stage::new(db, "startup", 1).await?;
        let admin = stage.staff(StaffRole::Admin).await?;
        let first = now(&stage).await?;
        assert_eq!(first.settings_no, 0);
        let wanted = renamed(&first, "Südwind");
        assert_eq!(change(&stage, &admin, 0, &wanted).await?, SettingsUpdate::Saved);
        let after = now(&stage).await?;
        assert_eq!(after, Vendor { name: "Südwind".to_owned(), settings_no: 1, ..first.clone() });
        assert_eq!(change(&stage, &admin, 0, &renamed(&first, "Westwind")).await?, SettingsUpdate::Stale);
        assert_eq!(change(&stage, &admin, 1, &wanted).await?, SettingsUpdate::Unchanged);
        let bad = SettingsChange::Invoices(InvoiceSettings { legal_name: String::new(), ..InvoiceSettings::of(&after) });
        let SettingsUpdate::Refused(problems) = change(&stage, &admin, 1, &bad).await? else { panic!("not refused") };
        assert_eq!(problems.iter().map(|problem| problem.setting).collect::<Vec<_>>(), [Setting::LegalName]);
        assert_eq!(now(&stage).await?, after);
        let rows = stage
            .count(
                "SELECT COUNT(*) FROM audit WHERE act = 'vendor.change_settings' AND before LIKE '%Nordwind IoT%'
                 AND after LIKE '%Südwind%'",
            )
            .await?;
        assert_eq!(rows, 1);
        Ok(())
    }

    async fn of_all_that_save_at_once_one_does(db: Db) {
        let stage = std::sync::Arc::new(Stage::new(db, "startup", 1).await?);
        let admin = stage.staff(StaffRole::Admin).await?;
        let first = now(&stage).await?;
        let tries = (0..8).map(|number| {
            let (stage, admin, wanted) = (stage.clone(), admin.clone(), renamed(&first, &format!("Name {number}")));
            tokio::spawn(async move { change(&stage, &admin, 0, &wanted).await })
        });
        let mut saved = 0;
        for outcome in futures::future::join_all(tries).await {
            match outcome?? {
                SettingsUpdate::Saved => saved += 1,
                SettingsUpdate::Stale => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((saved, now(&stage).await?.settings_no), (1, 1));
        Ok(())
    }

    async fn settings_are_for_administrators(db: Db) {
        let stage = Stage::new(db, "startup", 1).await?;
        let first = now(&stage).await?;
        for who in [
            stage.owner.clone(),
            stage.staff(StaffRole::Support).await?,
            stage.staff(StaffRole::Finance).await?,
            stage.staff(StaffRole::ReadOnly).await?,
        ] {
            assert_eq!(change(&stage, &who, 0, &renamed(&first, "x")).await?, SettingsUpdate::NotAllowed);
            let cx = stage.person(&who, NOW);
            let sent = stage.write(move |tx| Box::pin(async move { send_test_mail(tx, &cx, &master()).await }));
            assert_eq!(sent.await?, TestMail::NotAllowed);
        }
        assert_eq!(now(&stage).await?, first);
        Ok(())
    }

    async fn only_the_operator_says_which_name_a_vendor_answers_and_none_becomes_unreachable(db: Db) {
        let stage = Stage::new(db, "startup", 1).await?;
        let own = stage.vendor.code.clone();
        let falter = vendor(&stage.db, "falter").await?;
        let admin = stage.staff(StaffRole::Admin).await?;
        assert_eq!(set(&stage, stage.person(&admin, NOW), Some("shop.test")).await?, HostChange::NotAllowed);
        assert_eq!(answers(&stage, "elsewhere.test").await?, Some(own.clone()), "all that falter has not");

        let theirs = || cx(&falter.id, NOW);
        let missing = HostChange::Refused(HostProblem::Missing(own.clone()));
        assert_eq!(set(&stage, theirs(), None).await?, missing);
        assert_eq!(set(&stage, theirs(), Some("no host")).await?, HostChange::Refused(HostProblem::NotAHost));
        let rows = stage.count("SELECT COUNT(*) FROM audit WHERE act = 'vendor.set_host'").await?;
        assert_eq!(set(&stage, theirs(), Some("Shop.Test:443")).await?, HostChange::Set(Some("shop.test".to_owned())));
        assert_eq!(set(&stage, theirs(), Some("shop.test")).await?, HostChange::Unchanged);
        assert_eq!(stage.count("SELECT COUNT(*) FROM audit WHERE act = 'vendor.set_host'").await?, rows + 1);
        assert_eq!(answers(&stage, "shop.test").await?.as_deref(), Some("falter"));
        let taken = HostChange::Refused(HostProblem::Taken("falter".to_owned()));
        assert_eq!(set(&stage, stage.operator(NOW), Some("shop.test")).await?, taken);

        let moved = HostChange::Set(Some("portal.test".to_owned()));
        assert_eq!(set(&stage, stage.operator(NOW), Some("portal.test")).await?, moved);
        assert_eq!(answers(&stage, "elsewhere.test").await?, None);
        assert_eq!(set(&stage, theirs(), None).await?, HostChange::Set(None));
        assert_eq!(answers(&stage, "elsewhere.test").await?.as_deref(), Some("falter"));
        assert_eq!(answers(&stage, "portal.test").await?, Some(own));
        Ok(())
    }

    async fn of_vendors_that_are_made_at_once_without_a_name_one_answers_the_others_names(db: Db) {
        let first = vendor(&db, "first").await?;
        let make = |number: usize| {
            let (db, cx) = (db.clone(), cx(&first.id, NOW));
            tokio::spawn(async move {
                let made: anyhow::Result<bool> = db
                    .write(move |tx| {
                        Box::pin(async move {
                            let Ok(host) = check_host(None, &lock_hosts(tx).await?) else { return Ok(false) };
                            let (code, name) = (format!("new-{number}"), format!("New {number}"));
                            let new = NewVendor { origin: format!("https://{code}.test"), code, host, name };
                            create_vendor(tx, &cx, &master(), &new).await?;
                            Ok(true)
                        })
                    })
                    .await;
                made
            })
        };
        let mut made = 0;
        for outcome in futures::future::join_all((0..8).map(make)).await {
            made += usize::from(outcome??);
        }
        assert_eq!(made, 1);
        Ok(())
    }

    async fn a_catalog_that_is_applied_again_leaves_the_consoles_settings_alone(db: Db) {
        let stage = Stage::new(db, "startup", 1).await?;
        let admin = stage.staff(StaffRole::Admin).await?;
        let first = now(&stage).await?;
        assert_eq!(change(&stage, &admin, 0, &renamed(&first, "Südwind")).await?, SettingsUpdate::Saved);
        let saved = now(&stage).await?;
        assert_eq!(apply_demo(&stage.db, first.profile.currencies.clone()).await?, (saved.clone(), 0));
        // The order of currencies belongs to the prices.
        let eur = Currency::parse("eur").expect("a currency");
        let (vendor, changes) = apply_demo(&stage.db, vec![eur]).await?;
        assert_eq!((vendor.name.as_str(), vendor.profile.currencies, changes), ("Südwind", vec![eur], 1));
        Ok(())
    }

    async fn a_test_mail_goes_to_whoever_asks_for_it_six_times_an_hour(db: Db) {
        let stage = Stage::new(db, "startup", 1).await?;
        let admin = stage.staff(StaffRole::Admin).await?;
        let mut outcomes = Vec::new();
        for _ in 0..7 {
            let cx = stage.person(&admin, NOW);
            let sent = stage.write(move |tx| Box::pin(async move { send_test_mail(tx, &cx, &master()).await }));
            outcomes.push(sent.await?);
        }
        assert_eq!(outcomes[..6], [TestMail::Queued; 6]);
        assert!(matches!(outcomes[6], TestMail::Limited { retry_after_s } if retry_after_s > 0), "{outcomes:?}");
        let mails = stage.mails(NOW).await?;
        assert!(mails.len() == 6 && mails.iter().all(|mail| mail.to == "admin@portal.test"), "{mails:?}");
        Ok(())
    }

    async fn the_only_vendor_answers_any_host_and_each_of_several_its_own(db: Db) {
        let answers = async |host: &'static str| -> anyhow::Result<Option<VendorId>> {
            let found: Result<Option<Vendor>, DbError> =
                db.read(move |tx| Box::pin(async move { find_vendor_by_host(tx, host).await })).await;
            Ok(found?.map(|vendor| vendor.id))
        };
        assert_eq!(answers("acme.test").await?, None);
        let acme = vendor(&db, "acme").await?.id;
        for host in ["acme.test", "localhost", ""] {
            assert_eq!(answers(host).await?.as_ref(), Some(&acme), "{host}");
        }
        let other = vendor(&db, "other").await?.id;
        for (host, expected) in [("acme.test", Some(&acme)), ("other.test", Some(&other)), ("localhost", None)] {
            assert_eq!(answers(host).await?.as_ref(), expected, "{host}");
        }
        let (any, _) = apply_demo(&db, Vec::new()).await?;
        for (host, expected) in [("acme.test", &acme), ("other.test", &other), ("localhost", &any.id)] {
            assert_eq!(answers(host).await?.as_ref(), Some(expected), "{host}");
        }
        Ok(())
    }
}
