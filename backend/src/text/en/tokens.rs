//! API tokens in the portal: an account's and the vendor's.

use super::moments;
use crate::clock::UnixMs;
use crate::tokens::rules::{MAX_DAYS, MAX_LIVE, NAME_MAX_CHARS, TokenFault};
use crate::tokens::{ApiToken, Scope};

/// Title.
pub const TITLE: &str = "API tokens";
/// Lead of an account's page.
pub const ACCOUNT_LEAD: &str = "A token lets a program use the management API for your company: a script, a dashboard, an inventory. It \
     belongs to the company, so it goes on working when whoever made it leaves.";
/// Lead of the vendor's page.
pub const VENDOR_LEAD: &str = "A token lets a program use the management API for us: a build pipeline that publishes releases, a report over \
     all customers. It belongs to the vendor, so it goes on working when whoever made it leaves.";
/// Lead for members whose role does not include tokens.
pub const NOT_YOURS: &str =
    "API tokens are made by the owners of the account. Ask one of them for a token for your program.";
/// The same for staff.
pub const NOT_YOURS_OF_STAFF: &str = "API tokens are made by admins. Ask one of them for a token for your program.";
/// The way from the account's page.
pub const TO_TOKENS: &str = "Manage API tokens";
/// What stands before that way.
pub const CARD_LEAD: &str =
    "Let a script, a dashboard or an inventory see and manage licenses through the management API.";
/// The way to the documentation.
pub const TO_DOCS: &str = "What the API offers";

/// Caption of the list.
pub const CAPTION: &str = "API tokens";
/// Columns.
pub const COLUMNS: [&str; 5] = ["Token", "May", "Made by", "Last used", "Ends"];
/// Label of the column of acts.
pub const ACT: &str = "Act";
/// Where there is none.
pub const NONE: &str = "There is no token yet. Make one below for each program, so that each can be revoked alone.";

/// Heading of the form.
pub const NEW_TITLE: &str = "Make a token";
/// Above the form.
pub const NEW_LEAD: &str = "Give it only what the program needs, and a name by which you will know it in a year.";
/// Question of the form.
pub const NAME: &str = "What is it for?";
/// What helps to answer.
pub const NAME_HINT: &str = "For example: Grafana, or inventory of plant 7.";
/// Question of the form.
pub const DAYS: &str = "For how many days is it good?";
/// Question of the form.
pub const SCOPES: &str = "What may it do?";
/// The button.
pub const NEW_SUBMIT: &str = "Make the token";

/// Heading of the card with the new token.
pub const SHOWN_TITLE: &str = "Your new token";
/// Label of the field with the new token.
pub const SHOWN_LABEL: &str = "New API token";
/// Below it.
pub const SHOWN_HINT: &str = "Copy it now: it is shown this once, and nobody can show it again. Keep it where your programs keep secrets, \
     never in a repository.";
/// The copy button: act, done, refused.
pub const COPY: [&str; 3] = ["Copy token", "Copied", "Select the token and press Ctrl+C"];
/// Where a token was made and its moment has passed.
pub const SHOWN_LOST: &str = "The new token is not shown any more. If you did not copy it, revoke it and make another.";

/// Opens the question.
pub const REVOKE: &str = "Revoke…";
/// What follows from it.
pub const REVOKE_TEXT: &str =
    "Every call with it is refused from then on. This cannot be undone; make a new token where one is needed.";
/// Does it.
pub const REVOKE_SUBMIT: &str = "Revoke the token";
/// Does not do it.
pub const REVOKE_CLOSE: &str = "Keep the token";

/// Beside the name of somebody who belongs to the company no more.
pub const HAS_LEFT: &str = "has left";
/// Who made a token at the command line.
pub const OPERATOR: &str = "The operator";
/// Where a token was never used.
pub const NEVER_USED: &str = "Never";
/// A token that was revoked.
pub const REVOKED: &str = "Revoked";
/// A token whose time is over.
pub const ENDED: &str = "Ended";

/// The address of whoever makes one is not confirmed.
pub const UNPROVEN: &str =
    "Confirm your e-mail address first, with the link that we have mailed to you. Then make the token.";

/// Too many tokens.
#[must_use]
pub fn too_many() -> String {
    format!("There are {MAX_LIVE} live tokens already. Revoke one that no program needs any more.")
}

/// Notice of tokens whose makers have left.
#[must_use]
pub fn orphans_title(count: usize) -> String {
    match count {
        1 => "One token was made by somebody who has left.".to_owned(),
        count => format!("{count} tokens were made by people who have left."),
    }
}

/// What to do about them.
pub const ORPHANS_TEXT: &str = "They go on working, and whoever made them may still have a copy. Make new ones for the programs that \
     need them, then revoke these.";

/// The question.
#[must_use]
pub fn revoke_title(name: &str) -> String {
    format!("Revoke “{name}”?")
}

/// Below the days.
#[must_use]
pub fn days_hint() -> String {
    format!("1 to {MAX_DAYS}. A week before the end, owners are told by mail.")
}

/// The same for the vendor's tokens.
#[must_use]
pub fn vendor_days_hint() -> String {
    format!("1 to {MAX_DAYS}. A week before the end, admins are told by mail.")
}

/// What a scope lets a program do.
#[must_use]
pub fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::LicensesRead => "See licenses",
        Scope::LicensesWrite => "Name licenses",
        Scope::InstancesRead => "See instances",
        Scope::InstancesWrite => "Free seats, block and unblock instances",
        Scope::EventsRead => "See what happened to licenses, instances, orders and invoices",
        Scope::InvoicesRead => "See invoices, download them",
        Scope::UsageRead => "See use against limits",
        Scope::OrdersRead => "See orders, and a partner's clients",
        Scope::OrdersWrite => "Order for a partner's clients, give orders up",
        Scope::CatalogRead => "See products and releases",
        Scope::ReleasesWrite => "Publish releases",
    }
}

/// The scope's word, for those who know the documentation, and what it never includes.
#[must_use]
pub fn scope_hint(scope: Scope) -> String {
    let more = match scope {
        Scope::LicensesRead => "; never license keys",
        Scope::LicensesWrite => "; never buys or cancels anything",
        Scope::OrdersWrite => "; what it orders is binding and has to be paid",
        _ => "",
    };
    format!("{}{more}", scope.as_str())
}

/// What is wrong with a form; `None` for what no form of ours sends.
#[must_use]
pub fn fault(fault: TokenFault) -> Option<String> {
    Some(match fault {
        TokenFault::NameMissing => "Say what the token is for.".to_owned(),
        TokenFault::NameTooLong => format!("Use {NAME_MAX_CHARS} characters at most."),
        TokenFault::NoScope => "Tick at least one thing that the token may do.".to_owned(),
        TokenFault::DaysOutOfRange => format!("Enter a whole number from 1 to {MAX_DAYS}."),
        TokenFault::ForeignScope => return None,
    })
}

/// When it ends, or that it has.
#[must_use]
pub fn ends(token: &ApiToken, now: UnixMs) -> String {
    match token.revoked_at {
        Some(at) => moments::moment(at, now),
        None => moments::day(token.expires_at),
    }
}

/// When and from where it was last used.
#[must_use]
pub fn used(at: UnixMs, address: &str, now: UnixMs) -> String {
    format!("{} from {address}", moments::ago(at, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_that_a_person_can_cause_has_a_sentence() {
        for fault in [TokenFault::NameMissing, TokenFault::NameTooLong, TokenFault::NoScope, TokenFault::DaysOutOfRange]
        {
            assert!(super::fault(fault).is_some_and(|sentence| sentence.ends_with('.')), "{fault:?}");
        }
        assert_eq!(fault(TokenFault::ForeignScope), None);
    }
}
