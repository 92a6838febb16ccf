//! The background task: checks when a check is due, and announces stages when time alone changes them.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::task::JoinHandle;

use super::Inner;

/// The running task; dropping it ends it.
pub(super) struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Task {
    /// Ends the task and waits until it has let go of the client.
    pub(super) async fn end(mut self) {
        self.0.abort();
        // The task was told to end: being cancelled is no failure, and there is nothing else to learn.
        let _ = (&mut self.0).await;
    }

    /// The task holds on to the client only while it acts: when the last handle is dropped, the data file is free.
    pub(super) fn spawn(inner: &Arc<Inner>) -> Self {
        let wake = Arc::clone(&inner.wake);
        let inner = Arc::downgrade(inner);
        Self(tokio::spawn(async move {
            while let Some(pause) = pause(&inner) {
                tokio::select! {
                    () = tokio::time::sleep(pause) => act(&inner).await,
                    // The plan has changed: look again how long to pause.
                    () = wake.notified() => {}
                }
            }
        }))
    }
}

/// How long to sleep, but never long without looking at the clock; none when the client is gone.
fn pause(inner: &Weak<Inner>) -> Option<Duration> {
    let inner = inner.upgrade()?;
    let clock = inner.config.clock.as_ref();
    let idle = inner.lock_view().idle_for(clock).unwrap_or(Duration::MAX);
    Some(idle.min(clock.longest_sleep()))
}

/// Checks if a check is due, reads the revocations if that is, and tells watchers if time has changed the stage.
async fn act(inner: &Weak<Inner>) {
    let Some(inner) = inner.upgrade() else { return };
    let clock = inner.config.clock.as_ref();
    let idle = {
        let view = inner.lock_view();
        !view.is_due(clock) && !view.wants_revocations(clock)
    };
    if idle {
        return inner.announce();
    }
    let mut session = inner.session.lock().await;
    // While this waited for the lock, the application may have checked.
    if session.view.is_due(clock) {
        // The outcome is in the status and in the log.
        let _ = session.step().await;
    } else if session.view.wants_revocations(clock) {
        session.read_revocations().await;
    }
    inner.publish(&session);
}
