//! The console about what partners earn: the list of partners, and what is paid out to one.

use super::documents;
use crate::clock::UnixMs;
use crate::commissions::rules::REFERENCE_MAX_CHARS;
use crate::commissions::{Payout, PayoutRecord, PayoutReversal};
use crate::money::Currency;
use crate::partners::PartnerTerms;
use crate::pdf::amounts;

// ── The list ────────────────────────────────────────────────────────────────────────────────────────

/// Title of the list.
pub const TITLE: &str = "Partners";
/// Its lead.
pub const LEAD: &str = "Everybody who is a partner or was one, with what is agreed, what it has sold and what it is owed. \
                        Sales are what was paid and kept, without tax.";
/// Its lead for those who see no money.
pub const LEAD_WITHOUT_MONEY: &str = "Everybody who is a partner or was one, with what is agreed.";
/// Columns: partner, terms, since, sales, commission, owed.
pub const COLUMNS: [&str; 6] = ["Partner", "Agreed", "Since", "Sales", "Commission", "Owed"];
/// Where there is none.
pub const NONE_YET: &str = "Nobody is a partner yet. Open a customer and choose “Partnership” to make it one.";
/// Leads to the customers.
pub const TO_CUSTOMERS: &str = "Open the customers";
/// Of whoever is a partner no more.
pub const FORMER: &str = "Former";
/// Where nothing was sold.
pub const NOTHING: &str = "none";

/// What is agreed, in short.
#[must_use]
pub fn terms(terms: PartnerTerms) -> String {
    let commission = super::commissions::rate(terms.commission_bp);
    if terms.discount_bp == 0 {
        return format!("{commission} commission");
    }
    format!("{commission} commission, {} discount", super::commissions::rate(terms.discount_bp))
}

/// A day.
#[must_use]
pub fn day(at: UnixMs) -> String {
    documents::date(at.date())
}

// ── A partner's money ───────────────────────────────────────────────────────────────────────────────

/// Heading of the sums.
pub const EARNED: &str = "What it has earned";
/// Columns of the sums: currency, sales, commission, paid out, owed.
pub const TOTAL_COLUMNS: [&str; 5] = ["Currency", "Sales", "Commission", "Paid out", "Owed"];
/// Where there are none.
pub const NOTHING_EARNED: &str = "It has earned nothing yet. What is paid of its orders and codes is reckoned up here.";
/// Heading of the form.
pub const RECORD: &str = "Record a payout";
/// What it does.
pub const RECORD_LEAD: &str = "Send the money by your bank, then note it here. The partner is told by mail, and it stands in this month's statement.";
/// Where nothing is owed.
pub const NOTHING_OWED: &str = "Nothing is owed to this partner now.";
/// Where the role does not include it.
pub const NOT_YOURS: &str = "Your role does not include recording payouts.";
/// Label of the currency.
pub const CURRENCY: &str = "Currency";
/// Label of the amount.
pub const AMOUNT: &str = "Amount";
/// Label of the day.
pub const DAY: &str = "Sent on";
/// Label of the reference.
pub const REFERENCE: &str = "Reference";
/// Beside it.
pub const REFERENCE_HINT: &str = "What the transfer says, so that the partner finds it in its bank account.";
/// Sends the form.
pub const SUBMIT: &str = "Record the payout";
/// It asks for the password.
pub const PASSWORD_FIRST: &str = "You will be asked for your password, unless you typed it a moment ago.";
/// Heading of the form that takes a payout back.
pub const REVERSE: &str = "Take a payout back";
/// What it does.
pub const REVERSE_LEAD: &str = "For what was noted wrongly. The payout stays in the statements, and a line in this month's takes it back: the amount \
                                is owed again. The partner is told by mail.";
/// Label of the payout.
pub const REVERSE_WHICH: &str = "Payout";
/// Label of the reason.
pub const REVERSE_REASON: &str = "Reason";
/// Beside it.
pub const REVERSE_REASON_HINT: &str = "The partner reads it, such as: sent to a wrong account.";
/// Sends the form.
pub const REVERSE_SUBMIT: &str = "Take the payout back";
/// Where nothing was paid out.
pub const NO_PAYOUTS: &str = "Nothing was paid out to this partner yet.";
/// Accessible name of the pages.
pub const PAYOUT_PAGES: &str = "Pages of payouts";
/// The page after.
pub const OLDER: &str = "Show older payouts";
/// The first page.
pub const NEWEST: &str = "Show the newest payouts";

/// How many are shown.
#[must_use]
pub fn shown(count: usize) -> String {
    if count == 1 { "One payout".to_owned() } else { format!("{count} payouts") }
}

/// A payout among those that can be taken back.
#[must_use]
pub fn payout(payout: &Payout) -> String {
    format!("{}, {}, {}", day(payout.created_at), payout.reference, super::commissions::amount(payout.amount()))
}

/// Why a payout was not taken back.
#[must_use]
pub fn reversal_refusal(refusal: PayoutReversal) -> String {
    match refusal {
        PayoutReversal::AlreadyReversed => "This payout was taken back already.".to_owned(),
        PayoutReversal::WrongReason => {
            format!("Write why, in at most {REFERENCE_MAX_CHARS} characters that documents can print.")
        }
        PayoutReversal::Reversed | PayoutReversal::NotAllowed => NOT_YOURS.to_owned(),
    }
}

/// Beside the amount: what is owed, in each currency.
#[must_use]
pub fn amount_hint(owed: &[(Currency, i64)]) -> String {
    let each = owed.iter().map(|(currency, minor)| amounts::format(*currency, *minor));
    format!("At most {}.", each.collect::<Vec<_>>().join(" or "))
}

/// Why a payout was not recorded.
#[must_use]
pub fn refusal(refusal: PayoutRecord, currency: Currency) -> String {
    match refusal {
        PayoutRecord::NoAmount => "Write an amount above zero, like 12.50.".to_owned(),
        PayoutRecord::TooMuch { owed_minor } => {
            format!("Only {} is owed in this currency.", amounts::format(currency, owed_minor))
        }
        PayoutRecord::WrongDay => {
            "Choose the day on which the money was sent: today, or within the last year.".to_owned()
        }
        PayoutRecord::WrongReference => format!(
            "Write what the transfer says, in at most {REFERENCE_MAX_CHARS} characters that documents can print."
        ),
        PayoutRecord::Outdated => {
            "A payout was recorded since this form was shown. Look at what is owed, and send it again.".to_owned()
        }
        PayoutRecord::Recorded | PayoutRecord::NotAllowed => NOT_YOURS.to_owned(),
    }
}
