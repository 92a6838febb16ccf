//! What partners earn: their pages and their statements.

use super::{documents, licenses};
use crate::campaigns::rules::write_percent;
use crate::clock::UnixMs;
use crate::commissions::{Month, Payout, StatementLine, Why};
use crate::money::{Currency, Money};

/// Title of the list of months, and label of its link.
pub const TITLE: &str = "Commissions";
/// Its lead.
pub const LEAD: &str = "What you have earned by what your clients pay, by month. Amounts are without tax, and what is given \
                        back is taken back in the month in which that happens.";

/// `November 2026`.
#[must_use]
pub fn month(month: Month) -> String {
    let day = documents::date(month.first_day());
    day.split_once(' ').map_or_else(String::new, |(_, month)| month.to_owned())
}

/// A month in the list, with a word where it goes on.
#[must_use]
pub fn month_so_far(month_of: Month, is_going_on: bool) -> String {
    if is_going_on { format!("{}, so far", month(month_of)) } else { month(month_of) }
}

/// A share: `12.5 %`.
#[must_use]
pub fn rate(bp: i64) -> String {
    if bp == 0 { "0 %".to_owned() } else { format!("{} %", write_percent(bp)) }
}

/// Code of a currency, as headings have it.
#[must_use]
pub fn code(currency: Currency) -> String {
    currency.as_str().to_ascii_uppercase()
}

// ── The list of months ──────────────────────────────────────────────────────────────────────────────

/// Heading of what is owed.
pub const OWED: &str = "Owed to you now";
/// Where nothing is.
pub const NOTHING_OWED: &str = "Nothing is owed to you now.";
/// Below an amount that is negative.
pub const OWED_BACK: &str = "A negative amount was paid out before something was taken back. It is reckoned up with what you \
                             earn next.";
/// Caption of the list.
pub const MONTHS: &str = "Months";
/// Columns of the list: month, earned, taken back, paid out.
pub const MONTH_COLUMNS: [&str; 4] = ["Month", "Earned", "Taken back", "Paid out"];
/// Where nothing has been earned.
pub const NO_MONTHS: &str = "You have earned nothing yet. Order for a client: once it is paid, your share stands here.";
/// Where an older page has nothing.
pub const NO_OLDER_MONTHS: &str = "Nothing happened in these two years.";
/// Leads to the clients.
pub const TO_CLIENTS: &str = "Open your clients";
/// Accessible name of the pages.
pub const MONTH_PAGES: &str = "Pages of months";
/// The page after.
pub const OLDER: &str = "Show older";
/// The first page.
pub const NEWEST: &str = "Show the newest";
/// Opens the month that goes on.
pub const OPEN_CURRENT: &str = "This month so far";

/// How many rows are shown.
#[must_use]
pub fn months_shown(count: usize) -> String {
    if count == 1 { "One row".to_owned() } else { format!("{count} rows") }
}

// ── A month ─────────────────────────────────────────────────────────────────────────────────────────

/// Title of a month, and of its document.
#[must_use]
pub fn statement(of: Month) -> String {
    format!("Commissions of {}", month(of))
}

/// What a month is.
#[must_use]
pub fn statement_lead(of: Month, is_closed: bool) -> String {
    if is_closed {
        format!("The statement of {}. It does not change any more.", month(of))
    } else {
        format!("The statement of {} so far. It goes on until the month is over.", month(of))
    }
}

/// Heading of the sums.
pub const BALANCES: &str = "Balance";
/// Columns of the sums: currency, opening, earned, taken back, paid out, closing.
pub const BALANCE_COLUMNS: [&str; 6] =
    ["Currency", "At the beginning", "Earned", "Taken back", "Paid out", "At the end"];
/// Where there is none.
pub const NO_BALANCES: &str = "Nothing was earned, taken back or paid out, and nothing was owed.";
/// Heading of the lines.
pub const LINES: &str = "What was earned";
/// Columns of the lines: date, client, invoice, what, net paid, rate, commission.
pub const LINE_COLUMNS: [&str; 7] = ["Date", "Client", "Invoice", "What", "Net paid", "Rate", "Commission"];
/// Where there are none.
pub const NO_LINES: &str = "No invoice was paid, and nothing was given back, by which you earn.";
/// Accessible name of the pages of lines.
pub const LINE_PAGES: &str = "Pages of the statement";
/// The page after.
pub const LATER: &str = "Show later";
/// The first page.
pub const FIRST: &str = "Back to the beginning";
/// Heading of the payouts.
pub const PAYOUTS: &str = "What was paid out";
/// Columns of the payouts: recorded, sent on, reference, amount.
pub const PAYOUT_COLUMNS: [&str; 4] = ["Recorded", "Sent on", "Reference", "Amount"];
/// Where there are none.
pub const NO_PAYOUTS: &str = "Nothing was paid out.";
/// Downloads the statement.
pub const PDF: &str = "Statement (PDF)";
/// Downloads its lines.
pub const CSV: &str = "Table (CSV)";

/// How many lines are shown.
#[must_use]
pub fn lines_shown(count: usize) -> String {
    if count == 1 { "One line".to_owned() } else { format!("{count} lines") }
}

/// Why something was earned or taken back.
#[must_use]
pub fn why(why: Why) -> &'static str {
    match why {
        Why::Paid => "Paid",
        Why::Credited => "Credit note",
        Why::CreditVoid => "Credit note taken back",
        Why::Refunded => "Paid back",
        Why::RefundFailed => "Refund failed",
        Why::Disputed => "Disputed",
        Why::DisputeWon => "Dispute won",
    }
}

/// By whom a line was earned: who used a code is not told.
#[must_use]
pub fn client(line: &StatementLine) -> String {
    match (line.client.as_str(), line.code.as_str()) {
        ("", "") => "A client".to_owned(),
        ("", code) => format!("By your code {code}"),
        (client, _) => client.to_owned(),
    }
}

/// A day.
#[must_use]
pub fn day(at: UnixMs) -> String {
    documents::date(at.date())
}

/// An amount.
#[must_use]
pub fn amount(amount: Money) -> String {
    licenses::amount(amount)
}

// ── The document ────────────────────────────────────────────────────────────────────────────────────

/// The title in the file's properties and the window.
#[must_use]
pub fn file_title(of: Month, partner: &str) -> String {
    format!("{} – {partner}", statement(of))
}

/// Above the partner's address.
pub const FOR: &str = "For";
/// Heads of the columns: date, what, net paid, rate, commission.
pub const DOCUMENT_COLUMNS: [&str; 5] = ["Date", "Client and invoice", "Net paid", "Rate", "Commission"];

/// Below the client.
#[must_use]
pub fn detail(line: &StatementLine) -> String {
    format!("Invoice {} · {}", line.invoice_number, why(line.why))
}

/// A payout among the lines.
#[must_use]
pub fn payout_line(payout: &Payout) -> &'static str {
    if payout.reverses.is_none() { "Paid out" } else { "Payout taken back" }
}

/// Below it.
#[must_use]
pub fn payout_detail(payout: &Payout) -> String {
    if payout.reverses.is_none() {
        return format!("Sent on {} · {}", day(payout.paid_at), payout.reference);
    }
    payout_reference(payout)
}

/// What a payout is told apart by: what its transfer says, and why it was taken back where this is that.
#[must_use]
pub fn payout_reference(payout: &Payout) -> String {
    if payout.reverses.is_none() {
        return payout.reference.clone();
    }
    format!("{} is taken back: {}", payout.reference, payout.reason)
}

/// Heading of a currency.
#[must_use]
pub fn in_currency(currency: Currency) -> String {
    format!("In {}", code(currency))
}

/// Labels of the sums: at the beginning, earned, taken back, paid out, at the end.
pub const SUMS: [&str; 5] = ["Owed at the beginning", "Earned", "Taken back", "Paid out", "Owed at the end"];
/// Where a document has nothing to show.
pub const NOTHING: &str = "Nothing was earned, taken back or paid out in this month, and nothing was owed.";

/// What a share is reckoned from.
pub const HOW: &str = "Commission is the agreed share of what was paid without tax, after discounts. What is credited, paid back \
                       or disputed later is taken back in the month in which that happens. What a client keeps as credit \
                       stays earned, and nothing is earned by what that credit pays. Days are in UTC.";

/// What the files are called: ASCII.
#[must_use]
pub fn file_name(of: Month, extension: &str) -> String {
    format!("commissions-{of}.{extension}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_told_by_name_and_shares_in_percent() {
        let march = Month::parse("2027-03");
        assert_eq!(march.map(month).as_deref(), Some("March 2027"));
        assert_eq!(march.map(|it| month_so_far(it, true)).as_deref(), Some("March 2027, so far"));
        assert_eq!(march.map(|it| file_name(it, "pdf")).as_deref(), Some("commissions-2027-03.pdf"));
        assert_eq!((rate(0), rate(1_250), rate(2_000)), ("0 %".to_owned(), "12.5 %".to_owned(), "20 %".to_owned()));
    }

    #[test]
    fn who_used_a_code_is_not_told() {
        let line = |client: &str, code: &str| StatementLine {
            id: String::new(),
            entered_at: UnixMs(0),
            why: Why::Paid,
            client: client.to_owned(),
            code: code.to_owned(),
            invoice_number: "A-1".to_owned(),
            currency: Currency::NONE,
            rate_bp: 0,
            net_minor: 0,
            amount_minor: 0,
        };
        assert_eq!(client(&line("Client AG", "")), "Client AG");
        assert_eq!(client(&line("", "FAIR-20")), "By your code FAIR-20");
        assert_eq!(detail(&line("", "")), "Invoice A-1 · Paid");
    }
}
