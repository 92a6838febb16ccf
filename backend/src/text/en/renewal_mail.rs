//! Letters about renewals: payments that fail, cards and updates that end.

use super::{cards, licenses, moments, overview};
use crate::billing::cards::Card;
use crate::billing::dunning::Owed;
use crate::clock::UnixMs;
use crate::licenses::LicenseView;
use crate::mail::{Letter, Sender};

/// What a letter about a payment is about.
pub struct PaymentFacts<'a> {
    /// What it keeps running.
    pub view: &'a LicenseView,
    /// What is open, where it is known already.
    pub owed: Option<&'a Owed>,
    /// Who pays is the partner of who has the license: its page is not the reader's.
    pub pays_for_client: bool,
}

const PAY: &str = "Pay the invoice";

fn name_of(view: &LicenseView) -> String {
    overview::license_name(&view.license.name, &view.product_name, &view.plan_name)
}

/// What all letters about a payment have in common: the facts, the way to pay, and the way to another card.
fn about_payment(sender: &Sender, facts: &PaymentFacts<'_>, works_until: Option<UnixMs>) -> Letter {
    let license = format!("{}/licenses/{}", sender.origin, facts.view.license.id);
    let page = if facts.pays_for_client { format!("{}/invoices", sender.origin) } else { license.clone() };
    let mut rows = vec![("License".to_owned(), name_of(facts.view))];
    if let Some(owed) = facts.owed {
        rows.push(("Invoice".to_owned(), owed.number.clone()));
        rows.push(("Open".to_owned(), licenses::amount(owed.due())));
    }
    if let Some(until) = works_until {
        rows.push(("Works until".to_owned(), moments::day(until)));
    }
    let pay = facts.owed.and_then(|owed| owed.payment_url.clone()).unwrap_or_else(|| page.clone());
    Letter {
        facts: rows,
        button: Some((PAY.to_owned(), pay)),
        notes: vec![format!(
            "To pay this and all that follows with another card, log in and change it: {license}/card"
        )],
        reason: "You get this mail because this address is set for your account's invoices.".to_owned(),
        ..Letter::default()
    }
}

/// A renewal could not be charged.
#[must_use]
pub fn payment_failed(sender: &Sender, facts: &PaymentFacts<'_>, works_until: UnixMs) -> Letter {
    let until = moments::day(works_until);
    Letter {
        subject: format!("Your payment to {} did not go through", sender.name),
        heading: "A payment did not go through".to_owned(),
        paragraphs: vec![
            format!("The renewal of your license for {} could not be charged.", facts.view.product_name),
            format!(
                "Everything keeps working until {until}. Please pay the open invoice by then; the page takes any \
                 card, and needs no login. We try the card on file again as well."
            ),
        ],
        ..about_payment(sender, facts, Some(works_until))
    }
}

/// The bank wants the renewal confirmed.
#[must_use]
pub fn confirm_payment(sender: &Sender, facts: &PaymentFacts<'_>, works_until: UnixMs) -> Letter {
    let until = moments::day(works_until);
    Letter {
        subject: format!("Please confirm your payment to {}", sender.name),
        heading: "Your bank wants you to confirm a payment".to_owned(),
        paragraphs: vec![
            format!(
                "The renewal of your license for {} waits: your bank asks the holder of the card to confirm it.",
                facts.view.product_name
            ),
            format!("It takes a minute. Everything keeps working until {until}."),
        ],
        button: about_payment(sender, facts, None).button.map(|(_, page)| ("Confirm the payment".to_owned(), page)),
        ..about_payment(sender, facts, Some(works_until))
    }
}

/// A renewal that is paid by transfer has not arrived.
#[must_use]
pub fn transfer_missing(sender: &Sender, facts: &PaymentFacts<'_>, works_until: UnixMs) -> Letter {
    let until = moments::day(works_until);
    Letter {
        subject: format!("Your payment to {} has not arrived", sender.name),
        heading: "A payment has not arrived".to_owned(),
        paragraphs: vec![
            format!("The renewal of your license for {} is past its due date.", facts.view.product_name),
            format!("Everything keeps working until {until}. Please see that the transfer arrives by then."),
        ],
        button: about_payment(sender, facts, None).button.map(|(_, page)| ("See the invoice".to_owned(), page)),
        notes: Vec::new(),
        ..about_payment(sender, facts, Some(works_until))
    }
}

/// Half of the grace is over.
#[must_use]
pub fn still_unpaid(sender: &Sender, facts: &PaymentFacts<'_>, works_until: UnixMs) -> Letter {
    let until = moments::day(works_until);
    Letter {
        subject: format!("Reminder: a payment to {} is open", sender.name),
        heading: "A payment is still open".to_owned(),
        paragraphs: vec![format!(
            "The renewal of your license for {} is not paid yet. Everything keeps working until {until}; after that \
             day instances get no more leases.",
            facts.view.product_name
        )],
        ..about_payment(sender, facts, Some(works_until))
    }
}

/// Two days are left.
#[must_use]
pub fn about_to_stop(sender: &Sender, facts: &PaymentFacts<'_>, works_until: UnixMs) -> Letter {
    let moment = format!("{}, {}", moments::day(works_until), moments::time_of_day(works_until));
    let enforcement = licenses::enforcement(&facts.view.license.terms.enforcement);
    Letter {
        subject: format!("{} stops in two days unless it is paid", facts.view.product_name),
        heading: "Two days are left to pay".to_owned(),
        paragraphs: vec![format!(
            "The renewal of your license for {} is not paid. On {moment} it is suspended: instances get no more \
             leases, and without one the product {enforcement}.",
            facts.view.product_name
        )],
        ..about_payment(sender, facts, Some(works_until))
    }
}

/// The grace is over.
#[must_use]
pub fn suspended(sender: &Sender, facts: &PaymentFacts<'_>) -> Letter {
    let enforcement = licenses::enforcement(&facts.view.license.terms.enforcement);
    Letter {
        subject: format!("Your license for {} is suspended", facts.view.product_name),
        heading: "Your license is suspended".to_owned(),
        paragraphs: vec![
            format!(
                "The renewal of your license for {} was not paid. Instances get no more leases, and without one the \
                 product {enforcement}.",
                facts.view.product_name
            ),
            "As soon as the invoice is paid everything works again, with the same key and without a restart."
                .to_owned(),
        ],
        ..about_payment(sender, facts, None)
    }
}

/// It was paid in time.
#[must_use]
pub fn settled(sender: &Sender, facts: &PaymentFacts<'_>) -> Letter {
    Letter {
        subject: format!("Thank you, your payment to {} has arrived", sender.name),
        heading: "Everything is paid".to_owned(),
        paragraphs: vec![format!(
            "The renewal of your license for {} is paid. Nothing was interrupted, and there is nothing left to do.",
            facts.view.product_name
        )],
        ..good_news(sender, facts)
    }
}

/// It was paid, and works again.
#[must_use]
pub fn restored(sender: &Sender, facts: &PaymentFacts<'_>) -> Letter {
    Letter {
        subject: format!("Your license for {} works again", facts.view.product_name),
        heading: "Your license works again".to_owned(),
        paragraphs: vec![
            "The open invoice is paid, and the suspension is over. Instances get leases again at their next check, \
             without a restart."
                .to_owned(),
        ],
        ..good_news(sender, facts)
    }
}

fn good_news(sender: &Sender, facts: &PaymentFacts<'_>) -> Letter {
    Letter {
        facts: vec![("License".to_owned(), name_of(facts.view))],
        button: (!facts.pays_for_client)
            .then(|| ("Open the license".to_owned(), format!("{}/licenses/{}", sender.origin, facts.view.license.id))),
        notes: Vec::new(),
        ..about_payment(sender, facts, None)
    }
}

/// A card ends before it is charged again.
#[must_use]
pub fn card_ends(sender: &Sender, card: &Card, charged_at: UnixMs, page: &str) -> Letter {
    Letter {
        subject: format!("Your card with {} ends soon", sender.name),
        heading: "A card ends soon".to_owned(),
        paragraphs: vec![format!(
            "{} can be charged until the end of {}. If your bank has sent you a new card, tell us of it, so that the \
             next renewals go through. The next charge is on {}.",
            cards::name(card),
            cards::month(card),
            moments::day(charged_at)
        )],
        facts: vec![("Card".to_owned(), cards::name(card)), ("Ends".to_owned(), cards::month(card))],
        button: Some(("Change the card".to_owned(), page.to_owned())),
        notes: vec!["Some banks tell us of a new card by themselves; then there is nothing to do.".to_owned()],
        reason: "You get this mail because this address is set for your account's invoices.".to_owned(),
    }
}

/// Updates of a perpetual license end.
#[must_use]
pub fn updates_end(sender: &Sender, view: &LicenseView, until: UnixMs, page: &str) -> Letter {
    let day = moments::day(until);
    Letter {
        subject: format!("Updates of {} end on {day}", view.product_name),
        heading: format!("Updates end on {day}"),
        paragraphs: vec![
            format!(
                "Your license for {} is yours for ever, and every release published up to {day} may run for ever.",
                view.product_name
            ),
            "Later releases need another year of updates. A year counts from the old day, also when it is renewed \
             later, so there is nothing to lose by renewing now."
                .to_owned(),
        ],
        facts: vec![("License".to_owned(), name_of(view)), ("Updates until".to_owned(), day)],
        button: Some(("Renew updates".to_owned(), page.to_owned())),
        reason: format!("You get this mail because this address is set for invoices of {}.", sender.name),
        ..Letter::default()
    }
}
