//! What instances report of their use, and what comes of it.

use backend::catalog::Plan;
use backend::leases::{feature_use, license_usage};

use super::*;

fn report(last: &LeaseResponse, levels: &[(&str, i64)], counters: &[(&str, i64)]) -> CheckRequest {
    let map = |pairs: &[(&str, i64)]| Some(pairs.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect());
    CheckRequest { levels: map(levels), counters: map(counters), ..check_request(last, nonce()) }
}

impl Stage {
    async fn used(&self, now: UnixMs) -> anyhow::Result<BTreeMap<String, i64>> {
        let (vendor_id, id) = (self.vendor.id.clone(), self.license_id.clone());
        let used = self.db.read(move |tx| {
            Box::pin(async move {
                let day = now.date();
                feature_use(tx, &vendor_id, &id, day, day).await
            })
        });
        Ok(used.await?)
    }

    async fn usage(&self, now: UnixMs) -> anyhow::Result<BTreeMap<String, i64>> {
        let (vendor_id, id) = (self.vendor.id.clone(), self.license_id.clone());
        let usage = self.db.read(move |tx| {
            Box::pin(async move {
                let view = find_license(tx, &vendor_id, &id).await?.expect("the license");
                license_usage(tx, &vendor_id, &view, now).await
            })
        });
        Ok(usage.await?)
    }
}

on_both_engines! {
    async fn counters_add_up_by_day_and_retries_add_nothing(db: Db) {
        let stage = Stage::new(db, "business", 2).await?;
        let a = granted(stage.activate("node-a", NOW).await?)?;
        assert!(a.plan.usage_signals);
        let request = report(&a, &[], &[("exports", 5), ("imports", 0)]);
        let next = granted(stage.check_as(request.clone(), NOW.plus(1_000)).await?)?;
        granted(stage.check_as(request, NOW.plus(2_000)).await?)?;
        granted(stage.check_as(report(&next, &[], &[("exports", 7)]), NOW.plus(3_000)).await?)?;
        let b = granted(stage.activate("node-b", NOW).await?)?;
        granted(stage.check_as(report(&b, &[], &[("exports", 1)]), NOW.plus(3_000)).await?)?;
        assert_eq!(stage.used(NOW).await?, BTreeMap::from([("exports".to_owned(), 8)]));
        assert_eq!(stage.count_events("feature.used").await?, 3);
        // A new epoch counts from zero again.
        let a = granted(stage.activate("node-a", NOW.plus(4_000)).await?)?;
        granted(stage.check_as(report(&a, &[], &[("exports", 2)]), NOW.plus(5_000)).await?)?;
        assert_eq!(stage.used(NOW).await?["exports"], 10);
        // The next day has a count of its own.
        let tomorrow = NOW.plus(DAY_MS);
        let a = granted(stage.activate("node-a", tomorrow).await?)?;
        granted(stage.check_as(report(&a, &[], &[("exports", 4)]), tomorrow).await?)?;
        assert_eq!((stage.used(NOW).await?["exports"], stage.used(tomorrow).await?["exports"]), (10, 4));
        Ok(())
    }

    async fn counters_of_a_plan_that_asks_for_none_are_not_kept(db: Db) {
        let stage = Stage::new(db, "maker", 1).await?;
        let a = granted(stage.activate("node-a", NOW).await?)?;
        assert!(!a.plan.usage_signals);
        granted(stage.check_as(report(&a, &[], &[("exports", 5)]), NOW).await?)?;
        assert_eq!((stage.used(NOW).await?.len(), stage.count_events("feature.used").await?), (0, 0));
        Ok(())
    }

    async fn levels_add_up_over_the_instances_that_are_there_also_while_they_stand_still(db: Db) {
        use backend::catalog::LevelAggregation;
        let sum = |plan: &mut Plan| {
            plan.terms.level_aggregation.insert("assets".to_owned(), LevelAggregation::Sum);
        };
        let stage = Stage::with(db, "startup", 2, sum).await?;
        let a = granted(stage.activate("node-a", NOW).await?)?;
        let b = granted(stage.activate("node-b", NOW).await?)?;
        granted(stage.check_as(report(&a, &[("devices", 40), ("assets", 40)], &[]), NOW.plus(1_000)).await?)?;
        granted(stage.check_as(report(&b, &[("devices", 30), ("assets", 30)], &[]), NOW.plus(1_000)).await?)?;
        let used = |devices, assets| BTreeMap::from([("devices".to_owned(), devices), ("assets".to_owned(), assets)]);
        assert_eq!(stage.usage(NOW.plus(2_000)).await?, used(40, 70));
        // Both are stopped and hold no seats any more.
        let stopped = NOW.plus(HOUR_MS);
        assert_eq!((stage.holders(stopped).await?.len(), stage.usage(stopped).await?), (0, used(40, 70)));
        // One gives its seat back, the other is silent for as long as a machine may be.
        let b = granted(stage.activate("node-b", stopped).await?)?;
        assert_eq!(stage.release(&b, stopped.plus(1_000)).await?, Ok(stopped.plus(1_000)));
        assert_eq!(stage.usage(stopped.plus(2_000)).await?, used(40, 40));
        assert_eq!(stage.usage(NOW.plus(29 * DAY_MS)).await?, used(40, 40));
        assert!(stage.usage(NOW.plus(31 * DAY_MS)).await?.is_empty());
        Ok(())
    }

    async fn a_limit_that_becomes_exceeded_is_told_once_a_day_and_answered_always(db: Db) {
        let stage = Stage::new(db, "maker", 1).await?;
        stage.add_owner("ada@example.com").await?;
        let mut a = granted(stage.activate("node-a", NOW).await?)?;
        let subject = "Nordwind IoT Platform uses more than its license allows";
        for (seconds, devices, mails) in [(1, 10, 0), (2, 11, 1), (3, 12, 0), (4, 9, 0), (5, 12, 0)] {
            let at = NOW.plus(seconds * 1_000);
            a = granted(stage.check_as(report(&a, &[("devices", devices)], &[]), at).await?)?;
            assert_eq!(a.over_limit.is_some(), devices > 10, "{devices}");
            assert_eq!(stage.mails(at).await?, vec![subject; mails], "{devices}");
        }
        // Answered on activation too.
        let again = granted(stage.activate("node-a", NOW.plus(6_000)).await?)?;
        let over: Vec<_> = again.over_limit.iter().flatten().map(|it| (it.name.as_str(), it.used)).collect();
        assert_eq!(over, [("devices", 12)]);
        let tomorrow = NOW.plus(DAY_MS);
        let a = granted(stage.activate("node-a", tomorrow).await?)?;
        let a = granted(stage.check_as(report(&a, &[("devices", 1)], &[]), tomorrow).await?)?;
        granted(stage.check_as(report(&a, &[("devices", 11)], &[]), tomorrow).await?)?;
        assert_eq!(stage.mails(tomorrow).await?, [subject]);
        assert_eq!(stage.count_events("license.limit_exceeded").await?, 2);
        Ok(())
    }

    async fn a_report_of_too_many_names_is_refused(db: Db) {
        let stage = Stage::new(db, "business", 1).await?;
        let a = granted(stage.activate("node-a", NOW).await?)?;
        let names: Vec<String> = (0..101).map(|n| format!("feature-{n}")).collect();
        let counters: Vec<(&str, i64)> = names.iter().map(|name| (name.as_str(), 1)).collect();
        assert_eq!(code(&stage.check_as(report(&a, &[], &counters), NOW).await?), "invalid_request");
        let mut a = granted(stage.check_as(report(&a, &[], &counters[1..]), NOW).await?)?;
        // Five such reports fill what is kept; nothing of the sixth is dropped in silence.
        for round in 1..=5 {
            let names: Vec<String> = (0..100).map(|n| format!("feature-{round}-{n}")).collect();
            let counters: Vec<(&str, i64)> = names.iter().map(|name| (name.as_str(), 1)).collect();
            match (round, stage.check_as(report(&a, &[], &counters), NOW).await?) {
                (1..=4, answer) => a = granted(answer)?,
                (_, Err(Refusal::Invalid(invalid))) => assert_eq!(invalid.member, "counters"),
                (_, answer) => anyhow::bail!("{answer:?}"),
            }
        }
        // What is known already is counted on.
        assert_eq!(code(&stage.check_as(report(&a, &[], &[("feature-1-0", 2)]), NOW).await?), "granted");
        assert_eq!(stage.used(NOW).await?["feature-1-0"], 2);
        Ok(())
    }

    async fn a_feature_that_has_ended_is_not_licensed_and_one_that_ends_is_announced(db: Db) {
        let ends = NOW.plus(7 * DAY_MS);
        let with_end = move |plan: &mut Plan| {
            plan.terms.features.insert("white_labelling".to_owned(), Some(ends.seconds()));
        };
        let stage = Stage::with(db, "maker", 1, with_end).await?;
        let asking = || ActivateRequest {
            features: Some(vec!["white_labelling".to_owned()]),
            ..stage.request("node-a", nonce())
        };
        let a = granted(stage.activate_as(asking(), NOW).await?)?;
        assert!(a.plan.features.contains_key("white_labelling"));
        let told: Vec<_> = a.notices.iter().map(|notice| (notice.code.as_str(), notice.at)).collect();
        assert_eq!(told, [("feature_ends_soon", Some(ends.timestamp()))]);
        assert_eq!(code(&stage.activate_as(asking(), ends).await?), "feature_not_licensed");
        let a = granted(stage.activate("node-a", ends).await?)?;
        assert!(a.plan.features.is_empty() && a.notices.is_empty());
        Ok(())
    }
}
