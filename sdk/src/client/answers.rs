//! What each answer, refusal and failure changes in what the client holds and plans.

use std::time::Duration;

use super::{
    clock::Anchor,
    data_file::{Credential, Failing, KeptLease},
    failure::{ClientError, Trouble},
    random,
    session::Session,
    status::{LastError, timestamp},
    usage::Usage,
};
use crate::{
    error::{Code, Problem},
    lease::{Lease, LeaseError},
    wire::{LeaseResponse, Nonce},
};

/// Time between checks while no lease says otherwise.
const DEFAULT_CHECK_S: u64 = 300;
/// First pause after trouble; doubled from failure to failure.
const FIRST_RETRY_S: f64 = 5.0;
/// Longest pause after trouble, unless the server asks for more.
const LONGEST_RETRY_S: f64 = 300.0;
/// Longest pause that a server can ask for.
const LONGEST_RETRY_AFTER_S: u64 = 3600;
/// Leases that last longer are compared with the vendor's revocations about this often, in seconds.
const REVOCATIONS_EVERY_S: i64 = 3600;

impl Session {
    /// Takes an answer over, if its lease can be verified. Until then nothing of it is believed but the key sets, which
    /// speak for themselves. `usage` brings the counters up to date with what the server has taken.
    pub(super) fn accept(
        &mut self,
        server: &str,
        answer: &LeaseResponse,
        nonce: &Nonce,
        usage: impl FnOnce(&mut Usage),
    ) -> Result<(), ClientError> {
        self.trusted.accept_keys(answer.keys.as_deref().unwrap_or_default(), &mut self.kept);
        let verified = self.verify(&answer.lease, nonce, Some(&answer.instance_id));
        let lease = match verified.and_then(|lease| self.trusted.examine_fresh(&lease).map(|()| lease)) {
            Ok(lease) => lease,
            Err(error) => {
                self.fail(matches!(error, LeaseError::Revoked(_)), None);
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
        self.kept.pending = None;
        self.kept.failing = None;
        self.kept.halted = false;
        if !claims.brw {
            self.kept.borrow_until = None;
        }
        self.troubles = 0;
        self.view.lease = Some(lease);
        self.view.server = Some(server.to_owned());
        self.view.plan = Some(answer.plan.clone());
        self.view.notices.clone_from(&answer.notices);
        self.view.over_limit = answer.over_limit.clone().unwrap_or_default();
        self.view.last_error = None;
        // The server has jittered already; ours only moves checks forward, never past the lease's third.
        self.due_in(self.check_interval_s() as f64 * random::between(0.9, 1.0));
        self.plan_revocations();
        self.lock_usage(|now, _| usage(now));
        let result = self.require_features();
        self.save();
        result
    }

    /// A lease without a feature that the product requires is as good as a refusal, also where the license has lost
    /// it since the activation.
    pub(super) fn require_features(&mut self) -> Result<(), ClientError> {
        let Some(claims) = self.claims() else { return Ok(()) };
        let missing: Vec<String> =
            self.config.features.iter().filter(|name| !claims.fea.contains_key(*name)).cloned().collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(self.refuse(Box::new(Problem::of(Code::FeatureNotLicensed).with_features(missing))))
    }

    /// A lease that was revoked since it was accepted is as good as a refusal; the server is asked soon what is true.
    pub(super) fn heed_revocations(&mut self) -> Result<(), ClientError> {
        let revoked = self.view.lease.as_ref().and_then(|lease| self.trusted.revocation_of(lease));
        match revoked {
            Some(kind) if !self.kept.failing.as_ref().is_some_and(|failing| failing.refused) => {
                self.fail(true, None);
                self.due_in(random::between(1.0, 10.0));
                self.save();
                Err(self.remember(LeaseError::Revoked(kind).into()))
            }
            _ => Ok(()),
        }
    }

    /// Plans when the revocations are read without a failure as the occasion.
    pub(super) fn plan_revocations(&mut self) {
        let long = self.claims().is_some_and(|claims| claims.exp.saturating_sub(claims.iat) > REVOCATIONS_EVERY_S);
        let wait = Duration::from_secs_f64(REVOCATIONS_EVERY_S as f64 * random::between(0.8, 1.0));
        self.view.revocations_due = long.then(|| self.config.clock.monotonic() + wait);
    }

    /// Nothing more by itself. The secret stays, as proof of who this was, for the next activation.
    pub(super) fn halt(&mut self) {
        self.kept.halted = true;
        self.kept.active = None;
        self.kept.activation_nonce = None;
        self.kept.pending = None;
        self.kept.borrow_until = None;
        self.view.due = None;
        self.view.revocations_due = None;
    }

    pub(super) fn forget_lease(&mut self) {
        self.kept.lease = None;
        self.view.lease = None;
        self.view.server = None;
        self.view.plan = None;
        self.view.notices.clear();
        self.view.over_limit.clear();
    }

    pub(super) fn check_interval_s(&self) -> u64 {
        let chk = self.view.lease.as_ref().map(Lease::claims).and_then(|claims| u64::try_from(claims.chk).ok());
        chk.unwrap_or(DEFAULT_CHECK_S)
    }

    fn due_in(&mut self, seconds: f64) {
        let wait = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(DEFAULT_CHECK_S));
        self.view.due = Some(self.config.clock.monotonic() + wait);
    }

    /// The server said no.
    pub(super) fn refuse(&mut self, problem: Box<Problem>) -> ClientError {
        let asked = problem.retry_after_s.and_then(|s| u64::try_from(s).ok());
        self.fail(true, asked);
        if let Some(Code::InstanceReleased | Code::InstanceDeactivated | Code::InstanceBlocked) = problem.code() {
            self.halt();
        }
        self.save();
        self.remember(ClientError::Refused(problem))
    }

    /// The server could not be asked, or could not decide.
    pub(super) fn meet(&mut self, trouble: Trouble) -> ClientError {
        self.fail(false, trouble.retry_after_s);
        self.save();
        self.remember(trouble.into_error())
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

    /// Another server is asked when the seat has lapsed at the one that does not answer.
    pub(super) fn wait_until(&mut self, lapses_at: i64) -> ClientError {
        self.due_in(lapses_at.saturating_sub(self.now()) as f64);
        let at = timestamp(lapses_at);
        let why =
            format!("it takes requests without answering; another is asked when the seat has lapsed there, at {at}");
        self.remember(ClientError::Unavailable(why))
    }

    /// Brings view and data file up to date with what is kept.
    pub(super) fn save(&mut self) {
        self.kept.high_water = self.kept.high_water.max(self.now());
        self.view.failing.clone_from(&self.kept.failing);
        self.view.halted = self.kept.halted;
        self.view.borrow_until = self.kept.borrow_until;
        self.kept.counters = self.lock_usage(|usage, _| usage.counters.clone());
        if let Some(Err(error)) = self.file.as_ref().map(|file| file.write(&self.kept)) {
            // The license itself is fine: go on in memory, and say so.
            tracing::error!(%error, "the license data file cannot be written");
            let at = timestamp(self.now());
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
