//! How long to wait before the next attempt, and when to give up.

use crate::clock::{HOUR_MS, MINUTE_MS, SECOND_MS};

/// Attempts before a job is given up: with the pauses of [`pause_ms`] about half a day.
pub const MAX_ATTEMPTS: i64 = 20;
/// A claim is good for this long, in milliseconds; then the job may be claimed again.
pub const CLAIM_MS: i64 = 5 * MINUTE_MS;
/// A handler is cut off after this long, in milliseconds: before its claim runs out.
pub const RUN_MS: i64 = 4 * MINUTE_MS;
/// Done jobs are kept this long, in milliseconds, for staff to look at.
pub const KEEP_DONE_MS: i64 = 7 * 24 * HOUR_MS;

const FIRST_MS: i64 = 2 * SECOND_MS;
const LONGEST_MS: i64 = HOUR_MS;

/// Milliseconds to wait after the given failed attempt (1 for the first): 2 s, 4 s, 8 s … an hour at most,
/// and of that a random part between a half and all, so that what failed together does not come back
/// together. `random` is any number.
#[must_use]
pub fn pause_ms(attempt: i64, random: u16) -> i64 {
    let doublings = u32::try_from(attempt.clamp(1, 32) - 1).unwrap_or(0);
    let full = FIRST_MS.saturating_mul(1_i64 << doublings).min(LONGEST_MS);
    full / 2 + full / 2 * i64::from(random) / i64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour() {
        let full = |attempt| pause_ms(attempt, u16::MAX);
        assert_eq!(
            [full(1), full(2), full(3), full(11), full(12), full(20)],
            [2_000, 4_000, 8_000, 2_048_000, 3_600_000, 3_600_000]
        );
        let total: i64 = (1..MAX_ATTEMPTS).map(full).sum();
        assert!((8..16).contains(&(total / HOUR_MS)), "{} h", total / HOUR_MS);
    }

    proptest! {
        #[test]
        fn a_pause_is_between_a_second_and_an_hour_and_never_below_half(attempt: i64, random: u16) {
            let pause = pause_ms(attempt, random);
            prop_assert!((1_000..=HOUR_MS).contains(&pause));
            prop_assert!(pause * 2 >= pause_ms(attempt, u16::MAX));
        }
    }
}
