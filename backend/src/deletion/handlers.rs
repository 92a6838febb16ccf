//! The jobs of deletion: the hourly sweep that closes accounts whose time has come, and the one that stops what an account
//! pays from renewing as soon as somebody has asked to close it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{AccountClosing, account_store, close_account, store};
use crate::accounts;
use crate::billing::{CancelReason, Commerce, cancel_subscription, maintenance};
use crate::clock::{HOUR_MS, UnixMs};
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::AccountId;
use crate::jobs::{self, Handler, Handlers, Job, JobFuture, JobRun};
use crate::keys::MasterKey;

const SWEEP: &str = "deletion.sweep";
const STOP_RENEWALS: &str = "deletion.stop_renewals";
/// How often accounts are looked for whose time has come.
const SWEEP_EVERY_MS: i64 = HOUR_MS;
/// Accounts that are looked for at once.
const BATCH: i64 = 100;

/// With the handlers of deletion added.
#[must_use]
pub fn register(handlers: Handlers, commerce: &Commerce) -> Handlers {
    handlers.with(Sweep(commerce.clone())).with(StopRenewals(commerce.clone()))
}

/// Starts the rounds of the acting vendor, unless they turn already: at start-up.
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

#[derive(Serialize, Deserialize)]
struct Payload {
    account_id: AccountId,
}

/// Queues that nothing renews that the account pays.
pub(super) async fn enqueue_stop_renewals(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account_id: &AccountId,
) -> Result<(), DbError> {
    let job = Job::new(STOP_RENEWALS, &Payload { account_id: account_id.clone() });
    jobs::enqueue(tx, cx, master, job.queued_by(format!("{STOP_RENEWALS}:{account_id}"))).await.map(drop)
}

struct Sweep(Commerce);

impl Handler for Sweep {
    fn kind(&self) -> &'static str {
        SWEEP
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            // The next round is queued first: a failing one must not stop them.
            let (master, cx) = (self.0.master.clone(), run.cx.clone());
            let next = cx.now.plus(SWEEP_EVERY_MS);
            self.0.db.write(move |tx| Box::pin(async move { enqueue_sweep(tx, &cx, &master, next).await })).await?;
            let vendor_id = run.cx.vendor_id.clone();
            self.0
                .db
                .write(move |tx| Box::pin(async move { account_store::forget_events_of_closed(tx, &vendor_id).await }))
                .await?;
            let cx = Cx { actor: Actor::Job(SWEEP), ..run.cx.clone() };
            let mut after = String::new();
            loop {
                let (vendor_id, now, from) = (run.cx.vendor_id.clone(), run.cx.now, after.clone());
                let due = self
                    .0
                    .db
                    .read(|tx| Box::pin(async move { store::list_due(tx, &vendor_id, now, &from, BATCH).await }));
                let due = due.await?;
                let Some(last) = due.last() else { return Ok(()) };
                last.as_str().clone_into(&mut after);
                for account_id in &due {
                    close(&self.0, &cx, account_id).await;
                }
            }
        })
    }
}

/// One that cannot be closed does not keep the others open; the next round tries it again.
async fn close(commerce: &Commerce, cx: &Cx, account_id: &AccountId) {
    match close_account(commerce, cx, account_id).await {
        Ok(AccountClosing::Closed) => tracing::info!(%account_id, "an account is closed"),
        Ok(AccountClosing::Waits) => tracing::warn!(%account_id, "an account stays open while something is owed"),
        Ok(AccountClosing::NotDue) => {}
        Err(error) => tracing::warn!(%error, %account_id, "an account cannot be closed yet"),
    }
}

struct StopRenewals(Commerce);

impl Handler for StopRenewals {
    fn kind(&self) -> &'static str {
        STOP_RENEWALS
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            let payload: Payload = run.payload()?;
            let (vendor_id, id) = (run.cx.vendor_id.clone(), payload.account_id.clone());
            let found = self.0.db.read(|tx| {
                Box::pin(async move {
                    let account = accounts::find_account(tx, &vendor_id, &id).await?;
                    // Kept in the meantime: then nothing is called off that still renews.
                    if account.is_none_or(|account| account.closes_at.is_none()) {
                        return Ok(None);
                    }
                    store::list_renewing(tx, &vendor_id, &id).await.map(Some)
                })
            });
            let found: Result<_, DbError> = found.await;
            let Some(renewing) = found? else { return Ok(()) };
            let cx = Cx { actor: Actor::Job(STOP_RENEWALS), ..run.cx.clone() };
            let mut failed = None;
            for license_id in renewing {
                // One that cannot be called off does not keep the others renewing.
                if let Err(error) = cancel_subscription(&self.0, &cx, &license_id, &CancelReason::default()).await {
                    tracing::warn!(%error, %license_id, "what a closing account pays cannot be called off");
                    failed = failed.or(Some(error));
                }
            }
            maintenance::end_auto_renewals_of(&self.0, &cx, &payload.account_id).await?;
            failed.map_or(Ok(()), |error| Err(error.into()))
        })
    }
}
