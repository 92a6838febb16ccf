//! Letters about accounts that close and people who delete themselves.

use super::moments;
use crate::clock::UnixMs;
use crate::mail::{Letter, Sender};

/// Tells a member that an owner has asked to close the account; `of_partner` are the sentences of
/// [`super::deletion::of_partner`], and `page` is where an owner takes it back.
#[must_use]
pub fn asked(sender: &Sender, company: &str, closes_at: UnixMs, of_partner: &[String], page: Option<String>) -> Letter {
    let day = moments::day(closes_at);
    let paragraphs = [
        "An owner has asked for it. Until then everything works, but nothing renews and nothing new can be bought.",
        "Then all licenses are revoked, subscriptions end without anything being paid back, and what is kept about the \
         company is erased. Invoices stay with the vendor, because the law says so.",
    ];
    Letter {
        subject: format!("Your account closes on {day}"),
        heading: format!("The account of {company} closes on {day}"),
        paragraphs: paragraphs.map(str::to_owned).into_iter().chain(of_partner.iter().cloned()).collect(),
        button: page.map(|page| ("Keep the account".to_owned(), page)),
        notes: vec![
            "Download your data before that day; an owner can download everything about the company.".to_owned(),
        ],
        reason: member(sender, company),
        ..Letter::default()
    }
}

/// Tells a member that the account stays.
#[must_use]
pub fn kept(sender: &Sender, company: &str) -> Letter {
    Letter {
        subject: "Your account stays open".to_owned(),
        heading: format!("The account of {company} stays open"),
        paragraphs: vec![
            "An owner has taken back that it closes. Subscriptions that were cancelled by that stay cancelled, and so do \
             renewals of updates; an owner can take that back on the page of each license."
                .to_owned(),
        ],
        button: Some(("See your licenses".to_owned(), format!("{}/licenses", sender.origin))),
        reason: member(sender, company),
        ..Letter::default()
    }
}

/// Tells whoever belonged to it that the account is closed.
#[must_use]
pub fn closed(sender: &Sender, company: &str) -> Letter {
    Letter {
        subject: "Your account is closed".to_owned(),
        heading: format!("The account of {company} is closed"),
        paragraphs: vec![
            "Its licenses are revoked, nothing will be charged any more, and what was kept about the company is erased. \
             Invoices stay with the vendor, because the law says so."
                .to_owned(),
            "Your own sign-in is still there. You can delete it on the page of your account.".to_owned(),
        ],
        reason: member(sender, company),
        ..Letter::default()
    }
}

/// The last letter to a person.
#[must_use]
pub fn farewell(sender: &Sender) -> Letter {
    Letter {
        subject: "Your sign-in is deleted".to_owned(),
        heading: "Your sign-in is deleted".to_owned(),
        paragraphs: vec![
            "You are logged out everywhere and belong to no company any more. Your name, address and everything that you \
             logged in with are erased. This is our last mail to you."
                .to_owned(),
        ],
        notes: vec![
            "If that was not you, somebody else has had your password: change it wherever else you use it, and write to us."
                .to_owned(),
        ],
        reason: format!("You get this mail because this address was used to log in with {}.", sender.name),
        ..Letter::default()
    }
}

fn member(sender: &Sender, company: &str) -> String {
    format!("You get this mail because you belong to the account of {company} with {}.", sender.name)
}
