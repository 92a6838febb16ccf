//! Suspending, reinstating and revoking: the vendor's word holds whatever billing says, and verifiers are told.

use backend::accounts::StaffRole;
use backend::clock::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMs};
use backend::db::Db;
use backend::ids::LicenseId;
use backend::licenses::rules::{Inactive, standing};
use backend::licenses::{
    EndOfLeases, LicenseStatus, PlanChange, VendorDecision, apply_plan, end_of_leases, expire_licenses,
    reinstate_license, revoke_license, set_standing, suspend_license,
};
use backend::{Actor, Cx};
use sdk::revocations::RevocationKind;

use super::stage::{Stage, code, granted};
use crate::support::{NOW, master, on_both_engines};

async fn suspend(stage: &Stage, now: UnixMs) -> anyhow::Result<VendorDecision> {
    let (cx, id) = (stage.operator(now), stage.license_id.clone());
    Ok(stage.write(move |tx| Box::pin(async move { suspend_license(tx, &cx, &master(), &id, "fraud").await })).await?)
}

async fn reinstate(stage: &Stage, now: UnixMs) -> anyhow::Result<VendorDecision> {
    let (cx, id) = (stage.operator(now), stage.license_id.clone());
    Ok(stage.write(move |tx| Box::pin(async move { reinstate_license(tx, &cx, &master(), &id).await })).await?)
}

async fn revoke(stage: &Stage, now: UnixMs) -> anyhow::Result<VendorDecision> {
    let (cx, id) = (stage.operator(now), stage.license_id.clone());
    Ok(stage.write(move |tx| Box::pin(async move { revoke_license(tx, &cx, &master(), &id, "").await })).await?)
}

/// What a projection of Stripe's state does to a license.
async fn billing_says(stage: &Stage, status: LicenseStatus, reason: &'static str, now: UnixMs) -> anyhow::Result<()> {
    let plan = stage.plan("startup").await?;
    let cx = Cx { actor: Actor::Stripe("sub_x".to_owned()), ..stage.operator(now) };
    let id = stage.license_id.clone();
    stage
        .write(move |tx| {
            Box::pin(async move {
                let change = PlanChange { plan: &plan, seats: 2, ends_at: Some(NOW.plus(33 * DAY_MS)) };
                apply_plan(tx, &cx, &id, &change).await?;
                set_standing(tx, &cx, &id, status, reason).await
            })
        })
        .await?;
    Ok(())
}

/// A projection that changes the license's end alone.
async fn ends(stage: &Stage, ends_at: UnixMs, now: UnixMs) -> anyhow::Result<()> {
    let (cx, id, plan) = (stage.operator(now), stage.license_id.clone(), stage.plan("startup").await?);
    stage
        .write(move |tx| {
            Box::pin(async move {
                apply_plan(tx, &cx, &id, &PlanChange { plan: &plan, seats: 2, ends_at: Some(ends_at) }).await
            })
        })
        .await?;
    Ok(())
}

on_both_engines! {
    async fn owners_hear_of_every_decision_and_never_why(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        suspend(&stage, NOW).await?;
        suspend(&stage, NOW.plus(1)).await?;
        reinstate(&stage, NOW.plus(2)).await?;
        revoke(&stage, NOW.plus(3)).await?;
        let mails = stage.mails(NOW.plus(4)).await?;
        let mut told: Vec<_> = mails.iter().map(|mail| (mail.to.as_str(), mail.subject.as_str())).collect();
        told.sort_unstable();
        let expected = ["reinstated", "revoked", "suspended"]
            .map(|word| ("ada@example.test", format!("Your license of Nordwind IoT Platform is {word}")));
        assert_eq!(told, expected.each_ref().map(|(to, subject)| (*to, subject.as_str())));
        assert!(mails.iter().all(|mail| !mail.text.contains("fraud") && !mail.html.contains("fraud")), "{mails:?}");
        Ok(())
    }

    async fn no_payment_lifts_a_suspension_and_reinstating_leaves_billings_word(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let running = granted(stage.activate("node-a", None, NOW).await?)?;
        let at = NOW.plus(MINUTE_MS);
        assert!(matches!(suspend(&stage, at).await?, VendorDecision::Done(_)));
        assert_eq!(code(&stage.check(&running, at).await?), "license_suspended");
        assert_eq!(code(&stage.activate("node-b", None, at).await?), "license_suspended");
        billing_says(&stage, LicenseStatus::Active, "", at.plus(1)).await?;
        assert_eq!(code(&stage.check(&running, at.plus(2)).await?), "license_suspended");
        // What billing says in the meantime is kept, and counts from the reinstatement on.
        billing_says(&stage, LicenseStatus::Suspended, "past_due", at.plus(3)).await?;
        assert!(matches!(reinstate(&stage, at.plus(4)).await?, VendorDecision::Done(_)));
        assert_eq!(standing(&stage.license().await?, at.plus(5)), Err(Inactive::PastDue));
        billing_says(&stage, LicenseStatus::Active, "", at.plus(6)).await?;
        assert_eq!(code(&stage.check(&running, at.plus(7)).await?), "granted");
        assert_eq!(stage.events("license.suspended").await?.len(), 2, "one by the vendor, one by billing");
        Ok(())
    }

    async fn verifiers_are_told_of_a_suspension_and_of_its_end(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        granted(stage.activate("node-a", None, NOW).await?)?;
        let nothing = stage.revocations(NOW).await?;
        assert_eq!(nothing.rev, []);
        let at = NOW.plus(2 * MINUTE_MS);
        suspend(&stage, at).await?;
        let told = stage.revocations(at).await?;
        assert!(told.seq > nothing.seq, "{told:?}");
        let entry = |id: &LicenseId| (RevocationKind::License, id.to_string(), at.seconds());
        let entries: Vec<_> = told.rev.iter().map(|it| (it.kind, it.id.clone(), it.before)).collect();
        assert_eq!(entries, [entry(&stage.license_id)]);
        assert!(told.exp > at.seconds());
        // Once nothing that it covers can be valid, the entry drops out by itself.
        assert_eq!(stage.revocations(at.plus(2 * HOUR_MS)).await?.rev, []);
        reinstate(&stage, at.plus(1_000)).await?;
        let taken_back = stage.revocations(at.plus(1_000)).await?;
        assert!(taken_back.seq > told.seq && taken_back.rev.is_empty(), "{taken_back:?}");
        Ok(())
    }

    async fn borrowed_leases_go_with_a_license_that_ends_before_its_time_and_the_others_stay(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let laptop = granted(stage.activate("laptop", Some(7 * 86_400), NOW).await?)?;
        granted(stage.activate("node-a", None, NOW).await?)?;
        let at = |seconds: i64| NOW.plus(seconds * 1_000);
        let rejected = async |seconds: i64| -> anyhow::Result<Vec<String>> {
            Ok(stage.revocations(at(seconds)).await?.rev.into_iter().map(|entry| entry.id).collect())
        };
        let borrowed = vec![laptop.instance_id.clone()];
        let all = vec![laptop.instance_id.clone(), stage.license_id.to_string()];
        ends(&stage, NOW.plus(8 * DAY_MS), at(1)).await?;
        assert!(rejected(1).await?.is_empty(), "the lease ends before");
        ends(&stage, NOW.plus(4 * DAY_MS), at(2)).await?;
        assert!(rejected(2).await?.is_empty(), "no more than a renewal is waited for");
        ends(&stage, NOW.plus(3 * DAY_MS), at(3)).await?;
        assert_eq!(rejected(3).await?, borrowed, "the other's lease is as good as before");
        // What the vendor decides meanwhile does not bring it back.
        suspend(&stage, at(4)).await?;
        assert_eq!(rejected(4).await?, all);
        reinstate(&stage, at(5)).await?;
        assert_eq!(rejected(5).await?, borrowed);
        // Nor does a later end, but a check does.
        ends(&stage, NOW.plus(33 * DAY_MS), at(6)).await?;
        assert_eq!(rejected(6).await?, borrowed);
        assert!(stage.revocations(at(6)).await?.rev[0].before < at(7).seconds());
        assert_eq!(code(&stage.check(&laptop, at(7)).await?), "granted");
        billing_says(&stage, LicenseStatus::Ended, "cancelled", at(8)).await?;
        assert_eq!(rejected(8).await?, all);
        // Nor does a suspension, or its end, after the license has ended.
        suspend(&stage, at(9)).await?;
        reinstate(&stage, at(10)).await?;
        assert_eq!(rejected(10).await?, all);
        billing_says(&stage, LicenseStatus::Active, "", at(11)).await?;
        assert_eq!(rejected(11).await?, borrowed);
        Ok(())
    }

    async fn a_license_that_merely_runs_out_needs_no_entry(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let end = NOW.plus(33 * DAY_MS);
        granted(stage.activate("node-a", None, end.plus(-MINUTE_MS)).await?)?;
        let cx = stage.operator(end);
        assert_eq!(stage.write(move |tx| Box::pin(async move { expire_licenses(tx, &cx, 10).await })).await?, 1);
        billing_says(&stage, LicenseStatus::Ended, "cancelled", end).await?;
        assert_eq!(stage.revocations(end).await?.rev, []);
        Ok(())
    }

    async fn a_suspension_without_leases_needs_no_entry(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        suspend(&stage, NOW).await?;
        assert_eq!(stage.revocations(NOW).await?.rev, []);
        Ok(())
    }

    async fn lists_of_the_same_minute_are_equal_to_the_byte(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let (one, two) = (stage.revocations(NOW).await?, stage.revocations(NOW.plus(59_000)).await?);
        assert_eq!(one, two);
        assert_ne!(one.iat, stage.revocations(NOW.plus(60_000)).await?.iat);
        Ok(())
    }

    async fn a_revoked_license_stays_revoked(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let running = granted(stage.activate("node-a", None, NOW).await?)?;
        assert!(matches!(revoke(&stage, NOW).await?, VendorDecision::Done(_)));
        assert_eq!(code(&stage.check(&running, NOW).await?), "license_revoked");
        assert_eq!(reinstate(&stage, NOW).await?, VendorDecision::Revoked);
        assert_eq!(suspend(&stage, NOW).await?, VendorDecision::Revoked);
        assert_eq!(revoke(&stage, NOW).await?, VendorDecision::Unchanged);
        billing_says(&stage, LicenseStatus::Active, "", NOW).await?;
        assert_eq!(code(&stage.check(&running, NOW).await?), "license_revoked");
        Ok(())
    }

    async fn what_billing_revoked_stays_revoked_and_verifiers_are_told(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        granted(stage.activate("node-a", None, NOW).await?)?;
        billing_says(&stage, LicenseStatus::Revoked, "refunded", NOW).await?;
        billing_says(&stage, LicenseStatus::Active, "", NOW).await?;
        assert_eq!(standing(&stage.license().await?, NOW), Err(Inactive::Revoked));
        assert_eq!(stage.revocations(NOW).await?.rev.len(), 1);
        assert_eq!(reinstate(&stage, NOW).await?, VendorDecision::Unchanged, "the vendor had decided nothing");
        assert_eq!(suspend(&stage, NOW).await?, VendorDecision::Revoked);
        Ok(())
    }

    async fn the_end_of_leases_is_known_before_the_act(db: Db) {
        let stage = Stage::new(db, "maker", 3).await?;
        let ends = |now: UnixMs| {
            let stage = &stage;
            async move {
                let license = stage.license().await?;
                let end = stage.write(move |tx| Box::pin(async move { end_of_leases(tx, &license, now).await })).await?;
                Ok::<_, anyhow::Error>(end)
            }
        };
        assert_eq!(ends(NOW).await?, EndOfLeases { last_online: NOW, last_borrowed: None });
        granted(stage.activate("node-a", None, NOW).await?)?;
        granted(stage.activate("node-b", None, NOW.plus(MINUTE_MS)).await?)?;
        let online = NOW.plus(11 * MINUTE_MS);
        assert_eq!(ends(NOW.plus(MINUTE_MS)).await?, EndOfLeases { last_online: online, last_borrowed: None });
        granted(stage.activate("laptop", Some(86_400), NOW.plus(2 * MINUTE_MS)).await?)?;
        let expected = EndOfLeases { last_online: online, last_borrowed: Some(NOW.plus(2 * MINUTE_MS + DAY_MS)) };
        let at = NOW.plus(3 * MINUTE_MS);
        assert_eq!(ends(at).await?, expected);
        assert_eq!(suspend(&stage, at).await?, VendorDecision::Done(expected));
        Ok(())
    }

    async fn support_may_decide_and_finance_and_customers_may_not(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let (support, finance) = (stage.staff(StaffRole::Support).await?, stage.staff(StaffRole::Finance).await?);
        for (who, expected) in [(&finance, false), (&stage.owner, false), (&support, true)] {
            let (cx, id) = (stage.person(who, NOW), stage.license_id.clone());
            let decided =
                stage.write(move |tx| Box::pin(async move { suspend_license(tx, &cx, &master(), &id, "").await })).await?;
            assert_eq!(matches!(decided, VendorDecision::Done(_)), expected, "{decided:?}");
            assert_eq!(decided == VendorDecision::NotAllowed, !expected);
        }
        assert_eq!(stage.count("SELECT COUNT(*) FROM audit WHERE act = 'license.suspend'").await?, 1);
        let (cx, id) = (stage.operator(NOW), LicenseId::from_untrusted("lic_unknown"));
        let unknown = stage.write(move |tx| Box::pin(async move { suspend_license(tx, &cx, &master(), &id, "").await })).await?;
        assert_eq!(unknown, VendorDecision::NotFound);
        Ok(())
    }

    async fn an_end_is_recorded_once_and_again_after_an_extension(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let end = NOW.plus(33 * DAY_MS);
        let sweep = |now: UnixMs| {
            let (stage, cx) = (&stage, stage.operator(now));
            async move {
                let swept = stage.write(move |tx| Box::pin(async move { expire_licenses(tx, &cx, 10).await })).await?;
                Ok::<_, anyhow::Error>(swept)
            }
        };
        assert_eq!(sweep(end.plus(-1)).await?, 0);
        let (one, two) = tokio::join!(sweep(end), sweep(end));
        assert_eq!(one? + two?, 1, "of two nodes one records it");
        assert_eq!(sweep(end.plus(DAY_MS)).await?, 0);
        assert_eq!(stage.events("license.expired").await?.len(), 1);
        // The subscription's end, which comes later, is no second one.
        let (cx, id) = (stage.operator(end.plus(DAY_MS)), stage.license_id.clone());
        stage
            .write(move |tx| {
                Box::pin(async move { set_standing(tx, &cx, &id, LicenseStatus::Ended, "cancelled").await })
            })
            .await?;
        assert_eq!(stage.events("license.expired").await?.len(), 1);
        // Extended, it can run out anew.
        let plan = stage.plan("startup").await?;
        let (cx, id) = (stage.operator(end.plus(2 * DAY_MS)), stage.license_id.clone());
        stage
            .write(move |tx| {
                Box::pin(async move {
                    set_standing(tx, &cx, &id, LicenseStatus::Active, "").await?;
                    let change = PlanChange { plan: &plan, seats: 2, ends_at: Some(end.plus(10 * DAY_MS)) };
                    apply_plan(tx, &cx, &id, &change).await
                })
            })
            .await?;
        assert_eq!(stage.license().await?.expired_at, None);
        assert_eq!(sweep(end.plus(10 * DAY_MS)).await?, 1);
        assert_eq!(stage.events("license.expired").await?.len(), 2);
        Ok(())
    }
}
