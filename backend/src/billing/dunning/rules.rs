//! What is worth a letter while a payment is overdue.

use crate::clock::{DAY_MS, UnixMs};
use crate::licenses::LicenseStatus;
use crate::stripe::SubscriptionState;

/// How long before the end of the grace the last reminder is sent.
pub const LAST_REMINDER_MS: i64 = 2 * DAY_MS;

/// A reminder while everything still works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reminder {
    /// Half of the grace is over.
    Halfway,
    /// Two days are left.
    LastDays,
}

impl Reminder {
    /// Its word in events.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Halfway => "halfway",
            Self::LastDays => "last_days",
        }
    }
}

/// Which reminder is due at `now`: the latest whose time has come. A grace too short for one has none.
#[must_use]
pub fn reminder_due(since: UnixMs, grace_end: UnixMs, now: UnixMs) -> Option<Reminder> {
    let last_days = grace_end.plus(-LAST_REMINDER_MS);
    let halfway = UnixMs(since.0 + grace_end.0.saturating_sub(since.0) / 2);
    if now >= grace_end || now < since {
        None
    } else if now >= last_days && since < last_days {
        Some(Reminder::LastDays)
    } else if now >= halfway && halfway < last_days {
        Some(Reminder::Halfway)
    } else {
        None
    }
}

/// What a projection turned for the worse or the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// A renewal is unpaid; everything still works.
    Failed,
    /// The grace is over.
    Suspended,
    /// All is paid, before the grace was over.
    Settled,
    /// All is paid, and what was suspended works again.
    Restored,
}

/// Where a subscription and its license stood, or stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stand {
    /// A payment is overdue.
    pub is_behind: bool,
    /// The license is suspended for it.
    pub is_suspended: bool,
}

/// What there is to tell between two projections; `None` where nothing turned. A subscription that ends unpaid
/// is not settled.
#[must_use]
pub fn turn(before: Stand, after: Stand, state: SubscriptionState) -> Option<Turn> {
    let goes_on = matches!(state, SubscriptionState::Active | SubscriptionState::Trialing);
    match (before, after) {
        (_, Stand { is_suspended: true, .. }) => (!before.is_suspended).then_some(Turn::Suspended),
        (_, Stand { is_behind: true, .. }) => (!before.is_behind).then_some(Turn::Failed),
        (Stand { is_suspended: true, .. }, _) if goes_on => Some(Turn::Restored),
        (Stand { is_behind: true, .. }, _) if goes_on => Some(Turn::Settled),
        _ => None,
    }
}

/// Whether a license counts as suspended for its payment.
#[must_use]
pub fn is_suspended(status: LicenseStatus, reason: &str) -> bool {
    status == LicenseStatus::Suspended && reason == crate::licenses::rules::REASON_PAST_DUE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reminders_come_halfway_and_two_days_before_the_end() {
        let since = UnixMs(1_795_255_200_000);
        let at = |days: i64, grace_days: i64, ms: i64| {
            reminder_due(since, since.plus(grace_days * DAY_MS), since.plus(days * DAY_MS + ms))
        };
        let cases = [
            (0, 14, 0, None),
            (7, 14, -1, None),
            (7, 14, 0, Some(Reminder::Halfway)),
            (12, 14, -1, Some(Reminder::Halfway)),
            (12, 14, 0, Some(Reminder::LastDays)),
            (14, 14, -1, Some(Reminder::LastDays)),
            (14, 14, 0, None),
            // Halfway and two days before are the same moment: one letter.
            (2, 4, 0, Some(Reminder::LastDays)),
            (2, 4, -1, None),
            // No room for either beside the first letter.
            (1, 2, 0, None),
            (0, 0, 0, None),
            (2, 3, 0, Some(Reminder::LastDays)),
        ];
        for (days, grace_days, ms, expected) in cases {
            assert_eq!(at(days, grace_days, ms), expected, "{days} of {grace_days} {ms:+}");
        }
    }

    #[test]
    fn every_turn_is_told_once_and_an_end_without_payment_is_no_good_news() {
        use SubscriptionState::{Active, Canceled, PastDue, Unpaid};
        let stand = |is_behind, is_suspended| Stand { is_behind, is_suspended };
        let (fine, grace, over) = (stand(false, false), stand(true, false), stand(true, true));
        let cases = [
            (fine, fine, Active, None),
            (fine, grace, PastDue, Some(Turn::Failed)),
            (grace, grace, PastDue, None),
            (grace, over, PastDue, Some(Turn::Suspended)),
            (over, over, Unpaid, None),
            (fine, over, Unpaid, Some(Turn::Suspended)),
            (grace, fine, Active, Some(Turn::Settled)),
            (over, fine, Active, Some(Turn::Restored)),
            (grace, fine, Canceled, None),
            (over, fine, Canceled, None),
        ];
        for (before, after, state, expected) in cases {
            assert_eq!(turn(before, after, state), expected, "{before:?} to {after:?}, {state:?}");
        }
    }
}
