//! Signing keys: rotated without a failed check, revoked at once, followed by clients that were offline.

use backend::accounts::StaffRole;
use backend::clock::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMs};
use backend::db::Db;
use backend::ids::VendorId;
use backend::keys::{
    KeyRevocation, KeyRotation, SigningKeyInfo, SigningKeyStatus, list_signing_keys, revoke_signing_key,
    rotate_signing_key, withdraw_retired_keys,
};
use sdk::lease::Expect;
use sdk::revocations::RevocationKind;
use sdk::trust::TrustBundle;
use sdk::wire::LeaseResponse;

use crate::licenses::stage::{PRODUCT, Stage, granted};
use crate::support::{NOW, cx, master, on_both_engines, vendor};

async fn rotate(stage: &Stage, now: UnixMs) -> anyhow::Result<(String, String, i64)> {
    let cx = stage.operator(now);
    match stage.write(move |tx| Box::pin(async move { rotate_signing_key(tx, &cx, &master()).await })).await? {
        KeyRotation::Rotated { active, next, seq } => Ok((active, next, seq)),
        other => anyhow::bail!("{other:?}"),
    }
}

async fn revoke(stage: &Stage, kid: &str, now: UnixMs) -> anyhow::Result<KeyRevocation> {
    let (cx, kid) = (stage.operator(now), kid.to_owned());
    Ok(stage.write(move |tx| Box::pin(async move { revoke_signing_key(tx, &cx, &master(), &kid).await })).await?)
}

async fn withdraw(stage: &Stage, now: UnixMs) -> anyhow::Result<usize> {
    let cx = stage.operator(now);
    Ok(stage.write(move |tx| Box::pin(async move { withdraw_retired_keys(tx, &cx, &master()).await })).await?)
}

async fn list(db: &Db, vendor_id: &VendorId) -> anyhow::Result<Vec<SigningKeyInfo>> {
    let id = vendor_id.clone();
    let keys: Result<_, backend::db::DbError> =
        db.read(move |tx| Box::pin(async move { list_signing_keys(tx, &id).await })).await;
    Ok(keys?)
}

/// The key of this status; where several have it, the newest.
async fn kid_of(stage: &Stage, status: SigningKeyStatus) -> anyhow::Result<String> {
    let keys = list(&stage.db, &stage.vendor.id).await?;
    Ok(keys.into_iter().find(|key| key.status == status).expect("a key").kid)
}

/// Walks the chain from what a client knows to the newest set.
async fn catch_up(stage: &Stage, trust: &mut TrustBundle) -> anyhow::Result<()> {
    for link in stage.chain(trust.seq).await? {
        trust.accept(&link)?;
    }
    Ok(())
}

fn verify(lease: &LeaseResponse, trust: &TrustBundle, now: UnixMs) -> Result<(), sdk::lease::LeaseError> {
    sdk::lease::verify(&lease.lease, trust, &Expect::of(PRODUCT, now.seconds())).map(drop)
}

on_both_engines! {
    async fn a_new_vendor_signs_and_its_chain_begins(db: Db) {
        let vendor = vendor(&db, "acme").await?;
        let statuses: Vec<_> = list(&db, &vendor.id).await?.into_iter().map(|key| key.status).collect();
        assert_eq!(statuses.len(), 2);
        assert!(statuses.contains(&SigningKeyStatus::Active) && statuses.contains(&SigningKeyStatus::Next));
        let id = vendor.id.clone();
        let read: Result<_, backend::db::DbError> = db
            .read(move |tx| {
                Box::pin(async move {
                    let keys = backend::keys::published_keys(tx, &id).await?;
                    Ok((keys, backend::keys::key_sets_after(tx, &id, 0).await?))
                })
            })
            .await;
        let (keys, chain) = read?;
        let mut trust = TrustBundle { iss: vendor.origin.clone(), keys: keys.clone(), seq: 0 };
        assert_eq!(chain.len(), 1);
        trust.accept(&chain[0])?;
        assert_eq!((trust.seq, trust.keys), (1, keys));
        Ok(())
    }

    async fn no_rotation_fails_a_check(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let built_in = stage.published().await?;
        let mut node = built_in.clone();
        let mut last = granted(stage.activate("node-a", None, NOW).await?)?;
        for round in 1..=6_i64 {
            let now = NOW.plus(round * MINUTE_MS);
            if round % 2 == 0 {
                rotate(&stage, now).await?;
            }
            // The lease of before the rotation is good still, and so is the one of after it: with the keys that are
            // served at that moment, and with the chain from what was built in.
            let before = last.clone();
            last = granted(stage.check(&last, now).await?)?;
            let served = stage.published().await?;
            verify(&before, &served, now)?;
            verify(&last, &served, now)?;
            catch_up(&stage, &mut node).await?;
            verify(&before, &node, now)?;
            verify(&last, &node, now)?;
            let mut offline = built_in.clone();
            catch_up(&stage, &mut offline).await?;
            verify(&last, &offline, now)?;
        }
        // The bundle that was built in knew the next key, so one rotation is good without any chain.
        assert!(verify(&last, &built_in, NOW.plus(6 * MINUTE_MS)).is_err(), "three rotations need the chain");
        assert_eq!(stage.chain(0).await?.len(), 4);
        assert_eq!(stage.chain(3).await?.len(), 1);
        assert_eq!(stage.chain(4).await?.len(), 0);
        Ok(())
    }

    async fn checks_and_rotations_at_once_leave_no_lease_that_nobody_trusts(db: Db) {
        let stage = std::sync::Arc::new(Stage::new(db, "startup", 10).await?);
        let first = stage.published().await?;
        let mut nodes = Vec::new();
        for n in 0..4 {
            nodes.push(granted(stage.activate(&format!("node-{n}"), None, NOW).await?)?);
        }
        let checking: Vec<_> = nodes
            .into_iter()
            .map(|mut last| {
                let stage = stage.clone();
                tokio::spawn(async move {
                    for n in 1..=8_i64 {
                        last = granted(stage.check(&last, NOW.plus(n * 1_000)).await?)?;
                        verify(&last, &stage.published().await?, NOW.plus(n * 1_000))?;
                    }
                    Ok::<_, anyhow::Error>(last)
                })
            })
            .collect();
        for n in 1..=4 {
            rotate(&stage, NOW.plus(n * 2_000)).await?;
        }
        let mut trust = first;
        catch_up(&stage, &mut trust).await?;
        for check in checking {
            verify(&check.await??, &trust, NOW.plus(8_000))?;
        }
        Ok(())
    }

    async fn of_two_rotations_at_once_each_is_a_link_of_the_chain(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let mut trust = stage.published().await?;
        let (one, two) = tokio::join!(rotate(&stage, NOW), rotate(&stage, NOW));
        let mut numbers = [one?.2, two?.2];
        numbers.sort_unstable();
        assert_eq!(numbers, [2, 3]);
        catch_up(&stage, &mut trust).await?;
        assert_eq!((trust.seq, trust.keys.len()), (3, 4));
        Ok(())
    }

    async fn a_retired_key_signs_never_again_and_is_withdrawn_when_all_it_signed_has_ended(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        granted(stage.activate("node-a", None, NOW).await?)?;
        let retired = kid_of(&stage, SigningKeyStatus::Active).await?;
        rotate(&stage, NOW).await?;
        let private = "SELECT COUNT(*) FROM signing_keys WHERE status = 'retired' AND LENGTH(private_sealed) > 0";
        assert_eq!(stage.count(private).await?, 0);
        assert_eq!(withdraw(&stage, NOW.plus(MINUTE_MS)).await?, 0);
        let of = |keys: Vec<SigningKeyInfo>| keys.into_iter().find(|key| key.kid == retired).expect("the key");
        assert_eq!(of(list(&stage.db, &stage.vendor.id).await?).verifies_until, None, "a check may be under way");
        let noted = NOW.plus(6 * MINUTE_MS);
        assert_eq!(withdraw(&stage, noted).await?, 0);
        let until = of(list(&stage.db, &stage.vendor.id).await?).verifies_until.expect("noted");
        assert!(until >= noted.plus(HOUR_MS), "a list of revocations may have been signed by it");
        assert_eq!(withdraw(&stage, until.plus(MINUTE_MS)).await?, 0);
        assert!(stage.published().await?.find_key(&retired).is_some());
        assert_eq!(withdraw(&stage, until.plus(MINUTE_MS + 1)).await?, 1);
        assert!(stage.published().await?.find_key(&retired).is_none());
        assert!(!of(list(&stage.db, &stage.vendor.id).await?).is_published());
        // Clients drop it as well.
        let mut trust = stage.published().await?;
        catch_up(&stage, &mut trust).await.expect_err("the first sets were signed by a key that is gone");
        assert_eq!(stage.chain(0).await?.len(), 3);
        assert_eq!(withdraw(&stage, until.plus(DAY_MS)).await?, 0);
        Ok(())
    }

    async fn a_key_is_withdrawn_no_earlier_than_the_longest_lease_ends(db: Db) {
        let stage = Stage::new(db, "maker", 2).await?;
        let borrowed = granted(stage.activate("laptop", Some(2 * 86_400), NOW).await?)?;
        rotate(&stage, NOW.plus(MINUTE_MS)).await?;
        withdraw(&stage, NOW.plus(10 * MINUTE_MS)).await?;
        let end = NOW.plus(2 * DAY_MS);
        assert_eq!(withdraw(&stage, end).await?, 0);
        verify(&borrowed, &stage.published().await?, end.plus(-1_000))?;
        assert_eq!(withdraw(&stage, end.plus(DAY_MS)).await?, 1);
        Ok(())
    }

    async fn when_the_key_that_signs_is_revoked_the_next_one_signs_at_once(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let mut trust = stage.published().await?;
        let old = granted(stage.activate("node-a", None, NOW).await?)?;
        let (active, next) =
            (kid_of(&stage, SigningKeyStatus::Active).await?, kid_of(&stage, SigningKeyStatus::Next).await?);
        let revoked = revoke(&stage, &active, NOW).await?;
        assert_eq!(revoked, KeyRevocation::Revoked { active: next.clone(), seq: 2 });
        assert_eq!(kid_of(&stage, SigningKeyStatus::Active).await?, next);
        let served = stage.published().await?;
        assert!(served.find_key(&active).is_none());
        assert!(verify(&old, &served, NOW).is_err(), "what the revoked key signed is worth nothing");
        catch_up(&stage, &mut trust).await?;
        assert!(verify(&old, &trust, NOW).is_err());
        let new = granted(stage.check(&old, NOW.plus(1_000)).await?)?;
        verify(&new, &trust, NOW)?;
        verify(&new, &served, NOW)?;
        // The list names the key, for whatever date stands in what it signed, and for ever.
        for now in [NOW, NOW.plus(1_000 * DAY_MS)] {
            let rev = stage.revocations(now).await?.rev;
            assert_eq!(rev.iter().map(|it| (it.kind, it.id.as_str())).collect::<Vec<_>>(), [(RevocationKind::Key, active.as_str())]);
            assert!(rev[0].before > now.seconds() + 1_000_000_000);
        }
        assert_eq!(revoke(&stage, &active, NOW).await?, KeyRevocation::AlreadyRevoked);
        rotate(&stage, NOW.plus(2_000)).await?;
        Ok(())
    }

    async fn next_and_retired_keys_can_be_revoked_as_well(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let mut trust = stage.published().await?;
        let (active, next) =
            (kid_of(&stage, SigningKeyStatus::Active).await?, kid_of(&stage, SigningKeyStatus::Next).await?);
        assert_eq!(revoke(&stage, &next, NOW).await?, KeyRevocation::Revoked { active: active.clone(), seq: 2 });
        assert_ne!(kid_of(&stage, SigningKeyStatus::Next).await?, next);
        let (signing, _, _) = rotate(&stage, NOW).await?;
        assert_eq!(revoke(&stage, &active, NOW).await?, KeyRevocation::Revoked { active: signing, seq: 4 });
        catch_up(&stage, &mut trust).await?;
        assert!(trust.find_key(&active).is_none() && trust.find_key(&next).is_none());
        assert_eq!(revoke(&stage, "unknown", NOW).await?, KeyRevocation::NotFound);
        Ok(())
    }

    async fn only_administrators_and_the_operator_change_keys_and_each_change_is_audited(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let (support, admin) = (stage.staff(StaffRole::Support).await?, stage.staff(StaffRole::Admin).await?);
        let kid = kid_of(&stage, SigningKeyStatus::Active).await?;
        for who in [&support, &stage.owner] {
            let (one, two, kid) = (stage.person(who, NOW), stage.person(who, NOW), kid.clone());
            let rotated =
                stage.write(move |tx| Box::pin(async move { rotate_signing_key(tx, &one, &master()).await })).await?;
            assert_eq!(rotated, KeyRotation::NotAllowed);
            let revoked = stage
                .write(move |tx| Box::pin(async move { revoke_signing_key(tx, &two, &master(), &kid).await }))
                .await?;
            assert_eq!(revoked, KeyRevocation::NotAllowed);
        }
        let cx = stage.person(&admin, NOW);
        let rotated =
            stage.write(move |tx| Box::pin(async move { rotate_signing_key(tx, &cx, &master()).await })).await?;
        assert!(matches!(rotated, KeyRotation::Rotated { .. }), "{rotated:?}");
        revoke(&stage, &kid, NOW).await?;
        assert_eq!(stage.count("SELECT COUNT(*) FROM audit WHERE act LIKE 'signing_key.%'").await?, 2);
        Ok(())
    }

    async fn keys_of_other_vendors_are_not_touched(db: Db) {
        let (acme, other) = (vendor(&db, "acme").await?, vendor(&db, "other").await?);
        let theirs = list(&db, &other.id).await?;
        let (operator, kid) = (cx(&acme.id, NOW), theirs[0].kid.clone());
        let revoked: Result<_, backend::db::DbError> = db
            .write(move |tx| Box::pin(async move { revoke_signing_key(tx, &operator, &master(), &kid).await }))
            .await;
        assert_eq!(revoked?, KeyRevocation::NotFound);
        assert_eq!(list(&db, &other.id).await?, theirs);
        Ok(())
    }
}
