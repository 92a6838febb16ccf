//! The job of tokens: announcing ends, every hour.

use std::sync::Arc;

use super::warn_of_ends;
use crate::clock::{HOUR_MS, UnixMs};
use crate::cx::Cx;
use crate::db::{Db, DbError, Tx};
use crate::jobs::{self, Handler, Handlers, Job, JobFuture, JobRun};
use crate::keys::MasterKey;

const WARN: &str = "tokens.warn";
/// How often ends are looked for.
const WARN_EVERY_MS: i64 = HOUR_MS;
/// Tokens in one transaction.
const BATCH: i64 = 100;

/// With the handler of tokens added.
#[must_use]
pub fn register(handlers: Handlers, db: &Db, master: &MasterKey) -> Handlers {
    handlers.with(Warn { db: db.clone(), master: master.clone() })
}

/// Starts the rounds of the acting vendor, unless they turn already: at start-up.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn start_warning(tx: &mut Tx, cx: &Cx, master: &MasterKey) -> Result<(), DbError> {
    enqueue(tx, cx, master, cx.now).await
}

async fn enqueue(tx: &mut Tx, cx: &Cx, master: &MasterKey, at: UnixMs) -> Result<(), DbError> {
    let job = Job::new(WARN, &()).queued_by(WARN).once(WARN).not_before(at);
    jobs::enqueue(tx, cx, master, job).await.map(drop)
}

struct Warn {
    db: Db,
    master: MasterKey,
}

impl Handler for Warn {
    fn kind(&self) -> &'static str {
        WARN
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            // The next round is queued first: a failing one must not stop them.
            let (master, cx) = (self.master.clone(), run.cx.clone());
            let next = cx.now.plus(WARN_EVERY_MS);
            self.db.write(move |tx| Box::pin(async move { enqueue(tx, &cx, &master, next).await })).await?;
            loop {
                let (master, cx) = (self.master.clone(), run.cx.clone());
                let looked = self
                    .db
                    .write(move |tx| Box::pin(async move { warn_of_ends(tx, &cx, &master, BATCH).await }))
                    .await?;
                if i64::try_from(looked).is_ok_and(|looked| looked < BATCH) {
                    return Ok(());
                }
            }
        })
    }
}
