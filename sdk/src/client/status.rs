//! How the product stands: what the application asks for and acts on.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde::Serialize;

use super::{
    clock::{Anchor, Clock},
    data_file::Failing,
    failure::ClientError,
};
use crate::{
    error::Code,
    lease::{EnforcementPolicy, Lease, Limit, Stage, Standing},
    wire::{Notice, OverLimit, PlanView},
};

/// A snapshot of the license as the client knows it. Cheap to take at any time; needs no network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// What to enforce now; none while the product runs as licensed. Without any lease the policy's last stage.
    pub stage: Option<Stage>,
    /// End of the last accepted lease. It may lie in the past: the enforcement policy then decides.
    pub licensed_until: Option<Timestamp>,
    /// The stage that comes next if nothing else happens, and when.
    pub next_stage: Option<NextStage>,
    /// When the client asks the server next; none while it waits for the application.
    pub next_check_at: Option<Timestamp>,
    /// Since when checks fail.
    pub failing_since: Option<Timestamp>,
    /// The last failure since the last success.
    pub last_error: Option<LastError>,
    /// URL of the server that granted the lease.
    pub server: Option<String>,
    /// Names this installation at the server and in the portal.
    pub instance_id: Option<String>,
    /// The license that pays for it.
    pub license_id: Option<String>,
    /// Plan code.
    pub plan_code: Option<String>,
    /// Limit name → amount; a missing name allows none, `-1` is unlimited. See [`Status::limit`].
    pub limits: BTreeMap<String, i64>,
    /// Seats of the license.
    pub seats: Option<i64>,
    /// Perpetual licenses: releases dated on or before this time's day in UTC are covered.
    pub updates_until: Option<Timestamp>,
    /// Whether the lease is borrowed, so that it lasts without the server until `licensed_until`.
    pub borrowed: bool,
    /// Until when the application asked to borrow; each check keeps the lease up to then.
    pub borrow_until: Option<Timestamp>,
    /// Features that the lease has now, with their ends.
    pub features: BTreeMap<String, Option<Timestamp>>,
    /// The license in the words of the portal; known once a server has answered this process.
    pub plan: Option<PlanView>,
    /// What the operator should know.
    pub notices: Vec<Notice>,
    /// Levels that exceed the license, as of the last check.
    pub over_limit: Vec<OverLimit>,
    /// Seconds that the system clock was ahead of the server at the last success; negative when it was behind.
    pub clock_skew_s: Option<i64>,
    /// Released or deactivated: nothing happens until the application activates again.
    pub halted: bool,
}

impl Status {
    /// What the lease allows of a limit.
    pub fn limit(&self, name: &str) -> Limit {
        match self.limits.get(name) {
            None => Limit::AtMost(0),
            Some(-1) => Limit::Unlimited,
            Some(amount) => Limit::AtMost(*amount),
        }
    }

    /// Whether the lease has a feature.
    pub fn has_feature(&self, name: &str) -> bool {
        self.features.contains_key(name)
    }
}

/// A stage that time alone will bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct NextStage {
    /// What will have to be enforced.
    pub stage: Stage,
    /// From when on.
    pub at: Timestamp,
}

/// What went wrong last, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastError {
    /// When it happened, by the client's clock.
    pub at: Timestamp,
    /// The server's code, where it answered with one.
    pub code: Option<String>,
    /// What happened.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

impl LastError {
    pub(super) fn of(error: &ClientError, now: i64) -> Self {
        Self {
            at: timestamp(now),
            code: error.code().map(Code::as_str).map(str::to_owned),
            message: error.to_string(),
            remedy: error.remedy().to_owned(),
        }
    }
}

/// Everything that a status is computed from; copied out of the session after each operation.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub(super) lease: Option<Lease>,
    pub(super) failing: Option<Failing>,
    pub(super) halted: bool,
    pub(super) anchor: Anchor,
    pub(super) server: Option<String>,
    pub(super) borrow_until: Option<i64>,
    pub(super) plan: Option<PlanView>,
    pub(super) notices: Vec<Notice>,
    pub(super) over_limit: Vec<OverLimit>,
    pub(super) last_error: Option<LastError>,
    /// When the background task acts next, on the monotonic clock; none while it waits for the application.
    pub(super) due: Option<Duration>,
    /// When it reads the revocations next, likewise.
    pub(super) revocations_due: Option<Duration>,
}

impl View {
    /// Nothing is known but the time.
    pub(super) fn at(anchor: Anchor) -> Self {
        Self {
            lease: None,
            failing: None,
            halted: false,
            anchor,
            server: None,
            borrow_until: None,
            plan: None,
            notices: Vec::new(),
            over_limit: Vec::new(),
            last_error: None,
            due: None,
            revocations_due: None,
        }
    }

    pub(super) fn now(&self, clock: &dyn Clock) -> i64 {
        self.anchor.now(clock)
    }

    fn standing(&self) -> Standing {
        Standing {
            lease_exp: self.lease.as_ref().map(|lease| lease.claims().exp),
            failing_since: self.failing.as_ref().map(|failing| failing.since),
            refused: self.failing.as_ref().is_some_and(|failing| failing.refused),
        }
    }

    fn policy(&self) -> EnforcementPolicy {
        self.lease.as_ref().map(|lease| lease.claims().enf.clone()).unwrap_or_default()
    }

    /// Whether it is time for the background task to act.
    pub(super) fn is_due(&self, clock: &dyn Clock) -> bool {
        self.due.is_some_and(|due| clock.monotonic() >= due)
    }

    /// Whether it is time for it to read the revocations.
    pub(super) fn wants_revocations(&self, clock: &dyn Clock) -> bool {
        self.revocations_due.is_some_and(|due| clock.monotonic() >= due)
    }

    /// Until the next request or the next stage, whichever comes first; none when time alone changes nothing.
    pub(super) fn idle_for(&self, clock: &dyn Clock) -> Option<Duration> {
        let due = self.due.into_iter().chain(self.revocations_due).min();
        let until_request = due.map(|due| due.saturating_sub(clock.monotonic()));
        let now = self.now(clock);
        let change = self.policy().next_change_after(&self.standing(), now);
        let until_stage = change.and_then(|change| u64::try_from(change.saturating_sub(now)).ok());
        until_request.into_iter().chain(until_stage.map(Duration::from_secs)).min()
    }

    /// The next stage that differs from the present one, while nothing else happens.
    fn next_stage(&self, now: i64) -> Option<NextStage> {
        let (policy, standing) = (self.policy(), self.standing());
        let present = policy.stage_at(&standing, now);
        let mut at = now;
        while let Some(change) = policy.next_change_after(&standing, at) {
            let stage = policy.stage_at(&standing, change);
            if stage != present {
                return stage.map(|stage| NextStage { stage, at: timestamp(change) });
            }
            at = change;
        }
        None
    }

    pub(super) fn status(&self, clock: &dyn Clock) -> Status {
        let now = self.now(clock);
        let claims = self.lease.as_ref().map(Lease::claims);
        let features = claims.map(|claims| {
            let live = claims.fea.iter().filter(|(_, end)| end.is_none_or(|end| now < end));
            live.map(|(name, end)| (name.clone(), end.map(timestamp))).collect()
        });
        Status {
            stage: self.policy().stage_at(&self.standing(), now),
            licensed_until: claims.map(|claims| timestamp(claims.exp)),
            next_stage: self.next_stage(now),
            next_check_at: self.due.map(|due| timestamp(self.anchor.at(due))),
            failing_since: self.failing.as_ref().map(|failing| timestamp(failing.since)),
            last_error: self.last_error.clone(),
            server: self.server.clone(),
            instance_id: claims.map(|claims| claims.sub.clone()),
            license_id: claims.map(|claims| claims.lic.clone()),
            plan_code: claims.map(|claims| claims.pln.clone()),
            limits: claims.map(|claims| claims.lim.clone()).unwrap_or_default(),
            seats: claims.map(|claims| claims.seats),
            updates_until: claims.and_then(|claims| claims.upd).map(timestamp),
            borrowed: claims.is_some_and(|claims| claims.brw),
            borrow_until: self.borrow_until.map(timestamp),
            features: features.unwrap_or_default(),
            plan: self.plan.clone(),
            notices: self.notices.clone(),
            over_limit: self.over_limit.clone(),
            clock_skew_s: self.anchor.skew_s(),
            halted: self.halted,
        }
    }
}

/// A time for people; one beyond the calendar is shown as its end.
pub(super) fn timestamp(unix_s: i64) -> Timestamp {
    let nearest = if unix_s < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_second(unix_s).unwrap_or(nearest)
}
