//! Replacing license keys, and finding lost ones.

use backend::accounts::{Limit, StaffRole};
use backend::clock::{DAY_MS, HOUR_MS, UnixMs};
use backend::db::Db;
use backend::leases::{Refusal, list_instances_for};
use backend::licenses::{
    KeyFound, KeyRecovery, KeyReplacement, KeyReveal, RecoverKeys, list_old_keys, recover_keys, replace_key, reveal_key,
};
use backend::{Actor, Cx};
use sdk::license_key::LicenseKey;
use sdk::wire::{InstancesRequest, Secret};

use super::stage::{Stage, code, granted};
use crate::support::{NOW, master, on_both_engines};

async fn replace(stage: &Stage, overlap_days: i64, now: UnixMs) -> anyhow::Result<LicenseKey> {
    let (cx, id) = (stage.person(&stage.owner, now), stage.license_id.clone());
    let replaced = stage
        .write(move |tx| Box::pin(async move { replace_key(tx, &cx, &master(), &id, overlap_days).await }))
        .await?;
    match replaced {
        KeyReplacement::Replaced { key, old_works_until } => {
            assert_eq!(old_works_until, now.plus(overlap_days * DAY_MS));
            Ok(key)
        }
        other => anyhow::bail!("{other:?}"),
    }
}

async fn recover(stage: &Stage, email: &str, now: UnixMs) -> anyhow::Result<KeyRecovery> {
    recover_from(stage, 7, email, now).await
}

/// From the network address of this number.
async fn recover_from(stage: &Stage, from: u8, email: &str, now: UnixMs) -> anyhow::Result<KeyRecovery> {
    let cx = stage.operator(now);
    let request = RecoverKeys { email: email.to_owned(), address: [192, 0, 2, from].into() };
    Ok(stage.write(move |tx| Box::pin(async move { recover_keys(tx, &cx, &master(), &request).await })).await?)
}

on_both_engines! {
    async fn a_replaced_key_works_for_its_overlap_and_is_known_for_ever(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let (old, id) = (stage.key.clone(), stage.license_id.clone());
        let new = replace(&stage, 3, NOW).await?;
        assert_ne!(old.expose(), new.expose());
        assert_eq!(stage.license().await?.key_hint, new.masked());
        let end = NOW.plus(3 * DAY_MS);
        for now in [NOW, end.plus(-1)] {
            assert_eq!(stage.find_by_key(&old, now).await?, KeyFound::Current(id.clone()));
        }
        for now in [end, NOW.plus(10_000 * DAY_MS)] {
            assert_eq!(stage.find_by_key(&old, now).await?, KeyFound::Replaced(id.clone()));
            assert_eq!(stage.find_by_key(&new, now).await?, KeyFound::Current(id.clone()));
        }
        let never = LicenseKey::from_random([9; sdk::license_key::RANDOM_BYTES]);
        assert_eq!(stage.find_by_key(&never, NOW).await?, KeyFound::Unknown);
        Ok(())
    }

    async fn running_instances_are_not_touched_by_a_new_key(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let running = granted(stage.activate("node-a", None, NOW).await?)?;
        replace(&stage, 0, NOW.plus(1_000)).await?;
        assert_eq!(code(&stage.check(&running, NOW.plus(2_000)).await?), "granted");
        assert_ne!(code(&stage.activate("node-b", None, NOW.plus(3_000)).await?), "granted", "the old key is refused");
        Ok(())
    }

    async fn whoever_lists_the_holders_with_a_key_that_works_no_more_is_noted_once_an_hour(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        replace(&stage, 0, NOW).await?;
        for now in [NOW.plus(1_000), NOW.plus(2_000), NOW.plus(HOUR_MS)] {
            let (cx, issuer) = (stage.operator(now), stage.issuer());
            let key = Some(Secret::new(stage.key.expose()));
            let request = InstancesRequest { license_key: key, ..InstancesRequest::default() };
            let answer = stage
                .write(move |tx| Box::pin(async move { list_instances_for(tx, &cx, &issuer, &request).await }))
                .await?;
            assert_eq!(answer, Err(Refusal::KeyReplaced));
        }
        let noted = stage.events("instance.refused").await?;
        let noted: Vec<_> = noted.iter().map(|it| (it.occurrences, it.data.0["code"].as_str())).collect();
        assert_eq!(noted, [(1, Some("license_key_replaced")), (2, Some("license_key_replaced"))]);
        Ok(())
    }

    async fn of_two_keys_replaced_quickly_each_has_its_own_end(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let (first, id) = (stage.key.clone(), stage.license_id.clone());
        let second = replace(&stage, 30, NOW).await?;
        let third = replace(&stage, 1, NOW.plus(HOUR_MS)).await?;
        let (vendor_id, license_id) = (stage.vendor.id.clone(), id.clone());
        let old = stage
            .write(move |tx| {
                Box::pin(async move { list_old_keys(tx, &vendor_id, &license_id, NOW.plus(HOUR_MS)).await })
            })
            .await?;
        let ends: Vec<_> = old.iter().map(|key| (key.key_hint.clone(), key.works_until)).collect();
        let second_end = NOW.plus(HOUR_MS + DAY_MS);
        assert_eq!(ends, [(second.masked(), second_end), (first.masked(), NOW.plus(30 * DAY_MS))]);
        assert_eq!(stage.find_by_key(&second, second_end).await?, KeyFound::Replaced(id.clone()));
        assert_eq!(stage.find_by_key(&first, second_end).await?, KeyFound::Current(id.clone()));
        assert_eq!(stage.find_by_key(&third, second_end).await?, KeyFound::Current(id));
        Ok(())
    }

    async fn the_new_key_is_what_is_revealed_and_no_record_contains_one(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let new = replace(&stage, 0, NOW).await?;
        let (cx, license) = (stage.person(&stage.owner, NOW), stage.license().await?);
        let shown =
            stage.write(move |tx| Box::pin(async move { reveal_key(tx, &cx, &master(), &license).await })).await?;
        let KeyReveal::Shown(shown) = shown else { panic!("{shown:?}") };
        assert_eq!(shown.expose(), new.expose());
        let (viewer, license) = (Cx { actor: Actor::Visitor, ..stage.person(&stage.owner, NOW) }, stage.license().await?);
        let hidden =
            stage.write(move |tx| Box::pin(async move { reveal_key(tx, &viewer, &master(), &license).await })).await?;
        assert!(matches!(hidden, KeyReveal::NotAllowed), "{hidden:?}");
        assert_eq!(stage.events("license.key_replaced").await?.len(), 1);
        assert_eq!(stage.count("SELECT COUNT(*) FROM audit WHERE act = 'license.replace_key'").await?, 1);
        let mails = stage.mails(NOW).await?;
        assert_eq!(mails.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["ada@example.test"]);
        let said = format!("{}{}{:?}", mails[0].text, mails[0].html, stage.events("license.key_replaced").await?);
        assert!(mails[0].text.contains(&format!("/licenses/{}#key", stage.license_id)), "{}", mails[0].text);
        assert!(!said.contains(new.expose()) && !said.contains(stage.key.expose()), "{said}");
        let written = "SELECT COUNT(*) FROM audit WHERE COALESCE(before, '') || COALESCE(after, '') LIKE '%LH-%'
                                                   AND COALESCE(before, '') || COALESCE(after, '') NOT LIKE '%•%'";
        assert_eq!(stage.count(written).await?, 0);
        Ok(())
    }

    async fn who_may_not_manage_instances_replaces_nothing_and_the_overlap_has_bounds(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let staff = stage.staff(StaffRole::Admin).await?;
        for (actor, overlap_days, expected) in [
            (stage.person(&staff, NOW), 0, "NotAllowed"),
            (stage.person(&stage.owner, NOW), -1, "OverlapOutOfRange"),
            (stage.person(&stage.owner, NOW), 31, "OverlapOutOfRange"),
        ] {
            let id = stage.license_id.clone();
            let refused = stage
                .write(move |tx| Box::pin(async move { replace_key(tx, &actor, &master(), &id, overlap_days).await }))
                .await?;
            assert_eq!(format!("{refused:?}"), expected);
        }
        assert_eq!(stage.count("SELECT COUNT(*) FROM license_keys").await?, 0);
        Ok(())
    }

    async fn lost_keys_are_mailed_as_ways_to_their_pages_and_never_themselves(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        assert_eq!(recover(&stage, " ADA@example.test ", NOW).await?, KeyRecovery::Accepted);
        let mails = stage.mails(NOW).await?;
        assert_eq!(mails.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["ada@example.test"]);
        let text = &mails[0].text;
        assert!(text.contains(&stage.key.masked()), "{text}");
        assert!(text.replace('\n', "").contains(&format!("/licenses/{}", stage.license_id)), "{text}");
        assert!(!text.contains(stage.key.expose()) && !mails[0].html.contains(stage.key.expose()));
        // Whoever has no license, or is nobody here, gets the same answer and no mail.
        let staff = stage.staff(StaffRole::Admin).await?;
        assert!(!staff.as_str().is_empty());
        for email in ["admin@portal.test", "nobody@example.test"] {
            assert_eq!(recover(&stage, email, NOW).await?, KeyRecovery::Accepted);
        }
        assert_eq!(stage.mails(NOW).await?, []);
        Ok(())
    }

    async fn asking_for_lost_keys_is_limited_by_address_and_mailbox(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let (most, _) = Limit::RecoverPair.allowance();
        for _ in 0..most {
            assert_eq!(recover(&stage, "ada@example.test", NOW).await?, KeyRecovery::Accepted);
        }
        let limited = recover(&stage, "ada@example.test", NOW).await?;
        assert!(matches!(limited, KeyRecovery::Limited { retry_after_s } if retry_after_s > 0), "{limited:?}");
        let owner = recover_from(&stage, 8, "ada@example.test", NOW).await?;
        assert_eq!(owner, KeyRecovery::Accepted, "a stranger keeps no owner from asking");
        let (most, _) = Limit::RecoverAddress.allowance();
        let mut answers = Vec::new();
        for n in 0..most {
            answers.push(recover(&stage, &format!("{n}@example.test"), NOW).await?);
        }
        assert!(matches!(answers.last(), Some(KeyRecovery::Limited { .. })), "{answers:?}");
        Ok(())
    }
}
