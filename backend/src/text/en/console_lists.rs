//! Lists of the vendor's console: instances, refusals, orders, what was given back, and what subscriptions bring in.

use sdk::error::Code;

use super::{console_money, licenses, moments};
use crate::billing::earnings::{Earning, EarningState};
use crate::clock::UnixMs;
use crate::invoices::CreditNoteStatus;
use crate::leases::denials::{Denial, Within};
use crate::leases::instance_list::{LeaseState, VendorInstance};
use crate::orders::Payment;
use crate::orders::search::SoldBy;
use crate::refunds::returns::{ReturnKind, ReturnStatus};

// ── What they share ─────────────────────────────────────────────────────────────────────────────────

/// Accessible name of a filter.
pub const FILTER: &str = "Filter";
/// Any answer.
pub const ANY: &str = "Any";
/// Label of the customer.
pub const CUSTOMER: &str = "Customer";
/// What can be typed there.
pub const CUSTOMER_HINT: &str = "A part of the company's name, or the account's id.";
/// Label of the first day.
pub const FROM: &str = "From";
/// Label of the last day.
pub const TO: &str = "To";
/// Applies the filter.
pub const SUBMIT: &str = "Show";
/// Drops the filter.
pub const CLEAR: &str = "Show all";
/// Where nothing passes it.
pub const NONE_FOUND: &str = "Nothing passes this filter. Leave something out, or show all.";
/// Accessible name of a list's pages.
pub const PAGES: &str = "Pages of the list";
/// The first page.
pub const FIRST: &str = "Back to the beginning";
/// The page after.
pub const NEXT: &str = "Next page";
/// The list as a table to take along.
pub const CSV: &str = "Table (CSV)";

/// How many are on the page.
#[must_use]
pub fn shown(count: usize) -> String {
    format!("{count} shown")
}

// ── Instances ───────────────────────────────────────────────────────────────────────────────────────

/// Title.
pub const INSTANCES: &str = "Instances";
/// Lead.
pub const INSTANCES_LEAD: &str = "Every instance of all customers, by its identity.";
/// Columns.
pub const INSTANCE_COLUMNS: [&str; 5] = ["Instance", "License", "Version", "Lease", "Last contact"];
/// Where there is none.
pub const NO_INSTANCES: &str =
    "Nothing has been activated yet. Instances appear here when a customer first starts a product.";
/// Label of the text.
pub const FIND_INSTANCE: &str = "Name, identity, customer or id";
/// Label of the product.
pub const PRODUCT: &str = "Product";
/// Label of the version.
pub const VERSION: &str = "Version begins with";
/// Label of the state.
pub const STATE: &str = "Lease";

/// Whether an instance runs on a lease.
#[must_use]
pub fn lease_state(state: LeaseState) -> &'static str {
    match state {
        LeaseState::Live => "Live",
        LeaseState::Lapsed => "Lapsed",
    }
}

/// Until when a live one is renewed at the latest.
#[must_use]
pub fn lease_until(it: &VendorInstance, now: UnixMs) -> Option<String> {
    it.is_live.then(|| format!("until {}", moments::moment(it.instance.lease_exp, now)))
}

// ── Refusals ────────────────────────────────────────────────────────────────────────────────────────

/// Title.
pub const DENIALS: &str = "Refusals";
/// Lead.
pub const DENIALS_LEAD: &str = "Calls with a genuine key or secret that got no lease, the last ones first: one entry for each \
                                instance, reason and hour.";
/// Columns.
pub const DENIAL_COLUMNS: [&str; 5] = ["Why", "Instance", "License", "Calls", "Last"];
/// Where there is none.
pub const NO_DENIALS: &str = "Nobody has been refused yet. Whoever asks for more than a license allows appears here.";
/// Label of the reason.
pub const WHY: &str = "Why";
/// Label of the time.
pub const WITHIN: &str = "Time";
/// Where the request named nobody.
pub const NOBODY: &str = "not named";

/// Why an instance was refused, by its code; the code itself where a newer server gave it.
#[must_use]
pub fn denial(code: &str) -> String {
    Code::parse(code).map_or_else(|| licenses::humanised(code), |code| code.title().to_owned())
}

/// How long ago.
#[must_use]
pub fn within(within: Within) -> &'static str {
    match within {
        Within::Day => "Last 24 hours",
        Within::Week => "Last week",
        Within::Month => "Last 30 days",
    }
}

/// What people call an instance that was refused.
#[must_use]
pub fn who(denial: &Denial) -> String {
    let name = denial.identity().map(|identity| identity.name.unwrap_or(identity.id));
    name.unwrap_or_else(|| NOBODY.to_owned())
}

// ── Orders ──────────────────────────────────────────────────────────────────────────────────────────

/// Title.
pub const ORDERS: &str = "Orders";
/// Lead.
pub const ORDERS_LEAD: &str = "What customers ordered, newest first, before tax and discounts.";
/// Columns.
pub const ORDER_COLUMNS: [&str; 6] = ["Order", "Customer", "Placed", "Status", "Payment", "Amount"];
/// Where there is none.
pub const NO_ORDERS: &str = "Nobody has ordered yet. Orders appear here as soon as a customer goes on to pay.";
/// Label of the status.
pub const STATUS: &str = "Status";
/// Label of the payment.
pub const PAYMENT: &str = "Payment";
/// Label of the kind.
pub const KIND: &str = "Kind";
/// Label: the partner that sold it.
pub const PARTNER: &str = "Partner";
/// Label: how a partner sold it.
pub const SOLD: &str = "Sold by a partner";
/// To the license of an order.
pub const ITS_LICENSE: &str = "License";

/// How an order is paid.
#[must_use]
pub fn payment(payment: Payment) -> &'static str {
    match payment {
        Payment::Card => "Card",
        Payment::Transfer => "Bank transfer",
        Payment::None => "Nothing to pay",
    }
}

/// How a partner sold it.
#[must_use]
pub fn sold(sold: SoldBy) -> &'static str {
    match sold {
        SoldBy::ForClient => "By ordering for its client",
        SoldBy::WithCode => "By a code of its own",
    }
}

/// Which partner sold it.
#[must_use]
pub fn through(partner: &str) -> String {
    format!("through {partner}")
}

/// With which code.
#[must_use]
pub fn with_code(code: &str) -> String {
    format!("with the code {code}")
}

// ── What was given back ─────────────────────────────────────────────────────────────────────────────

/// Title.
pub const RETURNS: &str = "Given back";
/// Lead.
pub const RETURNS_LEAD: &str =
    "Refunds, disputes and credit notes, newest first. Money is given back on the page of its invoice.";
/// Columns.
pub const RETURN_COLUMNS: [&str; 6] = ["What", "Customer", "Invoice", "When", "Status", "Amount"];
/// Where there is none.
pub const NO_RETURNS: &str = "Nothing was given back yet. Open an invoice to give something back.";
/// The way to the invoices.
pub const TO_INVOICES: &str = "See the invoices";
/// Label of the box.
pub const UNDECIDED: &str = "Only what is undecided";

/// What was given back.
#[must_use]
pub fn return_kind(kind: ReturnKind) -> &'static str {
    match kind {
        ReturnKind::Refund => console_money::REFUND,
        ReturnKind::Dispute => console_money::DISPUTE,
        ReturnKind::CreditNote => "Credit note",
    }
}

/// Where it stands, in a word.
#[must_use]
pub fn return_status(status: ReturnStatus) -> &'static str {
    match status {
        ReturnStatus::Refund(status) => console_money::refund_status(status),
        ReturnStatus::Dispute(status) => console_money::dispute_status(status),
        ReturnStatus::CreditNote(CreditNoteStatus::Issued) => "Issued",
        ReturnStatus::CreditNote(CreditNoteStatus::Void) => "Taken back",
    }
}

/// Stripe's word for why, as people read it.
#[must_use]
pub fn reason(word: &str) -> String {
    licenses::humanised(word)
}

// ── What subscriptions bring in ─────────────────────────────────────────────────────────────────────

/// Title.
pub const EARNINGS: &str = "Revenue of subscriptions";
/// Accessible name of the views.
pub const EARNING_VIEWS: &str = "Which subscriptions";
/// Columns.
pub const EARNING_COLUMNS: [&str; 6] = ["Customer", "License", "Seats", "Paid since", "Ends", "A month"];
/// Where there is none.
pub const NO_EARNINGS: &str = "No subscription is paid yet. The first one appears here with its first payment.";
/// Where none is of this kind.
pub const NONE_OF_THESE: &str = "There is none.";
/// Label of the plan.
pub const PLAN: &str = "Plan";
/// Label of the currency.
pub const CURRENCY: &str = "Currency";
/// Label of a sum.
pub const TOTAL: &str = "Together a month";

/// A view.
#[must_use]
pub fn earning_state(state: EarningState) -> &'static str {
    match state {
        EarningState::Running => "Now",
        EarningState::New => "New this month",
        EarningState::Ended => "Ended this month",
    }
}

/// When a subscription ended, or will because it is cancelled.
#[must_use]
pub fn earning_end(it: &Earning) -> String {
    match it.ended_at {
        Some(at) => moments::day(at),
        None if it.cancel_at_period_end => "with the period under way".to_owned(),
        None => "renews".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_said_in_the_words_of_the_table() {
        assert_eq!(denial("seats_exhausted"), "All seats are taken");
        assert_eq!(denial("something_new"), "Something new");
        assert_eq!(reason("requested_by_customer"), "Requested by customer");
    }
}
