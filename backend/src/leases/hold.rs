//! What a grant changes in an instance: how long the lease runs, and how long the seat is held for it. Pure.

use super::Instance;
use super::rules::{self, LeaseTimes, SEAT_MARGIN_MS};
use super::seats::Place;
use crate::clock::{SECOND_MS, UnixMs};
use crate::licenses::License;

/// The times of a lease signed now for a seat of this place; `None` when less than a second is left of license or
/// surge. Leases of a surge end with it, so they cannot be borrowed.
pub(super) fn lease_times(
    license: &License,
    place: Place,
    now: UnixMs,
    borrow_s: Option<i64>,
    jitter: u8,
) -> Option<LeaseTimes> {
    let (ends_at, borrow_s) = match place {
        Place::Own => (license.ends_at, borrow_s),
        Place::Surge { closes_at, .. } => (Some(license.ends_at.map_or(closes_at, |end| end.min(closes_at))), None),
    };
    let times = rules::lease_times(&license.terms.lease, license.license_type, now, ends_at, borrow_s, jitter);
    (times.exp > times.iat).then_some(times)
}

/// Notes in `instance` that such a lease is handed out. What is held already is never shortened.
pub(super) fn hold(instance: &mut Instance, license: &License, place: Place, now: UnixMs, times: &LeaseTimes) {
    let exp = UnixMs::from_seconds(times.exp);
    let held_until = match place {
        Place::Own => rules::held_until(&license.terms.lease, license.license_type, now, exp),
        Place::Surge { .. } => exp.plus(SEAT_MARGIN_MS),
    };
    instance.surge = place != Place::Own;
    note_lease(instance, times);
    instance.held_until = instance.held_until.max(held_until);
}

/// Notes the end of a lease that is handed out, and its life, if none that was handed out before ends later: an early
/// return is judged by the lease that may be in use for longest.
pub(super) fn note_lease(instance: &mut Instance, times: &LeaseTimes) {
    let exp = UnixMs::from_seconds(times.exp);
    if exp >= instance.lease_exp {
        instance.lease_exp = exp;
        instance.lease_life_ms = (times.exp - times.iat) * SECOND_MS;
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::catalog::LicenseType;
    use crate::clock::{DAY_MS, MINUTE_MS};
    use crate::licenses::LicenseStatus;
    use crate::licenses::rules::tests::license;

    #[test]
    fn a_lease_of_a_surge_ends_with_it_and_so_does_the_seat() {
        let now = UnixMs::from_seconds(1_000);
        let closes_at = now.plus(5 * MINUTE_MS);
        let surge = Place::Surge { closes_at, opens: true };
        for license_type in [LicenseType::Floating, LicenseType::Machine, LicenseType::User] {
            let license = License { license_type, ends_at: None, ..license(LicenseStatus::Active, "") };
            let times = lease_times(&license, surge, now, Some(3_600), 0).unwrap();
            assert_eq!((times.exp, times.borrowed), (closes_at.seconds(), false), "{license_type:?}");
            let mut instance = Instance::example();
            hold(&mut instance, &license, surge, now, &times);
            assert_eq!((instance.held_until, instance.surge), (closes_at.plus(MINUTE_MS), true), "{license_type:?}");
            // Once a seat is its own, it is held as the license type says.
            let times = lease_times(&license, Place::Own, now, None, 0).unwrap();
            hold(&mut instance, &license, Place::Own, now, &times);
            let silent = if license_type == LicenseType::Floating { 11 * MINUTE_MS } else { 30 * DAY_MS };
            assert_eq!((instance.held_until, instance.surge), (now.plus(silent), false), "{license_type:?}");
        }
    }

    #[test]
    fn nothing_is_signed_in_the_last_second() {
        let now = UnixMs::from_seconds(1_000);
        let license = License { ends_at: None, ..license(LicenseStatus::Active, "") };
        let surge = |closes_at| Place::Surge { closes_at, opens: false };
        assert!(lease_times(&license, surge(now.plus(999)), now, None, 0).is_none());
        assert!(lease_times(&license, surge(now.plus(1_000)), now, None, 0).is_some());
        let ending = License { ends_at: Some(now.plus(999)), ..license };
        assert!(lease_times(&ending, Place::Own, now, None, 0).is_none());
    }
}
