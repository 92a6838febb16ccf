//! What is done about licenses and keys from time to time, as a job that queues itself again.

use std::sync::Arc;

use super::{expire_licenses, fill_key_starts, lacks_key_starts};
use crate::clock::{MINUTE_MS, UnixMs};
use crate::cx::Cx;
use crate::db::{Db, DbError, Tx};
use crate::jobs::{self, Handler, Handlers, Job, JobFuture, JobRun};
use crate::keys::{MasterKey, withdraw_retired_keys};
use crate::revocations;

const SWEEP: &str = "licenses.sweep";
/// How often it is looked for licenses that have run out, and for keys and entries that are needed no more.
pub const SWEEP_EVERY_MS: i64 = 5 * MINUTE_MS;
/// Licenses whose end, or the beginning of whose key, is recorded in one transaction.
const BATCH: i64 = 100;
/// So many batches of keys are noted in one round: what else the round does must not wait for a million of them.
const KEY_BATCHES: usize = 200;

/// With the handlers of licenses added: a process that works jobs registers all of them.
#[must_use]
pub fn register(handlers: Handlers, db: &Db, master: &MasterKey) -> Handlers {
    handlers
        .with(Sweep { db: db.clone(), master: master.clone() })
        .with(super::SendKeyRecovery::new(db.clone(), master.clone()))
}

/// Starts the acting vendor's round, unless it turns already: at start-up.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn start_sweeping(tx: &mut Tx, cx: &Cx, master: &MasterKey) -> Result<(), DbError> {
    enqueue_sweep(tx, cx, master, cx.now).await
}

async fn enqueue_sweep(tx: &mut Tx, cx: &Cx, master: &MasterKey, at: UnixMs) -> Result<(), DbError> {
    let job = Job::new(SWEEP, &()).queued_by(SWEEP).once(SWEEP).not_before(at);
    jobs::enqueue(tx, cx, master, job).await.map(drop)
}

struct Sweep {
    db: Db,
    master: MasterKey,
}

impl Sweep {
    async fn note_key_starts(&self, cx: &Cx) -> Result<(), DbError> {
        for _ in 0..KEY_BATCHES {
            let tx_cx = cx.clone();
            let lacks: Result<bool, DbError> =
                self.db.read(move |tx| Box::pin(async move { lacks_key_starts(tx, &tx_cx).await })).await;
            if !lacks? {
                break;
            }
            let (tx_cx, master) = (cx.clone(), self.master.clone());
            let noted: Result<usize, DbError> = self
                .db
                .write(move |tx| Box::pin(async move { fill_key_starts(tx, &tx_cx, &master, BATCH).await }))
                .await;
            if noted? == 0 {
                break;
            }
        }
        Ok(())
    }
}

impl Handler for Sweep {
    fn kind(&self) -> &'static str {
        SWEEP
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            let cx = run.cx.clone();
            loop {
                let cx = cx.clone();
                let expired = self.db.write(move |tx| Box::pin(async move { expire_licenses(tx, &cx, BATCH).await }));
                if expired.await? == 0 {
                    break;
                }
            }
            self.note_key_starts(&cx).await?;
            let (tx_cx, master) = (cx.clone(), self.master.clone());
            self.db.write(move |tx| Box::pin(async move { withdraw_retired_keys(tx, &tx_cx, &master).await })).await?;
            let (tx_cx, master) = (cx, self.master.clone());
            self.db
                .write(move |tx| {
                    Box::pin(async move {
                        revocations::delete_spent(tx, &tx_cx.vendor_id, tx_cx.now).await?;
                        enqueue_sweep(tx, &tx_cx, &master, tx_cx.now.plus(SWEEP_EVERY_MS)).await
                    })
                })
                .await?;
            Ok(())
        })
    }
}
