//! The job of licensing: noticing, every minute, what ran out without a word.

use std::sync::Arc;

use super::close_lapsed;
use crate::clock::{MINUTE_MS, UnixMs};
use crate::cx::Cx;
use crate::db::{Db, DbError, Tx};
use crate::jobs::{self, Handler, Handlers, Job, JobFuture, JobRun};
use crate::keys::MasterKey;

const CLOSE_LAPSED: &str = "leases.close_lapsed";
/// How often seats that ran out are looked for. Nobody waits for it: whoever wants such a seat gets it at once.
const SWEEP_EVERY_MS: i64 = MINUTE_MS;
/// Seats closed in one transaction.
const BATCH: i64 = 200;

/// With the handler of licensing added.
#[must_use]
pub fn register(handlers: Handlers, db: &Db, master: &MasterKey) -> Handlers {
    handlers.with(CloseLapsed { db: db.clone(), master: master.clone() })
}

/// Starts the sweep of the acting vendor, unless it runs already: at start-up.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn start_sweeping(tx: &mut Tx, cx: &Cx, master: &MasterKey) -> Result<(), DbError> {
    enqueue(tx, cx, master, cx.now).await
}

async fn enqueue(tx: &mut Tx, cx: &Cx, master: &MasterKey, at: UnixMs) -> Result<(), DbError> {
    let job = Job::new(CLOSE_LAPSED, &()).queued_by(CLOSE_LAPSED).once(CLOSE_LAPSED).not_before(at);
    jobs::enqueue(tx, cx, master, job).await.map(drop)
}

struct CloseLapsed {
    db: Db,
    master: MasterKey,
}

impl Handler for CloseLapsed {
    fn kind(&self) -> &'static str {
        CLOSE_LAPSED
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            // The next round is queued first: a failing one must not stop them.
            let (master, cx) = (self.master.clone(), run.cx.clone());
            let next = cx.now.plus(SWEEP_EVERY_MS);
            self.db.write(move |tx| Box::pin(async move { enqueue(tx, &cx, &master, next).await })).await?;
            loop {
                let cx = run.cx.clone();
                let closed =
                    self.db.write(move |tx| Box::pin(async move { close_lapsed(tx, &cx, BATCH).await })).await?;
                if i64::try_from(closed).is_ok_and(|closed| closed < BATCH) {
                    return Ok(());
                }
            }
        })
    }
}
