//! What owners and vendors do to an instance: block, delete, revoke its lease.

use backend::Actor;
use backend::leases::{Acted, block_instance, delete_instance, list_instances, revoke_lease, unblock_instance};
use backend::revocations::signed_revocations;
use sdk::lease::LeaseClaims;
use sdk::revocations::RevocationsClaims;

use super::*;

#[derive(Clone, Copy)]
enum Do {
    Block,
    Unblock,
    Delete,
    RevokeLease,
}

impl Stage {
    async fn act(&self, act: Do, of: &LeaseResponse, now: UnixMs) -> anyhow::Result<Acted> {
        let (cx, id) = (self.cx(now), InstanceId::from_untrusted(&of.instance_id));
        let acted = self.db.write(move |tx| {
            Box::pin(async move {
                match act {
                    Do::Block => block_instance(tx, &cx, &id).await,
                    Do::Unblock => unblock_instance(tx, &cx, &id).await,
                    Do::Delete => delete_instance(tx, &cx, &id).await,
                    Do::RevokeLease => revoke_lease(tx, &cx, &id).await,
                }
            })
        });
        Ok(acted.await?)
    }

    /// Ids that the signed list of revocations names.
    async fn revoked(&self, now: UnixMs) -> anyhow::Result<Vec<String>> {
        Ok(self.rejected(now).await?.rev.into_iter().map(|entry| entry.id).collect())
    }

    /// The signed list of revocations.
    async fn rejected(&self, now: UnixMs) -> anyhow::Result<RevocationsClaims> {
        let vendor = self.vendor.clone();
        let signed =
            self.db.read(move |tx| Box::pin(async move { signed_revocations(tx, &master(), &vendor, now).await }));
        let token = signed.await?.expect("a signing key");
        Ok(sdk::revocations::verify(&token, &self.trust().await?, now.seconds())?)
    }
}

on_both_engines! {
    async fn a_blocked_instance_neither_checks_nor_activates_until_it_is_unblocked(db: Db) {
        let stage = Stage::new(db, "maker", 1).await?;
        let a = granted(stage.activate("node-a", NOW).await?)?;
        assert_eq!(stage.act(Do::Block, &a, NOW).await?, Acted::Done { free_at: NOW });
        assert_eq!(stage.act(Do::Block, &a, NOW).await?, Acted::Unchanged);
        assert_eq!(code(&stage.check(&a, NOW.plus(1_000)).await?), "instance_blocked");
        assert_eq!(code(&stage.activate("node-a", NOW.plus(2_000)).await?), "instance_blocked");
        assert_eq!(stage.revoked(NOW).await?, std::slice::from_ref(&a.instance_id));
        // Its seat is another's.
        let b = granted(stage.activate("node-b", NOW.plus(3_000)).await?)?;
        assert!(matches!(stage.act(Do::Unblock, &a, NOW.plus(4_000)).await?, Acted::Done { .. }));
        assert_eq!(code(&stage.check(&a, NOW.plus(5_000)).await?), "seats_exhausted");
        stage.release(&b, NOW.plus(6_000)).await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
        assert_eq!(code(&stage.check(&a, NOW.plus(7_000)).await?), "granted");
        assert_eq!(stage.audited(&a.instance_id).await?, ["instance.block", "instance.unblock"]);
        assert_eq!(stage.count_events("instance.blocked").await?, 1);
        Ok(())
    }

    async fn a_deleted_instance_is_not_found_and_its_identity_is_new(db: Db) {
        let stage = Stage::new(db, "maker", 1).await?;
        let a = granted(stage.activate("node-a", NOW).await?)?;
        assert_eq!(stage.act(Do::Delete, &a, NOW).await?, Acted::Done { free_at: NOW });
        assert_eq!(stage.act(Do::Delete, &a, NOW).await?, Acted::NotFound);
        assert_eq!(code(&stage.check(&a, NOW.plus(1_000)).await?), "instance_not_found");
        let again = granted(stage.activate("node-a", NOW.plus(2_000)).await?)?;
        assert_ne!(again.instance_id, a.instance_id);
        // Deleted twice: both graves have room.
        stage.act(Do::Delete, &again, NOW.plus(3_000)).await?;
        granted(stage.activate("node-a", NOW.plus(4_000)).await?)?;
        let (vendor_id, id) = (stage.vendor.id.clone(), stage.license_id.clone());
        let listed = stage.db.read(move |tx| Box::pin(async move {
            list_instances(tx, &vendor_id, &id, NOW, 10).await
        }));
        assert_eq!(listed.await?.len(), 1);
        assert_eq!(stage.audited(&a.instance_id).await?, ["instance.delete"]);
        Ok(())
    }

    async fn a_deleted_instance_holds_its_seat_while_its_lease_may_be_in_use(db: Db) {
        let stage = Stage::new(db, "startup", 1).await?;
        let trust = stage.trust().await?;
        let borrow = |node| ActivateRequest { borrow_s: Some(7 * 86_400), ..stage.request(node, nonce()) };
        // Two early returns of borrowed leases are free, the third seat stays held to the end of its lease.
        for _ in 0..2 {
            let a = granted(stage.activate_as(borrow("node-a"), NOW).await?)?;
            assert_eq!(stage.act(Do::Delete, &a, NOW).await?, Acted::Done { free_at: NOW });
        }
        let a = granted(stage.activate_as(borrow("node-a"), NOW).await?)?;
        let end = exp(&a, &trust, NOW)?;
        assert_eq!(stage.act(Do::Delete, &a, NOW).await?, Acted::Done { free_at: end.plus(MINUTE_MS) });
        assert_eq!(code(&stage.activate("node-a", end.plus(MINUTE_MS - 1)).await?), "seats_exhausted");
        assert!(stage.holders(NOW.plus(1)).await?.is_empty(), "there is nobody to free it from");
        assert_eq!(code(&stage.activate("node-a", end.plus(MINUTE_MS)).await?), "granted");
        Ok(())
    }

    async fn a_machine_that_is_freed_too_often_keeps_its_seat_until_it_would_have_been_reclaimed(db: Db) {
        let stage = Stage::new(db, "perpetual", 1).await?;
        // Its lease lives for a day, and it may be silent for thirty.
        for _ in 0..2 {
            let press = granted(stage.activate("press-1", NOW).await?)?;
            assert_eq!(stage.act(Do::Delete, &press, NOW).await?, Acted::Done { free_at: NOW });
        }
        let press = granted(stage.activate("press-1", NOW).await?)?;
        let reclaimed = NOW.plus(30 * DAY_MS);
        assert_eq!(stage.act(Do::Delete, &press, NOW).await?, Acted::Done { free_at: reclaimed });
        assert_eq!(code(&stage.activate("press-2", reclaimed.plus(-1)).await?), "seats_exhausted");
        assert_eq!(code(&stage.activate("press-2", reclaimed).await?), "granted");
        Ok(())
    }

    async fn only_staff_who_manage_licenses_revoke_leases(db: Db) {
        let stage = Stage::new(db, "maker", 1).await?;
        let a = granted(stage.activate("node-a", NOW).await?)?;
        let somebody: UserId = stage.cx(NOW).id();
        let actors = [Actor::Visitor, Actor::User(somebody), Actor::Instance(a.instance_id.clone())];
        for actor in actors {
            let (cx, id) = (Cx { actor, ..stage.cx(NOW) }, InstanceId::from_untrusted(&a.instance_id));
            let acted = stage.db.write(move |tx| Box::pin(async move { revoke_lease(tx, &cx, &id).await }));
            assert_eq!(acted.await?, Acted::NotFound);
        }
        assert!(stage.revoked(NOW).await?.is_empty());
        assert_eq!(stage.audited(&a.instance_id).await?, Vec::<String>::new());
        Ok(())
    }

    async fn a_revoked_lease_is_listed_and_the_next_check_gets_a_new_one(db: Db) {
        let stage = Stage::new(db, "maker", 1).await?;
        let a = granted(stage.activate("node-a", NOW).await?)?;
        assert!(stage.revoked(NOW).await?.is_empty());
        assert!(matches!(stage.act(Do::RevokeLease, &a, NOW).await?, Acted::Done { .. }));
        assert_eq!(stage.revoked(NOW).await?, std::slice::from_ref(&a.instance_id));
        assert_eq!(code(&stage.check(&a, NOW.plus(1_000)).await?), "granted");
        assert_eq!(stage.count_events("lease.revoked").await?, 1);
        assert_eq!(stage.audited(&a.instance_id).await?, ["instance.revoke_lease"]);
        assert_eq!(stage.act(Do::RevokeLease, &a, NOW.plus(HOUR_MS)).await?, Acted::Unchanged);
        Ok(())
    }

    async fn a_lease_signed_in_the_second_of_the_act_is_good_and_the_ones_before_are_not(db: Db) {
        let stage = Stage::new(db, "maker", 2).await?;
        let (a, b) = (granted(stage.activate("node-a", NOW).await?)?, granted(stage.activate("node-b", NOW).await?)?);
        stage.act(Do::RevokeLease, &a, NOW.plus(200)).await?;
        stage.act(Do::Block, &b, NOW.plus(200)).await?;
        stage.act(Do::Unblock, &b, NOW.plus(300)).await?;
        let new = [
            granted(stage.check(&a, NOW.plus(400)).await?)?,
            granted(stage.activate("node-b", NOW.plus(400)).await?)?,
        ];
        let (trust, list) = (stage.trust().await?, stage.rejected(NOW.plus(500)).await?);
        let claims = |of: &LeaseResponse| -> anyhow::Result<LeaseClaims> {
            Ok(sdk::lease::verify(&of.lease, &trust, &Expect::of("iot-platform", NOW.seconds()))?.claims().clone())
        };
        for (before, after) in [&a, &b].into_iter().zip(&new) {
            assert!(list.matches(&claims(before)?).is_some(), "what was out before the act is rejected");
            let (before, after) = (claims(before)?, claims(after)?);
            assert!(list.matches(&after).is_none(), "what was handed out after it is not: {after:?}");
            assert_eq!((after.iat, after.exp), (NOW.seconds() + 1, before.exp), "and it ends no later");
            assert_eq!(after.nbf, NOW.seconds(), "and it is good at once");
        }
        // A second act of the same second rejects what was dated ahead after the first.
        stage.act(Do::RevokeLease, &new[0], NOW.plus(600)).await?;
        let list = stage.rejected(NOW.plus(600)).await?;
        assert!(list.matches(&claims(&new[0])?).is_some() && list.matches(&claims(&new[1])?).is_none());
        let again = granted(stage.check(&new[0], NOW.plus(700)).await?)?;
        assert!(list.matches(&claims(&again)?).is_none());
        let later = granted(stage.check(&new[1], NOW.plus(1_000)).await?)?;
        assert_eq!((claims(&again)?.iat, claims(&later)?.iat), (NOW.seconds() + 2, NOW.seconds() + 1));
        // So does one about the license, whose instances were dated ahead after acts about them.
        stage.act(Do::RevokeLease, &later, NOW.plus(1_100)).await?;
        let last = granted(stage.check(&later, NOW.plus(1_200)).await?)?;
        assert_eq!(claims(&last)?.iat, NOW.seconds() + 2);
        let (cx, id) = (stage.cx(NOW.plus(1_800)), stage.license_id.clone());
        let suspended = stage.db.write(move |tx| {
            Box::pin(async move { set_standing(tx, &cx, &id, LicenseStatus::Suspended, "fraud").await })
        });
        suspended.await?;
        let list = stage.rejected(NOW.plus(1_800)).await?;
        for lease in [&again, &last] {
            assert!(list.matches(&claims(lease)?).is_some(), "nothing outlives the suspension");
        }
        Ok(())
    }
}
