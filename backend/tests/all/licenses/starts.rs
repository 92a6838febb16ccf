//! A license found by the first group of its key, which is what customers read out first.

use backend::Cx;
use backend::accounts::StaffRole;
use backend::db::{Db, DbError, Tx};
use backend::ids::{LicenseId, UserId};
use backend::licenses::search::{LicenseFilter, Page, search_vendor};
use backend::licenses::{KeyReplacement, fill_key_starts, replace_key};
use backend::search::{Search, search_everything};

use super::stage::Stage;
use crate::master_key::new_master;
use crate::support::{NOW, master, on_both_engines};

/// The licenses that the search finds.
async fn found(stage: &Stage, who: &UserId, typed: &str) -> anyhow::Result<Vec<LicenseId>> {
    let (cx, typed): (Cx, String) = (stage.person(who, NOW), typed.to_owned());
    let found: Result<_, DbError> =
        stage.db.read(move |tx| Box::pin(async move { search_everything(tx, &cx, &master(), &typed).await })).await;
    match found? {
        Search::Done(found) => Ok(found.licenses.rows.into_iter().map(|it| it.id).collect()),
        other => anyhow::bail!("{other:?}"),
    }
}

/// How many licenses the vendor's list finds.
async fn listed(stage: &Stage, typed: &str) -> anyhow::Result<usize> {
    let (vendor_id, filter) =
        (stage.vendor.id.clone(), LicenseFilter { text: typed.to_owned(), ..LicenseFilter::default() });
    let found: Result<_, DbError> = stage
        .db
        .read(move |tx| {
            Box::pin(async move {
                let page = Page { now: NOW, after: None, limit: 10 };
                search_vendor(tx, &vendor_id, &master(), &filter, page).await
            })
        })
        .await;
    Ok(found?.licenses.len())
}

/// As it was before first groups were noted.
async fn forget(stage: &Stage, sql: &'static str) -> anyhow::Result<()> {
    let done: Result<(), DbError> = stage
        .write(move |tx| {
            Box::pin(async move {
                match tx {
                    Tx::Sqlite(tx) => sqlx::query(sql).execute(&mut **tx).await.map(drop)?,
                    Tx::Postgres(tx) => sqlx::query(sql).execute(&mut **tx).await.map(drop)?,
                }
                Ok(())
            })
        })
        .await;
    Ok(done?)
}

async fn fill(stage: &Stage) -> anyhow::Result<usize> {
    let cx = stage.operator(NOW);
    Ok(stage.write(move |tx| Box::pin(async move { fill_key_starts(tx, &cx, &master(), 10).await })).await?)
}

on_both_engines! {
    async fn a_license_is_found_by_the_beginning_of_its_key_and_of_the_one_before(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let clerk = stage.staff(StaffRole::ReadOnly).await?;
        let (group, own) = (stage.key.first_group().to_owned(), [stage.license_id.clone()]);
        let typed = [group.clone(), group.to_lowercase(), format!("lh {group}"), stage.key.expose()[..14].to_owned()];
        for typed in &typed {
            assert_eq!(found(&stage, &clerk, typed).await?, own, "{typed}");
            assert_eq!(listed(&stage, typed).await?, 1, "{typed}");
        }
        // Less than the group would find too many, and another group is another key.
        let other = if group.starts_with('0') { "1" } else { "0" }.to_owned() + &group[1..];
        for typed in [&stage.key.expose()[..7], &group[..4], other.as_str()] {
            assert!(found(&stage, &clerk, typed).await?.is_empty(), "{typed}");
            assert_eq!(listed(&stage, typed).await?, 0, "{typed}");
        }
        let (cx, id) = (stage.person(&stage.owner, NOW), stage.license_id.clone());
        let replaced = stage
            .write(move |tx| Box::pin(async move { replace_key(tx, &cx, &master(), &id, 1).await }))
            .await?;
        let KeyReplacement::Replaced { key, .. } = replaced else { anyhow::bail!("{replaced:?}") };
        for typed in [group.as_str(), key.first_group()] {
            assert_eq!(found(&stage, &clerk, typed).await?, own, "{typed}");
            assert_eq!(listed(&stage, typed).await?, 1, "{typed}");
        }
        Ok(())
    }

    async fn beginnings_of_keys_from_before_are_noted_once(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let clerk = stage.staff(StaffRole::ReadOnly).await?;
        let (group, own) = (stage.key.first_group().to_owned(), [stage.license_id.clone()]);
        assert_eq!(fill(&stage).await?, 0, "a new key is noted with its license");
        forget(&stage, "UPDATE licenses SET key_start = NULL").await?;
        assert!(found(&stage, &clerk, &group).await?.is_empty());
        assert_eq!((fill(&stage).await?, fill(&stage).await?), (1, 0));
        assert_eq!(found(&stage, &clerk, &group).await?, own);
        // A node without the key that sealed it leaves it to one that has it.
        forget(&stage, "UPDATE licenses SET key_start = NULL").await?;
        let cx = stage.operator(NOW);
        let noted: Result<usize, DbError> =
            stage.write(move |tx| Box::pin(async move { fill_key_starts(tx, &cx, &new_master(), 10).await })).await;
        assert_eq!((noted?, fill(&stage).await?), (0, 1));
        assert_eq!(found(&stage, &clerk, &group).await?, own);
        // A key that does not open is looked at once, and found in another way.
        forget(&stage, "UPDATE licenses SET key_start = NULL, key_sealed = key_hash").await?;
        assert_eq!((fill(&stage).await?, fill(&stage).await?), (1, 0));
        assert!(found(&stage, &clerk, &group).await?.is_empty());
        assert_eq!(found(&stage, &clerk, stage.key.expose()).await?, own);
        Ok(())
    }
}
