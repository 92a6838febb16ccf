//! How a change of address stands.

use super::EmailChange;
use crate::clock::{DAY_MS, UnixMs};

/// A change can be confirmed for this long, in milliseconds.
pub const CONFIRM_MS: i64 = DAY_MS;
/// A change can be undone for this long after it happened, in milliseconds.
pub const UNDO_MS: i64 = 7 * DAY_MS;
/// A second factor that was set up this long before a change was asked for, or later, goes when it is disowned, in
/// milliseconds: it may be the thief's, who would keep the owner out with it.
pub const FACTOR_IN_DOUBT_MS: i64 = 7 * DAY_MS;
/// Changes are forgotten this long after they were asked for, in milliseconds: long after the last link has died.
pub const KEEP_MS: i64 = 30 * DAY_MS;

/// How a change stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It waits to be confirmed.
    Open,
    /// It has happened, and can be undone.
    Undoable,
    /// There is nothing left to do about it.
    Over,
}

/// How a change stands now.
#[must_use]
pub fn standing(change: &EmailChange, now: UnixMs) -> Standing {
    match (change.ended_at, change.confirmed_at) {
        (None, None) if now < change.expires_at => Standing::Open,
        (None, Some(_)) if change.undo_until.is_some_and(|until| now < until) => Standing::Undoable,
        _ => Standing::Over,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{EmailChangeId, UserId};

    #[test]
    fn a_change_waits_for_a_day_and_is_undone_for_a_week() {
        const ASKED: UnixMs = UnixMs(1_795_255_200_000);
        let asked = EmailChange {
            id: EmailChangeId::from_untrusted("ech_x"),
            user_id: UserId::from_untrusted("usr_x"),
            old_email: "old@example.org".to_owned(),
            new_email: "new@example.org".to_owned(),
            created_at: ASKED,
            expires_at: ASKED.plus(CONFIRM_MS),
            confirmed_at: None,
            undo_until: None,
            ended_at: None,
        };
        let confirmed =
            EmailChange { confirmed_at: Some(ASKED), undo_until: Some(ASKED.plus(UNDO_MS)), ..asked.clone() };
        let ended = |change: &EmailChange| EmailChange { ended_at: Some(ASKED), ..change.clone() };
        for (change, after_ms, expected) in [
            (asked.clone(), 0, Standing::Open),
            (asked.clone(), CONFIRM_MS - 1, Standing::Open),
            (asked.clone(), CONFIRM_MS, Standing::Over),
            (ended(&asked), 0, Standing::Over),
            (confirmed.clone(), 0, Standing::Undoable),
            (confirmed.clone(), CONFIRM_MS, Standing::Undoable),
            (confirmed.clone(), UNDO_MS - 1, Standing::Undoable),
            (confirmed.clone(), UNDO_MS, Standing::Over),
            (ended(&confirmed), 0, Standing::Over),
            // The old address undoes nothing.
            (EmailChange { undo_until: None, ..confirmed.clone() }, 0, Standing::Over),
        ] {
            assert_eq!(standing(&change, ASKED.plus(after_ms)), expected, "{change:?} after {after_ms} ms");
        }
    }
}
