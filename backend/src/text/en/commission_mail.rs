//! The letters about payouts of commissions.

use super::{documents, licenses};
use crate::commissions::Payout;
use crate::mail::{Letter, Sender};
use crate::money::Money;

/// Tells a partner that its money is on its way.
#[must_use]
pub fn paid_out(sender: &Sender, payout: &Payout, page: &str) -> Letter {
    let amount = licenses::amount(payout.amount());
    Letter {
        subject: format!("{amount} of commission is on its way"),
        heading: "Your commission is on its way".to_owned(),
        paragraphs: vec![format!(
            "{} has paid out {amount} of what you have earned as a partner. It stands in this month's statement.",
            sender.name
        )],
        facts: vec![
            ("Amount".to_owned(), amount),
            ("Sent on".to_owned(), documents::date(payout.paid_at.date())),
            ("Reference".to_owned(), payout.reference.clone()),
        ],
        button: Some(("Open the statement".to_owned(), page.to_owned())),
        notes: vec!["If it has not arrived within a few days, answer this mail.".to_owned()],
        reason: format!("You get this mail because this address is set for invoices of {}.", sender.name),
    }
}

/// Tells a partner that a payout was noted wrongly and is owed again.
#[must_use]
pub fn payout_reversed(sender: &Sender, reversal: &Payout, page: &str) -> Letter {
    let amount = licenses::amount(Money::new(-reversal.amount_minor, reversal.currency));
    Letter {
        subject: format!("A payout of {amount} is taken back"),
        heading: "A payout is taken back".to_owned(),
        paragraphs: vec![format!(
            "{} had noted a payout of {amount} that was not made so. It is owed to you again. Both stand in your statements.",
            sender.name
        )],
        facts: vec![
            ("Amount".to_owned(), amount),
            ("Reference".to_owned(), reversal.reference.clone()),
            ("Reason".to_owned(), reversal.reason.clone()),
        ],
        button: Some(("Open the statement".to_owned(), page.to_owned())),
        notes: vec!["If the money did arrive, answer this mail.".to_owned()],
        reason: format!("You get this mail because this address is set for invoices of {}.", sender.name),
    }
}
