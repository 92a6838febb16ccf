//! The letter about a payout of commissions.

use super::{documents, licenses};
use crate::commissions::Payout;
use crate::mail::{Letter, Sender};

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
