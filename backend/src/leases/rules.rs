//! Times, returns and use: pure decisions. Who may hold a seat is decided in `seats.rs`.

use std::collections::BTreeMap;

use sdk::wire::{Identity, IdentityKind};

use crate::catalog::{LeasePolicy, LevelAggregation, LicenseType, Terms};
use crate::clock::{DAY_MS, MINUTE_MS, SECOND_MS, UnixMs};
use crate::revocations::MOST_AHEAD_S;

/// How long a seat stays held after the last lease for it has ended, so that a client whose clock lags
/// never runs on a seat that is somebody else's already.
pub const SEAT_MARGIN_MS: i64 = 60 * SECOND_MS;
/// A lease with no more than this left is returned without being counted.
pub const FREE_RETURN_MS: i64 = 15 * MINUTE_MS;
/// After a deactivation the same identity is refused for this long.
pub const DEACTIVATION_PAUSE_MS: i64 = 10 * MINUTE_MS;

/// A lease to be signed. Times in whole seconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseTimes {
    /// Signed at.
    pub iat: i64,
    /// Valid until, exclusively.
    pub exp: i64,
    /// Seconds to the next check.
    pub chk: i64,
    /// Whether it is borrowed.
    pub borrowed: bool,
}

/// The times of a lease signed now: never past the license's end, checks at most a third of it apart and
/// jittered down by up to a tenth, so that a restarted cluster does not check in step.
///
/// `jitter` is 0–255, fresh for each lease.
#[must_use]
pub fn lease_times(
    policy: &LeasePolicy,
    license_type: LicenseType,
    now: UnixMs,
    license_ends_at: Option<UnixMs>,
    borrow_s: Option<i64>,
    jitter: u8,
) -> LeaseTimes {
    let iat = now.seconds();
    let wanted = borrow_s.map_or(0, |wanted| wanted.min(policy.max_borrow_s));
    let borrowed = license_type == LicenseType::Floating && wanted > policy.lease_s;
    let life = if borrowed { wanted } else { policy.lease_s };
    let end = license_ends_at.map_or(i64::MAX, UnixMs::seconds);
    let exp = iat.saturating_add(life).min(end);
    let longest = policy.check_s.min((exp - iat) / 3).max(1);
    let chk = (longest - longest * i64::from(jitter) / 2560).max(1);
    LeaseTimes { iat, exp, chk, borrowed }
}

/// The same lease dated after the second up to which verifiers reject what was issued: who is given a lease in the second
/// in which the one before was revoked may use it. Its end stays, and where time went back by more than clocks differ,
/// so does its date: that extends nothing.
#[must_use]
pub fn dated_after(times: LeaseTimes, rejected_until: UnixMs) -> LeaseTimes {
    let iat = rejected_until.seconds().saturating_add(1);
    if iat <= times.iat || iat - times.iat > MOST_AHEAD_S || iat >= times.exp {
        return times;
    }
    LeaseTimes { iat, chk: times.chk.min(((times.exp - iat) / 3).max(1)), ..times }
}

/// Until when the seat of a lease is held: its end and the margin, for machines as long as one may be silent.
#[must_use]
pub fn held_until(policy: &LeasePolicy, license_type: LicenseType, now: UnixMs, exp: UnixMs) -> UnixMs {
    let with_margin = exp.plus(SEAT_MARGIN_MS);
    match license_type {
        LicenseType::Floating => with_margin,
        LicenseType::Machine | LicenseType::User => {
            with_margin.max(now.plus(policy.reclaim_after_s.saturating_mul(SECOND_MS)))
        }
    }
}

/// What giving a seat back does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Return {
    /// The seat is free at once.
    AtOnce {
        /// Whether it counts against the license's early returns.
        counted: bool,
    },
    /// The seat stays held until it would have lapsed by itself: for as long as its last lease may be in use, and where it is
    /// that of a machine or user as long as that may be silent.
    WhenItLapses,
}

/// Whether a seat that is given back is free at once: always near the end of its lease, and otherwise while
/// fewer than max(2, seats) early returns happened in [`early_return_window_ms`]. Without that bound one
/// seat could be borrowed, returned and borrowed for ever.
#[must_use]
pub fn return_seat(now: UnixMs, lease_exp: UnixMs, seats: i64, early_returns: i64) -> Return {
    if lease_exp.0.saturating_sub(now.0) <= FREE_RETURN_MS {
        Return::AtOnce { counted: false }
    } else if early_returns < seats.max(2) {
        Return::AtOnce { counted: true }
    } else {
        Return::WhenItLapses
    }
}

/// For how long an early return counts: a day, or the lease's life where that is longer.
#[must_use]
pub fn early_return_window_ms(lease_life_ms: i64) -> i64 {
    DAY_MS.max(lease_life_ms)
}

/// A license's use of each limit: the greatest of its instances' levels, or their sum where the plan says so.
#[must_use]
pub fn usage<'a>(terms: &Terms, levels: impl Iterator<Item = &'a BTreeMap<String, i64>>) -> BTreeMap<String, i64> {
    let mut used = BTreeMap::new();
    for (name, level) in levels.flatten() {
        let total = used.entry(name.clone()).or_insert(0_i64);
        match terms.level_aggregation.get(name).unwrap_or(&LevelAggregation::Max) {
            LevelAggregation::Max => *total = (*total).max(*level),
            LevelAggregation::Sum => *total = total.saturating_add(*level),
        }
    }
    used
}

/// The limits that use exceeds, by name. A limit that is missing allows none; -1 is unlimited.
#[must_use]
pub fn over_limit(limits: &BTreeMap<String, i64>, used: &BTreeMap<String, i64>) -> Vec<sdk::wire::OverLimit> {
    used.iter()
        .filter_map(|(name, used)| {
            let limit = limits.get(name).copied().unwrap_or(0);
            (limit != -1 && *used > limit).then(|| sdk::wire::OverLimit { name: name.clone(), used: *used, limit })
        })
        .collect()
}

/// Use of one feature that one report can add at most, so that no sum of reports overflows.
const MOST_USE: i64 = 1_000_000_000_000;

/// Features that one instance can count since its activation.
pub const MOST_COUNTERS: usize = 500;

/// Whether no more than [`MOST_COUNTERS`] features are counted once those `known` have been joined by the ones reported.
#[must_use]
pub fn has_room<'a>(known: &BTreeMap<String, i64>, reported: impl Iterator<Item = (&'a String, &'a i64)>) -> bool {
    let new = reported.filter(|(feature, total)| **total > 0 && !known.contains_key(*feature));
    known.len() + new.count() <= MOST_COUNTERS
}

/// What a report of cumulative counters adds to those `known`, by feature, and makes them the known ones. A counter
/// that did not grow adds nothing: the report is a retry, or older than what is known. There is room for all of them
/// ([`has_room`]).
#[must_use]
pub fn count<'a>(
    known: &mut BTreeMap<String, i64>,
    reported: impl Iterator<Item = (&'a String, &'a i64)>,
) -> Vec<(String, i64)> {
    let mut added = Vec::new();
    for (feature, total) in reported {
        let before = known.get(feature).copied().unwrap_or(0);
        if *total > before {
            known.insert(feature.clone(), *total);
            added.push((feature.clone(), total.saturating_sub(before).min(MOST_USE)));
        }
    }
    added
}

/// A user's identity for whoever shows only the bare key: enough to recognise one's own, too little to learn who the
/// others are. Other kinds name machines and stay as they are.
#[must_use]
pub fn mask_identity(identity: Identity) -> Identity {
    if identity.kind != IdentityKind::User {
        return identity;
    }
    let mask = |text: &str| text.chars().take(1).chain(['…']).collect::<String>();
    Identity { id: mask(&identity.id), device: identity.device.as_deref().map(mask), name: None, ..identity }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POLICY: LeasePolicy =
        LeasePolicy { lease_s: 600, check_s: 180, reclaim_after_s: 2_592_000, max_borrow_s: 86_400 };

    #[test]
    fn a_lease_never_outlives_its_license() {
        let now = UnixMs::from_seconds(1_000);
        let times = lease_times(&POLICY, LicenseType::Floating, now, Some(UnixMs::from_seconds(1_100)), None, 0);
        assert_eq!((times.exp, times.chk), (1_100, 33));
        let borrowed =
            lease_times(&POLICY, LicenseType::Floating, now, Some(UnixMs::from_seconds(5_000)), Some(86_400), 0);
        assert_eq!((borrowed.exp, borrowed.borrowed), (5_000, true));
    }

    #[test]
    fn only_floating_leases_are_borrowed_and_only_up_to_the_plans_maximum() {
        let now = UnixMs::from_seconds(1_000);
        let life = |license_type, borrow_s| {
            let times = lease_times(&POLICY, license_type, now, None, borrow_s, 0);
            (times.exp - times.iat, times.borrowed)
        };
        assert_eq!(life(LicenseType::Floating, Some(3_600)), (3_600, true));
        assert_eq!(life(LicenseType::Floating, Some(i64::MAX)), (86_400, true));
        assert_eq!(life(LicenseType::Floating, Some(60)), (600, false));
        assert_eq!(life(LicenseType::Machine, Some(3_600)), (600, false));
    }

    #[test]
    fn returning_a_seat_early_is_limited_and_near_the_end_free() {
        let now = UnixMs(0);
        let later = |minutes: i64| UnixMs(minutes * MINUTE_MS);
        assert_eq!(return_seat(now, later(15), 1, 99), Return::AtOnce { counted: false });
        assert_eq!(return_seat(now, later(16), 1, 1), Return::AtOnce { counted: true });
        assert_eq!(return_seat(now, later(16), 1, 2), Return::WhenItLapses);
        assert_eq!(return_seat(now, later(16), 5, 4), Return::AtOnce { counted: true });
        assert_eq!(early_return_window_ms(2 * DAY_MS), 2 * DAY_MS);
    }

    #[test]
    fn counters_add_what_they_grew_by_and_a_retry_adds_nothing() {
        let report =
            |exports, imports| BTreeMap::from([("exports".to_owned(), exports), ("imports".to_owned(), imports)]);
        let mut known = BTreeMap::new();
        for (reported, expected) in [
            (report(3, 0), &[("exports", 3)][..]),
            (report(3, 0), &[]),
            (report(5, 2), &[("exports", 2), ("imports", 2)]),
            (report(4, 1), &[]), // an older report, late
            (report(6, i64::MAX), &[("exports", 1), ("imports", MOST_USE)]),
        ] {
            let added = count(&mut known, reported.iter());
            let added: Vec<_> = added.iter().map(|(name, amount)| (name.as_str(), *amount)).collect();
            assert_eq!(added, expected, "{reported:?}");
        }
    }

    #[test]
    fn an_instance_counts_five_hundred_features_and_those_that_it_knows() {
        let features = |from: usize, to: usize, total| -> BTreeMap<String, i64> {
            (from..to).map(|place| (format!("f{place}"), total)).collect()
        };
        let known = features(0, 450, 3);
        for (reported, fits) in [
            (features(0, 450, 4), true),
            (features(400, 500, 1), true),
            (features(401, 501, 1), false),
            // What was never used is not kept.
            (features(401, 501, 0), true),
        ] {
            assert_eq!(has_room(&known, reported.iter()), fits, "{reported:?}");
        }
    }

    #[test]
    fn a_lease_is_dated_after_what_is_rejected_and_ends_no_later() {
        let times = LeaseTimes { iat: 1_000, exp: 1_030, chk: 10, borrowed: false };
        for (rejected_until_ms, iat, chk) in [
            (999_999, 1_000, 10),
            (1_000_000, 1_001, 9),
            (1_000_999, 1_001, 9),
            (1_010_000, 1_011, 6),
            // Time went back.
            (1_011_000, 1_000, 10),
            (i64::MAX, 1_000, 10),
        ] {
            let dated = dated_after(times, UnixMs(rejected_until_ms));
            assert_eq!(dated, LeaseTimes { iat, chk, ..times }, "rejected until {rejected_until_ms}");
        }
        let last_second = LeaseTimes { exp: 1_001, chk: 1, ..times };
        assert_eq!(dated_after(last_second, UnixMs(1_000_000)), last_second, "no lease ends before it begins");
    }

    #[test]
    fn users_are_masked_and_machines_are_not() {
        let masked = mask_identity(Identity::user("ada@example.com", "laptop").named("Ada"));
        assert_eq!(masked, Identity::user("a…", "l…"));
        let machine = Identity::machine("press-4").named("Press");
        assert_eq!(mask_identity(machine.clone()), machine);
    }

    #[test]
    fn levels_add_up_as_the_plan_says_and_a_missing_limit_allows_none() {
        let mut terms = Terms::default();
        terms.level_aggregation.insert("devices".to_owned(), LevelAggregation::Sum);
        let level = |devices, assets| BTreeMap::from([("devices".to_owned(), devices), ("assets".to_owned(), assets)]);
        let levels = [level(6, 6), level(5, 5)];
        let used = usage(&terms, levels.iter());
        assert_eq!(used, level(11, 6));
        let limits = BTreeMap::from([("devices".to_owned(), 10)]);
        let over: Vec<_> = over_limit(&limits, &used).into_iter().map(|over| (over.name, over.limit)).collect();
        assert_eq!(over, [("assets".to_owned(), 0), ("devices".to_owned(), 10)]);
        let unlimited = BTreeMap::from([("devices".to_owned(), -1), ("assets".to_owned(), -1)]);
        assert!(over_limit(&unlimited, &used).is_empty());
    }

    proptest! {
        #[test]
        fn a_seat_outlasts_its_lease_by_the_margin(
            lease_s in 30_i64..1_000_000, check_s in 1_i64..400_000, reclaim_after_s in 0_i64..10_000_000,
            now_ms in 0_i64..4_000_000_000_000, jitter: u8, ends_in_s in proptest::option::of(2_i64..10_000_000),
            borrow_s in proptest::option::of(1_i64..10_000_000), kind in 0_usize..3,
        ) {
            let policy = LeasePolicy { lease_s, check_s, reclaim_after_s, max_borrow_s: 1_000_000 };
            let license_type = LicenseType::ALL[kind];
            let now = UnixMs(now_ms);
            let ends_at = ends_in_s.map(|seconds| now.plus(seconds * SECOND_MS));
            let times = lease_times(&policy, license_type, now, ends_at, borrow_s, jitter);
            let held = held_until(&policy, license_type, now, UnixMs::from_seconds(times.exp));
            prop_assert!(held.0 >= times.exp * SECOND_MS + SEAT_MARGIN_MS);
            prop_assert!(times.exp > times.iat && times.chk >= 1);
            prop_assert!(times.chk <= ((times.exp - times.iat) / 3).max(1));
            if let Some(end) = ends_at { prop_assert!(times.exp * SECOND_MS <= end.0); }
        }
    }
}
