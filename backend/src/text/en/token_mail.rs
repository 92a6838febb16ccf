//! Letters about API tokens. A token itself is never in one.

use super::{moments, tokens};
use crate::clock::UnixMs;
use crate::mail::{Letter, Sender};
use crate::tokens::{ApiToken, Holder};

/// Tells of a token that was made.
#[must_use]
pub fn token_created(sender: &Sender, token: &ApiToken, maker: Option<&str>, at: UnixMs, page: &str) -> Letter {
    let maker = maker.unwrap_or("The operator of the server");
    let for_whom = for_whom(sender, token);
    let scopes = token.scopes.0.iter().map(|scope| tokens::scope(*scope)).collect::<Vec<_>>().join(" · ");
    Letter {
        subject: format!("A new API token: {}", token.name),
        heading: "A new API token was made".to_owned(),
        paragraphs: vec![format!(
            "{maker} made the token “{}” on {}. A program that has it can use the management API for {for_whom}.",
            token.name,
            moment(at)
        )],
        facts: vec![
            ("Begins with".to_owned(), token.hint.clone()),
            ("May".to_owned(), scopes),
            ("Ends".to_owned(), moments::day(token.expires_at)),
        ],
        button: Some(("See all tokens".to_owned(), page.to_owned())),
        notes: vec![
            "If nobody of yours did this, revoke the token at once: it is worth nothing from then on.".to_owned(),
        ],
        reason: reason(sender, token),
    }
}

/// Tells of a token that ends soon.
#[must_use]
pub fn token_ends(sender: &Sender, token: &ApiToken, page: &str) -> Letter {
    let used = match token.last_used_at {
        Some(at) => format!("It was last used on {}.", moment(at)),
        None => "It was never used.".to_owned(),
    };
    Letter {
        subject: format!("The API token {} ends on {}", token.name, moments::day(token.expires_at)),
        heading: "An API token ends soon".to_owned(),
        paragraphs: vec![
            format!("The token “{}” is good until {}. {used}", token.name, moment(token.expires_at)),
            "A token cannot be prolonged. Make a new one, give it to the program, and revoke the old one when the \
             program uses the new one. If no program needs it, there is nothing to do."
                .to_owned(),
        ],
        facts: vec![("Begins with".to_owned(), token.hint.clone())],
        button: Some(("Make a new token".to_owned(), page.to_owned())),
        notes: Vec::new(),
        reason: reason(sender, token),
    }
}

fn for_whom(sender: &Sender, token: &ApiToken) -> String {
    match token.holder() {
        Holder::Account(_) => "your company".to_owned(),
        Holder::Vendor => sender.name.clone(),
    }
}

fn reason(sender: &Sender, token: &ApiToken) -> String {
    match token.holder() {
        Holder::Account(_) => {
            format!("You get this mail because you own the account with {} that the token belongs to.", sender.name)
        }
        Holder::Vendor => format!("You get this mail because you look after the API tokens of {}.", sender.name),
    }
}

/// `21 November 2026, 11:00 UTC`.
fn moment(at: UnixMs) -> String {
    format!("{}, {}", moments::day(at), moments::time_of_day(at))
}
