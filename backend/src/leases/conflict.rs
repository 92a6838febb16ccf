//! When two copies seem to run under one identity: pure decisions.
//!
//! A *fork* is one secret shown late by two requests; a *contested flip* is a secret of an epoch that an activation
//! had superseded. Crash loops and rebuilt nodes cause neither. Three of them within a day open a *conflict*: the
//! epoch in force goes on, and nobody can activate the identity until its owner decides or a day has passed.

use serde::{Deserialize, Serialize};

use super::lineage::Position;
use crate::clock::{DAY_MS, UnixMs};

/// So many contests within [`WINDOW_MS`] open a conflict.
const CONTESTS: usize = 3;
/// How long a contest counts, and how long a conflict lasts that nobody decides.
const WINDOW_MS: i64 = DAY_MS;
/// How many contests are remembered, so that a superseded epoch counts once however often it comes back.
const REMEMBERED: usize = 16;

/// One sign that two copies run under an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contest {
    /// When it was seen.
    pub at: UnixMs,
    /// The epoch whose secret was shown after another had begun; `None` for a fork.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded: Option<i64>,
}

/// A conflict about an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// When it was opened.
    pub since: UnixMs,
    /// The last epoch before the first contested flip; `None` where only forks were seen.
    pub origin: Option<i64>,
    /// Whether somebody with a secret from before it was let in.
    #[serde(default)]
    pub admitted: bool,
    /// Whether the owner decided that the running copy stays.
    #[serde(default)]
    pub kept: bool,
}

impl Conflict {
    /// Whether it still stands at `now`.
    #[must_use]
    pub fn stands(&self, now: UnixMs) -> bool {
        now < self.since.plus(WINDOW_MS)
    }
}

/// Whether an identity may be activated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// There is no conflict.
    Free,
    /// Once, for the one who was there before.
    Once,
    /// Not until the conflict is over.
    Refused,
}

/// Decides about an activation whose request carries a genuine secret of this position, or none.
pub(super) fn admit(conflict: Option<&Conflict>, shown: Option<Position>, now: UnixMs) -> Admission {
    match conflict.filter(|conflict| conflict.stands(now)) {
        None => Admission::Free,
        Some(Conflict { admitted: false, kept: false, origin: Some(origin), .. })
            if shown.is_some_and(|shown| shown.epoch <= *origin) =>
        {
            Admission::Once
        }
        Some(_) => Admission::Refused,
    }
}

/// Adds a contest; a flip that was counted is not counted again. Answers whether it was added.
pub(super) fn note(contests: &mut Vec<Contest>, superseded: Option<i64>, now: UnixMs) -> bool {
    if superseded.is_some() && contests.iter().any(|contest| contest.superseded == superseded) {
        return false;
    }
    if contests.len() >= REMEMBERED {
        contests.remove(0);
    }
    contests.push(Contest { at: now, superseded });
    true
}

/// The conflict that these contests open at `now`, if they are enough.
pub(super) fn open(contests: &[Contest], now: UnixMs) -> Option<Conflict> {
    let recent: Vec<&Contest> = contests.iter().filter(|contest| contest.at > now.plus(-WINDOW_MS)).collect();
    let origin = recent.iter().filter_map(|contest| contest.superseded).min();
    (recent.len() >= CONTESTS).then_some(Conflict { since: now, origin, admitted: false, kept: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::HOUR_MS;

    fn at(hours: i64) -> UnixMs {
        UnixMs(hours * HOUR_MS)
    }

    fn contests(seen: &[(i64, Option<i64>)]) -> Vec<Contest> {
        seen.iter().map(|(hours, superseded)| Contest { at: at(*hours), superseded: *superseded }).collect()
    }

    #[test]
    fn three_contests_within_a_day_open_a_conflict() {
        for (seen, now, expected) in [
            (&[(0, None), (1, None)][..], 1, None),
            (&[(0, None), (1, None), (2, None)], 2, Some(None)),
            (&[(0, Some(4)), (1, None), (2, Some(5))], 2, Some(Some(4))),
            (&[(0, Some(4)), (23, Some(5)), (23, Some(6))], 23, Some(Some(4))),
            (&[(0, Some(4)), (24, Some(5)), (24, Some(6))], 24, None),
            (&[(0, Some(4)), (24, Some(5)), (24, Some(6)), (25, Some(7))], 25, Some(Some(5))),
        ] {
            let opened = open(&contests(seen), at(now));
            assert_eq!(opened.map(|conflict| conflict.origin), expected, "{seen:?} at {now}");
        }
    }

    #[test]
    fn a_superseded_epoch_counts_once_and_each_fork_counts() {
        let mut seen = Vec::new();
        assert!(note(&mut seen, Some(1), at(0)));
        assert!(!note(&mut seen, Some(1), at(1)));
        assert!(note(&mut seen, Some(2), at(1)));
        assert!(note(&mut seen, None, at(1)) && note(&mut seen, None, at(1)));
        assert_eq!(seen.len(), 4);
        for _ in 0..100 {
            note(&mut seen, None, at(2));
        }
        assert_eq!(seen.len(), REMEMBERED);
    }

    #[test]
    fn a_conflict_lets_in_only_once_and_only_who_was_there_before() {
        let conflict = Conflict { since: at(0), origin: Some(3), admitted: false, kept: false };
        let shown = |epoch| Some(Position { epoch, n: 9 });
        for (conflict, shown, now, expected) in [
            (None, None, 0, Admission::Free),
            (Some(conflict), None, 0, Admission::Refused),
            (Some(conflict), shown(3), 0, Admission::Once),
            (Some(conflict), shown(1), 0, Admission::Once),
            (Some(conflict), shown(4), 0, Admission::Refused),
            (Some(Conflict { admitted: true, ..conflict }), shown(3), 0, Admission::Refused),
            (Some(Conflict { kept: true, ..conflict }), shown(3), 0, Admission::Refused),
            (Some(Conflict { origin: None, ..conflict }), shown(3), 0, Admission::Refused),
            (Some(conflict), None, 23, Admission::Refused),
            (Some(conflict), None, 24, Admission::Free),
        ] {
            assert_eq!(admit(conflict.as_ref(), shown, at(now)), expected, "{conflict:?} {shown:?} at {now}");
        }
    }
}
