//! Copies that run under one identity: what is noticed, who goes on, and the owner's word.

use backend::Actor;
use backend::leases::{Acted, Decision, find_instance, resolve_conflict};

use super::*;

impl Stage {
    /// Lets a copy take over and the one before it show its secret once more: one contested flip.
    async fn contest(&self, last: &LeaseResponse, at: UnixMs) -> anyhow::Result<LeaseResponse> {
        let taken_over = granted(self.activate("node-a", at).await?)?;
        assert_eq!(code(&self.check(last, at.plus(1_000)).await?), "instance_stale");
        Ok(taken_over)
    }

    /// Three contested flips, an hour apart; answers the first secret and the one in force.
    async fn contest_thrice(&self) -> anyhow::Result<(LeaseResponse, LeaseResponse)> {
        let original = granted(self.activate("node-a", NOW).await?)?;
        let mut last = original.clone();
        for hour in 1..=3 {
            last = self.contest(&last, NOW.plus(hour * HOUR_MS)).await?;
        }
        Ok((original, last))
    }

    async fn activate_with(
        &self,
        secret: &LeaseResponse,
        now: UnixMs,
    ) -> anyhow::Result<Result<LeaseResponse, Refusal>> {
        let request = ActivateRequest { secret: Some(secret.secret.clone()), ..self.request("node-a", nonce()) };
        self.activate_as(request, now).await
    }

    async fn decide(&self, of: &LeaseResponse, decision: Decision, now: UnixMs) -> anyhow::Result<Acted> {
        let cx = self.cx(now);
        let id = InstanceId::from_untrusted(&of.instance_id);
        Ok(self.db.write(move |tx| Box::pin(async move { resolve_conflict(tx, &cx, &id, decision).await })).await?)
    }
}

on_both_engines! {
    async fn three_contested_flips_in_a_day_open_a_conflict_and_its_owner_hears_of_it(db: Db) {
        let stage = Stage::new(db, "maker", 1).await?;
        stage.add_owner("ada@example.com").await?;
        let (_, running) = stage.contest_thrice().await?;
        let at = NOW.plus(3 * HOUR_MS + MINUTE_MS);
        assert_eq!(stage.count_events("instance.cloned").await?, 1);
        assert_eq!(stage.count_events("instance.stale").await?, 3);
        assert_eq!(stage.mails(at).await?, ["Two copies of Nordwind IoT Platform use one identity"]);
        // The epoch in force goes on, and nobody else gets in.
        let running = granted(stage.check(&running, at).await?)?;
        assert_eq!(code(&stage.activate("node-a", at).await?), "instance_conflict");
        assert_eq!(code(&stage.activate("node-a", at).await?), "instance_conflict");
        assert_eq!(code(&stage.check(&running, at.plus(1_000)).await?), "granted");
        // After a day without a decision the identity can be activated again.
        let opened_at = NOW.plus(3 * HOUR_MS + 1_000);
        assert_eq!(code(&stage.activate("node-a", opened_at.plus(DAY_MS - 1)).await?), "instance_conflict");
        assert_eq!(code(&stage.activate("node-a", opened_at.plus(DAY_MS)).await?), "granted");
        assert_eq!(stage.mails(at.plus(DAY_MS)).await?, [""; 0]);
        Ok(())
    }

    async fn whoever_was_there_before_the_conflict_gets_in_once(db: Db) {
        let stage = Stage::new(db, "maker", 1).await?;
        let (original, running) = stage.contest_thrice().await?;
        let at = NOW.plus(4 * HOUR_MS);
        assert_eq!(code(&stage.activate_with(&running, at).await?), "instance_conflict");
        let forged = LeaseResponse { secret: Secret::new("AAAA"), ..original.clone() };
        assert_eq!(code(&stage.activate_with(&forged, at).await?), "instance_conflict");
        let request = ActivateRequest { secret: Some(original.secret.clone()), ..stage.request("node-a", nonce()) };
        let back = granted(stage.activate_as(request.clone(), at).await?)?;
        // The reply was lost: the same request is answered again, another one is not.
        assert_eq!(granted(stage.activate_as(request, at.plus(1_000)).await?)?.secret, back.secret);
        assert_eq!(code(&stage.activate_with(&original, at.plus(2_000)).await?), "instance_conflict");
        assert_eq!(code(&stage.check(&back, at.plus(3_000)).await?), "granted");
        assert_eq!(code(&stage.check(&running, at.plus(4_000)).await?), "instance_stale");
        Ok(())
    }

    async fn the_owner_keeps_the_running_copy_or_lets_the_next_one_in(db: Db) {
        let stage = Stage::new(db, "maker", 1).await?;
        let (original, running) = stage.contest_thrice().await?;
        let at = NOW.plus(4 * HOUR_MS);
        assert!(matches!(stage.decide(&running, Decision::KeepRunning, at).await?, Acted::Done { .. }));
        let running = granted(stage.check(&running, at).await?)?;
        assert_eq!(code(&stage.activate_with(&original, at).await?), "instance_conflict");
        assert!(matches!(stage.decide(&running, Decision::LetNextIn, at).await?, Acted::Done { .. }));
        assert_eq!(code(&stage.activate("node-a", at.plus(1_000)).await?), "granted");
        assert_eq!(code(&stage.check(&running, at.plus(2_000)).await?), "instance_stale");
        assert_eq!(stage.decide(&running, Decision::LetNextIn, at).await?, Acted::Unchanged);
        let acts = stage.audited(&running.instance_id).await?;
        assert_eq!(acts, ["instance.resolve_conflict", "instance.resolve_conflict"]);
        // What was settled does not count again: one more contest is the first of three.
        assert_eq!(stage.count_events("instance.cloned").await?, 1);
        Ok(())
    }

    async fn crash_loops_and_rebuilt_nodes_are_no_copies(db: Db) {
        let stage = Stage::new(db, "maker", 1).await?;
        for minute in 0..20 {
            let at = NOW.plus(minute * 5 * MINUTE_MS);
            let last = granted(stage.activate("node-a", at).await?)?;
            // The reply is lost now and then, and the check is repeated late with what was saved.
            let request = check_request(&last, nonce());
            granted(stage.check_as(request.clone(), at.plus(1_000)).await?)?;
            granted(stage.check_as(request, at.plus(3 * MINUTE_MS)).await?)?;
        }
        assert_eq!(stage.count_events("instance.cloned").await?, 0);
        Ok(())
    }

    async fn one_secret_shown_late_by_two_is_a_fork_and_three_of_them_a_conflict(db: Db) {
        let stage = Stage::new(db, "maker", 1).await?;
        let mut last = granted(stage.activate("node-a", NOW).await?)?;
        for round in 1..=3 {
            let at = NOW.plus(round * 5 * MINUTE_MS);
            granted(stage.check(&last, at).await?)?;
            last = granted(stage.check(&last, at.plus(61_000)).await?)?;
            assert_eq!(stage.count_events("instance.cloned").await?, i64::from(round == 3));
        }
        let (vendor_id, id) = (stage.vendor.id.clone(), InstanceId::from_untrusted(&last.instance_id));
        let found = stage.db.read(move |tx| Box::pin(async move { find_instance(tx, &vendor_id, &id).await })).await?;
        let instance = found.expect("the instance");
        assert_eq!(instance.contests.0.len(), 3);
        assert!(instance.conflict(NOW.plus(HOUR_MS)).is_some());
        assert_eq!(code(&stage.activate_with(&last, NOW.plus(HOUR_MS)).await?), "instance_conflict");
        Ok(())
    }

    async fn whoever_may_not_manage_instances_decides_nothing(db: Db) {
        let stage = Stage::new(db, "maker", 1).await?;
        let (_, running) = stage.contest_thrice().await?;
        for actor in [Actor::Visitor, Actor::User(UserId::from_untrusted("usr_other"))] {
            let cx = Cx { actor, ..stage.cx(NOW.plus(4 * HOUR_MS)) };
            let id = InstanceId::from_untrusted(&running.instance_id);
            let acted = stage.db.write(move |tx| Box::pin(async move {
                resolve_conflict(tx, &cx, &id, Decision::LetNextIn).await
            }));
            assert_eq!(acted.await?, Acted::NotFound);
        }
        Ok(())
    }
}
