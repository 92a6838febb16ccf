//! When a transfer is reminded of.

use super::{Transfer, TransferStatus};
use crate::clock::{DAY_MS, UnixMs};

/// One of the reminders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reminder {
    /// It is due in a few days.
    Soon,
    /// It is due today.
    Today,
    /// It was due a week ago.
    Late,
}

/// When each reminder is sent, in days from the due date.
const REMINDERS: [(Reminder, i64); 3] = [(Reminder::Soon, -3), (Reminder::Today, 0), (Reminder::Late, 7)];

/// The reminder to be sent at `now`, and how many are done with it. One that was missed is passed over when the next is
/// due as well: nobody gets two at once.
#[must_use]
pub fn reminder_due(transfer: &Transfer, now: UnixMs) -> Option<(Reminder, i64)> {
    if transfer.status != TransferStatus::Awaited {
        return None;
    }
    let reached = REMINDERS.iter().filter(|(_, days)| transfer.due_at.plus(days * DAY_MS) <= now).count();
    let last = reached.checked_sub(1)?;
    let reached = i64::try_from(reached).unwrap_or(i64::MAX);
    (reached > transfer.reminded).then(|| (REMINDERS[last].0, reached))
}

/// The moment from which on some reminder may be due.
pub(super) const EARLIEST_MS: i64 = -3 * DAY_MS;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::super::PaysFor;
    use super::*;
    use crate::cx::Entropy;
    use crate::db::JsonText;
    use crate::money::Currency;
    use crate::stripe::BankAccount;

    #[test]
    fn each_reminder_is_due_once_and_a_missed_one_is_passed_over() {
        let entropy = Entropy::seeded(1);
        let transfer = Transfer {
            vendor_id: entropy.id(),
            stripe_invoice_id: "in_1".to_owned(),
            account_id: entropy.id(),
            pays_to: JsonText(BankAccount::default()),
            currency: Currency::parse("eur").unwrap(),
            total_minor: 100,
            arrived_minor: 40,
            due_at: UnixMs(100 * DAY_MS),
            pays_for: PaysFor::Renewal,
            void_at: None,
            status: TransferStatus::Awaited,
            reminded: 0,
        };
        use Reminder::{Late, Soon, Today};
        for (day, reminded, expected) in [
            (96, 0, None),
            (97, 0, Some((Soon, 1))),
            (98, 1, None),
            (100, 1, Some((Today, 2))),
            (100, 0, Some((Today, 2))),
            (106, 2, None),
            (107, 2, Some((Late, 3))),
            (300, 3, None),
        ] {
            let transfer = Transfer { reminded, ..transfer.clone() };
            assert_eq!(reminder_due(&transfer, UnixMs(day * DAY_MS)), expected, "day {day}, {reminded} sent");
        }
        let paid = Transfer { status: TransferStatus::Paid, ..transfer.clone() };
        assert_eq!(reminder_due(&paid, UnixMs(107 * DAY_MS)), None);
        assert_eq!(transfer.missing().amount_minor, 60);
    }
}
