//! The worker: keeps running what is due until it is stopped.

use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::run::{Claim, Runner};

/// Jobs that one worker runs at the same time.
const AT_ONCE: usize = 4;
/// The longest pause between two looks at the queue: what other nodes queue is found by looking.
const POLL: Duration = Duration::from_millis(250);
/// Looks after a wake-up: the job that caused it may be a few milliseconds from its commit.
const AFTER_WAKE: [Duration; 3] = [Duration::from_millis(3), Duration::from_millis(15), Duration::from_millis(60)];

/// Between two rounds of housekeeping.
const HOUSEKEEPING: Duration = Duration::from_secs(60 * 60);
/// Between two rounds of sealing the audit log: how long its tail is, at most, on a node that is not behind.
const SEALING: Duration = Duration::from_secs(5);

static QUEUED: Notify = Notify::const_new();

/// Tells this process's workers that a job has been queued or is about to be committed.
pub fn wake() {
    QUEUED.notify_waiters();
}

/// A running worker.
pub struct Worker {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Worker {
    /// Starts a worker of this process.
    #[must_use]
    pub fn start(runner: Runner) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(work(runner, stop.clone()));
        Self { stop, task }
    }

    /// Takes no more jobs and waits for those under way.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the worker ended badly");
        }
    }
}

async fn work(runner: Runner, stop: CancellationToken) {
    let mut running = JoinSet::new();
    let mut looks = AFTER_WAKE.iter();
    let mut housekeeping = tokio::time::interval(HOUSEKEEPING);
    let sealing = tokio::spawn(keep_sealing(runner.clone(), stop.clone()));
    while !stop.is_cancelled() {
        let queued = QUEUED.notified();
        tokio::pin!(queued);
        // Listening begins before looking, so that nothing queued in between is missed.
        queued.as_mut().enable();
        let pause = if running.len() < AT_ONCE {
            match runner.claim().await {
                Ok(Claim::Claimed(claimed)) => {
                    let runner = runner.clone();
                    running.spawn(async move {
                        if let Err(error) = runner.run(claimed).await {
                            tracing::error!(%error, "the end of a job could not be noted; it will run again");
                        }
                    });
                    continue;
                }
                Ok(Claim::Contended) => AFTER_WAKE[0],
                Ok(Claim::NothingDue) => looks.next().copied().unwrap_or(POLL),
                Err(error) => {
                    tracing::error!(%error, "looking for jobs failed");
                    POLL * 4
                }
            }
        } else {
            POLL
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = queued => looks = AFTER_WAKE.iter(),
            // What waited for a queue that is free now may be due.
            Some(_) = running.join_next() => looks = AFTER_WAKE.iter(),
            _ = housekeeping.tick() => runner.housekeep().await,
            () = stop.cancelled() => {}
        }
    }
    while running.join_next().await.is_some() {}
    if let Err(error) = sealing.await {
        tracing::error!(%error, "the sealing of the audit log ended badly");
    }
}

/// Beside the jobs, so that neither waits for the other. Every node does it; a vendor's chain is locked by one at a time.
async fn keep_sealing(runner: Runner, stop: CancellationToken) {
    let mut rounds = tokio::time::interval(SEALING);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = rounds.tick() => runner.seal_audit().await,
        }
    }
}
