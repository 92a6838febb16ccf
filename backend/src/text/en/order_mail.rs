//! Letters about orders that are not paid yet, or were not.

use super::{documents, transfers as words};
use crate::ids::LicenseId;
use crate::invoices::transfers::{PaysFor, Reminder, Transfer};
use crate::mail::{Letter, Sender};
use crate::money::Money;
use crate::pdf::amounts;

fn money(amount: Money) -> String {
    amounts::format(amount.currency, amount.amount_minor)
}

/// Tells whoever ordered that the payment page has run out, and leads back.
#[must_use]
pub fn not_finished(sender: &Sender, product: &str, plan: &str, page: &str) -> Letter {
    Letter {
        subject: format!("Your order of {product} was not finished"),
        heading: "Your order was not finished".to_owned(),
        paragraphs: vec![
            format!(
                "You began to order {product}, {plan}, and have not paid. Nothing was charged, and nothing is owed; the \
                 payment page has closed by itself."
            ),
            "If you still want it, the button begins the same order again.".to_owned(),
        ],
        button: Some(("Order again".to_owned(), page.to_owned())),
        reason: format!(
            "You get this mail once, because you began an order with {}. If you do not want it any more, do nothing.",
            sender.name
        ),
        ..Letter::default()
    }
}

/// Tells whoever ordered that the payment was under way and has failed.
#[must_use]
pub fn payment_failed(sender: &Sender, product: &str, plan: &str, page: &str) -> Letter {
    Letter {
        subject: format!("Your payment for {product} has failed"),
        heading: "Your payment has failed".to_owned(),
        paragraphs: vec![
            format!(
                "The bank has not made your payment for {product}, {plan}. The order is cancelled: nothing was charged, \
                 and nothing is owed."
            ),
            "If you still want it, order again and pay in another way.".to_owned(),
        ],
        button: Some(("Order again".to_owned(), page.to_owned())),
        reason: format!("You get this mail because you ordered from {}.", sender.name),
        ..Letter::default()
    }
}

/// Tells whoever ordered that what was agreed to does not hold any more.
#[must_use]
pub fn outdated(sender: &Sender, product: &str, plan: &str, page: &str) -> Letter {
    Letter {
        subject: format!("Your order of {product} was cancelled"),
        heading: "Your order was cancelled".to_owned(),
        paragraphs: vec![
            format!(
                "While you ordered {product}, {plan}, something about the license changed: what has been paid for it, or what \
                 it includes. So the order is cancelled: nothing was charged, and nothing is owed."
            ),
            "The license's page says how things are now. You can continue it from there.".to_owned(),
        ],
        button: Some(("Open the order".to_owned(), page.to_owned())),
        reason: format!("You get this mail because you ordered from {}.", sender.name),
        ..Letter::default()
    }
}

/// Tells whoever ordered that the transfer did not come.
#[must_use]
pub fn transfer_given_up(sender: &Sender, product: &str, plan: &str, page: &str) -> Letter {
    Letter {
        subject: format!("Your order of {product} was cancelled"),
        heading: "Your order was cancelled".to_owned(),
        paragraphs: vec![
            format!(
                "Your transfer for {product}, {plan}, has not arrived in full. The order is cancelled, its invoice is \
                 void, and the license that waited for it has ended."
            ),
            "Money that has arrived, or arrives later, is kept for you; we get in touch about it.".to_owned(),
        ],
        button: Some(("Order again".to_owned(), page.to_owned())),
        reason: format!("You get this mail because you ordered from {} by bank transfer.", sender.name),
        ..Letter::default()
    }
}

/// Tells that a change that was paid by transfer is made.
#[must_use]
pub fn change_made(sender: &Sender, plan: &str, seats: &str, license_id: Option<&LicenseId>) -> Letter {
    Letter {
        subject: format!("Your change to {plan} is made"),
        heading: "Your change is made".to_owned(),
        paragraphs: vec![format!(
            "It is paid, and the license is {plan} with {seats} from now on. Running instances hear of it at their next \
             check."
        )],
        button: Some(changed_page(sender, license_id)),
        reason: format!("You get this mail because you ordered a change from {} by bank transfer.", sender.name),
        ..Letter::default()
    }
}

/// Tells that a change was dropped, because its transfer did not come or its invoice was taken back.
#[must_use]
pub fn change_dropped(sender: &Sender, plan: &str, seats: &str, license_id: Option<&LicenseId>) -> Letter {
    Letter {
        subject: format!("Your change to {plan} was not made"),
        heading: "Your change was not made".to_owned(),
        paragraphs: vec![
            format!(
                "The change to {plan} with {seats} is dropped, and its invoice is void. Your license stays as it was, and \
                 nothing is owed for the change."
            ),
            "Money that has arrived for it, or arrives later, is kept for you.".to_owned(),
        ],
        button: Some(changed_page(sender, license_id)),
        reason: format!("You get this mail because you ordered a change from {} by bank transfer.", sender.name),
        ..Letter::default()
    }
}

/// Where the letters about a change lead: to the license, or, without one that its payer can open, to the invoices.
fn changed_page(sender: &Sender, license_id: Option<&LicenseId>) -> (String, String) {
    match license_id {
        Some(id) => ("Open the license".to_owned(), format!("{}/licenses/{id}", sender.origin)),
        None => ("Open your invoices".to_owned(), format!("{}/invoices", sender.origin)),
    }
}

fn facts(number: &str, transfer: &Transfer) -> Vec<(String, String)> {
    let mut facts = vec![("Invoice".to_owned(), number.to_owned())];
    if transfer.arrived_minor > 0 {
        facts.push(("Invoice total".to_owned(), money(transfer.total())));
        facts.push(("Arrived so far".to_owned(), money(transfer.arrived())));
    }
    facts.push(("Amount to transfer".to_owned(), money(transfer.missing())));
    facts.push(("To arrive by".to_owned(), documents::date(transfer.due_at.date())));
    facts.extend(words::account(&transfer.pays_to.0).into_iter().map(|(name, value)| (name.to_owned(), value)));
    facts.push((documents::PAYMENT_REFERENCE.to_owned(), number.to_owned()));
    facts
}

fn given_up(transfer: &Transfer) -> Vec<String> {
    transfer.void_at.map(|at| words::given_up_on(at.date(), transfer.pays_for)).into_iter().collect()
}

/// Asks for a transfer: with the invoice, as soon as it is there.
#[must_use]
pub fn transfer_asked(sender: &Sender, number: &str, transfer: &Transfer, page: &str) -> Letter {
    let until = match transfer.pays_for {
        PaysFor::Order => "The license is there already; its key works from the moment at which the money has arrived.",
        PaysFor::Change => {
            "Your license changes at the moment at which the money has arrived; until then it stays as it is."
        }
        PaysFor::Renewal => "Your license goes on as it is; please pay in time, so that it stays so.",
    };
    Letter {
        subject: format!("Invoice {number} from {}: please transfer {}", sender.name, money(transfer.missing())),
        heading: format!("Please transfer {}", money(transfer.missing())),
        paragraphs: vec![
            "Your invoice is in the portal, as PDF. Please transfer the amount to the account below. It is kept for you \
             alone, and the reference tells us what the money is for."
                .to_owned(),
            until.to_owned(),
        ],
        facts: facts(number, transfer),
        button: Some(("See what has arrived".to_owned(), page.to_owned())),
        notes: given_up(transfer),
        reason: "You get this mail because this address is set for your account's invoices.".to_owned(),
    }
}

/// Reminds of a transfer.
#[must_use]
pub fn transfer_reminder(sender: &Sender, stage: Reminder, number: &str, transfer: &Transfer, page: &str) -> Letter {
    let (missing, day) = (money(transfer.missing()), documents::date(transfer.due_at.date()));
    let (subject, sentence) = match stage {
        Reminder::Soon => (
            format!("Invoice {number} from {} is due on {day}", sender.name),
            format!("Invoice {number} is due on {day}, and {missing} of it has not arrived yet."),
        ),
        Reminder::Today => (
            format!("Invoice {number} from {} is due today", sender.name),
            format!("Invoice {number} is due today, and {missing} of it has not arrived yet."),
        ),
        Reminder::Late => (
            format!("Invoice {number} from {} is overdue", sender.name),
            format!("Invoice {number} was due on {day}, and {missing} of it is still missing."),
        ),
    };
    Letter {
        subject,
        heading: format!("{missing} is still to come"),
        paragraphs: vec![
            sentence,
            "If the money is on its way, there is nothing to do: transfers take a day or two.".to_owned(),
        ],
        facts: facts(number, transfer),
        button: Some(("See what has arrived".to_owned(), page.to_owned())),
        notes: given_up(transfer),
        reason: "You get this mail because this address is set for your account's invoices.".to_owned(),
    }
}
