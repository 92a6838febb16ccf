//! Seats beyond the bought ones, for an hour; and how many devices a user may use.

use backend::catalog::{LicenseType, Plan};

use super::*;

/// The demo's `business`: one seat more for an hour.
const SURGE_MS: i64 = 60 * MINUTE_MS;

impl Stage {
    /// Lets these check every eight minutes up to `until`, one after the other, so that no seat lapses.
    async fn keep(&self, leases: &mut [&mut LeaseResponse], from: UnixMs, until: UnixMs) -> anyhow::Result<()> {
        let mut at = from;
        while at < until {
            at = at.plus(8 * MINUTE_MS).min(until);
            for lease in &mut *leases {
                **lease = granted(self.check(lease, at).await?)?;
            }
        }
        Ok(())
    }
}

fn user_request(stage: &Stage, user: &str, device: &str) -> ActivateRequest {
    ActivateRequest { identity: Identity::user(user, device), ..stage.request("unused", nonce()) }
}

fn seats_users(plan: &mut Plan) {
    plan.license_type = LicenseType::User;
    plan.terms.devices_per_user = Some(2);
}

on_both_engines! {
    async fn a_surge_lets_one_more_in_until_it_closes_and_opens_again_a_day_later(db: Db) {
        let stage = Stage::new(db, "business", 1).await?;
        let trust = stage.trust().await?;
        let mut a = granted(stage.activate("node-a", NOW).await?)?;
        let mut b = granted(stage.activate("node-b", NOW).await?)?;
        assert_eq!(code(&stage.activate("node-c", NOW).await?), "seats_exhausted");
        assert_eq!(stage.holders(NOW).await?.len(), 2);
        let closes_at = NOW.plus(SURGE_MS);
        let late = closes_at.plus(-5 * MINUTE_MS);
        stage.keep(&mut [&mut b, &mut a], NOW, late).await?;
        assert_eq!(exp(&b, &trust, late)?, closes_at);
        assert_eq!(exp(&a, &trust, late)?, late.plus(10 * MINUTE_MS));
        // It is over: the one who came last goes, and coming back opens nothing.
        assert_eq!(code(&stage.check(&b, closes_at).await?), "seats_exhausted");
        assert_eq!(code(&stage.activate("node-b", closes_at).await?), "seats_exhausted");
        let next_day = NOW.plus(DAY_MS);
        stage.keep(&mut [&mut a], late, next_day).await?;
        assert_eq!(code(&stage.activate("node-b", next_day.plus(-1)).await?), "seats_exhausted");
        assert_eq!(code(&stage.activate("node-b", next_day).await?), "granted");
        Ok(())
    }

    async fn who_waits_on_a_surges_seat_gets_a_free_one_before_newcomers(db: Db) {
        let stage = Stage::new(db, "business", 1).await?;
        let trust = stage.trust().await?;
        let a = granted(stage.activate("node-a", NOW).await?)?;
        let mut b = granted(stage.activate("node-b", NOW.plus(1_000)).await?)?;
        let at = NOW.plus(MINUTE_MS);
        stage.release(&a, at).await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
        let mut c = granted(stage.activate("node-c", at).await?)?;
        let closes_at = NOW.plus(1_000 + SURGE_MS);
        // The newcomer checks first, and still the seat is for the one who waits longer.
        c = granted(stage.check(&c, at.plus(1_000)).await?)?;
        b = granted(stage.check(&b, at.plus(2_000)).await?)?;
        let late = closes_at.plus(-2 * MINUTE_MS);
        stage.keep(&mut [&mut c, &mut b], at, late).await?;
        assert_eq!(exp(&c, &trust, late)?, closes_at);
        assert_eq!(exp(&b, &trust, late)?, late.plus(10 * MINUTE_MS));
        // The seat that is left by then is the newcomer's, also after the surge.
        stage.release(&b, closes_at.plus(1_000)).await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
        c = granted(stage.check(&c, closes_at.plus(2_000)).await?)?;
        assert_eq!(exp(&c, &trust, closes_at.plus(2_000))?, closes_at.plus(2_000 + 10 * MINUTE_MS));
        Ok(())
    }

    async fn a_check_does_not_open_a_surge_and_may_join_one(db: Db) {
        let stage = Stage::new(db, "business", 1).await?;
        let b = granted(stage.activate("node-b", NOW).await?)?;
        let at = NOW.plus(20 * MINUTE_MS);
        granted(stage.activate("node-a", at).await?)?;
        assert_eq!(code(&stage.check(&b, at).await?), "seats_exhausted");
        granted(stage.activate("node-c", at).await?)?;
        assert_eq!(code(&stage.check(&b, at).await?), "seats_exhausted");
        let gone = at.plus(12 * MINUTE_MS);
        granted(stage.activate("node-a", gone).await?)?;
        assert_eq!(code(&stage.check(&b, gone).await?), "granted");
        Ok(())
    }

    async fn a_machine_holds_a_surges_seat_no_longer_than_the_surge(db: Db) {
        let with_surge = |plan: &mut Plan| (plan.terms.surge_seats, plan.terms.surge_minutes) = (1, 60);
        let stage = Stage::with(db, "perpetual", 1, with_surge).await?;
        granted(stage.activate("press-1", NOW).await?)?;
        granted(stage.activate("press-2", NOW).await?)?;
        let over = NOW.plus(SURGE_MS + MINUTE_MS);
        assert_eq!(stage.holders(over.plus(-1)).await?.len(), 2);
        assert_eq!(stage.holders(over).await?, ["press-1"]);
        Ok(())
    }

    async fn seats_that_are_reduced_take_the_surges_holder_first(db: Db) {
        let stage = Stage::new(db, "business", 2).await?;
        let a = granted(stage.activate("node-a", NOW).await?)?;
        let b = granted(stage.activate("node-b", NOW.plus(1_000)).await?)?;
        let c = granted(stage.activate("node-c", NOW.plus(2_000)).await?)?;
        stage.change("business", 1, NOW.plus(3_000)).await?;
        let at = NOW.plus(4_000);
        assert_eq!(code(&stage.check(&c, at).await?), "seats_exhausted");
        assert_eq!(code(&stage.check(&b, at).await?), "seats_exhausted");
        assert_eq!(code(&stage.check(&a, at).await?), "granted");
        Ok(())
    }

    async fn a_user_has_one_seat_on_as_many_devices_as_the_plan_allows(db: Db) {
        let stage = Stage::with(db, "maker", 2, seats_users).await?;
        let laptop = granted(stage.activate_as(user_request(&stage, "ada", "laptop"), NOW).await?)?;
        let phone = granted(stage.activate_as(user_request(&stage, "ada", "phone"), NOW.plus(1)).await?)?;
        assert_ne!(laptop.instance_id, phone.instance_id);
        let third = stage.activate_as(user_request(&stage, "ada", "tablet"), NOW.plus(2)).await?;
        let Err(Refusal::DevicesExhausted(devices)) = &third else { anyhow::bail!("{third:?}") };
        let devices: Vec<_> = devices.listed.iter().filter_map(|it| it.identity.device.as_deref()).collect();
        assert_eq!((devices, code(&third)), (vec!["laptop", "phone"], "devices_exhausted"));
        // Two devices, one seat; another user has the second.
        granted(stage.activate_as(user_request(&stage, "bob", "laptop"), NOW.plus(3)).await?)?;
        let cyd = stage.activate_as(user_request(&stage, "cyd", "laptop"), NOW.plus(4)).await?;
        let Err(Refusal::SeatsExhausted(holders)) = &cyd else { anyhow::bail!("{cyd:?}") };
        assert!(holders.listed.iter().all(|it| it.identity.id.ends_with('…')), "the bare key names nobody: {holders:?}");
        stage.release(&phone, NOW.plus(5)).await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
        granted(stage.activate_as(user_request(&stage, "ada", "tablet"), NOW.plus(6)).await?)?;
        assert_eq!(code(&stage.activate_as(user_request(&stage, "ada", "phone"), NOW.plus(7)).await?), "devices_exhausted");
        assert_eq!(code(&stage.check(&laptop, NOW.plus(8)).await?), "granted");
        Ok(())
    }
}
