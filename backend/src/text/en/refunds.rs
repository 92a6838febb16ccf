//! Letters about what is given back.

use crate::invoices::CreditNote;
use crate::mail::{Letter, Sender};
use crate::money::Money;
use crate::pdf::amounts;

const REASON: &str = "You get this mail because this address is set for your account's invoices.";

fn amount(money: Money) -> String {
    amounts::format(money.currency, money.amount_minor)
}

fn letter(sender: &Sender, subject: String, heading: String, paragraphs: Vec<String>) -> Letter {
    Letter {
        subject,
        heading,
        paragraphs,
        button: Some(("See your invoices".to_owned(), format!("{}/invoices", sender.origin))),
        reason: REASON.to_owned(),
        ..Letter::default()
    }
}

/// Tells that money is on its way back, without a credit note.
#[must_use]
pub fn refunded(sender: &Sender, number: &str, money: Money, is_whole: bool) -> Letter {
    let amount = amount(money);
    let mut paragraphs = vec![format!(
        "{} pays {amount} back to you, for invoice {number}. It goes the way the payment came, which takes a card 5 to \
         10 days.",
        sender.name
    )];
    if is_whole {
        paragraphs.push(
            "That is the whole amount. If the invoice was for a license or for its current period, the license ends \
             with it."
                .to_owned(),
        );
    }
    let subject = format!("{amount} is on its way back to you");
    letter(sender, subject.clone(), subject, paragraphs)
}

/// Tells that a refund came back to us.
#[must_use]
pub fn refund_failed(sender: &Sender, number: &str, money: Money) -> Letter {
    let paragraphs = vec![
        format!(
            "We tried to pay {} back for invoice {number}, and your bank did not take it: the card may be closed.",
            amount(money)
        ),
        "As long as the money is with us, a license that ended with the refund works again. Answer this mail to tell us \
         where to send it."
            .to_owned(),
    ];
    letter(sender, format!("A refund for invoice {number} failed"), "The refund failed".to_owned(), paragraphs)
}

/// Tells that a payment is disputed.
#[must_use]
pub fn dispute_opened(sender: &Sender, number: &str, money: Money) -> Letter {
    let paragraphs = vec![
        format!(
            "Your bank has told us that the payment of {} for invoice {number} is disputed, and has taken it back until \
             that is decided.",
            amount(money)
        ),
        "Whatever runs under the license goes on. Until the dispute is decided, nothing new can be activated. If you did \
         not mean to dispute it, tell your bank, or answer this mail."
            .to_owned(),
    ];
    letter(
        sender,
        format!("Your payment of invoice {number} is disputed"),
        "A payment is disputed".to_owned(),
        paragraphs,
    )
}

/// Tells that a dispute was decided in our favour.
#[must_use]
pub fn dispute_won(sender: &Sender, number: &str, money: Money) -> Letter {
    let paragraphs = vec![format!(
        "The dispute about the payment of {} for invoice {number} was decided: the payment stands. Everything works as \
         before, and new instances can be activated.",
        amount(money)
    )];
    letter(sender, format!("The dispute about invoice {number} is over"), "The payment stands".to_owned(), paragraphs)
}

/// Tells that a dispute was decided against us.
#[must_use]
pub fn dispute_lost(sender: &Sender, number: &str, money: Money) -> Letter {
    let paragraphs = vec![
        format!(
            "The dispute about the payment of {} for invoice {number} was decided: the money is yours again.",
            amount(money)
        ),
        "If the invoice was for a license or for its current period, that license has ended with it. To go on, buy it \
         anew, or answer this mail."
            .to_owned(),
    ];
    letter(
        sender,
        format!("The dispute about invoice {number} is over"),
        "The payment was taken back".to_owned(),
        paragraphs,
    )
}

/// Tells that a credit note can be fetched.
#[must_use]
pub fn credit_note(sender: &Sender, note: &CreditNote, invoice_number: &str) -> Letter {
    let money = |minor| amount(Money::new(minor, note.currency));
    let mut paragraphs =
        vec![format!("It corrects invoice {invoice_number}. You find it in the portal, as PDF and as e-invoice.")];
    if note.refunded_minor > 0 {
        paragraphs.push(format!(
            "{} goes back the way the payment came, which takes a card 5 to 10 days.",
            money(note.refunded_minor)
        ));
    }
    if note.credited_minor > 0 {
        paragraphs.push(format!("{} is kept for you and comes off your next invoice.", money(note.credited_minor)));
    }
    if note.reduced_minor > 0 {
        paragraphs.push(format!("{} less is to be paid of the invoice.", money(note.reduced_minor)));
    }
    let heading = format!("Credit note {} over {}", note.number, money(note.total_minor));
    let subject = format!("Credit note {} from {}", note.number, sender.name);
    letter(sender, subject, heading, paragraphs)
}
