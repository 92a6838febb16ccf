//! What an application shall do once its license cannot be confirmed: the policy that the lease carries.

use serde::{Deserialize, Serialize};

/// How hard the application acts, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Tell the operator.
    Warn,
    /// Create nothing new.
    BlockNew,
    /// Lock administration.
    LockAdmin,
    /// Stop working.
    Stop,
}

impl Stage {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::BlockNew => "block_new",
            Self::LockAdmin => "lock_admin",
            Self::Stop => "stop",
        }
    }
}

/// One step of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnforcementStep {
    /// What applies from then on.
    pub stage: Stage,
    /// Seconds after the first failed check.
    pub after_s: i64,
}

/// The steps of a policy, in ascending order of time and of stage.
///
/// The default is a warning at once and a stop after one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<EnforcementStep>")]
pub struct EnforcementPolicy(Vec<EnforcementStep>);

/// Why steps are no policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnforcementPolicyError {
    /// A policy without steps would never act.
    #[error("an enforcement policy has at least one step")]
    Empty,
    /// A step before the first failed check.
    #[error("after_s must not be negative")]
    Negative,
    /// Times must not fall and stages must rise from step to step.
    #[error("the steps of an enforcement policy must ascend, in time and in stage")]
    NotAscending,
}

impl TryFrom<Vec<EnforcementStep>> for EnforcementPolicy {
    type Error = EnforcementPolicyError;

    fn try_from(steps: Vec<EnforcementStep>) -> Result<Self, Self::Error> {
        if steps.is_empty() {
            return Err(EnforcementPolicyError::Empty);
        }
        if steps.iter().any(|step| step.after_s < 0) {
            return Err(EnforcementPolicyError::Negative);
        }
        if steps.windows(2).any(|pair| pair[0].after_s > pair[1].after_s || pair[0].stage >= pair[1].stage) {
            return Err(EnforcementPolicyError::NotAscending);
        }
        Ok(Self(steps))
    }
}

impl Default for EnforcementPolicy {
    fn default() -> Self {
        Self(vec![
            EnforcementStep { stage: Stage::Warn, after_s: 0 },
            EnforcementStep { stage: Stage::Stop, after_s: 86_400 },
        ])
    }
}

/// How an instance stands with its server. All times are Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// `exp` of the last accepted lease; none when there never was one.
    pub lease_exp: Option<i64>,
    /// `t0`: the first failed check since that lease; none while all is well.
    pub failing_since: Option<i64>,
    /// Whether one of the failures since was a refusal, which does not wait for the lease to end.
    pub refused: bool,
}

impl EnforcementPolicy {
    /// The steps.
    pub fn steps(&self) -> &[EnforcementStep] {
        &self.0
    }

    /// The stage that applies at `now` (Unix seconds); none while the application runs as licensed.
    ///
    /// A stage applies from `t0 + after_s`, none beyond [`Stage::Warn`] before the lease's `exp`, unless the server
    /// has refused. Without any accepted lease the last stage applies at once.
    pub fn stage_at(&self, standing: &Standing, now: i64) -> Option<Stage> {
        let Some(exp) = standing.lease_exp else { return self.0.last().map(|step| step.stage) };
        let t0 = standing.failing_since?;
        let reached = self.0.iter().rfind(|step| now >= t0.saturating_add(step.after_s))?;
        if standing.refused || now >= exp || reached.stage == Stage::Warn {
            return Some(reached.stage);
        }
        // Before the lease's end only a warning counts, where the policy has one.
        self.0.iter().find(|step| step.stage == Stage::Warn).map(|step| step.stage)
    }

    /// When the stage changes next after `now`, if nothing else happens (Unix seconds).
    pub fn next_change_after(&self, standing: &Standing, now: i64) -> Option<i64> {
        let (t0, exp) = (standing.failing_since?, standing.lease_exp?);
        let times = self.0.iter().map(|step| {
            let reached = t0.saturating_add(step.after_s);
            if standing.refused || step.stage == Stage::Warn { reached } else { reached.max(exp) }
        });
        times.filter(|time| *time > now).min()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn policy(steps: &[(Stage, i64)]) -> EnforcementPolicy {
        let steps: Vec<_> =
            steps.iter().map(|(stage, after_s)| EnforcementStep { stage: *stage, after_s: *after_s }).collect();
        EnforcementPolicy::try_from(steps).unwrap()
    }

    fn all_stages() -> EnforcementPolicy {
        policy(&[(Stage::Warn, 0), (Stage::BlockNew, 100), (Stage::LockAdmin, 200), (Stage::Stop, 300)])
    }

    #[test]
    fn stages_apply_by_the_table() {
        let failing = |t0, exp| Standing { lease_exp: Some(exp), failing_since: Some(t0), refused: false };
        let refused = |t0, exp| Standing { refused: true, ..failing(t0, exp) };
        let fine = Standing { lease_exp: Some(1000), failing_since: None, refused: false };
        for (standing, now, expected) in [
            (fine, 500, None),
            (fine, 99_999, None),
            // The lease lives until 1000: nothing beyond a warning before.
            (failing(500, 1000), 499, None),
            (failing(500, 1000), 500, Some(Stage::Warn)),
            (failing(500, 1000), 999, Some(Stage::Warn)),
            (failing(500, 1000), 1000, Some(Stage::Stop)),
            // The lease has ended before checks failed long enough.
            (failing(500, 400), 599, Some(Stage::Warn)),
            (failing(500, 400), 600, Some(Stage::BlockNew)),
            (failing(500, 400), 700, Some(Stage::LockAdmin)),
            (failing(500, 400), 800, Some(Stage::Stop)),
            // A refusal does not wait for the end of the lease.
            (refused(500, 1000), 600, Some(Stage::BlockNew)),
            (refused(500, 1000), 800, Some(Stage::Stop)),
            // No lease ever: the last stage at once.
            (Standing::default(), 0, Some(Stage::Stop)),
            (Standing { refused: true, failing_since: Some(5), lease_exp: None }, 5, Some(Stage::Stop)),
        ] {
            assert_eq!(all_stages().stage_at(&standing, now), expected, "{standing:?} at {now}");
        }
    }

    #[test]
    fn a_policy_without_a_warning_does_nothing_before_the_lease_ends() {
        let policy = policy(&[(Stage::Stop, 0)]);
        let standing = Standing { lease_exp: Some(1000), failing_since: Some(500), refused: false };
        assert_eq!(policy.stage_at(&standing, 999), None);
        assert_eq!(policy.stage_at(&standing, 1000), Some(Stage::Stop));
    }

    #[test]
    fn the_default_warns_at_once_and_stops_after_a_day() {
        let standing = Standing { lease_exp: Some(0), failing_since: Some(0), refused: false };
        let policy = EnforcementPolicy::default();
        assert_eq!(policy.stage_at(&standing, 86_399), Some(Stage::Warn));
        assert_eq!(policy.stage_at(&standing, 86_400), Some(Stage::Stop));
        let json = r#"[{"stage":"warn","after_s":0},{"stage":"stop","after_s":86400}]"#;
        assert_eq!(serde_json::to_string(&policy).unwrap(), json);
        assert_eq!(serde_json::from_str::<EnforcementPolicy>(json).unwrap(), policy);
    }

    #[test]
    fn steps_that_do_not_ascend_are_refused() {
        for bad in [
            "[]",
            r#"[{"stage":"warn","after_s":-1}]"#,
            r#"[{"stage":"warn","after_s":10},{"stage":"stop","after_s":9}]"#,
            r#"[{"stage":"stop","after_s":0},{"stage":"warn","after_s":9}]"#,
            r#"[{"stage":"stop","after_s":0},{"stage":"stop","after_s":9}]"#,
            r#"[{"stage":"explode","after_s":0}]"#,
            r#"[{"stage":"warn","after_s":1.5}]"#,
        ] {
            assert!(serde_json::from_str::<EnforcementPolicy>(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn time_never_softens_a_stage_and_the_next_change_is_the_next(
            exp in -500_i64..1500, t0 in -500_i64..1500, refused: bool, now in -1000_i64..3000, step in 0_i64..500,
        ) {
            let standing = Standing { lease_exp: Some(exp), failing_since: Some(t0), refused };
            let policy = all_stages();
            let (before, after) = (policy.stage_at(&standing, now), policy.stage_at(&standing, now + step));
            prop_assert!(before <= after);
            match policy.next_change_after(&standing, now) {
                Some(change) if change > now + step => prop_assert_eq!(before, after),
                Some(change) => prop_assert_eq!(before, policy.stage_at(&standing, change - 1)),
                None => prop_assert_eq!(before, after),
            }
        }

        #[test]
        fn no_time_overflows(exp: i64, t0: i64, refused: bool, now: i64) {
            let standing = Standing { lease_exp: Some(exp), failing_since: Some(t0), refused };
            let _ = all_stages().stage_at(&standing, now);
            let _ = all_stages().next_change_after(&standing, now);
        }
    }
}
