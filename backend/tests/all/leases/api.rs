//! Listing the holders of a license and freeing another's seat, as instances and key holders do it.

use backend::leases::{block_instance, deactivate_instance, list_instances_for};
use sdk::wire::{DeactivateRequest, DeactivateResponse, Holder, InstancesRequest, InstancesResponse};

use super::*;

impl Stage {
    fn key_secret(&self) -> Secret {
        Secret::new(self.key.expose())
    }

    async fn instances(&self, request: InstancesRequest, now: UnixMs) -> anyhow::Result<Result<Vec<Holder>, Refusal>> {
        Ok(self.page_of_instances(request, now).await?.map(|answer| answer.holders))
    }

    async fn page_of_instances(
        &self,
        request: InstancesRequest,
        now: UnixMs,
    ) -> anyhow::Result<Result<InstancesResponse, Refusal>> {
        let (cx, issuer) = (self.cx(now), self.issuer());
        Ok(self
            .db
            .write(move |tx| Box::pin(async move { list_instances_for(tx, &cx, &issuer, &request).await }))
            .await?)
    }

    async fn deactivate(
        &self,
        request: DeactivateRequest,
        now: UnixMs,
    ) -> anyhow::Result<Result<DeactivateResponse, Refusal>> {
        let (cx, issuer) = (self.cx(now), self.issuer());
        Ok(self
            .db
            .write(move |tx| Box::pin(async move { deactivate_instance(tx, &cx, &issuer, &request).await }))
            .await?)
    }

    fn free_with_key(&self, target: &LeaseResponse) -> DeactivateRequest {
        DeactivateRequest {
            license_key: Some(self.key_secret()),
            instance_id: None,
            secret: None,
            target_instance_id: target.instance_id.clone(),
        }
    }
}

fn by_secret(of: &LeaseResponse) -> InstancesRequest {
    InstancesRequest {
        instance_id: Some(of.instance_id.clone()),
        secret: Some(of.secret.clone()),
        ..InstancesRequest::default()
    }
}

on_both_engines! {
    async fn holders_are_listed_and_users_masked_for_the_bare_key(db: Db) {
        let stage = Stage::new(db, "startup", 3).await?;
        let node = granted(stage.activate("node-a", NOW).await?)?;
        let user = ActivateRequest {
            identity: Identity::user("ada@example.com", "laptop").named("Ada"),
            ..stage.request("unused", nonce())
        };
        granted(stage.activate_as(user, NOW.plus(1)).await?)?;
        let by_key = InstancesRequest { license_key: Some(stage.key_secret()), ..InstancesRequest::default() };
        let seen = stage.instances(by_key, NOW.plus(2)).await?.expect("the list");
        assert_eq!(seen[0].identity, Identity::instance("node-a"));
        assert_eq!(seen[1].identity, Identity::user("a…", "l…"));
        let seen = stage.instances(by_secret(&node), NOW.plus(2)).await?.expect("the list");
        assert_eq!(seen[1].identity, Identity::user("ada@example.com", "laptop").named("Ada"));
        // Looking uses up no secret: the next check shows it for the first time, however late.
        stage.instances(by_secret(&node), NOW.plus(3)).await?.expect("the list");
        assert_eq!(code(&stage.check(&node, NOW.plus(5 * MINUTE_MS)).await?), "granted");
        assert_eq!(stage.count_events("instance.cloned").await?, 0);
        let unknown = InstancesRequest { license_key: Some(Secret::new("LH-X")), ..InstancesRequest::default() };
        assert_eq!(stage.instances(unknown, NOW).await?, Err(Refusal::LicenseNotFound));
        let forged = InstancesRequest { secret: Some(Secret::new("AAAA")), ..by_secret(&node) };
        assert_eq!(stage.instances(forged, NOW).await?, Err(Refusal::InvalidSecret));
        let nothing = InstancesRequest::default();
        assert!(matches!(stage.instances(nothing, NOW).await?, Err(Refusal::Malformed(_))));
        Ok(())
    }

    async fn of_more_than_a_hundred_holders_the_others_are_on_the_next_page(db: Db) {
        let stage = Stage::new(db, "startup", 103).await?;
        let mut ids = Vec::new();
        for n in 0..103 {
            ids.push(granted(stage.activate(&format!("node-{n}"), NOW.plus(n)).await?)?.instance_id);
        }
        let now = NOW.plus(1_000);
        let request = |cursor| InstancesRequest {
            license_key: Some(stage.key_secret()),
            cursor,
            ..InstancesRequest::default()
        };
        let first = stage.page_of_instances(request(None), now).await?.expect("a page");
        assert_eq!((first.holders.len(), first.total), (100, 103));
        assert!(first.next.is_some());
        let second = stage.page_of_instances(request(first.next), now).await?.expect("a page");
        assert_eq!((second.total, second.next), (103, None));
        let listed: Vec<String> = first.holders.into_iter().chain(second.holders).map(|holder| holder.id).collect();
        assert_eq!(listed, ids, "everybody once, oldest first");
        let Err(Refusal::SeatsExhausted(holders)) = stage.activate("one more", now).await? else { panic!("granted") };
        assert_eq!((holders.listed.len(), holders.total, holders.unlisted()), (100, 103, 3));
        let problem = Refusal::SeatsExhausted(holders).problem();
        assert_eq!((problem.holders.map(|listed| listed.len()), problem.holders_total), (Some(100), Some(103)));
        let strange = stage.page_of_instances(request(Some("elsewhere".to_owned())), now).await?;
        assert!(matches!(&strange, Err(Refusal::Invalid(invalid)) if invalid.member == "cursor"), "{strange:?}");
        Ok(())
    }

    async fn the_bare_key_frees_three_seats_an_hour_and_the_owner_is_told(db: Db) {
        let stage = Stage::new(db, "startup", 5).await?;
        stage.add_owner("ada@example.com").await?;
        let mut leases = Vec::new();
        for n in 0..5 {
            leases.push(granted(stage.activate(&format!("node-{n}"), NOW).await?)?);
        }
        for lease in &leases[..3] {
            let freed = stage.deactivate(stage.free_with_key(lease), NOW).await?.expect("freed");
            assert_eq!((freed.deactivated, freed.free_at), (true, NOW.timestamp()));
            // Asking again frees nothing more, and does not count.
            assert!(stage.deactivate(stage.free_with_key(lease), NOW).await?.is_ok());
        }
        assert_eq!(code(&stage.check(&leases[0], NOW).await?), "instance_deactivated");
        let fourth = stage.deactivate(stage.free_with_key(&leases[3]), NOW).await?;
        assert_eq!(fourth, Err(Refusal::RateLimited { retry_after_s: 3_601 }));
        // The check of the one that was freed, and the fourth.
        assert_eq!(stage.count_events("instance.refused").await?, 2);
        assert_eq!(stage.mails(NOW).await?, ["A seat of Nordwind IoT Platform was freed"; 3]);
        // An instance of the license may go on.
        let by_instance = DeactivateRequest {
            license_key: None,
            instance_id: Some(leases[4].instance_id.clone()),
            secret: Some(leases[4].secret.clone()),
            target_instance_id: leases[3].instance_id.clone(),
        };
        assert!(stage.deactivate(by_instance, NOW).await?.is_ok());
        assert_eq!(stage.count_events("instance.deactivated").await?, 4);
        let later = stage.deactivate(stage.free_with_key(&leases[4]), NOW.plus(HOUR_MS)).await?;
        assert!(later.is_ok());
        Ok(())
    }

    async fn whoever_is_genuine_and_names_no_instance_of_the_license_is_noted(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let node = granted(stage.activate("node-a", NOW).await?)?;
        let unknown = "ins_unknown".to_owned();
        let by_key = DeactivateRequest { target_instance_id: unknown.clone(), ..stage.free_with_key(&node) };
        let by_instance = DeactivateRequest {
            license_key: None,
            instance_id: Some(node.instance_id.clone()),
            secret: Some(node.secret.clone()),
            target_instance_id: unknown,
        };
        for request in [&by_key, &by_key, &by_instance] {
            assert_eq!(stage.deactivate(request.clone(), NOW.plus(1)).await?, Err(Refusal::TargetNotFound));
        }
        assert_eq!(stage.count_events("instance.refused").await?, 3);
        let forged = DeactivateRequest { secret: Some(Secret::new("AAAA")), ..by_instance };
        assert_eq!(stage.deactivate(forged, NOW.plus(1)).await?, Err(Refusal::InvalidSecret));
        assert_eq!(stage.count_events("instance.refused").await?, 3, "strangers are only counted");
        Ok(())
    }

    async fn who_may_not_run_neither_sees_nor_frees_the_seats_of_others(db: Db) {
        let stage = Stage::new(db, "startup", 4).await?;
        let other = granted(stage.activate("other", NOW).await?)?;
        let released = granted(stage.activate("released", NOW).await?)?;
        let deactivated = granted(stage.activate("deactivated", NOW).await?)?;
        let blocked = granted(stage.activate("blocked", NOW).await?)?;
        stage.release(&released, NOW).await?.expect("released");
        let (cx, id) = (stage.cx(NOW), InstanceId::from_untrusted(&deactivated.instance_id));
        stage.db.write(move |tx| Box::pin(async move { free_seat(tx, &cx, &id).await })).await?;
        let (cx, id) = (stage.cx(NOW), InstanceId::from_untrusted(&blocked.instance_id));
        stage.db.write(move |tx| Box::pin(async move { block_instance(tx, &cx, &id).await })).await?;
        for (asker, refusal) in [
            (&released, Refusal::InstanceReleased),
            (&deactivated, Refusal::InstanceDeactivated { retry_after_s: 600 }),
            (&blocked, Refusal::InstanceBlocked),
        ] {
            assert_eq!(stage.instances(by_secret(asker), NOW).await?, Err(refusal.clone()));
            let free = DeactivateRequest {
                license_key: None,
                instance_id: Some(asker.instance_id.clone()),
                secret: Some(asker.secret.clone()),
                target_instance_id: other.instance_id.clone(),
            };
            assert_eq!(stage.deactivate(free, NOW).await?, Err(refusal));
        }
        assert_eq!(stage.count_events("instance.refused").await?, 6);
        // Whose seat has lapsed may still ask who has it.
        let lapsed = NOW.plus(HOUR_MS);
        assert!(stage.instances(by_secret(&other), lapsed).await?.is_ok());
        assert_eq!(code(&stage.check(&other, lapsed).await?), "granted");
        Ok(())
    }

    async fn nobody_frees_a_seat_of_another_license(db: Db) {
        let stage = Stage::new(db.clone(), "maker", 1).await?;
        let a = granted(stage.activate("node-a", NOW).await?)?;
        let other = stage.second_license().await?;
        let request = DeactivateRequest { license_key: Some(Secret::new(other.expose())), ..stage.free_with_key(&a) };
        assert_eq!(stage.deactivate(request, NOW).await?, Err(Refusal::TargetNotFound));
        assert_eq!(code(&stage.check(&a, NOW).await?), "granted");
        Ok(())
    }
}
