//! Limits and features of one license that differ from its plan's.

use backend::accounts::StaffRole;
use backend::clock::MINUTE_MS;
use backend::db::Db;
use backend::licenses::{
    LicenseOverride, OverrideFault, Overrides, PlanChange, apply_plan, override_license, set_trial,
};
use sdk::lease::Expect;

use super::stage::{PRODUCT, Stage, granted};
use crate::support::{NOW, master, on_both_engines};

async fn set(stage: &Stage, overrides: Overrides) -> anyhow::Result<LicenseOverride> {
    let (cx, id) = (stage.operator(NOW), stage.license_id.clone());
    Ok(stage
        .write(move |tx| {
            Box::pin(async move { override_license(tx, &cx, &master(), &id, &overrides, "mistyped").await })
        })
        .await?)
}

fn more_devices() -> Overrides {
    Overrides {
        limits: [("devices".to_owned(), 7_000)].into(),
        features: [("beta".to_owned(), Some(NOW.seconds() + 1_000)), ("old".to_owned(), Some(1))].into(),
        ..Overrides::default()
    }
}

on_both_engines! {
    async fn what_differs_reaches_running_instances_and_outlives_changes_of_plan(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let running = granted(stage.activate("node-a", None, NOW).await?)?;
        assert_eq!(running.plan.limits["devices"], 500);
        assert_eq!(set(&stage, more_devices()).await?, LicenseOverride::Set);
        let checked = granted(stage.check(&running, NOW.plus(MINUTE_MS)).await?)?;
        let expect = Expect::of(PRODUCT, NOW.seconds() + 60);
        let lease = sdk::lease::verify(&checked.lease, &stage.published().await?, &expect)?;
        assert_eq!((lease.claims().lim["devices"], lease.claims().lim["assets"]), (7_000, 500));
        assert!(lease.has_feature("beta", NOW.seconds()) && !lease.has_feature("old", NOW.seconds()));
        // Another plan has other assets; the devices of this license stay.
        let plan = stage.plan("business").await?;
        let assets = plan.terms.limits["assets"];
        let (cx, id) = (stage.operator(NOW), stage.license_id.clone());
        stage
            .write(move |tx| {
                Box::pin(async move {
                    apply_plan(tx, &cx, &id, &PlanChange { plan: &plan, seats: 2, ends_at: None }).await
                })
            })
            .await?;
        let license = stage.license().await?;
        assert_eq!((license.terms.limits["devices"], license.terms.limits["assets"]), (7_000, assets));
        assert_eq!(license.plan_terms, stage.plan("business").await?.terms);
        // Without what differs, the plan's own is back.
        set(&stage, Overrides::default()).await?;
        assert_eq!(stage.license().await?.terms, stage.plan("business").await?.terms);
        Ok(())
    }

    async fn what_cannot_be_granted_changes_nothing(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let bad = Overrides { limits: [("devices".to_owned(), -5)].into(), ..Overrides::default() };
        assert_eq!(set(&stage, bad).await?, LicenseOverride::Refused(OverrideFault::Limit("devices".to_owned())));
        assert_eq!(stage.events("license.changed").await?.len(), 0);
        set(&stage, more_devices()).await?;
        set(&stage, more_devices()).await?;
        assert_eq!(stage.events("license.changed").await?.len(), 1, "the same again is no change");
        assert_eq!(stage.count("SELECT COUNT(*) FROM audit WHERE act = 'license.override'").await?, 1);
        Ok(())
    }

    async fn owners_hear_of_less_and_not_of_more_and_a_reason_is_asked_for(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let (cx, id) = (stage.operator(NOW), stage.license_id.clone());
        let silent = stage.write(move |tx| {
            Box::pin(async move { override_license(tx, &cx, &master(), &id, &more_devices(), " \n").await })
        });
        assert_eq!(silent.await?, LicenseOverride::NoReason);
        assert_eq!(stage.license().await?.overrides, Overrides::default());
        set(&stage, more_devices()).await?;
        assert!(stage.mails(NOW).await?.is_empty(), "more is no bad news");
        let fewer = Overrides { limits: [("devices".to_owned(), 3)].into(), ..Overrides::default() };
        set(&stage, fewer).await?;
        let mails = stage.mails(NOW).await?;
        assert_eq!(mails.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["ada@example.test"]);
        assert!(mails[0].text.contains("Devices") && !mails[0].text.contains("mistyped"), "{}", mails[0].text);
        Ok(())
    }

    async fn only_staff_that_manages_licenses_may_override(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let read_only = stage.staff(StaffRole::ReadOnly).await?;
        for who in [&stage.owner, &read_only] {
            let (cx, id) = (stage.person(who, NOW), stage.license_id.clone());
            let outcome = stage
                .write(move |tx| Box::pin(async move { override_license(tx, &cx, &master(), &id, &more_devices(), "mistyped").await }))
                .await?;
            assert_eq!(outcome, LicenseOverride::NotAllowed);
        }
        Ok(())
    }

    async fn the_end_of_a_trial_is_kept(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let until = Some(NOW.plus(MINUTE_MS));
        let (cx, id) = (stage.operator(NOW), stage.license_id.clone());
        stage.write(move |tx| Box::pin(async move { set_trial(tx, &cx, &id, until).await })).await?;
        assert_eq!(stage.license().await?.trial_until, until);
        Ok(())
    }
}
