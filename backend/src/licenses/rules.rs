//! What a license allows at a moment: pure decisions.

pub mod by_hand;

use super::{License, LicenseStatus, VendorStanding};
use crate::billing::rules::RENEWAL_SLACK_MS;
use crate::catalog::LicenseType;
use crate::clock::UnixMs;

/// Why a license grants nothing now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inactive {
    /// Ordered, but no payment has arrived.
    NotPaid,
    /// Its first day lies ahead.
    NotStarted,
    /// A renewal payment is due and the grace for it is over.
    PastDue,
    /// Cancelled, and the period that was paid is over.
    Cancelled,
    /// Its window is over.
    Expired,
    /// The vendor suspended it.
    Suspended,
    /// The vendor, a refund or a lost dispute revoked it.
    Revoked,
}

/// The reason under which a payment that is due suspends a license.
pub const REASON_PAST_DUE: &str = "past_due";
/// The reason under which a cancelled subscription ends a license.
pub const REASON_CANCELLED: &str = "cancelled";

/// The reason under which money paid back revokes a license.
pub const REASON_REFUNDED: &str = "refunded";
/// The reason under which a lost dispute revokes a license.
pub const REASON_DISPUTE_LOST: &str = "dispute_lost";

/// Whether the license grants leases at `now`; if not, why. Revoked by anybody comes first, then the vendor's
/// word, then what billing says.
///
/// # Errors
/// The reason why not.
pub fn standing(license: &License, now: UnixMs) -> Result<(), Inactive> {
    match (license.vendor_standing, license.status) {
        (VendorStanding::Revoked, _) | (_, LicenseStatus::Revoked) => Err(Inactive::Revoked),
        (VendorStanding::Suspended, _) => Err(Inactive::Suspended),
        (VendorStanding::None, _) => billing_standing(license, now),
    }
}

fn billing_standing(license: &License, now: UnixMs) -> Result<(), Inactive> {
    match license.status {
        LicenseStatus::Pending => Err(Inactive::NotPaid),
        LicenseStatus::Suspended if license.status_reason == REASON_PAST_DUE => Err(Inactive::PastDue),
        LicenseStatus::Suspended => Err(Inactive::Suspended),
        LicenseStatus::Revoked => Err(Inactive::Revoked),
        LicenseStatus::Ended => Err(Inactive::Cancelled),
        LicenseStatus::Active if now < license.starts_at => Err(Inactive::NotStarted),
        LicenseStatus::Active if license.ends_at.is_some_and(|end| end <= now) => Err(Inactive::Expired),
        LicenseStatus::Active => Ok(()),
    }
}

/// What a change of a license means for its leases that are out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeasesOut {
    /// Nothing: verifiers take or reject them as before.
    AsBefore,
    /// Verifiers must be told to reject all of them.
    Rejected,
    /// Verifiers must be told to reject those that last longer than this, instance by instance.
    RejectedBeyond(UnixMs),
    /// What verifiers were told about the license is over, but for instances whose leases last longer than this.
    RestoredUntil(UnixMs),
}

/// What becomes of the leases that are out when a license changes at `now`.
///
/// An act that leaves the license without any right takes them all with it, whoever acts and whatever it is called, and they
/// are good again with the license. One that moves the license's end before theirs, as borrowed ones last long, takes those
/// alone: an entry about the license would turn all other instances away as well, whose leases are as good as before. What
/// billing grants anyway while a renewal is on its way is not taken back. A license whose window merely runs out needs
/// neither: no lease is longer than the license was when it was signed.
#[must_use]
pub fn leases_out(before: &License, after: &License, now: UnixMs) -> LeasesOut {
    let end = |license: &License| license.ends_at.unwrap_or(UnixMs(i64::MAX));
    let last = end(after).plus(RENEWAL_SLACK_MS);
    match (standing(before, now).is_ok(), standing(after, now).is_ok()) {
        (true, false) => LeasesOut::Rejected,
        (true, true) if end(after) < end(before) => LeasesOut::RejectedBeyond(last),
        (false, true) => LeasesOut::RestoredUntil(last),
        _ => LeasesOut::AsBefore,
    }
}

/// Whether a license's window has run out at `now` and this was not recorded yet.
#[must_use]
pub fn has_run_out(license: &License, now: UnixMs) -> bool {
    license.expired_at.is_none()
        && license.ends_at.is_some_and(|end| end <= now)
        && matches!(license.status, LicenseStatus::Active | LicenseStatus::Suspended)
}

/// Most days for which a replaced license key can go on working.
pub const OVERLAP_MAX_DAYS: i64 = 30;
/// Most characters of the vendor's reason.
const REASON_MAX_CHARS: usize = 200;

/// The vendor's reason in the form in which it is kept: one line, at most 200 characters.
#[must_use]
pub fn reason(text: &str) -> String {
    text.trim().chars().filter(|character| !character.is_control()).take(REASON_MAX_CHARS).collect()
}

/// Most characters of the owner's name for a license.
pub const NAME_MAX_CHARS: usize = 100;

/// The owner's name for a license in the form in which it is kept: without blanks around it and without control
/// characters. Any script will do, since no document prints it.
///
/// # Errors
/// [`NAME_MAX_CHARS`] when it is longer.
pub fn check_name(name: &str) -> Result<String, usize> {
    let name: String = name.trim().chars().filter(|character| !character.is_control()).collect();
    if name.chars().count() > NAME_MAX_CHARS { Err(NAME_MAX_CHARS) } else { Ok(name) }
}

/// Whether a license type seats this kind of identity.
#[must_use]
pub fn seats_kind(license_type: LicenseType, kind: sdk::wire::IdentityKind) -> bool {
    use sdk::wire::IdentityKind;
    match license_type {
        LicenseType::Floating => true,
        LicenseType::Machine => matches!(kind, IdentityKind::Machine | IdentityKind::Instance),
        LicenseType::User => kind == IdentityKind::User,
    }
}

/// The end of updates after one more renewal: one year after the old end, even when that is long past.
#[must_use]
pub fn updates_after_renewal(old: UnixMs, years: i16) -> UnixMs {
    add_years(old, years)
}

/// The same moment `years` later; 29 February becomes the 28th where there is none.
#[must_use]
pub fn add_years(at: UnixMs, years: i16) -> UnixMs {
    let zoned = at.timestamp().to_zoned(jiff::tz::TimeZone::UTC);
    zoned.checked_add(jiff::Span::new().years(years)).map_or(at, |later| later.timestamp().into())
}

#[cfg(test)]
pub(crate) mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::super::Overrides;
    use super::*;
    use crate::catalog::{PlanKind, Terms};
    use crate::cx::Entropy;

    pub(crate) fn license(status: LicenseStatus, reason: &str) -> License {
        let entropy = Entropy::seeded(1);
        License {
            id: entropy.id(),
            vendor_id: entropy.id(),
            account_id: entropy.id(),
            product_id: entropy.id(),
            plan_id: entropy.id(),
            plan_version: 1,
            name: String::new(),
            key_hint: String::new(),
            status,
            status_reason: reason.to_owned(),
            vendor_standing: VendorStanding::None,
            vendor_reason: String::new(),
            vendor_standing_at: None,
            kind: PlanKind::Subscription,
            license_type: LicenseType::Floating,
            starts_at: UnixMs(1_000),
            ends_at: Some(UnixMs(2_000)),
            updates_until: None,
            trial_until: None,
            expired_at: None,
            renews: false,
            disputed_at: None,
            issued_reason: None,
            surge_opened_at: None,
            seats: 1,
            terms: Terms::default(),
            plan_terms: Terms::default(),
            overrides: Overrides::default(),
            created_at: UnixMs(0),
        }
    }

    #[test]
    fn a_license_grants_only_while_active_and_within_its_window() {
        use LicenseStatus::{Active, Ended, Pending, Revoked, Suspended};
        for (status, reason, now, expected) in [
            (Active, "", 999, Err(Inactive::NotStarted)),
            (Active, "", 1_000, Ok(())),
            (Active, "", 1_999, Ok(())),
            (Active, "", 2_000, Err(Inactive::Expired)),
            (Pending, "", 1_500, Err(Inactive::NotPaid)),
            (Suspended, REASON_PAST_DUE, 1_500, Err(Inactive::PastDue)),
            (Suspended, "fraud", 1_500, Err(Inactive::Suspended)),
            (Revoked, "", 1_500, Err(Inactive::Revoked)),
            (Ended, REASON_CANCELLED, 1_500, Err(Inactive::Cancelled)),
        ] {
            assert_eq!(standing(&license(status, reason), UnixMs(now)), expected, "{status:?} {reason} at {now}");
        }
    }

    #[test]
    fn revoked_comes_before_suspended_and_the_vendors_word_before_billings() {
        use LicenseStatus::{Active, Ended, Pending, Revoked, Suspended};
        use VendorStanding as V;
        for (vendor, status, reason, expected) in [
            (V::None, Active, "", Ok(())),
            (V::Suspended, Active, "", Err(Inactive::Suspended)),
            (V::Suspended, Pending, "", Err(Inactive::Suspended)),
            (V::Suspended, Suspended, REASON_PAST_DUE, Err(Inactive::Suspended)),
            (V::Suspended, Ended, "", Err(Inactive::Suspended)),
            (V::Suspended, Revoked, "", Err(Inactive::Revoked)),
            (V::Revoked, Active, "", Err(Inactive::Revoked)),
            (V::Revoked, Suspended, "", Err(Inactive::Revoked)),
            (V::None, Suspended, REASON_PAST_DUE, Err(Inactive::PastDue)),
        ] {
            let license = License { vendor_standing: vendor, ..license(status, reason) };
            assert_eq!(standing(&license, UnixMs(1_500)), expected, "{vendor:?} {status:?}");
        }
    }

    #[test]
    fn leases_that_are_out_go_and_come_with_the_license() {
        use LeasesOut::{AsBefore, Rejected, RejectedBeyond, RestoredUntil};
        let active = license(LicenseStatus::Active, "");
        let until = |end| License { ends_at: end, ..active.clone() };
        let suspended = License { vendor_standing: VendorStanding::Suspended, ..active.clone() };
        // The window of `active` ends at 2 s.
        let (now, earlier) = (UnixMs(1_500), Some(UnixMs(1_900)));
        let with_slack = |end: i64| UnixMs(end + RENEWAL_SLACK_MS);
        for (name, before, after, expected) in [
            ("suspended", &active, &suspended, Rejected),
            ("past due", &active, &license(LicenseStatus::Suspended, REASON_PAST_DUE), Rejected),
            ("revoked", &active, &license(LicenseStatus::Revoked, ""), Rejected),
            ("ended at once", &active, &license(LicenseStatus::Ended, REASON_CANCELLED), Rejected),
            ("waits for payment", &active, &license(LicenseStatus::Pending, ""), Rejected),
            ("an end that is over", &active, &until(Some(UnixMs(1_400))), Rejected),
            ("an earlier end", &active, &until(earlier), RejectedBeyond(with_slack(1_900))),
            ("an end where there was none", &until(None), &active, RejectedBeyond(with_slack(2_000))),
            ("more seats", &active, &License { seats: 9, ..active.clone() }, AsBefore),
            ("a later end", &until(earlier), &active, AsBefore),
            ("no end any more", &active, &until(None), AsBefore),
            ("reinstated", &suspended, &active, RestoredUntil(with_slack(2_000))),
            ("reinstated without end", &suspended, &until(None), RestoredUntil(UnixMs(i64::MAX))),
            ("reinstated with an earlier end", &suspended, &until(earlier), RestoredUntil(with_slack(1_900))),
            ("paid", &license(LicenseStatus::Suspended, REASON_PAST_DUE), &active, RestoredUntil(with_slack(2_000))),
            ("ended while suspended", &suspended, &license(LicenseStatus::Ended, ""), AsBefore),
            ("revoked while suspended", &suspended, &license(LicenseStatus::Revoked, ""), AsBefore),
        ] {
            assert_eq!(leases_out(before, after, now), expected, "{name}");
        }
        let ended = license(LicenseStatus::Ended, REASON_CANCELLED);
        assert_eq!(leases_out(&active, &ended, UnixMs(2_000)), AsBefore, "its window had run out before");
    }

    #[test]
    fn each_license_type_seats_the_kinds_of_identity_of_its_own() {
        use sdk::wire::IdentityKind::{Instance, Machine, User};
        for (license_type, seated) in [
            (LicenseType::Floating, [true, true, true]),
            (LicenseType::Machine, [true, true, false]),
            (LicenseType::User, [false, false, true]),
        ] {
            assert_eq!(
                [Instance, Machine, User].map(|kind| seats_kind(license_type, kind)),
                seated,
                "{license_type:?}"
            );
        }
    }

    #[test]
    fn a_reason_is_one_short_line() {
        assert_eq!(reason("  charge\nback\u{0} "), "chargeback");
        assert_eq!(reason(&"é".repeat(300)).chars().count(), 200);
    }

    #[test]
    fn a_name_may_be_in_any_script_and_is_bounded() {
        assert_eq!(check_name("  生産\u{7} Plant  ").as_deref(), Ok("生産 Plant"));
        assert_eq!(check_name(""), Ok(String::new()));
        assert!(check_name(&"é".repeat(NAME_MAX_CHARS)).is_ok());
        assert_eq!(check_name(&"é".repeat(NAME_MAX_CHARS + 1)), Err(NAME_MAX_CHARS));
    }

    #[test]
    fn a_license_without_end_never_expires() {
        let mut perpetual = license(LicenseStatus::Active, "");
        perpetual.ends_at = None;
        assert_eq!(standing(&perpetual, UnixMs(i64::MAX)), Ok(()));
    }

    #[test]
    fn a_late_renewal_counts_from_the_old_date_and_leap_days_fall_on_the_28th() {
        let at = |text: &str| UnixMs::from(text.parse::<jiff::Timestamp>().unwrap());
        assert_eq!(updates_after_renewal(at("2024-02-29T12:00:00Z"), 1), at("2025-02-28T12:00:00Z"));
        assert_eq!(updates_after_renewal(at("2026-11-21T00:00:00Z"), 2), at("2028-11-21T00:00:00Z"));
    }
}
