//! Redeeming a voucher: what whoever has a code reads.

use super::{buying, documents};
use crate::catalog::{BillingInterval, LicenseType};
use crate::licenses::rules::by_hand::Term;

/// Title of the page.
pub const TITLE: &str = "Redeem a voucher";
/// Its lead.
pub const LEAD: &str = "A voucher is a license that somebody has paid for already. Enter its code to see what it is.";
/// The field.
pub const CODE_LABEL: &str = "Voucher code";
/// What helps.
pub const CODE_HINT: &str = "It begins with VC-. Case, blanks and dashes do not matter.";
/// Goes on to what it is.
pub const GO_ON: &str = "Go on";
/// What can be no code.
pub const MALFORMED: &str = "A code has 30 letters and digits after VC-. Compare it with what you were given.";
/// A code that names nothing.
pub const UNKNOWN: &str = "There is no such voucher. Compare the code with what you were given.";
/// A code that was used.
pub const REDEEMED: &str = "This voucher was redeemed before. Ask whoever gave it to you.";
/// A code that the same account has used.
pub const REDEEMED_BY_YOU: &str = "Your company has redeemed this voucher before.";
/// A code whose money went back.
pub const VOID: &str = "This voucher is not valid any more. Ask whoever gave it to you.";
/// For an account that closes.
pub const CLOSES: &str = "Your account closes, so nothing can be redeemed for it. An owner can keep the account.";
/// Another code.
pub const ANOTHER: &str = "Enter another code";
/// For those who are not signed in.
pub const WHO_TITLE: &str = "For which company is it?";
/// What follows.
pub const WHO_TEXT: &str = "Log in, or sign up and name your company. You come back here, and see what the voucher is before anything happens.";
/// For those without a company.
pub const COMPANY_TEXT: &str =
    "Name your company. You come back here, and see what the voucher is before anything happens.";
/// Leads to signing up.
pub const SIGN_UP: &str = "Sign up";
/// Leads to logging in.
pub const LOG_IN: &str = "Log in";
/// Leads to naming the company.
pub const COMPANY: &str = "Name your company";

/// Heading of a voucher that can be redeemed.
#[must_use]
pub fn offer_title(product: &str) -> String {
    format!("A license for {product}")
}

/// What redeeming does.
#[must_use]
pub fn offer_lead(company: &str) -> String {
    format!("Redeem the voucher, and the license belongs to {company}. Nothing is charged, now or later.")
}

/// Heading of the facts.
pub const OFFER: &str = "What you get";
/// Labels: product, plan, seats, for how long, paid by.
pub const LABELS: [&str; 5] = ["Product", "Plan", "Seats", "Runs", "Paid by"];

/// Seats.
#[must_use]
pub fn seats(license_type: LicenseType, seats: i64) -> String {
    buying::seats(license_type, seats)
}

/// For how long, if it is redeemed today.
#[must_use]
pub fn runs(interval: BillingInterval, term: Term) -> String {
    let last_day = super::vouchers::until(term.ends_at);
    match (interval, term.ends_at, term.updates_until) {
        (BillingInterval::Month, Some(_), _) => {
            format!("One month from today; its last day is {last_day}, and it does not renew")
        }
        (_, Some(_), _) => format!("One year from today; its last day is {last_day}, and it does not renew"),
        (_, None, Some(updates)) => {
            format!("For ever, with every release published until {}", documents::date(updates.date()))
        }
        (_, None, None) => "For ever".to_owned(),
    }
}

/// What becomes known to whoever paid.
pub const PRIVACY: &str =
    "Whoever paid for it sees that the voucher was redeemed; not by whom, unless it looks after your licenses already.";
/// The act.
pub const REDEEM: &str = "Redeem the voucher";

/// Where the role may not.
#[must_use]
pub fn not_yours(company: &str) -> String {
    format!("Owners and billing members of {company} can redeem vouchers. Give one of them the code.")
}

/// Title of the page of a redeemed voucher.
pub const DONE_TITLE: &str = "Your license is ready";

/// Its lead.
#[must_use]
pub fn done_lead(product: &str, plan: &str, shows_key: bool) -> String {
    let key = if shows_key { "Copy the key" } else { "The key is on the license's page" };
    format!("The voucher is redeemed: {product}, {plan}. {key}.")
}

/// Leads to the license.
pub const TO_LICENSE: &str = "Open the license";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::UnixMs;

    #[test]
    fn it_is_said_how_long_a_license_runs_and_that_it_does_not_renew() {
        let year = Term { ends_at: Some(UnixMs(1_798_761_600_000)), updates_until: None };
        let said = runs(BillingInterval::Year, year);
        assert!(said.contains("2026") && said.contains("does not renew"), "{said}");
        let for_ever = Term { ends_at: None, updates_until: Some(UnixMs(1_798_761_600_000)) };
        assert!(runs(BillingInterval::Once, for_ever).starts_with("For ever"));
    }
}
