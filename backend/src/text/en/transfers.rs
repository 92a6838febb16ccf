//! Paying by bank transfer: where to, how much, what has arrived.

use jiff::civil::Date;

use super::documents;
use crate::clock::UnixMs;
use crate::invoices::transfers::{PaysFor, Transfer, TransferStatus};
use crate::money::Money;
use crate::pdf::amounts;
use crate::stripe::BankAccount;

fn money(amount: Money) -> String {
    amounts::format(amount.currency, amount.amount_minor)
}

/// The lines of an account, as far as its network has them.
#[must_use]
pub fn account(account: &BankAccount) -> Vec<(&'static str, String)> {
    let lines = [
        (documents::ACCOUNT_HOLDER, account.holder.clone()),
        (documents::IBAN, amounts::grouped_iban(&account.iban)),
        (documents::BIC, account.bic.clone()),
        (documents::ROUTING_NUMBER, account.routing_number.clone()),
        (documents::SORT_CODE, account.sort_code.clone()),
        ("Bank code", account.bank_code.clone()),
        (documents::ACCOUNT_NUMBER, account.account_number.clone()),
        (documents::BANK, account.bank.clone()),
    ];
    lines.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect()
}

/// When an order or a change is given up, and what becomes of what has arrived.
#[must_use]
pub fn given_up_on(day: Date, pays_for: PaysFor) -> String {
    let then = match pays_for {
        PaysFor::Change => "the change is not made, and everything stays as it is",
        PaysFor::Order | PaysFor::Renewal => "the order is cancelled and the license that waits for it ends",
    };
    format!(
        "If the full amount has not arrived by {}, {then}. What has arrived by then is kept for you.",
        documents::date(day)
    )
}

/// Title of the page that tells how to pay.
pub const TITLE: &str = "Pay by bank transfer";
/// Heading of the account.
pub const ACCOUNT_TITLE: &str = "Transfer to this account";
/// Under the heading of the account.
pub const ACCOUNT_LEAD: &str =
    "The account is kept for your company alone. The reference tells us what the money is for.";
/// Labels: amount, day, reference.
pub const LABELS: [&str; 3] = ["Amount", "To arrive by", "Reference"];
/// The copy button of one value: act, done, refused.
#[must_use]
pub fn copy(name: &str) -> [String; 3] {
    [
        format!("Copy {}", name.to_lowercase().replace("iban", "IBAN")),
        format!("{name} copied"),
        "Select it and press Ctrl+C".to_owned(),
    ]
}

/// Whether a line of an account is worth a button that copies it: numbers, not names.
#[must_use]
pub fn is_copied(name: &str) -> bool {
    [documents::IBAN, documents::ACCOUNT_NUMBER].contains(&name)
}

/// Heading of what has arrived.
pub const ARRIVED_TITLE: &str = "What has arrived";
/// Label of the meter.
pub const ARRIVED_LABEL: &str = "Arrived";
/// The way to the invoice as PDF.
pub const TO_PDF: &str = "Invoice as PDF";
/// The way to the license.
pub const TO_LICENSE: &str = "Open the license";
/// The way to all invoices.
pub const TO_INVOICES: &str = "All invoices";
/// How to pay an open invoice.
pub const HOW_TO_PAY: &str = "How to pay";
/// Gives the order up.
pub const CANCEL_ORDER: &str = "Cancel the order";
/// Heading of giving the order up.
pub const CANCEL_TITLE: &str = "Not wanted any more?";
/// What giving the order up means.
pub const CANCEL_LEAD: &str =
    "Cancelling takes the invoice back and ends the license that waits. Money that is on its way is kept for you.";
/// Said after giving the order up.
pub const CANCELLED: &str = "The order is cancelled, and its invoice is void.";
/// When it cannot be cancelled at the moment.
pub const CANNOT_CANCEL: &str =
    "The order cannot be cancelled at the moment, and nothing has changed. Please try again.";

/// What is asked for, in a sentence.
#[must_use]
pub fn lead(number: &str, transfer: &Transfer) -> String {
    let (missing, due) = (money(transfer.missing()), documents::date(transfer.due_at.date()));
    match transfer.status {
        TransferStatus::Paid => format!("Invoice {number} is paid. There is nothing to do."),
        TransferStatus::Void => format!("Invoice {number} was taken back. Please transfer nothing for it."),
        TransferStatus::Awaited => {
            let then = match transfer.pays_for {
                PaysFor::Order => {
                    " Your license is there already, and its key works from the moment at which the money has arrived."
                }
                PaysFor::Change => {
                    " Your license changes at the moment at which the money has arrived; until then it stays as it is."
                }
                PaysFor::Renewal => "",
            };
            format!("Please transfer {missing} so that it arrives by {due}.{then}")
        }
    }
}

/// `$120.00 of $299.00 has arrived, $179.00 is missing`; the meter's words.
#[must_use]
pub fn arrived(transfer: &Transfer) -> String {
    let (arrived, total) = (money(transfer.arrived()), money(transfer.total()));
    match (transfer.arrived_minor, transfer.missing().amount_minor) {
        (_, 0) => format!("all of {total}"),
        (0, _) => format!("nothing of {total} yet"),
        _ => format!("{arrived} of {total}, {} is missing", money(transfer.missing())),
    }
}

/// Under the meter.
#[must_use]
pub fn arrived_note(transfer: &Transfer) -> &'static str {
    match (transfer.status, transfer.arrived_minor) {
        (TransferStatus::Awaited, 0) => {
            "Transfers take a day or two. This page shows what has arrived, and we send a mail when it is complete."
        }
        (TransferStatus::Awaited, _) => "Please transfer what is missing to the same account, with the same reference.",
        (TransferStatus::Paid, _) => "Thank you.",
        (TransferStatus::Void, _) => "Money that arrives all the same is kept for you.",
    }
}

/// Money that no invoice has used up.
#[must_use]
pub fn balance(amounts: &[Money]) -> String {
    let amounts = amounts.iter().map(|amount| money(*amount)).collect::<Vec<_>>().join(" and ");
    format!("{amounts} of your transfers is kept for you")
}

/// What becomes of it.
pub const BALANCE_NEXT: &str =
    "It pays your next invoices by bank transfer by itself. Write to us if you would rather have it back.";

/// An invoice that waits for its transfer.
#[must_use]
pub fn to_arrive(number: &str, due: Money, due_at: Option<UnixMs>) -> String {
    let by = due_at.map_or_else(String::new, |at| format!(" by {}", documents::date(at.date())));
    format!("{} is to be transferred for invoice {number}{by}", money(due))
}

/// What follows from it: for an order, which is given up at `void_at`, or for a renewal.
#[must_use]
pub fn awaited_next(void_at: Option<UnixMs>) -> String {
    match void_at {
        Some(at) => format!("The key works from the payment on. {}", given_up_on(at.date(), PaysFor::Order)),
        None => "Please transfer it in time, so that the license goes on.".to_owned(),
    }
}

/// A change that waits for its transfer.
#[must_use]
pub fn change_awaited(plan: &str, seats: &str) -> String {
    format!("A change to {plan} with {seats} waits for your transfer")
}

/// What follows from it.
#[must_use]
pub fn change_awaited_next(give_up_at: UnixMs) -> String {
    format!("It takes effect when the money has arrived. {}", given_up_on(give_up_at.date(), PaysFor::Change))
}

/// Takes the change back.
pub const WITHDRAW: &str = "Drop the change";
/// Heading of taking the change back.
pub const WITHDRAW_TITLE: &str = "Rather leave it as it is?";
/// What taking it back means.
pub const WITHDRAW_LEAD: &str = "Dropping the change takes the invoice back; your license stays as it is. Money that is on its way is kept for you.";

// ── Ordering ────────────────────────────────────────────────────────────────────────────────────────

/// Heading of the other way to pay.
pub const INSTEAD_TITLE: &str = "Rather by bank transfer?";
/// Orders against an invoice.
pub const ORDER: &str = "Order by bank transfer";

/// What ordering by transfer means.
#[must_use]
pub fn instead(due: Date, void: Date) -> String {
    format!(
        "You get an invoice at once, to be paid by {}. The license is there from the order on, and its key works from \
         the payment on. An order that is not paid by {} is cancelled.",
        documents::date(due),
        documents::date(void)
    )
}

/// What ordering a year of updates by transfer means.
#[must_use]
pub fn updates_instead(due: Date, void: Date) -> String {
    format!(
        "You get an invoice at once, to be paid by {}. The updates are renewed as soon as the money is there. An order \
         that is not paid by {} is cancelled.",
        documents::date(due),
        documents::date(void)
    )
}

// ── For staff ───────────────────────────────────────────────────────────────────────────────────────

/// Heading of money without an invoice.
pub const LEFTOVERS_TITLE: &str = "Money without an invoice";
/// What it is.
pub const LEFTOVERS_LEAD: &str = "Transferred too much, or after the invoice was taken back. It pays the customer's next invoice, or is returned in \
     Stripe's dashboard.";
/// Columns: customer, since, amount.
pub const LEFTOVER_COLUMNS: [&str; 3] = ["Customer", "Since", "Amount"];

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::cx::Entropy;
    use crate::db::JsonText;
    use crate::money::Currency;

    #[test]
    fn what_has_arrived_and_what_is_missing_are_said_in_money() {
        let entropy = Entropy::seeded(1);
        let mut transfer = Transfer {
            vendor_id: entropy.id(),
            stripe_invoice_id: "in_1".to_owned(),
            account_id: entropy.id(),
            pays_to: JsonText(BankAccount { iban: "DE89370400440532013000".to_owned(), ..BankAccount::default() }),
            currency: Currency::parse("eur").unwrap(),
            total_minor: 29_900,
            arrived_minor: 0,
            due_at: UnixMs(1_795_255_200_000),
            pays_for: PaysFor::Order,
            void_at: None,
            status: TransferStatus::Awaited,
            reminded: 0,
        };
        assert_eq!(arrived(&transfer), "nothing of €299.00 yet");
        transfer.arrived_minor = 12_000;
        assert_eq!(arrived(&transfer), "€120.00 of €299.00, €179.00 is missing");
        transfer.arrived_minor = 29_900;
        assert_eq!(arrived(&transfer), "all of €299.00");
        assert_eq!(account(&transfer.pays_to.0), [("IBAN", "DE89 3704 0044 0532 0130 00".to_owned())]);
    }
}
