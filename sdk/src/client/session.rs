//! The conversation with the server: what is asked next, and what each answer changes.
//!
//! One operation runs at a time (the session lives behind one lock), and everything that an answer changes is on disk
//! before the next request uses it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{
    builder::Config,
    clock::Anchor,
    data_file::{Credential, DataFile, Failing, Kept, KeptLease},
    failure::{ClientError, Failure, Trouble},
    random,
    status::{LastError, View},
    transport::Transport,
    usage::Usage,
};
use crate::{
    error::{Code, Problem},
    lease::{self, Expect, Lease},
    license_key::LicenseKey,
    version::{Coverage, coverage},
    wire::{ActivateRequest, CheckRequest, LeaseResponse, Nonce, ReleaseRequest, ReleaseResponse, Secret},
};

/// Time between checks while no lease says otherwise.
const DEFAULT_CHECK_S: u64 = 300;
/// First pause after trouble; doubled from failure to failure.
const FIRST_RETRY_S: f64 = 5.0;
/// Longest pause after trouble, unless the server asks for more.
const LONGEST_RETRY_S: f64 = 300.0;
/// Longest pause that a server can ask for.
const LONGEST_RETRY_AFTER_S: u64 = 3600;

pub(super) struct Session {
    config: Arc<Config>,
    transport: Transport,
    file: Option<DataFile>,
    kept: Kept,
    usage: Arc<Mutex<Usage>>,
    key: Option<LicenseKey>,
    troubles: u32,
    last_reactivation: Option<Duration>,
    pub(super) view: View,
}

impl Session {
    pub(super) fn new(
        config: Arc<Config>,
        transport: Transport,
        file: Option<DataFile>,
        kept: Kept,
        warning: Option<String>,
        usage: Arc<Mutex<Usage>>,
    ) -> Self {
        let view = View::at(Anchor::at_start(config.clock.as_ref(), kept.high_water));
        let mut session =
            Self { config, transport, file, kept, usage, key: None, troubles: 0, last_reactivation: None, view };
        session.take_up();
        if let Some(message) = warning {
            let remedy = "Nothing: the seat is taken up again with the license key.".into();
            let at = super::status::timestamp(session.now());
            session.view.last_error = Some(LastError { at, code: None, message, remedy });
        }
        session
    }

    /// Takes up what the data file says, as far as it is about this product and identity and can be verified.
    fn take_up(&mut self) {
        let same_holder = self.kept.identity.as_ref().is_some_and(|kept| kept.is_same_holder(&self.config.identity));
        if !same_holder || self.kept.product != self.config.product {
            self.kept = Kept { high_water: self.kept.high_water, ..Kept::default() };
        }
        self.kept.product.clone_from(&self.config.product);
        self.kept.identity = Some(self.config.identity.clone());
        self.view.failing.clone_from(&self.kept.failing);
        self.view.halted = self.kept.halted;
        self.lock_usage(|usage, kept| usage.counters.clone_from(&kept.counters));
        let Some(kept) = self.kept.lease.clone() else { return };
        // The kept nonce shows that the lease was accepted once; whether it has ended is a matter of its `exp`.
        match self.verify(&kept.token, &kept.nonce, None) {
            Ok(lease) => {
                let upd = lease.claims().upd;
                self.view.lease = Some(lease);
                let same_build = kept.version == self.config.version && kept.released_on == self.config.released_on;
                // For the build of the lease the server has judged, and it may know the release's date better.
                if !same_build && let Coverage::NotCovered { updates_until } = coverage(upd, self.config.released_on) {
                    let detail = format!("updates ended on {updates_until}");
                    self.refuse(Box::new(Problem::of(Code::VersionNotCovered).with_detail(detail)));
                }
            }
            Err(error) => {
                self.kept.lease = None;
                let now = self.now();
                self.view.last_error = Some(LastError::of(&error.into(), now));
            }
        }
    }

    fn lock_usage<R>(&self, act: impl FnOnce(&mut Usage, &Kept) -> R) -> R {
        act(&mut self.usage.lock().unwrap_or_else(PoisonError::into_inner), &self.kept)
    }

    fn now(&self) -> i64 {
        self.view.now(self.config.clock.as_ref())
    }

    fn verify(&self, token: &str, nonce: &Nonce, instance_id: Option<&str>) -> Result<Lease, lease::LeaseError> {
        let expect = Expect {
            nonce: Some(nonce),
            identity: Some(&self.config.identity),
            instance_id,
            ..Expect::of(&self.config.product, self.now())
        };
        lease::verify(token, &self.config.trust, &expect)
    }

    /// The server where the seat is held, if it is still configured and no other key has been given.
    fn held_at(&self) -> Option<(String, Credential)> {
        let server = self.kept.active.as_ref().filter(|server| self.config.servers.contains(server))?;
        Some((server.clone(), self.kept.credentials.get(server)?.clone()))
    }

    /// The application wants to run under this key.
    pub(super) async fn activate(&mut self, key: &LicenseKey) -> Result<(), ClientError> {
        let fingerprint = HEXLOWER.encode(&Sha256::digest(key.canonical_bytes()));
        if self.kept.key_sha256.as_ref().is_some_and(|kept| *kept != fingerprint) {
            // Another license: what the old one granted does not count.
            self.kept.credentials.clear();
            self.kept.active = None;
            self.kept.activation_nonce = None;
            self.kept.failing = None;
            self.forget_lease();
        }
        self.kept.key_sha256 = Some(fingerprint);
        self.key = Some(key.clone());
        self.kept.halted = false;
        self.view.due = Some(self.config.clock.monotonic());
        self.step().await
    }

    /// Whatever is next: a check where a seat is held, else an activation, or the one that was not answered.
    pub(super) async fn step(&mut self) -> Result<(), ClientError> {
        if self.key.is_none() || self.kept.halted {
            self.view.due = None;
            return Err(ClientError::NotActivated);
        }
        if self.held_at().is_some() && self.kept.activation_nonce.is_none() {
            self.check().await
        } else {
            self.take_seat().await
        }
    }

    async fn take_seat(&mut self) -> Result<(), ClientError> {
        let Some(key) = self.key.clone() else { return Err(ClientError::NotActivated) };
        // Saved before it is used, so that an activation whose answer is lost is repeated as the same one.
        let nonce = match self.kept.activation_nonce.clone() {
            Some(nonce) => nonce,
            None => self.kept.activation_nonce.insert(random::nonce()).clone(),
        };
        self.save();
        let known = self.held_at().map(|(server, _)| server);
        let servers = known.map_or_else(|| self.config.servers.clone(), |server| vec![server]);
        let mut trouble = Trouble::new("no server is configured");
        for server in servers {
            let request = ActivateRequest {
                license_key: Secret::new(key.expose()),
                product: self.config.product.clone(),
                version: self.config.version.clone(),
                released_on: self.config.released_on,
                identity: self.config.identity.clone(),
                nonce: nonce.clone(),
                features: (!self.config.features.is_empty()).then(|| self.config.features.clone()),
                borrow_s: None,
                secret: self.kept.credentials.get(&server).map(|credential| credential.secret.clone()),
                known_seq: None,
            };
            match self.transport.post::<_, LeaseResponse>(&server, "licenses/activate", &request).await {
                Ok(answer) => {
                    return self.accept(&server, &answer, &nonce, Usage::begin_epoch);
                }
                Err(Failure::Refused(problem)) => return Err(self.refuse(problem)),
                Err(Failure::Trouble(met)) => {
                    // Only a server that was certainly not reached is passed over: one that may have granted the
                    // seat is asked again, or two servers would hold one.
                    let pass_over = met.unsent;
                    trouble = met;
                    if !pass_over {
                        break;
                    }
                }
            }
        }
        Err(self.meet(trouble))
    }

    async fn check(&mut self) -> Result<(), ClientError> {
        let Some((server, credential)) = self.held_at() else { return Err(ClientError::NotActivated) };
        let (levels, totals) = self.lock_usage(|usage, _| (usage.levels.clone(), usage.totals()));
        let signals = self.view.plan.as_ref().is_some_and(|plan| plan.usage_signals);
        let request = CheckRequest {
            instance_id: credential.instance_id.clone(),
            secret: credential.secret,
            nonce: credential.nonce.clone(),
            version: self.config.version.clone(),
            released_on: self.config.released_on,
            levels: (!levels.is_empty()).then_some(levels),
            counters: (signals && !totals.is_empty()).then(|| totals.clone()),
            borrow_s: None,
            known_seq: None,
        };
        match self.transport.post::<_, LeaseResponse>(&server, "licenses/check", &request).await {
            Ok(answer) if answer.instance_id != credential.instance_id => {
                Err(self.meet(Trouble::new("the answer is about another instance")))
            }
            Ok(answer) => {
                let taken = |usage: &mut Usage| {
                    if signals {
                        usage.reported(&totals);
                    }
                };
                self.accept(&server, &answer, &credential.nonce, taken)
            }
            Err(Failure::Trouble(trouble)) => Err(self.meet(trouble)),
            Err(Failure::Refused(problem)) => match problem.code() {
                Some(Code::InstanceStale | Code::InvalidSecret | Code::InstanceNotFound) if self.may_reactivate() => {
                    self.last_reactivation = Some(self.config.clock.monotonic());
                    self.take_seat().await
                }
                _ => Err(self.refuse(problem)),
            },
        }
    }

    /// Two copies of one installation would take the seat from each other for ever; once per interval is harmless.
    fn may_reactivate(&self) -> bool {
        let now = self.config.clock.monotonic();
        self.last_reactivation.is_none_or(|last| now.saturating_sub(last).as_secs() >= self.check_interval_s())
    }

    /// Gives the seat back; nothing happens afterwards until the application activates again.
    pub(super) async fn release(&mut self) -> Result<Timestamp, ClientError> {
        let Some((server, credential)) = self.held_at() else { return Err(ClientError::NotActivated) };
        let request = ReleaseRequest { instance_id: credential.instance_id, secret: credential.secret };
        match self.transport.post::<_, ReleaseResponse>(&server, "licenses/release", &request).await {
            Ok(answer) => {
                self.halt();
                self.kept.failing = None;
                self.view.last_error = None;
                self.forget_lease();
                self.save();
                Ok(answer.free_at)
            }
            Err(Failure::Refused(problem)) => Err(ClientError::Refused(problem)),
            // No failed check: the lease goes on as it was, and the application may try again.
            Err(Failure::Trouble(trouble)) => Err(ClientError::Unavailable(trouble.why)),
        }
    }

    /// Nothing more by itself. The secret stays, as proof of who this was, for the next activation.
    fn halt(&mut self) {
        self.kept.halted = true;
        self.kept.active = None;
        self.kept.activation_nonce = None;
        self.view.due = None;
    }

    fn forget_lease(&mut self) {
        self.kept.lease = None;
        self.view.lease = None;
        self.view.plan = None;
        self.view.notices.clear();
        self.view.over_limit.clear();
    }

    /// Takes an answer over, if its lease can be verified. Until then nothing of it is believed. `usage` brings the
    /// counters up to date with what the server has taken.
    fn accept(
        &mut self,
        server: &str,
        answer: &LeaseResponse,
        nonce: &Nonce,
        usage: impl FnOnce(&mut Usage),
    ) -> Result<(), ClientError> {
        let lease = match self.verify(&answer.lease, nonce, Some(&answer.instance_id)) {
            Ok(lease) => lease,
            Err(error) => {
                self.fail(false, None);
                self.save();
                return Err(self.remember(error.into()));
            }
        };
        let claims = lease.claims();
        self.view.anchor = Anchor::at_fresh_lease(self.config.clock.as_ref(), claims.iat);
        self.kept.high_water = claims.iat;
        self.kept.lease = Some(KeptLease {
            token: answer.lease.clone(),
            nonce: nonce.clone(),
            version: self.config.version.clone(),
            released_on: self.config.released_on,
        });
        let credential = Credential {
            instance_id: answer.instance_id.clone(),
            secret: answer.secret.clone(),
            nonce: random::nonce(),
        };
        self.kept.credentials.insert(server.to_owned(), credential);
        self.kept.active = Some(server.to_owned());
        self.kept.activation_nonce = None;
        self.kept.failing = None;
        self.kept.halted = false;
        self.troubles = 0;
        self.view.lease = Some(lease);
        self.view.plan = Some(answer.plan.clone());
        self.view.notices.clone_from(&answer.notices);
        self.view.over_limit = answer.over_limit.clone().unwrap_or_default();
        self.view.last_error = None;
        // The server has jittered already; ours only moves checks forward, never past the lease's third.
        self.due_in(self.check_interval_s() as f64 * random::between(0.9, 1.0));
        self.lock_usage(|now, _| usage(now));
        self.save();
        Ok(())
    }

    fn check_interval_s(&self) -> u64 {
        let chk = self.view.lease.as_ref().and_then(|lease| u64::try_from(lease.claims().chk).ok());
        chk.unwrap_or(DEFAULT_CHECK_S)
    }

    fn due_in(&mut self, seconds: f64) {
        let wait = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(DEFAULT_CHECK_S));
        self.view.due = Some(self.config.clock.monotonic() + wait);
    }

    /// The server said no.
    fn refuse(&mut self, problem: Box<Problem>) -> ClientError {
        let asked = problem.retry_after_s.and_then(|s| u64::try_from(s).ok());
        self.fail(true, asked);
        if let Some(Code::InstanceReleased | Code::InstanceDeactivated | Code::InstanceBlocked) = problem.code() {
            self.halt();
        }
        self.save();
        self.remember(ClientError::Refused(problem))
    }

    /// The server could not be asked.
    fn meet(&mut self, trouble: Trouble) -> ClientError {
        self.fail(false, trouble.retry_after_s);
        self.save();
        self.remember(ClientError::Unavailable(trouble.why))
    }

    fn remember(&mut self, error: ClientError) -> ClientError {
        tracing::warn!(%error, remedy = error.remedy(), "license check failed");
        self.view.last_error = Some(LastError::of(&error, self.now()));
        error
    }

    /// Starts the enforcement policy, or lets it go on, and plans the next try.
    fn fail(&mut self, refused: bool, retry_after_s: Option<u64>) {
        let now = self.now();
        let failing = self.kept.failing.get_or_insert(Failing { since: now, refused });
        failing.refused |= refused;
        let asked = retry_after_s.unwrap_or(0).min(LONGEST_RETRY_AFTER_S) as f64;
        let pause = if refused {
            self.check_interval_s() as f64 * random::between(1.0, 1.1)
        } else {
            self.troubles = self.troubles.saturating_add(1);
            back_off_s(self.troubles, self.check_interval_s() as f64)
        };
        // A little more than asked, so that not all come back in the same second.
        self.due_in(pause.max(asked * random::between(1.0, 1.2)));
    }

    /// Brings view and data file up to date with what is kept.
    pub(super) fn save(&mut self) {
        self.kept.high_water = self.kept.high_water.max(self.now());
        self.view.failing.clone_from(&self.kept.failing);
        self.view.halted = self.kept.halted;
        self.kept.counters = self.lock_usage(|usage, _| usage.counters.clone());
        if let Some(Err(error)) = self.file.as_ref().map(|file| file.write(&self.kept)) {
            // The license itself is fine: go on in memory, and say so.
            tracing::error!(%error, "the license data file cannot be written");
            let at = super::status::timestamp(self.now());
            let message = format!("the data file cannot be written: {error}");
            let remedy = "Free disk space and check the folder's permissions.".into();
            self.view.last_error = Some(LastError { at, code: None, message, remedy });
        }
    }
}

/// Pause after the n-th trouble in a row (n from 1): doubling, jittered, never longer than the check interval unless
/// that is shorter than the first pause.
fn back_off_s(troubles: u32, check_interval_s: f64) -> f64 {
    let doubled = FIRST_RETRY_S * 2_f64.powi(i32::try_from(troubles.min(16)).unwrap_or(16) - 1);
    doubled.min(LONGEST_RETRY_S).min(check_interval_s.max(FIRST_RETRY_S)) * random::between(0.5, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_five_minutes_and_never_exceed_the_check_interval() {
        for (troubles, interval, longest) in [
            (1, 300.0, 5.0),
            (2, 300.0, 10.0),
            (4, 300.0, 40.0),
            (99, 9e9, 300.0),
            (99, 180.0, 180.0),
            (3, 1.0, 5.0),
            (u32::MAX, 300.0, 300.0),
        ] {
            for _ in 0..50 {
                let pause = back_off_s(troubles, interval);
                assert!(pause >= longest / 2.0 && pause <= longest, "{troubles} {interval}: {pause}");
            }
        }
    }
}
