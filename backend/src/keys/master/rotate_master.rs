//! Rotating the master key: sealing anew, under the present key, what others have sealed.
//!
//! Each row is a transaction of its own, so that nothing waits for it and nothing is lost by an end half-way: what is done
//! is done, and the next run goes on with the rest. A row is replaced only while it holds what was read, so whoever
//! writes at the same time wins. On SQLite the rows of one round share a commit.
//!
//! The table in memory beside SQLite (`db/beside.rs`) need not be told: what it has still opens with the old key, which
//! a process keeps until it is started without.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;

use super::MasterKey;
use super::store::{self, SEALED_COLUMNS, SealedColumn, SealedRow};
use crate::cx::{Actor, Cx};
use crate::db::{Db, DbError, Tx};
use crate::{audit, vendors};

/// Rows read at once.
const PAGE: i64 = 512;
/// Rows replaced at once: as many as share a commit on SQLite, and take turns at the connections on PostgreSQL.
const AT_ONCE: usize = 32;
/// Between two rounds on SQLite, so that those who wait for the writer get it.
const PAUSE: Duration = Duration::from_millis(5);
/// How often all columns are gone through: what is sealed with another key behind the first pass is found by the next.
const PASSES: usize = 3;

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MasterRotation {
    /// Nothing is sealed with another key any more.
    Done {
        /// How many values were sealed anew by this run.
        resealed: usize,
        /// Names of the keys that were in use until now.
        retired: Vec<String>,
    },
    /// All that opens is sealed with the present key, but some values open with none that is configured.
    Unopened {
        /// How many values were sealed anew by this run.
        resealed: usize,
        /// The tables that have such values, and how many.
        left: Vec<(&'static str, usize)>,
    },
    /// Something seals with another key still, as fast as it is sealed anew: a node that was not started again.
    StillUsed,
    /// Whoever acts is not the operator.
    NotAllowed,
}

/// Seals everything anew that is sealed with another key than the present one. `tell` hears now and then of which table
/// how many rows are done.
///
/// # Errors
/// [`DbError`] when the database fails; what was done until then stays, and the next run goes on.
pub async fn rotate_master(
    db: &Db,
    cx: &Cx,
    master: &MasterKey,
    mut tell: impl FnMut(&'static str, usize),
) -> Result<MasterRotation, DbError> {
    if cx.actor != Actor::Operator {
        return Ok(MasterRotation::NotAllowed);
    }
    let mut resealed = 0;
    for _ in 0..PASSES {
        let mut left = Vec::new();
        for column in SEALED_COLUMNS {
            let done = reseal_column(db, cx, master, column, &mut tell).await?;
            resealed += done.resealed;
            if done.unopened > 0 {
                left.push((column.table, done.unopened));
            }
        }
        let unopened: usize = left.iter().map(|(_, count)| count).sum();
        let foreign = count_foreign(db, master).await?;
        if foreign > unopened {
            continue;
        }
        let (cx, master) = (cx.clone(), master.clone());
        let finished: Result<Vec<String>, DbError> =
            db.write(move |tx| Box::pin(async move { finish(tx, &cx, &master, resealed, foreign).await })).await;
        let retired = finished?;
        return Ok(match left.is_empty() {
            true => MasterRotation::Done { resealed, retired },
            false => MasterRotation::Unopened { resealed, left },
        });
    }
    Ok(MasterRotation::StillUsed)
}

/// How many values are sealed with another key. All tables are gone through for it, so it is read: a writer would keep all
/// others waiting on SQLite. What another node seals with the old key after it was counted is what it might seal after the
/// end as well: `server doctor` tells it, and the next run mends it.
async fn count_foreign(db: &Db, master: &MasterKey) -> Result<usize, DbError> {
    let head = master.seal_head();
    db.read(move |tx| {
        Box::pin(async move {
            let mut foreign = 0;
            for column in SEALED_COLUMNS {
                foreign += usize::try_from(store::count_foreign(tx, column, &head).await?).unwrap_or_default();
            }
            Ok(foreign)
        })
    })
    .await
}

/// The next values of a column that do not name the present key.
pub(super) async fn next_page(
    db: &Db,
    master: &MasterKey,
    column: &'static SealedColumn,
    after: &str,
) -> Result<Vec<SealedRow>, DbError> {
    let (head, after) = (master.seal_head(), after.to_owned());
    db.read(move |tx| Box::pin(async move { store::list_foreign(tx, column, &head, &after, PAGE).await })).await
}

/// How far a column is.
#[derive(Default)]
struct Done {
    resealed: usize,
    unopened: usize,
}

async fn reseal_column(
    db: &Db,
    cx: &Cx,
    master: &MasterKey,
    column: &'static SealedColumn,
    tell: &mut impl FnMut(&'static str, usize),
) -> Result<Done, DbError> {
    let (mut done, mut after) = (Done::default(), String::new());
    // Only SQLite has no clock of its own, and it has one writer.
    let is_one_writer = !db.has_clock();
    loop {
        let page = next_page(db, master, column, &after).await?;
        let Some(last) = page.last() else { return Ok(done) };
        after.clone_from(&last.row_key);
        for rows in page.chunks(AT_ONCE) {
            for outcome in join_all(rows.iter().map(|row| reseal_row(db, cx, master, column, row))).await {
                match outcome? {
                    Resealed::Done => done.resealed += 1,
                    Resealed::Overtaken => {}
                    Resealed::Unopened => done.unopened += 1,
                }
            }
            if is_one_writer {
                tokio::time::sleep(PAUSE).await;
            }
        }
        tell(column.table, done.resealed);
    }
}

enum Resealed {
    Done,
    /// Somebody else has written or deleted it meanwhile.
    Overtaken,
    /// No key opens it.
    Unopened,
}

async fn reseal_row(
    db: &Db,
    cx: &Cx,
    master: &MasterKey,
    column: &'static SealedColumn,
    row: &SealedRow,
) -> Result<Resealed, DbError> {
    let Ok(plain) = master.unseal(column.purpose, &row.row_key, &row.sealed) else { return Ok(Resealed::Unopened) };
    let sealed = master.seal(column.purpose, &row.row_key, &plain, &cx.entropy);
    let (row_key, before) = (row.row_key.clone(), row.sealed.clone());
    let replaced: Result<bool, DbError> = db
        .write(move |tx| Box::pin(async move { store::replace_sealed(tx, column, &row_key, &before, &sealed).await }))
        .await;
    Ok(if replaced? { Resealed::Done } else { Resealed::Overtaken })
}

/// Notes which keys are in use no more, and answers them; `foreign` values open with no key that is configured.
async fn finish(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    resealed: usize,
    foreign: usize,
) -> Result<Vec<String>, DbError> {
    let present = master.id().to_string();
    let in_use = store::list_uses(tx).await?.into_iter().filter(|key| key.retired_at.is_none() && key.id != present);
    // What does not open may be sealed with a key that is not configured.
    let retired: Vec<String> = in_use.map(|key| key.id).filter(|id| foreign == 0 || master.knows(id)).collect();
    for id in &retired {
        store::set_retired(tx, cx, id).await?;
    }
    if resealed > 0 || !retired.is_empty() {
        let (before, after) = (json!({ "master_keys": retired }), json!({ "master_keys": [present] }));
        for vendor in vendors::list_vendors(tx).await? {
            let cx = Cx { vendor_id: vendor.id, ..cx.clone() };
            audit::record(tx, &cx, None, "master_key.rotate", &present, Some(&before), Some(&after)).await?;
        }
    }
    Ok(retired)
}
