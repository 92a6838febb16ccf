//! How long staff may act for a customer, and what counts as a reason. Pure.

use serde::{Deserialize, Serialize};

use super::Acting;
use crate::clock::{MINUTE_MS, UnixMs};

/// How long one act of acting lasts at most, in milliseconds.
pub const LONGEST_MS: i64 = 30 * MINUTE_MS;
/// Fewest characters of a reason: less says nothing to the customer.
pub const REASON_MIN_CHARS: usize = 10;
/// Most characters of a reason.
pub const REASON_MAX_CHARS: usize = 500;

/// What is wrong with a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonFault {
    /// Fewer than [`REASON_MIN_CHARS`] characters.
    TooShort,
    /// More than [`REASON_MAX_CHARS`] characters.
    TooLong,
}

/// A reason as it is kept: in one line, without control characters.
///
/// # Errors
/// The [`ReasonFault`].
pub fn check_reason(typed: &str) -> Result<String, ReasonFault> {
    let spaced: String = typed.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let reason = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    match reason.chars().count() {
        count if count < REASON_MIN_CHARS => Err(ReasonFault::TooShort),
        count if count > REASON_MAX_CHARS => Err(ReasonFault::TooLong),
        _ => Ok(reason),
    }
}

/// Whether it goes on at `now`. A clock that is set back does not prolong it.
#[must_use]
pub fn is_live(acting: &Acting, now: UnixMs) -> bool {
    acting.ended_at.is_none() && (acting.started_at..acting.ends_at).contains(&now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AccountId, ActingId, UserId, VendorId};

    #[test]
    fn a_reason_says_something_in_one_line() {
        assert_eq!(check_reason("  Ticket 4711:\r\nseat stuck\t"), Ok("Ticket 4711: seat stuck".to_owned()));
        assert_eq!(check_reason("123456789"), Err(ReasonFault::TooShort));
        assert_eq!(check_reason("1234567890"), Ok("1234567890".to_owned()));
        assert_eq!(check_reason(&" x".repeat(4)), Err(ReasonFault::TooShort));
        assert_eq!(check_reason("\n\n\n\n\n\n\n\n\n\n\n"), Err(ReasonFault::TooShort), "blanks are no words");
        assert!(check_reason(&"ü".repeat(REASON_MAX_CHARS)).is_ok());
        assert_eq!(check_reason(&"ü".repeat(REASON_MAX_CHARS + 1)), Err(ReasonFault::TooLong));
    }

    #[test]
    fn it_lasts_until_its_end_or_until_somebody_ends_it() {
        let acting = Acting {
            id: ActingId::from_untrusted("act_1"),
            vendor_id: VendorId::from_untrusted("ven_1"),
            staff_id: UserId::from_untrusted("usr_1"),
            account_id: AccountId::from_untrusted("acc_1"),
            reason: "because it must be".to_owned(),
            started_at: UnixMs(100),
            ends_at: UnixMs(200),
            ended_at: None,
        };
        for (now, expected) in [(99, false), (100, true), (199, true), (200, false), (5_000, false)] {
            assert_eq!(is_live(&acting, UnixMs(now)), expected, "{now}");
        }
        assert!(!is_live(&Acting { ended_at: Some(UnixMs(150)), ..acting }, UnixMs(160)));
    }
}
