//! The vendor's console about money: invoices of all customers, what is given back, the ledger.

use super::moments;
use crate::clock::UnixMs;
use crate::invoices::einvoice::NoEInvoice;
use crate::ledger::{Disagreement, LedgerAccount};
use crate::money::{Currency, Money};
use crate::pdf::amounts;
use crate::refunds::{CreditRefusal, DisputeStatus, MEMO_MAX_CHARS, RefundStatus};

/// Title of the list.
pub const INVOICES: &str = "Invoices";
/// What the list is.
pub const INVOICES_LEAD: &str = "Everything that was charged, newest first.";
/// Columns of the list.
pub const COLUMNS: [&str; 5] = ["Invoice", "Customer", "Issued", "Status", "Amount"];
/// Where nothing was charged yet.
pub const NONE_YET: &str = "Nothing was charged yet. Invoices appear here with the first payment.";
/// Label of the search.
pub const FIND: &str = "Number of an invoice";

/// Heading of an invoice's facts.
pub const FACTS: &str = "The invoice";
/// The customer.
pub const CUSTOMER: &str = "Customer";
/// When it was issued.
pub const ISSUED: &str = "Issued";
/// By when it is to be paid.
pub const DUE: &str = "Due";
/// When it was paid.
pub const PAID: &str = "Paid";
/// Standing.
pub const STATUS: &str = "Status";
/// With tax.
pub const TOTAL: &str = "Total";
/// Tax in it.
pub const TAX: &str = "Tax in it";
/// What is left to pay.
pub const OPEN: &str = "Left to pay";
/// The license that it is for.
pub const LICENSE: &str = "License";
/// The buyer's own number.
pub const ORDER_NUMBER: &str = "Order number";
/// Stripe's id.
pub const STRIPE_ID: &str = "At Stripe";
/// Label of the downloads.
pub const DOCUMENTS: &str = "Documents";

/// In the place of the e-invoices of an invoice that has none.
#[must_use]
pub fn no_einvoice(why: &NoEInvoice) -> String {
    match why {
        NoEInvoice::NoVatId => "No e-invoice: the seller had no VAT id.".to_owned(),
        NoEInvoice::Decimals => "No e-invoice: EN 16931 knows amounts with two decimals only.".to_owned(),
        NoEInvoice::Mixed => "No e-invoice: EN 16931 has none for what is outside the scope of VAT in part.".to_owned(),
        NoEInvoice::Invalid(rules) => format!("No e-invoice: it breaks rules of EN 16931 ({rules})."),
    }
}

/// Heading of the lines.
pub const LINES: &str = "What was charged";
/// Columns of the lines.
pub const LINE_COLUMNS: [&str; 3] = ["What", "Quantity", "Net amount"];

/// Heading of what was given back.
pub const GIVEN_BACK: &str = "What was given back";
/// Columns of that.
pub const GIVEN_BACK_COLUMNS: [&str; 4] = ["What", "When", "Status", "Amount"];
/// Where nothing was.
pub const NOTHING_BACK: &str = "Nothing was given back of this invoice.";
/// A refund without a credit note.
pub const REFUND: &str = "Refund";
/// A dispute.
pub const DISPUTE: &str = "Dispute";

/// A credit note.
#[must_use]
pub fn credit_note(number: &str) -> String {
    format!("Credit note {number}")
}

/// A refund's standing in a word.
#[must_use]
pub fn refund_status(status: RefundStatus) -> &'static str {
    match status {
        RefundStatus::Pending => "On its way",
        RefundStatus::Succeeded => "Paid back",
        RefundStatus::Failed => "Failed",
        RefundStatus::Canceled => "Called off",
    }
}

/// A dispute's standing in a word.
#[must_use]
pub fn dispute_status(status: DisputeStatus) -> &'static str {
    match status {
        DisputeStatus::Inquiry => "Inquiry",
        DisputeStatus::Open => "Undecided",
        DisputeStatus::Won => "Won",
        DisputeStatus::Lost => "Lost",
    }
}

/// Heading of the form.
pub const CREDIT: &str = "Give back";
/// What giving back means for an invoice that is paid.
pub const CREDIT_PAID: &str = "Issues a credit note with its own number, mails it to the customer, and moves the money. \
                               Given back as a whole, what carries a license takes the license with it: it is revoked, \
                               and its subscription does not renew. A part changes nothing about the license.";
/// What it means for one that is open.
pub const CREDIT_OPEN: &str = "Issues a credit note with its own number and mails it to the customer. That much less is \
                               to be paid; where nothing is left, the invoice counts as given back, and a license that \
                               it carries is revoked.";
/// Where nothing can be given back any more.
pub const CREDIT_NONE: &str = "Nothing is left of this invoice that could be given back.";
/// Where the role does not include it.
pub const CREDIT_NOT_YOURS: &str = "Your role does not include giving money back.";
/// Label of the amount.
pub const AMOUNT: &str = "Amount, with tax";
/// Label of where the money goes.
pub const SETTLEMENT: &str = "Where the money goes";
/// The ways: form value, name, meaning.
pub const SETTLEMENTS: [(&str, &str, &str); 3] = [
    ("refund", "Back", "The way the payment came; a card takes 5 to 10 days."),
    ("balance", "Kept as credit", "It comes off the customer's next invoice."),
    ("elsewhere", "Given back otherwise", "You have sent it yourself; nothing is moved."),
];
/// Label of the reason.
pub const REASON: &str = "Why";
/// The reasons: form value and name.
pub const REASONS: [(&str, &str); 5] = [
    ("", "No reason given"),
    ("order_change", "The order was changed"),
    ("product_unsatisfactory", "The customer is not satisfied"),
    ("duplicate", "Charged twice"),
    ("fraudulent", "Fraud"),
];
/// Label of the words to the customer.
pub const MEMO: &str = "Words to the customer";
/// Where they appear.
pub const MEMO_HINT: &str = "Printed on the credit note.";
/// Beside questions that need no answer.
pub const OPTIONAL: &str = "optional";
/// Sends the form.
pub const CREDIT_SUBMIT: &str = "Issue the credit note";
/// Sends the form, and asks for the password first.
pub const PASSWORD_FIRST: &str = "You will be asked for your password, unless you typed it a moment ago.";

/// How the amount is written, and how much there is.
#[must_use]
pub fn amount_hint(left: Money) -> String {
    format!("At most {}.", amounts::format(left.currency, left.amount_minor))
}

/// Why nothing was given back.
#[must_use]
pub fn credit_refusal(refusal: &CreditRefusal, currency: Currency) -> String {
    match refusal {
        CreditRefusal::NotAllowed | CreditRefusal::NotFound => CREDIT_NOT_YOURS.to_owned(),
        CreditRefusal::NotCreditable => CREDIT_NONE.to_owned(),
        CreditRefusal::NoAmount => "Write an amount above zero, like 12.50.".to_owned(),
        CreditRefusal::TooMuch { left_minor } => {
            format!("Only {} is left of it.", amounts::format(currency, *left_minor))
        }
        CreditRefusal::MemoTooLong => format!("Shorten this to {MEMO_MAX_CHARS} characters."),
        CreditRefusal::MemoUnprintable(character) if character.is_control() => {
            "This contains an invisible character. Type it again instead of pasting it.".to_owned()
        }
        CreditRefusal::MemoUnprintable(character) => {
            format!("Credit notes cannot print “{character}”. Write this in Latin, Greek or Cyrillic letters.")
        }
        CreditRefusal::Outdated => {
            "Something was given back since this form was shown. Look at what is left, and send it again.".to_owned()
        }
        CreditRefusal::ByStripe(sentence) => format!("Stripe refuses: {sentence}"),
    }
}

/// Title of the ledger.
pub const LEDGER: &str = "Ledger";
/// What it is.
pub const LEDGER_LEAD: &str = "Every invoice, payment, credit note, refund and dispute as double entries. Each sums to \
                               zero, and so does the whole.";
/// Label of the first day.
pub const FROM: &str = "From";
/// Label of the last day.
pub const TO: &str = "To";
/// Shows the period.
pub const SHOW: &str = "Show";
/// Downloads the entries of the period.
pub const ENTRIES_CSV: &str = "Entries as CSV";
/// Downloads invoices and credit notes of the period.
pub const DOCUMENTS_CSV: &str = "Invoices as CSV";
/// Columns of the balance.
pub const BALANCE_COLUMNS: [&str; 3] = ["Account", "Debit", "Credit"];
/// Last row of the balance.
pub const SUM: &str = "Sum";
/// Where nothing was booked.
pub const NOTHING_BOOKED: &str = "Nothing was booked in this period.";
/// Says that all is well.
pub const AGREES: &str = "The ledger sums to zero and agrees with the invoices.";
/// Says that it is not.
pub const DISAGREES: &str = "The ledger does not agree.";

/// Heading of a currency's balance.
#[must_use]
pub fn balance_in(currency: Currency) -> String {
    format!("Trial balance in {}", currency.as_str().to_ascii_uppercase())
}

/// An account's name.
#[must_use]
pub fn account(account: LedgerAccount) -> &'static str {
    match account {
        LedgerAccount::Receivable => "Owed by customers",
        LedgerAccount::Cash => "Cash at Stripe",
        LedgerAccount::CustomerCredit => "Customers' credit",
        LedgerAccount::TaxPayable => "Tax to be paid",
        LedgerAccount::Revenue => "Revenue",
        LedgerAccount::Credits => "Credit notes",
        LedgerAccount::Refunds => "Refunds without a credit note",
        LedgerAccount::Disputes => "Held in disputes",
        LedgerAccount::BadDebt => "Written off and lost",
        LedgerAccount::CommissionExpense => "Commissions",
        LedgerAccount::CommissionPayable => "Commissions to be paid",
    }
}

/// What is not as it must be, in a sentence.
#[must_use]
pub fn disagreement(it: &Disagreement) -> String {
    match it {
        Disagreement::Currency { sum } => {
            format!(
                "The accounts in {} sum to {} instead of zero.",
                code(sum.currency),
                amounts::format(sum.currency, sum.amount_minor)
            )
        }
        Disagreement::Posting { posting_id, about, sum_minor } => {
            format!("Posting {posting_id} ({about}) sums to {sum_minor} instead of zero.")
        }
        Disagreement::Invoice { number, invoice_id, row, ledger } => format!(
            "Invoice {number} ({invoice_id}) says owed {}, sold {}, paid {}; the ledger says {}, {}, {}.",
            row[0], row[1], row[2], ledger[0], ledger[1], ledger[2]
        ),
    }
}

fn code(currency: Currency) -> String {
    currency.as_str().to_ascii_uppercase()
}

/// A line of the trial balance for a terminal.
#[must_use]
pub fn balance_line(of: LedgerAccount, amount: Money) -> String {
    let printed = amounts::format(amount.currency, amount.amount_minor.saturating_abs());
    let (debit, credit) = if amount.amount_minor >= 0 { (printed, String::new()) } else { (String::new(), printed) };
    format!("  {:<32}{debit:>20}{credit:>20}", account(of))
}

/// A day.
#[must_use]
pub fn day(at: UnixMs) -> String {
    moments::day(at)
}
