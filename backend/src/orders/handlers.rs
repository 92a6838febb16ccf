//! The jobs of orders: transfers that are late are reminded of, and at last given up.

use std::sync::Arc;

use super::{give_up_handed_over, give_up_overdue, remind_of_transfers};
use crate::billing::Commerce;
use crate::clock::{MINUTE_MS, UnixMs};
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::jobs::{self, Handler, Handlers, Job, JobFuture, JobRun};
use crate::keys::MasterKey;

const WATCH_TRANSFERS: &str = "orders.watch_transfers";
/// How often transfers are looked at.
const WATCH_EVERY_MS: i64 = 30 * MINUTE_MS;

/// With the handlers of orders added.
#[must_use]
pub fn register(handlers: Handlers, commerce: &Commerce) -> Handlers {
    handlers.with(WatchTransfers(commerce.clone()))
}

/// Starts watching over the acting vendor's transfers, unless it is done already: at start-up.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn start_watching(tx: &mut Tx, cx: &Cx, master: &MasterKey) -> Result<(), DbError> {
    enqueue(tx, cx, master, cx.now).await
}

async fn enqueue(tx: &mut Tx, cx: &Cx, master: &MasterKey, at: UnixMs) -> Result<(), DbError> {
    let job = Job::new(WATCH_TRANSFERS, &()).queued_by(WATCH_TRANSFERS).once(WATCH_TRANSFERS).not_before(at);
    jobs::enqueue(tx, cx, master, job).await.map(drop)
}

struct WatchTransfers(Commerce);

impl Handler for WatchTransfers {
    fn kind(&self) -> &'static str {
        WATCH_TRANSFERS
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            // The next round is queued first: a failing one must not stop them.
            let (master, cx) = (self.0.master.clone(), run.cx.clone());
            let next = cx.now.plus(WATCH_EVERY_MS);
            self.0.db.write(move |tx| Box::pin(async move { enqueue(tx, &cx, &master, next).await })).await?;
            let cx = Cx { actor: Actor::Job(WATCH_TRANSFERS), ..run.cx.clone() };
            give_up_overdue(&self.0, &cx).await?;
            give_up_handed_over(&self.0, &cx).await?;
            remind_of_transfers::remind_of_transfers(&self.0, &cx).await?;
            Ok(())
        })
    }
}
