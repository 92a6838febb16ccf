//! The portal's frame: navigation, notices, errors.

use crate::accounts::Role;

/// Who a page is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Anyone.
    Visitor,
    /// A member of a customer's account.
    Customer,
    /// The vendor's staff.
    Staff,
}

/// Accessible name of the main navigation.
pub const MAIN_NAVIGATION: &str = "Main";
/// Accessible name of the footer's links.
pub const FOOT_NAVIGATION: &str = "About";
/// First link of every page.
pub const SKIP_TO_CONTENT: &str = "Skip to content";
/// Entrance.
pub const LOG_IN: &str = "Log in";
/// Way out.
pub const SIGN_OUT: &str = "Log out";
/// Puts a notice away.
pub const DISMISS: &str = "Dismiss";

/// Title of the page for an address that nothing answers.
pub const NOT_FOUND_TITLE: &str = "There is nothing here";
/// What it says.
pub const NOT_FOUND_LEAD: &str =
    "The address may be mistyped, or what was here is gone, or it belongs to another account.";
/// Title of the page for a failure.
pub const FAILED_TITLE: &str = "Something went wrong on our side";

/// What the page for a failure says.
#[must_use]
pub fn failed_lead(request_id: &str) -> String {
    format!("Nothing was changed. Try again; if it stays, write to us and name the request {request_id}.")
}

/// The main navigation: label and address.
#[must_use]
pub fn navigation(audience: Audience) -> &'static [(&'static str, &'static str)] {
    match audience {
        Audience::Visitor => &[("Prices", "/")],
        Audience::Customer => {
            &[("Overview", "/overview"), ("Licenses", "/licenses"), ("Invoices", "/invoices"), ("Account", "/account")]
        }
        Audience::Staff => &[("Console", "/staff")],
    }
}

/// Who is signed in, for which account.
#[must_use]
pub fn member(company: &str, role: Role) -> String {
    format!("{company} · {}", role_name(role))
}

/// A role's name.
#[must_use]
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::Owner => "Owner",
        Role::Billing => "Billing",
        Role::Technical => "Technical",
        Role::Viewer => "Viewer",
    }
}

/// Who runs the portal.
#[must_use]
pub fn foot_note(legal_name: &str, support_email: &str) -> String {
    match (legal_name.is_empty(), support_email.is_empty()) {
        (false, false) => format!("{legal_name} · {support_email}"),
        (false, true) => legal_name.to_owned(),
        (true, _) => support_email.to_owned(),
    }
}

/// What an act did, by its code.
#[must_use]
pub fn done(code: &str) -> Option<&'static str> {
    Some(match code {
        "signed_out" => "You are logged out.",
        _ => return None,
    })
}
