//! Whom to ask and when, and what an answer may be.

use crate::clock::{DAY_MS, UnixMs};
use crate::db::text_enum;

/// The greatest number that can be given; the least is 0.
pub const SCORE_MAX: i64 = 10;
/// Most characters of somebody's own words.
pub const COMMENT_MAX_CHARS: usize = 4_000;
/// An account is asked so long after its first purchase, in milliseconds.
const ASK_AFTER_MS: i64 = 30 * DAY_MS;
/// Whoever consents later than this after the first purchase is not asked about its first month, in milliseconds.
const ASK_UNTIL_MS: i64 = 60 * DAY_MS;

text_enum! {
    /// Why an answer cannot be taken; `text::en::feedback::problem` says it in a sentence.
    Problem {
        /// No number, or none from 0 to 10.
        Score = "score",
        /// Too many words.
        CommentTooLong = "comment_too_long",
    }
}

/// First purchases from (exclusively) and until (inclusively) when are asked about at `now`.
#[must_use]
pub fn asked_about(now: UnixMs) -> (UnixMs, UnixMs) {
    (now.plus(-ASK_UNTIL_MS), now.plus(-ASK_AFTER_MS))
}

/// The number as typed.
///
/// # Errors
/// The problem.
pub fn check_score(score: &str) -> Result<i64, Problem> {
    let score: Option<i64> = score.trim().parse().ok();
    score.filter(|score| (0..=SCORE_MAX).contains(score)).ok_or(Problem::Score)
}

/// Somebody's own words as they are kept: plain text whose lines end in `\n`; may be empty.
///
/// # Errors
/// The problem.
pub fn check_comment(comment: &str) -> Result<String, Problem> {
    let comment = comment.replace("\r\n", "\n").replace('\r', "\n");
    let kept: String = comment.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect();
    let kept = kept.trim();
    if kept.chars().count() > COMMENT_MAX_CHARS { Err(Problem::CommentTooLong) } else { Ok(kept.to_owned()) }
}

/// The mean of numbers in tenths, rounded half up; `None` without any.
#[must_use]
pub fn average_tenths(sum: i64, count: i64) -> Option<i64> {
    (count > 0).then(|| (sum * 20 + count) / (count * 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_from_nought_to_ten() {
        for (typed, score) in [("0", Ok(0)), (" 10 ", Ok(10)), ("7", Ok(7))] {
            assert_eq!(check_score(typed), score);
        }
        for typed in ["", "-1", "11", "7.5", "ten", "9999999999999999999"] {
            assert_eq!(check_score(typed), Err(Problem::Score), "{typed}");
        }
    }

    #[test]
    fn words_are_plain_and_not_endless() {
        assert_eq!(check_comment(" one\r\ntwo\0 "), Ok("one\ntwo".to_owned()));
        assert_eq!(check_comment("\0 "), Ok(String::new()));
        assert!(check_comment(&"ä".repeat(COMMENT_MAX_CHARS)).is_ok());
        assert_eq!(check_comment(&"ä".repeat(COMMENT_MAX_CHARS + 1)), Err(Problem::CommentTooLong));
    }

    #[test]
    fn the_mean_is_rounded_to_tenths() {
        for (sum, count, tenths) in
            [(0, 0, None), (10, 1, Some(100)), (20, 3, Some(67)), (1, 4, Some(3)), (0, 2, Some(0))]
        {
            assert_eq!(average_tenths(sum, count), tenths, "{sum}/{count}");
        }
    }

    #[test]
    fn the_first_month_is_asked_about_for_a_month() {
        let now = UnixMs(1_795_255_200_000);
        let (after, until) = asked_about(now);
        let is_asked = |days_ago: i64| (after.0 + 1..=until.0).contains(&now.plus(-days_ago * DAY_MS).0);
        assert_eq!([29, 30, 31, 59, 60, 400].map(is_asked), [false, true, true, true, false, false]);
    }
}
