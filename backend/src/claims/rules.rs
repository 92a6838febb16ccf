//! What the device flow decides: codes, pace, ends. Pure.

use super::{Claim, ClaimStatus};
use crate::clock::{MINUTE_MS, SECOND_MS, UnixMs};
use crate::ids::LicenseId;
use crate::licenses::License;
use crate::licenses::rules::{seats_kind, standing as license_standing};

/// Seconds between two polls at first (RFC 8628 §3.2).
pub const INTERVAL_S: i64 = 5;
/// Seconds by which the interval grows each time it was not waited for (RFC 8628 §3.5).
pub const SLOW_DOWN_S: i64 = 5;
/// Seconds for which both codes live.
pub const EXPIRES_IN_S: i64 = 900;
/// How long a decision is answered again and again, in milliseconds: replies get lost.
pub const REPEAT_MS: i64 = 10 * MINUTE_MS;
/// By how much a poll may come early, in milliseconds: networks do not deliver at a steady pace.
pub const EARLY_MS: i64 = 500;

/// Consonants without those that look or sound alike, which spell no words (RFC 8628 §6.1).
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LETTERS: usize = 8;

/// A fresh user code: eight letters, 34 bits.
#[must_use]
pub fn user_code(random: [u8; 16]) -> String {
    let mut left = u128::from_le_bytes(random);
    let mut letter = || {
        let place = usize::try_from(left % 20).unwrap_or_default();
        left /= 20;
        char::from(ALPHABET[place])
    };
    (0..LETTERS).map(|_| letter()).collect()
}

/// Reads a user code as people type it: in any case, with or without dashes and blanks. `None` when it cannot be one.
#[must_use]
pub fn parse_user_code(typed: &str) -> Option<String> {
    let code: String = typed.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_uppercase()).collect();
    let good = code.len() == LETTERS && code.bytes().all(|letter| ALPHABET.contains(&letter));
    good.then_some(code)
}

/// A user code as people read it: `WDJB-MJHT`.
#[must_use]
pub fn shown_user_code(code: &str) -> String {
    match code.split_at_checked(LETTERS / 2) {
        Some((head, tail)) => format!("{head}-{tail}"),
        None => code.to_owned(),
    }
}

/// Where a claim stands at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Somebody may decide.
    Open,
    /// Approved, and its key is still given out.
    Approved,
    /// Declined a moment ago.
    Declined,
    /// Over, whatever was decided.
    Ended,
}

/// Where a claim stands. Time that moves back opens nothing again: the claim's own last poll counts then.
#[must_use]
pub fn standing(claim: &Claim, now: UnixMs) -> Standing {
    let now = reached(claim, now);
    let decided_lately = claim.decided_at.is_some_and(|at| now < at.plus(REPEAT_MS));
    match claim.status {
        ClaimStatus::Pending if now < claim.expires_at => Standing::Open,
        ClaimStatus::Approved if decided_lately => Standing::Approved,
        ClaimStatus::Declined if decided_lately => Standing::Declined,
        _ => Standing::Ended,
    }
}

fn reached(claim: &Claim, now: UnixMs) -> UnixMs {
    now.max(claim.polled_at.unwrap_or(claim.created_at))
}

/// What a poll is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nobody has decided yet.
    Pending,
    /// The same, and it was asked too soon.
    SlowDown,
    /// The key of this license.
    Key(LicenseId),
    /// Declined.
    Declined,
    /// The codes have ended.
    Expired,
}

/// What a poll is answered with, and what the claim keeps of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poll {
    /// The answer.
    pub answer: Answer,
    /// Seconds to wait from now on.
    pub interval_s: i64,
    /// When the claim was last asked for, this time included.
    pub polled_at: UnixMs,
}

/// Judges a poll. Only waiting has a pace: a decision is answered however soon it is asked for.
#[must_use]
pub fn judge_poll(claim: &Claim, now: UnixMs) -> Poll {
    let too_soon = claim.polled_at.is_some_and(|last| {
        let waited_ms = now.0.saturating_sub(last.0);
        waited_ms < claim.interval_s.saturating_mul(SECOND_MS) - EARLY_MS
    });
    let (answer, interval_s) = match (standing(claim, now), &claim.license_id) {
        (Standing::Open, _) if too_soon => (Answer::SlowDown, claim.interval_s.saturating_add(SLOW_DOWN_S)),
        (Standing::Open, _) => (Answer::Pending, claim.interval_s),
        (Standing::Approved, Some(license_id)) => (Answer::Key(license_id.clone()), claim.interval_s),
        (Standing::Declined, _) => (Answer::Declined, claim.interval_s),
        (Standing::Approved, None) | (Standing::Ended, _) => (Answer::Expired, claim.interval_s),
    };
    Poll { answer, interval_s, polled_at: reached(claim, now) }
}

/// Whether the key of a license would let run what asks: the license is of the product, grants leases now and seats
/// this kind of identity. Whether a seat is free is another question; one may become free.
#[must_use]
pub fn may_serve(license: &License, claim: &Claim, now: UnixMs) -> bool {
    license.product_id == claim.product_id
        && license_standing(license, now).is_ok()
        && seats_kind(license.license_type, claim.identity.kind)
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
