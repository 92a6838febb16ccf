//! What happens to an instance when its server cannot be reached from some moment on: the enforcement policy
//! that its lease carries, worked out in times. It is the same function that products use, asked ahead.

use sdk::lease::{EnforcementPolicy, Stage, Standing};

use crate::catalog::LeasePolicy;
use crate::clock::UnixMs;

/// What lies ahead once the connection is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// From when on checks fail, at the earliest: the policy counts from the first failed check.
    pub fails_at: UnixMs,
    /// Why.
    pub cause: Cause,
    /// When the last lease ends. Until then nothing beyond a warning happens, unless the server has refused.
    pub lease_ends_at: UnixMs,
    /// The stages, each from its moment on.
    pub steps: Vec<OutlookStep>,
}

/// Why checks fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The server cannot be reached.
    Unreachable,
    /// The license has ended before the connection is lost, so the server refuses.
    LicenseEnded,
}

/// A stage and when it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutlookStep {
    /// What applies.
    pub stage: Stage,
    /// From when on.
    pub at: UnixMs,
}

/// What is known of the instance.
#[derive(Clone, Copy, Debug)]
pub struct Lease<'a> {
    /// The policy that its leases carry.
    pub enforcement: &'a EnforcementPolicy,
    /// How its leases are issued.
    pub policy: &'a LeasePolicy,
    /// When its present lease ends.
    pub exp: UnixMs,
    /// First moment after the license's validity.
    pub license_ends_at: Option<UnixMs>,
}

/// The moment that somebody asks about: `YYYY-MM-DDTHH:MM` in UTC, with or without seconds. Whatever cannot be
/// read, and whatever is over, stands for `now`.
#[must_use]
pub fn asked_moment(text: &str, now: UnixMs) -> UnixMs {
    let civil = text.parse::<jiff::civil::DateTime>().ok();
    let at = civil.and_then(|civil| civil.to_zoned(jiff::tz::TimeZone::UTC).ok());
    at.map_or(now, |at| UnixMs::from(at.timestamp()).max(now))
}

/// What happens when the connection dies at `dies_at`. Until then every check succeeds, so at a later moment
/// than `now` the instance holds the lease of its last check, which lies no more than one interval back.
#[must_use]
pub fn outlook(lease: &Lease<'_>, now: UnixMs, dies_at: UnixMs) -> Outlook {
    let renewed = dies_at.plus((lease.policy.lease_s - lease.policy.check_s).saturating_mul(1_000));
    let exp = if dies_at > now { lease.exp.max(renewed) } else { lease.exp };
    let end = lease.license_ends_at;
    let (cause, fails_at) = match end {
        Some(end) if end <= dies_at => (Cause::LicenseEnded, end),
        _ => (Cause::Unreachable, dies_at),
    };
    // No lease outlives the license.
    let exp = end.map_or(exp, |end| exp.min(end));
    let standing = Standing {
        lease_exp: Some(exp.seconds()),
        failing_since: Some(fails_at.seconds()),
        refused: cause == Cause::LicenseEnded,
    };
    let mut steps: Vec<OutlookStep> = Vec::new();
    let mut at = fails_at.seconds().saturating_sub(1);
    while let Some(change) = lease.enforcement.next_change_after(&standing, at) {
        // What was due while the lease still ran begins all at once with its end: only the hardest is felt.
        if let Some(stage) = lease.enforcement.stage_at(&standing, change)
            && steps.last().is_none_or(|last| last.stage != stage)
        {
            steps.push(OutlookStep { stage, at: UnixMs::from_seconds(change) });
        }
        at = change;
    }
    Outlook { fails_at, cause, lease_ends_at: exp, steps }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;
    use sdk::lease::EnforcementStep;

    use super::*;
    use crate::clock::{DAY_MS, MINUTE_MS};

    const POLICY: LeasePolicy = LeasePolicy { lease_s: 600, check_s: 180, reclaim_after_s: 0, max_borrow_s: 0 };
    const NOW: UnixMs = UnixMs(1_000 * MINUTE_MS);

    fn policy(steps: &[(Stage, i64)]) -> EnforcementPolicy {
        let steps: Vec<_> = steps.iter().map(|&(stage, after_s)| EnforcementStep { stage, after_s }).collect();
        EnforcementPolicy::try_from(steps).unwrap()
    }

    /// Minutes from `NOW` at which each stage begins.
    fn stages(
        enforcement: &EnforcementPolicy,
        exp_min: i64,
        dies_min: i64,
        ends_min: Option<i64>,
    ) -> Vec<(Stage, i64)> {
        let at = |minutes: i64| NOW.plus(minutes * MINUTE_MS);
        let lease = Lease { enforcement, policy: &POLICY, exp: at(exp_min), license_ends_at: ends_min.map(at) };
        let outlook = outlook(&lease, NOW, at(dies_min));
        outlook.steps.iter().map(|step| (step.stage, (step.at.0 - NOW.0) / MINUTE_MS)).collect()
    }

    #[test]
    fn the_table_of_what_happens_when() {
        use Stage::{BlockNew, LockAdmin, Stop, Warn};
        let default = EnforcementPolicy::default();
        let all = policy(&[(Warn, 0), (BlockNew, 300), (LockAdmin, 1_200), (Stop, 3_600)]);
        for (enforcement, exp, dies, ends, expected) in [
            // Warns at once, stops a day after.
            (&default, 8, 0, None, vec![(Warn, 0), (Stop, 1_440)]),
            // Nothing beyond a warning while the lease runs: block_new was due at 5 and waits until 8.
            (&all, 8, 0, None, vec![(Warn, 0), (BlockNew, 8), (LockAdmin, 20), (Stop, 60)]),
            // A borrowed lease outlasts all but its own end.
            (&all, 4_320, 0, None, vec![(Warn, 0), (Stop, 4_320)]),
            // The lease is over already.
            (&all, -30, 0, None, vec![(Warn, 0), (BlockNew, 5), (LockAdmin, 20), (Stop, 60)]),
            // Later the lease has been renewed: 100 + 10 - 3 minutes.
            (&all, 8, 100, None, vec![(Warn, 100), (BlockNew, 107), (LockAdmin, 120), (Stop, 160)]),
            // The license ends first: refused, so nothing waits for the lease.
            (&all, 8, 100, Some(50), vec![(Warn, 50), (BlockNew, 55), (LockAdmin, 70), (Stop, 110)]),
            // The license ends while the lease would go on: the lease is cut.
            (&all, 8, 0, Some(6), vec![(Warn, 0), (BlockNew, 6), (LockAdmin, 20), (Stop, 60)]),
            (&policy(&[(Stop, 0)]), 8, 0, None, vec![(Stop, 8)]),
        ] {
            assert_eq!(stages(enforcement, exp, dies, ends), expected, "exp {exp}, dies {dies}, ends {ends:?}");
        }
    }

    #[test]
    fn whoever_asks_about_the_past_or_nonsense_asks_about_now() {
        let now = UnixMs::from("2026-11-21T10:00:00Z".parse::<jiff::Timestamp>().unwrap());
        for (text, expected) in [
            ("2026-11-21T12:30", now.plus(150 * MINUTE_MS)),
            ("2026-11-21T12:30:00", now.plus(150 * MINUTE_MS)),
            ("2026-11-20T12:30", now),
            ("", now),
            ("tomorrow", now),
            ("99999-01-01T00:00", now),
        ] {
            assert_eq!(asked_moment(text, now), expected, "{text}");
        }
    }

    #[test]
    fn the_cause_is_told() {
        let enforcement = EnforcementPolicy::default();
        let end = NOW.plus(DAY_MS);
        let lease = Lease { enforcement: &enforcement, policy: &POLICY, exp: NOW, license_ends_at: Some(end) };
        assert_eq!(outlook(&lease, NOW, end.plus(-1)).cause, Cause::Unreachable);
        let refused = outlook(&lease, NOW, end);
        assert_eq!((refused.cause, refused.fails_at), (Cause::LicenseEnded, end));
    }

    proptest! {
        #[test]
        fn every_stage_is_the_one_that_the_product_computes(
            exp_s in 0_i64..200_000, dies_s in 0_i64..200_000, after in proptest::collection::vec(0_i64..100_000, 4),
        ) {
            let mut after = after;
            after.sort_unstable();
            let stages = [Stage::Warn, Stage::BlockNew, Stage::LockAdmin, Stage::Stop];
            let enforcement = policy(&stages.into_iter().zip(after).collect::<Vec<_>>());
            let lease = Lease {
                enforcement: &enforcement, policy: &POLICY, exp: UnixMs::from_seconds(exp_s), license_ends_at: None,
            };
            let ahead = outlook(&lease, UnixMs(0), UnixMs::from_seconds(dies_s));
            let standing = Standing {
                lease_exp: Some(ahead.lease_ends_at.seconds()), failing_since: Some(dies_s), refused: false,
            };
            for step in &ahead.steps {
                prop_assert_eq!(enforcement.stage_at(&standing, step.at.seconds()), Some(step.stage));
                prop_assert!(enforcement.stage_at(&standing, step.at.seconds() - 1) < Some(step.stage));
            }
            prop_assert_eq!(ahead.steps.last().map(|step| step.stage), Some(Stage::Stop));
        }
    }
}
