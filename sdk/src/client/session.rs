//! The conversation with the server: what is asked next. What each answer changes is in [`answers`](super::answers).
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
    data_file::{Credential, DataFile, Kept},
    failure::{ClientError, Failure, Trouble},
    random, servers,
    status::{LastError, View, timestamp},
    transport::Transport,
    trusted::Trusted,
    usage::Usage,
};
use crate::{
    error::{Code, Problem},
    lease::{self, Expect, Lease, LeaseClaims},
    license_key::LicenseKey,
    version::{Coverage, coverage},
    wire::{ActivateRequest, CheckRequest, LeaseResponse, Nonce, ReleaseRequest, ReleaseResponse, Secret},
};

pub(super) struct Session {
    pub(super) config: Arc<Config>,
    transport: Transport,
    pub(super) file: Option<DataFile>,
    pub(super) kept: Kept,
    pub(super) trusted: Trusted,
    usage: Arc<Mutex<Usage>>,
    key: Option<LicenseKey>,
    pub(super) troubles: u32,
    last_reactivation: Option<Duration>,
    pub(super) view: View,
}

impl Session {
    pub(super) fn new(
        config: Arc<Config>,
        transport: Transport,
        file: Option<DataFile>,
        mut kept: Kept,
        warning: Option<String>,
        usage: Arc<Mutex<Usage>>,
    ) -> Self {
        let view = View::at(Anchor::at_start(config.clock.as_ref(), kept.high_water));
        let trusted = Trusted::take_up(&config.trust, &mut kept);
        let mut session = Self {
            config,
            transport,
            file,
            kept,
            trusted,
            usage,
            key: None,
            troubles: 0,
            last_reactivation: None,
            view,
        };
        session.take_up();
        if let Some(message) = warning {
            let remedy = "Nothing: the seat is taken up again with the license key.".into();
            let at = timestamp(session.now());
            session.view.last_error = Some(LastError { at, code: None, message, remedy });
        }
        session
    }

    /// Takes up what the data file says, as far as it is about this product and identity and can be verified.
    fn take_up(&mut self) {
        let same_holder = self.kept.identity.as_ref().is_some_and(|kept| kept.is_same_holder(&self.config.identity));
        if !same_holder || self.kept.product != self.config.product {
            self.kept = Kept {
                high_water: self.kept.high_water,
                key_sets: std::mem::take(&mut self.kept.key_sets),
                revocations: self.kept.revocations.take(),
                ..Kept::default()
            };
        }
        self.kept.product.clone_from(&self.config.product);
        self.kept.identity = Some(self.config.identity.clone());
        self.view.failing.clone_from(&self.kept.failing);
        self.view.halted = self.kept.halted;
        self.view.borrow_until = self.kept.borrow_until;
        self.view.server.clone_from(&self.kept.active);
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
                // The error is in the status; nobody has asked anything yet.
                let _ = self.require_features();
                let _ = self.heed_revocations();
            }
            Err(error) => {
                self.kept.lease = None;
                let now = self.now();
                self.view.last_error = Some(LastError::of(&error.into(), now));
            }
        }
    }

    pub(super) fn lock_usage<R>(&self, act: impl FnOnce(&mut Usage, &Kept) -> R) -> R {
        act(&mut self.usage.lock().unwrap_or_else(PoisonError::into_inner), &self.kept)
    }

    pub(super) fn now(&self) -> i64 {
        self.view.now(self.config.clock.as_ref())
    }

    pub(super) fn verify(
        &self,
        token: &str,
        nonce: &Nonce,
        instance_id: Option<&str>,
    ) -> Result<Lease, lease::LeaseError> {
        let expect = Expect {
            nonce: Some(nonce),
            identity: Some(&self.config.identity),
            instance_id,
            ..Expect::of(&self.config.product, self.now())
        };
        lease::verify(token, &self.trusted.bundle, &expect)
    }

    pub(super) fn claims(&self) -> Option<&LeaseClaims> {
        self.view.lease.as_ref().map(Lease::claims)
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
            self.kept.pending = None;
            self.kept.borrow_until = None;
            self.kept.failing = None;
            self.forget_lease();
        }
        self.kept.key_sha256 = Some(fingerprint);
        self.key = Some(key.clone());
        self.kept.halted = false;
        self.view.due = Some(self.config.clock.monotonic());
        self.step().await
    }

    /// Whatever is next: a check where a seat is held, else an activation, or the one that was not answered. After
    /// trouble the background task looks whether what is held has been revoked.
    pub(super) async fn step(&mut self) -> Result<(), ClientError> {
        let result = self.ask().await;
        if let Err(ClientError::Unavailable(_) | ClientError::Undecided(_) | ClientError::LeaseNotAccepted(_)) = &result
        {
            self.view.revocations_due = self.view.lease.is_some().then(|| self.config.clock.monotonic());
        }
        result
    }

    async fn ask(&mut self) -> Result<(), ClientError> {
        if self.key.is_none() || self.kept.halted {
            self.view.due = None;
            return Err(ClientError::NotActivated);
        }
        let holds = self.held_at().is_some() && self.kept.activation_nonce.is_none();
        // While the server answers, a lapsed seat is its own to give again.
        let lost = self.kept.failing.is_some()
            && servers::may_move(&self.config.servers, &self.kept, self.claims(), self.now());
        if let Some(until) =
            servers::quiet_until(&self.config.servers, &self.kept, self.claims(), self.troubles, self.now())
        {
            return Err(self.wait_until(until));
        }
        if holds && !lost { self.check().await } else { self.take_seat().await }
    }

    /// Asks for the lease to last for `seconds`, for use offline.
    pub(super) async fn borrow(&mut self, seconds: u64) -> Result<(), ClientError> {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        let before = self.kept.borrow_until.replace(self.now().saturating_add(seconds));
        if let Err(error) = self.step().await {
            self.kept.borrow_until = before;
            self.save();
            return Err(error);
        }
        if self.claims().is_some_and(|claims| claims.brw) { Ok(()) } else { Err(ClientError::NotBorrowed) }
    }

    /// Gives a borrowed seat back and takes an ordinary one.
    pub(super) async fn return_borrowed(&mut self) -> Result<(), ClientError> {
        self.release().await?;
        self.kept.halted = false;
        self.step().await
    }

    fn borrow_s(&self) -> Option<i64> {
        self.kept.borrow_until.map(|until| until.saturating_sub(self.now())).filter(|seconds| *seconds > 0)
    }

    async fn take_seat(&mut self) -> Result<(), ClientError> {
        let Some(key) = self.key.clone() else { return Err(ClientError::NotActivated) };
        self.leave_old_server().await;
        // Saved before it is used, so that an activation whose answer is lost is repeated as the same one.
        let nonce = match self.kept.activation_nonce.clone() {
            Some(nonce) => nonce,
            None => self.kept.activation_nonce.insert(random::nonce()).clone(),
        };
        let mut trouble = Trouble::new("no server is configured");
        let mut refusal = None;
        for server in servers::to_ask(&self.config.servers, &self.kept, self.claims(), self.now()) {
            let borrow_s = self.borrow_s();
            let before = self.kept.pending.clone();
            self.kept.pending = Some(servers::activation(&server, self.claims(), borrow_s, self.now()));
            self.save();
            let request = ActivateRequest {
                license_key: Secret::new(key.expose()),
                product: self.config.product.clone(),
                version: self.config.version.clone(),
                released_on: self.config.released_on,
                identity: self.config.identity.clone(),
                nonce: nonce.clone(),
                features: (!self.config.features.is_empty()).then(|| self.config.features.clone()),
                borrow_s,
                secret: self.kept.credentials.get(&server).map(|credential| credential.secret.clone()),
                known_seq: Some(self.trusted.bundle.seq),
            };
            match self.transport.post::<_, LeaseResponse>(&server, "licenses/activate", &request).await {
                Ok(answer) => return self.accept(&server, &answer, &nonce, Usage::begin_epoch),
                Err(Failure::Refused(problem)) => {
                    self.kept.pending = None;
                    // Another server of the list may have a seat, or know the license.
                    let elsewhere = matches!(problem.code(), Some(Code::SeatsExhausted | Code::LicenseNotFound));
                    let first = refusal.get_or_insert(problem);
                    if !elsewhere {
                        let first = first.clone();
                        return Err(self.refuse(first));
                    }
                }
                Err(Failure::Trouble(met)) => {
                    // Only a server that has certainly granted nothing is passed over: one that may have granted the
                    // seat is asked again, or two servers would hold one.
                    let pass_over = met.without_effect;
                    trouble = met;
                    if !pass_over {
                        break;
                    }
                    // An earlier request may still have been granted there.
                    self.kept.pending = before;
                }
            }
        }
        match refusal {
            Some(problem) => Err(self.refuse(problem)),
            None => Err(self.meet(trouble)),
        }
    }

    /// The operator has taken the server that holds the seat off the list: gives the seat back there, if it answers.
    /// Where it does not, the seat lapses there like that of any instance that was switched off.
    async fn leave_old_server(&mut self) {
        let Some(old) = self.kept.active.take_if(|active| !self.config.servers.contains(active)) else { return };
        if self.kept.pending.as_ref().is_some_and(|pending| pending.server == old) {
            self.kept.pending = None;
        }
        let Some(credential) = self.kept.credentials.remove(&old) else { return };
        let request = ReleaseRequest { instance_id: credential.instance_id, secret: credential.secret };
        match self.transport.post::<_, ReleaseResponse>(&old, "licenses/release", &request).await {
            Ok(_) => tracing::info!(server = old, "the seat was given back at the former license server"),
            Err(_) => tracing::warn!(server = old, "the seat at the former license server could not be given back"),
        }
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
            borrow_s: self.borrow_s(),
            known_seq: Some(self.trusted.bundle.seq),
        };
        let sent = servers::check(&server, self.claims(), request.borrow_s, self.now());
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
            Err(Failure::Trouble(trouble)) => {
                if !trouble.without_effect {
                    self.kept.pending = Some(sent);
                }
                Err(self.meet(trouble))
            }
            Err(Failure::Refused(problem)) => match problem.code() {
                Some(Code::InstanceStale | Code::InvalidSecret | Code::InstanceNotFound) if self.may_reactivate() => {
                    self.last_reactivation = Some(self.config.clock.monotonic());
                    self.take_seat().await
                }
                // Nothing is held here any more: another server of the list may have a seat.
                Some(Code::SeatsExhausted)
                    if servers::may_move(&self.config.servers, &self.kept, self.claims(), self.now()) =>
                {
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

    /// Reads what the vendor has revoked, from the first server that says, and acts on it.
    pub(super) async fn read_revocations(&mut self) {
        self.plan_revocations();
        if self.view.lease.is_none() {
            return;
        }
        for server in self.config.servers.clone() {
            let read = self.transport.get(&server, "/api/v1/revocations").await;
            let now = self.now();
            let accepted = match read {
                Ok(list) => {
                    let accepted = self.trusted.accept_revocations(list.trim(), &mut self.kept, now);
                    accepted.map_err(|error| error.to_string())
                }
                Err(trouble) => Err(trouble.why),
            };
            match accepted {
                Ok(()) => {
                    // The error is in the status.
                    let _ = self.heed_revocations();
                    self.save();
                    break;
                }
                Err(error) => tracing::debug!(server, error, "the revocations could not be read"),
            }
        }
    }

    /// Gives the seat back; nothing happens afterwards until the application activates again.
    pub(super) async fn release(&mut self) -> Result<Timestamp, ClientError> {
        let Some((server, credential)) = self.held_at() else { return Err(ClientError::NotActivated) };
        let request = ReleaseRequest { instance_id: credential.instance_id, secret: credential.secret };
        match self.transport.post::<_, ReleaseResponse>(&server, "licenses/release", &request).await {
            Ok(answer) => {
                // An activation elsewhere whose answer was lost may hold a seat there: the next one asks that server
                // first, as the same activation.
                let elsewhere = self.kept.pending.take_if(|pending| pending.server != server);
                let nonce = self.kept.activation_nonce.take().filter(|_| elsewhere.is_some());
                self.halt();
                (self.kept.pending, self.kept.activation_nonce) = (elsewhere, nonce);
                self.kept.failing = None;
                self.view.last_error = None;
                self.forget_lease();
                self.save();
                Ok(answer.free_at)
            }
            Err(Failure::Refused(problem)) => Err(ClientError::Refused(problem)),
            // No failed check: the lease goes on as it was, and the application may try again.
            Err(Failure::Trouble(trouble)) => Err(trouble.into_error()),
        }
    }
}
