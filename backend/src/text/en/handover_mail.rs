//! Letters about licenses that go over to another account.

use super::{documents, licenses};
use crate::handovers::Handover;
use crate::licenses::LicenseView;
use crate::mail::{Letter, Sender};

/// Offers a license to whoever has the address.
#[must_use]
pub fn offered(sender: &Sender, giver: &str, view: &LicenseView, handover: &Handover, page: &str) -> Letter {
    Letter {
        subject: format!("{giver} wants to hand a license of {} over to you", view.product_name),
        heading: "A license is offered to you".to_owned(),
        paragraphs: vec![
            format!(
                "{giver} wants to hand a license of {} over to your account with {}. There is nothing to pay.",
                view.product_name, sender.name
            ),
            "To take it, log in with this address, or sign up with it and confirm it. If you do not want it, decline it \
             there or do nothing."
                .to_owned(),
        ],
        facts: facts(view, handover),
        button: Some(("Look at the offer".to_owned(), page.to_owned())),
        reason: "You get this mail because the license was offered to this address.".to_owned(),
        ..Letter::default()
    }
}

/// Asks the owners of a license for their consent.
#[must_use]
pub fn consent_asked(sender: &Sender, view: &LicenseView, handover: &Handover, page: &str) -> Letter {
    Letter {
        subject: format!("Shall your license of {} go over to another account?", view.product_name),
        heading: "May your license go over to another account?".to_owned(),
        paragraphs: vec![format!(
            "{} was asked to hand your license over to the account of {}. Nothing happens unless you agree.",
            sender.name, handover.to_email
        )],
        facts: facts(view, handover),
        button: Some(("Agree or decline".to_owned(), page.to_owned())),
        reason: owner(sender),
        ..Letter::default()
    }
}

/// Tells the giver that the license is gone.
#[must_use]
pub fn handed_over(sender: &Sender, view: &LicenseView) -> Letter {
    Letter {
        subject: format!("Your license of {} was handed over", view.product_name),
        heading: "The license was handed over".to_owned(),
        paragraphs: vec![
            format!(
                "Both sides have agreed, and the license of {} belongs to the other account now. Its old key is \
                 refused, and your instances stop at the end of their leases.",
                view.product_name
            ),
            "Your invoices stay with you.".to_owned(),
        ],
        facts: vec![("License".to_owned(), name(view)), ("Old key".to_owned(), view.license.key_hint.clone())],
        button: Some(("Open your licenses".to_owned(), format!("{}/licenses", sender.origin))),
        notes: vec!["If nobody of yours agreed to this, answer this mail at once.".to_owned()],
        reason: owner(sender),
    }
}

/// Tells the receiver that the license is there. Its key is not in the mail.
#[must_use]
pub fn taken_over(sender: &Sender, view: &LicenseView, page: &str) -> Letter {
    Letter {
        subject: format!("The license of {} is yours", view.product_name),
        heading: "The license is in your account".to_owned(),
        paragraphs: vec![
            "It has a new key, which is on its page: log in and press “Reveal”.".to_owned(),
            "Seats that the former owner still holds become free when their last leases end.".to_owned(),
        ],
        facts: vec![("License".to_owned(), format!("{}, {}", view.product_name, view.plan_name))],
        button: Some(("Open the license".to_owned(), page.to_owned())),
        reason: owner(sender),
        ..Letter::default()
    }
}

/// Tells the receiver that the offer is over.
#[must_use]
pub fn offer_ended(sender: &Sender, view: &LicenseView) -> Letter {
    Letter {
        subject: format!("The offer of a license of {} was withdrawn", view.product_name),
        heading: "The offer was withdrawn".to_owned(),
        paragraphs: vec![format!(
            "The license of {} from {} that was offered to this address stays with its owner. There is nothing to do.",
            view.product_name, sender.name
        )],
        reason: "You get this mail because the license was offered to this address.".to_owned(),
        ..Letter::default()
    }
}

/// Tells the owners of a license that it stays with them.
#[must_use]
pub fn stays(sender: &Sender, view: &LicenseView, page: &str) -> Letter {
    Letter {
        subject: format!("Your license of {} stays with you", view.product_name),
        heading: "The license stays with you".to_owned(),
        paragraphs: vec![
            "It will not be handed over: the offer was declined or withdrawn. Key and instances go on as before."
                .to_owned(),
        ],
        facts: vec![("License".to_owned(), name(view))],
        button: Some(("Open the license".to_owned(), page.to_owned())),
        reason: owner(sender),
        ..Letter::default()
    }
}

fn facts(view: &LicenseView, handover: &Handover) -> Vec<(String, String)> {
    let mut facts = vec![
        ("Product".to_owned(), format!("{}, {}", view.product_name, view.plan_name)),
        ("Seats".to_owned(), licenses::number(view.license.seats)),
    ];
    if let Some(until) = view.license.updates_until {
        facts.push(("Updates until".to_owned(), documents::date(until.date())));
    }
    if let Some(end) = view.license.ends_at {
        facts.push(("Last day".to_owned(), documents::date(end.plus(-1).date())));
    }
    facts.push(("Decide by".to_owned(), documents::date(handover.expires_at.date())));
    facts
}

fn name(view: &LicenseView) -> String {
    super::overview::license_name(&view.license.name, &view.product_name, &view.plan_name)
}

fn owner(sender: &Sender) -> String {
    format!("You get this mail because you own the account with {} that the license belongs to.", sender.name)
}
