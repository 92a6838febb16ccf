//! The round that asks for feedback, as a job that queues itself again.

use std::sync::Arc;

use super::ask_for_feedback;
use crate::clock::{HOUR_MS, UnixMs};
use crate::cx::Cx;
use crate::db::{Db, DbError, Tx};
use crate::jobs::{self, Handler, Handlers, Job, JobFuture, JobRun};
use crate::keys::MasterKey;

const ASK: &str = "feedback.ask";
/// How often it is looked for accounts that can be asked.
pub const ASK_EVERY_MS: i64 = HOUR_MS;

/// With the handler of feedback added: a process that works jobs registers it.
#[must_use]
pub fn register(handlers: Handlers, db: &Db, master: &MasterKey) -> Handlers {
    handlers.with(Ask { db: db.clone(), master: master.clone() })
}

/// Starts the acting vendor's round, unless it turns already: at start-up.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn start_asking(tx: &mut Tx, cx: &Cx, master: &MasterKey) -> Result<(), DbError> {
    enqueue(tx, cx, master, cx.now).await
}

async fn enqueue(tx: &mut Tx, cx: &Cx, master: &MasterKey, at: UnixMs) -> Result<(), DbError> {
    let job = Job::new(ASK, &()).queued_by(ASK).once(ASK).not_before(at);
    jobs::enqueue(tx, cx, master, job).await.map(drop)
}

struct Ask {
    db: Db,
    master: MasterKey,
}

impl Handler for Ask {
    fn kind(&self) -> &'static str {
        ASK
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            // The next round is queued first: a failing one must not stop them.
            let (master, cx) = (self.master.clone(), run.cx.clone());
            let next = cx.now.plus(ASK_EVERY_MS);
            self.db.write(move |tx| Box::pin(async move { enqueue(tx, &cx, &master, next).await })).await?;
            let asked = ask_for_feedback(&self.db, &self.master, &run.cx).await?;
            if asked > 0 {
                tracing::info!(asked, vendor_id = %run.cx.vendor_id, "asked for feedback");
            }
            Ok(())
        })
    }
}
