//! The client: HTTP, the data file and the task that checks in the background.
//!
//! # What it guarantees
//!
//! - It never panics and never exits: the application reads [`Status::stage`] and decides.
//! - Nothing of an answer is believed before its lease has been verified offline against the built-in
//!   [`TrustBundle`](crate::trust::TrustBundle).
//! - A lost answer, a retry or a crash between any two steps loses no seat: nonce and secret are on disk before they
//!   are used.
//! - A fresh lease tells the time: a wrong system clock does not matter while the server can be asked, and cannot be
//!   turned back behind what was seen before while it cannot.
//!
//! # After a refusal
//!
//! | code | what the client does by itself |
//! |---|---|
//! | `instance_stale`, `invalid_secret`, `instance_not_found` | activates again, at most once per check interval |
//! | `instance_released`, `instance_deactivated`, `instance_blocked` | nothing, until the application activates again |
//! | any other | asks again at the usual interval, so that a renewed license is noticed without a restart |
//!
//! # Pace
//!
//! Checks come at the interval that the server says, jittered. After trouble the pauses double from five seconds to five
//! minutes, with jitter, never beyond the check interval; `Retry-After` is honoured up to an hour.
//!
//! # Several servers
//!
//! [`ClientBuilder::servers`] takes them in order of preference. The client asks a second one for a seat only when it is
//! certain that the first holds none: a floating seat has lapsed two minutes after its lease, and a server that takes
//! requests without ever answering is left alone until then. Seats of other license types stay where they were granted.

mod answers;
mod builder;
mod claim;
mod clock;
mod data_file;
mod failure;
mod random;
mod servers;
mod session;
mod status;
mod task;
#[cfg(test)]
mod tests;
mod transport;
mod trusted;
mod usage;

use std::{
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::sync::{Mutex as AsyncMutex, MutexGuard as AsyncMutexGuard, Notify, watch};

use self::{builder::Config, session::Session, status::View, task::Task, transport::Transport, usage::Usage};
pub use self::{
    builder::{BuildError, ClientBuilder},
    claim::{Claim, ClaimProgress},
    clock::{Clock, SystemClock},
    failure::ClientError,
    status::{LastError, NextStage, Status},
};
use crate::{lease::LeaseError, license_key::LicenseKey};

/// A product's connection to its license. Clones share everything; the background task ends with the last of them.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
    task: Arc<OnceLock<Task>>,
}

struct Inner {
    config: Arc<Config>,
    transport: Transport,
    session: AsyncMutex<Session>,
    usage: Arc<Mutex<Usage>>,
    view: Mutex<View>,
    status: watch::Sender<Status>,
    /// Tells the background task that its plan has changed.
    wake: Arc<Notify>,
}

impl Inner {
    fn status(&self) -> Status {
        self.lock_view().status(self.config.clock.as_ref())
    }

    fn lock_view(&self) -> MutexGuard<'_, View> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows what the session has come to.
    fn publish(&self, session: &Session) {
        self.lock_view().clone_from(&session.view);
        self.announce();
    }

    /// Tells watchers of a status that differs from the last one, as when time alone has changed the stage.
    fn announce(&self) {
        let status = self.status();
        self.status.send_if_modified(|shown| {
            let changed = *shown != status;
            *shown = status;
            changed
        });
    }
}

/// Dropped when a caller gives up waiting for an activation: the background task then goes on with it.
struct Abandoned<'a>(&'a Inner);

impl Drop for Abandoned<'_> {
    fn drop(&mut self) {
        self.0.lock_view().due = Some(self.0.config.clock.monotonic());
        self.0.wake.notify_one();
    }
}

impl Client {
    /// Begins to put a client together.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    fn new(session: Session, config: Arc<Config>, transport: Transport, usage: Arc<Mutex<Usage>>) -> Self {
        let view = session.view.clone();
        let (status, _) = watch::channel(view.status(config.clock.as_ref()));
        let inner = Inner {
            config,
            transport,
            session: AsyncMutex::new(session),
            usage,
            view: Mutex::new(view),
            status,
            wake: Arc::default(),
        };
        Self { inner: Arc::new(inner), task: Arc::default() }
    }

    /// Takes a seat with the license key, or takes up the one that this identity holds, and starts the background
    /// task. Call it at each start of the product, within a tokio runtime.
    ///
    /// Where the data file already has a credential for this key, that is checked first. The task goes on trying
    /// whatever this call answers, except after `instance_released`, `instance_deactivated` and `instance_blocked`.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with the server's reason and remedy; the enforcement policy then runs.
    /// [`ClientError::Unavailable`], [`ClientError::Undecided`] and [`ClientError::LeaseNotAccepted`] only when there is
    /// no earlier lease to go on with; where there is one, [`Status::stage`] says what it is still good for.
    pub async fn activate(&self, key: &LicenseKey) -> Result<Status, ClientError> {
        self.task.get_or_init(|| Task::spawn(&self.inner));
        let result = {
            let abandoned = Abandoned(&self.inner);
            let mut session = self.inner.session.lock().await;
            let result = session.activate(key).await;
            self.inner.publish(&session);
            std::mem::forget(abandoned);
            result
        };
        self.inner.wake.notify_one();
        let status = self.status();
        match result {
            Err(ClientError::LeaseNotAccepted(LeaseError::Revoked(kind))) => {
                Err(ClientError::LeaseNotAccepted(LeaseError::Revoked(kind)))
            }
            Err(ClientError::Unavailable(_) | ClientError::Undecided(_) | ClientError::LeaseNotAccepted(_))
                if status.licensed_until.is_some() =>
            {
                Ok(status)
            }
            Err(error) => Err(error),
            Ok(()) => Ok(status),
        }
    }

    /// Checks now instead of at the planned time.
    ///
    /// # Errors
    /// What stands in the way, also where an earlier lease goes on; [`ClientError::NotActivated`] before
    /// [`Client::activate`] was called or after a release.
    pub async fn check_now(&self) -> Result<Status, ClientError> {
        let mut session = self.inner.session.lock().await;
        let result = session.step().await;
        self.settle(session);
        result.map(|()| self.status())
    }

    /// Borrows the seat of a floating license for offline use: the lease then lasts for this time, or for the longest
    /// that the plan allows ([`Status::licensed_until`]), and checks in between keep its end where it is.
    ///
    /// # Errors
    /// [`ClientError::NotBorrowed`] when the license answers with an ordinary lease; else as for
    /// [`Client::check_now`]. An ordinary lease goes on in both cases.
    pub async fn borrow(&self, duration: Duration) -> Result<Status, ClientError> {
        let mut session = self.inner.session.lock().await;
        let result = session.borrow(duration.as_secs()).await;
        self.settle(session);
        result.map(|()| self.status())
    }

    /// Returns a borrowed seat before its time and takes an ordinary one, as when a laptop is back in the network. To
    /// return it and stop, [`release`](Client::release).
    ///
    /// # Errors
    /// When the seat could not be given back, and is still borrowed; or when another was faster to take it.
    pub async fn return_borrowed(&self) -> Result<Status, ClientError> {
        let mut session = self.inner.session.lock().await;
        let result = session.return_borrowed().await;
        self.settle(session);
        result.map(|()| self.status())
    }

    /// Asks for a code that a person confirms in the portal, for products without a place to type a license key
    /// (RFC 8628). Show [`Claim::user_code`] and [`Claim::verification_uri`], then [`Client::claim_wait`].
    ///
    /// # Errors
    /// When no server gave a code.
    pub async fn claim_start(&self) -> Result<Claim, ClientError> {
        claim::start(&self.inner.config, &self.inner.transport).await
    }

    /// Asks once whether a claim was confirmed. Leave [`Claim::interval`] between two calls.
    ///
    /// # Errors
    /// [`ClientError::ClaimEnded`] when nobody confirmed in time or it was declined. Trouble on the way is no error: the
    /// answer is then to ask again later.
    pub async fn claim_poll(&self, claim: &mut Claim) -> Result<ClaimProgress, ClientError> {
        claim::poll(&self.inner.config, &self.inner.transport, claim).await
    }

    /// Waits until a claim is confirmed, and returns the license key to [activate](Client::activate) with. The client
    /// does not keep it: the product stores it where it has its configuration.
    ///
    /// # Errors
    /// As for [`Client::claim_poll`].
    pub async fn claim_wait(&self, claim: Claim) -> Result<LicenseKey, ClientError> {
        claim::wait(&self.inner.config, &self.inner.transport, claim).await
    }

    /// Shows what an operation has come to, and lets the task plan anew.
    fn settle(&self, session: AsyncMutexGuard<'_, Session>) {
        self.inner.publish(&session);
        drop(session);
        self.inner.wake.notify_one();
    }

    /// Gives the seat back and ends this installation's license; the answer is when another may have the seat. The
    /// product may activate again later.
    ///
    /// # Errors
    /// When there is nothing to give back, or when the server cannot be asked: the seat is then still held.
    pub async fn release(&self) -> Result<Timestamp, ClientError> {
        let mut session = self.inner.session.lock().await;
        let result = session.release().await;
        self.settle(session);
        result
    }

    /// Ends the background task and waits for it. When this was the last clone, the data file is free afterwards;
    /// merely dropping a client frees it a moment later. The seat stays held: see [`Client::release`].
    pub async fn close(self) {
        let Self { inner, task } = self;
        if let Some(task) = Arc::into_inner(task).and_then(OnceLock::into_inner) {
            task.end().await;
        }
        drop(inner);
    }

    /// How the product stands at this moment.
    pub fn status(&self) -> Status {
        self.inner.status()
    }

    /// A channel that shows each change of the status: a check, a failure, a new stage.
    pub fn watch(&self) -> watch::Receiver<Status> {
        self.inner.status.subscribe()
    }

    /// Says how much of a limit is in use now; sent with the next check. Of more than a hundred limits the further ones are not
    /// reported.
    pub fn set_level(&self, limit: &str, amount: i64) {
        self.inner.usage.lock().unwrap_or_else(PoisonError::into_inner).set_level(limit, amount);
    }

    /// Counts one use of a feature; sent with the next check if the vendor wants usage signals. Of more than a hundred features
    /// the further ones are not counted.
    pub fn count(&self, feature: &str) {
        self.inner.usage.lock().unwrap_or_else(PoisonError::into_inner).count(feature);
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("status", &self.status()).finish_non_exhaustive()
    }
}
