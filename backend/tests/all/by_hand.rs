//! Licenses that staff issue and extend.

use backend::accounts::StaffRole;
use backend::billing::{Extension, extend_license};
use backend::clock::{DAY_MS, UnixMs};
use backend::db::{Db, Tx};
use backend::ids::{AccountId, PlanId, UserId};
use backend::licenses::rules::by_hand::{Fault, NotExtendable};
use backend::licenses::{IssueLicense, Issued, License, LicenseStatus, expire_licenses, issue_license, set_standing};
use jiff::civil::{Date, date};

use crate::licenses::stage::{Stage, code, granted};
use crate::support::{NOW, master, on_both_engines};

const LAST: Date = date(2027, 3, 31);

async fn issue(stage: &Stage, who: &UserId, wanted: IssueLicense) -> anyhow::Result<Issued> {
    let cx = stage.person(who, NOW);
    Ok(stage.write(move |tx| Box::pin(async move { issue_license(tx, &cx, &master(), &wanted).await })).await?)
}

async fn wanted(stage: &Stage, plan: &'static str) -> anyhow::Result<IssueLicense> {
    Ok(IssueLicense {
        account_id: stage.account_id.clone(),
        plan_id: stage.plan(plan).await?.id,
        seats: 2,
        until: Some(LAST),
        reason: " won a prize\n ".to_owned(),
    })
}

async fn extend(
    stage: &Stage,
    who: &UserId,
    license: &License,
    last: Option<Date>,
    now: UnixMs,
) -> anyhow::Result<Extension> {
    let (cx, id) = (stage.person(who, now), license.id.clone());
    Ok(stage
        .write(move |tx| Box::pin(async move { extend_license(tx, &cx, &master(), &id, last, "because").await }))
        .await?)
}

on_both_engines! {
    async fn a_license_issued_by_hand_works_to_the_end_of_its_last_day(db: Db) {
        let mut stage = Stage::new(db, "startup", 2).await?;
        let support = stage.staff(StaffRole::Support).await?;
        let Issued::Done(license) = issue(&stage, &support, wanted(&stage, "startup").await?).await? else {
            panic!("not issued")
        };
        assert_eq!(license.issued_reason.as_deref(), Some("won a prize"));
        assert_eq!(license.ends_at, Some(UnixMs::start_of(date(2027, 4, 1))));
        stage.license_id = license.id.clone();
        assert_eq!(stage.license().await?, *license, "as it was read back");
        let mails = stage.mails(NOW).await?;
        assert_eq!(mails.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["ada@example.test"]);
        let said = format!("{}{}", mails[0].text, mails[0].html);
        assert!(said.contains("31 March 2027") && !said.contains("prize") && !said.contains("LH-"), "{said}");
        assert_eq!(stage.count("SELECT COUNT(*) FROM audit WHERE act = 'license.issue'").await?, 1);

        let end = UnixMs::start_of(date(2027, 4, 1));
        let cx = stage.operator(end);
        let expired = stage.write(move |tx| Box::pin(async move { expire_licenses(tx, &cx, 10).await })).await?;
        assert_eq!(expired, 2, "it runs out like the one that was bought");
        let done = extend(&stage, &support, &license, Some(date(2027, 12, 31)), end).await?;
        assert_eq!(done, Extension::Done(date(2027, 12, 31)));
        let extended = stage.license().await?;
        assert_eq!((extended.ends_at, extended.expired_at), (Some(UnixMs::start_of(date(2028, 1, 1))), None));
        let mails = stage.mails(end).await?;
        assert!(mails[0].subject.contains("31 December 2027"), "{}", mails[0].subject);
        Ok(())
    }

    async fn updates_of_a_perpetual_license_are_extended_and_what_runs_goes_on(db: Db) {
        let stage = Stage::new(db, "perpetual", 2).await?;
        let support = stage.staff(StaffRole::Support).await?;
        let running = granted(stage.activate("node-a", None, NOW).await?)?;
        let license = stage.license().await?;
        let before = license.updates_until.expect("updates").date();
        let too_early = extend(&stage, &support, &license, Some(before), NOW).await?;
        assert_eq!(too_early, Extension::Refused(vec![Fault::NotLater { after: before }]));
        let later = before.tomorrow()?;
        assert_eq!(extend(&stage, &support, &license, Some(later), NOW).await?, Extension::Done(later));
        assert_eq!(stage.license().await?.updates_until.map(UnixMs::date), Some(later));
        assert_eq!(stage.license().await?.ends_at, None);
        assert_eq!(code(&stage.check(&running, NOW.plus(1)).await?), "granted");
        let reason = "SELECT COUNT(*) FROM audit WHERE act = 'license.extend' AND after LIKE '%because%'";
        assert_eq!(stage.count(reason).await?, 1);
        Ok(())
    }

    async fn what_was_bought_for_ever_and_never_paid_is_not_extended(db: Db) {
        let stage = Stage::new(db, "perpetual", 2).await?;
        let support = stage.staff(StaffRole::Support).await?;
        let (cx, id) = (stage.operator(NOW), stage.license_id.clone());
        stage
            .write(move |tx| {
                Box::pin(async move { set_standing(tx, &cx, &id, LicenseStatus::Ended, "unpaid").await })
            })
            .await?;
        let license = stage.license().await?;
        let refused = extend(&stage, &support, &license, Some(date(2030, 1, 1)), NOW).await?;
        assert_eq!(refused, Extension::NotExtendable(NotExtendable::NeverPaid));
        assert_eq!(stage.license().await?, license);
        Ok(())
    }

    async fn what_a_subscription_pays_is_not_extended_by_hand(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let support = stage.staff(StaffRole::Support).await?;
        let sql = "INSERT INTO subscriptions (id, vendor_id, account_id, license_id, stripe_subscription_id, stripe_status,
                       plan_id, billing_interval, seats, currency, addons, packs, recurring_minor, period_start, period_end,
                       cancel_at_period_end, updated_at)
                   SELECT 'sub_1', vendor_id, account_id, id, 'sub_1', 'active', plan_id, 'month', seats, 'usd', '[]', '{}',
                       1, 1, 2, FALSE, 1 FROM licenses";
        let inserted: Result<(), anyhow::Error> = stage
            .db
            .write(move |tx| {
                Box::pin(async move {
                    match tx {
                        Tx::Sqlite(tx) => {
 sqlx::query(sql).execute(&mut **tx).await?;
}
                        Tx::Postgres(tx) => {
 sqlx::query(sql).execute(&mut **tx).await?;
}
                    }
                    Ok(())
                })
            })
            .await;
        inserted?;
        let license = stage.license().await?;
        let refused = extend(&stage, &support, &license, Some(date(2030, 1, 1)), NOW).await?;
        assert_eq!(refused, Extension::NotExtendable(NotExtendable::FollowsSubscription));
        assert_eq!(stage.license().await?, license);
        Ok(())
    }

    async fn who_may_not_manage_licenses_issues_and_extends_none(db: Db) {
        let stage = Stage::new(db, "perpetual", 2).await?;
        let license = stage.license().await?;
        let mut people = vec![stage.owner.clone()];
        for role in [StaffRole::Finance, StaffRole::ReadOnly] {
            people.push(stage.staff(role).await?);
        }
        for who in &people {
            assert_eq!(issue(&stage, who, wanted(&stage, "startup").await?).await?, Issued::NotAllowed);
            // Authority comes before what was typed.
            assert_eq!(extend(&stage, who, &license, None, NOW).await?, Extension::NotAllowed);
        }
        assert_eq!(stage.count("SELECT COUNT(*) FROM licenses").await?, 1);
        Ok(())
    }

    async fn everything_that_is_wrong_is_said_at_once_and_nothing_is_written(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let admin = stage.staff(StaffRole::Admin).await?;
        let good = wanted(&stage, "startup").await?;
        let plan = stage.plan("startup").await?;
        let seats = Fault::Seats { min: plan.included_seats.max(1), max: plan.max_seats };
        for (bad, expected) in [
            (
                IssueLicense { seats: 0, until: None, reason: " ".to_owned(), ..good.clone() },
                vec![seats, Fault::NoDay, Fault::NoReason],
            ),
            (
                IssueLicense { account_id: AccountId::from_untrusted("acc_x"), ..good.clone() },
                vec![Fault::NoCustomer],
            ),
            (IssueLicense { plan_id: PlanId::from_untrusted("pln_x"), ..good.clone() }, vec![Fault::NoPlan]),
            (IssueLicense { until: Some(NOW.date()), ..good.clone() }, vec![Fault::NotLater { after: NOW.date() }]),
            (
                IssueLicense { until: Some(NOW.plus(31 * 366 * DAY_MS).date()), ..good.clone() },
                vec![Fault::TooFar],
            ),
        ] {
            assert_eq!(issue(&stage, &admin, bad).await?, Issued::Refused(expected));
        }
        assert_eq!(stage.count("SELECT COUNT(*) FROM licenses").await?, 1);
        assert_eq!(stage.count("SELECT COUNT(*) FROM audit WHERE act = 'license.issue'").await?, 0);
        Ok(())
    }
}
