//! Seats that run out: told once, by the sweep or by whoever meets them first.

use backend::leases::close_lapsed;

use super::*;

impl Stage {
    async fn sweep(&self, now: UnixMs) -> anyhow::Result<usize> {
        let cx = self.cx(now);
        Ok(self.db.write(move |tx| Box::pin(async move { close_lapsed(tx, &cx, 10).await })).await?)
    }
}

on_both_engines! {
    async fn a_dead_node_is_told_once_as_an_expired_lease(db: Db) {
        let stage = Stage::new(db, "startup", 3).await?;
        granted(stage.activate("node-a", NOW).await?)?;
        let b = granted(stage.activate("node-b", NOW).await?)?;
        let c = granted(stage.activate("node-c", NOW).await?)?;
        stage.release(&c, NOW).await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
        granted(stage.check(&b, NOW.plus(5 * MINUTE_MS)).await?)?;
        let at = NOW.plus(11 * MINUTE_MS);
        assert_eq!(stage.sweep(at.plus(-1)).await?, 0);
        assert_eq!(stage.sweep(at).await?, 1);
        assert_eq!(stage.sweep(at).await?, 0);
        assert_eq!(stage.count_events("lease.expired").await?, 1);
        Ok(())
    }

    async fn an_instance_that_comes_back_late_meets_its_own_end_first(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let a = granted(stage.activate("node-a", NOW).await?)?;
        granted(stage.activate("node-b", NOW).await?)?;
        let at = NOW.plus(HOUR_MS);
        granted(stage.check(&a, at).await?)?;
        granted(stage.activate("node-b", at).await?)?;
        assert_eq!(stage.count_events("lease.expired").await?, 2);
        assert_eq!((stage.count_events("lease.issued").await?, stage.sweep(at).await?), (1, 0));
        // Refused for want of a seat, its end is told all the same.
        let later = at.plus(HOUR_MS);
        granted(stage.activate("node-c", later).await?)?;
        granted(stage.activate("node-d", later).await?)?;
        assert_eq!(code(&stage.activate("node-a", later).await?), "seats_exhausted");
        assert_eq!((stage.count_events("lease.expired").await?, stage.sweep(later).await?), (3, 1));
        Ok(())
    }

    async fn a_silent_machine_is_reclaimed_after_thirty_days(db: Db) {
        let stage = Stage::new(db, "perpetual", 1).await?;
        let press = granted(stage.activate("press-1", NOW).await?)?;
        let at = NOW.plus(30 * DAY_MS);
        assert_eq!(stage.sweep(at.plus(-1)).await?, 0);
        assert_eq!(code(&stage.activate("press-2", at.plus(-1)).await?), "seats_exhausted");
        assert_eq!(stage.sweep(at).await?, 1);
        assert_eq!((stage.count_events("instance.reclaimed").await?, stage.count_events("lease.expired").await?), (1, 0));
        granted(stage.activate("press-2", at).await?)?;
        assert_eq!(code(&stage.check(&press, at).await?), "seats_exhausted");
        Ok(())
    }
}
