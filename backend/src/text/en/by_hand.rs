//! Licenses that staff issue and extend: the letters to their owners, and the words of the console.

use jiff::civil::Date;

use super::{documents, licenses, overview};
use crate::catalog::PlanKind;
use crate::licenses::rules::by_hand::{Fault, MOST_YEARS, NotExtendable};
use crate::licenses::{License, LicenseView};
use crate::mail::{Letter, Sender};

/// Tells an owner of a license that was issued without an order. Its key is not in the mail.
#[must_use]
pub fn issued(sender: &Sender, view: &LicenseView, page: &str) -> Letter {
    let license = &view.license;
    let mut facts = vec![
        ("Product".to_owned(), format!("{}, {}", view.product_name, view.plan_name)),
        ("Seats".to_owned(), licenses::number(license.seats)),
    ];
    if let Some(end) = license.ends_at {
        facts.push(("Last day".to_owned(), documents::date(end.plus(-1).date())));
    }
    if let Some(until) = license.updates_until {
        facts.push(("Updates until".to_owned(), documents::date(until.date())));
    }
    Letter {
        subject: format!("A license of {} for you", view.product_name),
        heading: "There is a new license in your account".to_owned(),
        paragraphs: vec![format!(
            "{} has issued a license to your account. There is nothing to pay. Its key is on its page: log in and press \
             “Reveal”.",
            sender.name
        )],
        facts,
        button: Some(("Open the license".to_owned(), page.to_owned())),
        reason: reason(sender),
        ..Letter::default()
    }
}

/// Tells an owner that the last day of a license, or of its updates, lies further away.
#[must_use]
pub fn extended(sender: &Sender, view: &LicenseView, last: Date, page: &str) -> Letter {
    let name = overview::license_name(&view.license.name, &view.product_name, &view.plan_name);
    let day = documents::date(last);
    let (subject, sentence) = match view.license.kind {
        PlanKind::Subscription => (
            format!("Your license of {} goes on until {day}", view.product_name),
            format!("{name} goes on until {day}, that day included."),
        ),
        PlanKind::Perpetual => (
            format!("Updates of {} until {day}", view.product_name),
            format!("{name} covers every version that is released until {day}."),
        ),
    };
    Letter {
        subject,
        heading: "Your license was extended".to_owned(),
        paragraphs: vec![format!("{sentence} There is nothing to pay, and nothing to do: the key stays.")],
        button: Some(("Open the license".to_owned(), page.to_owned())),
        reason: reason(sender),
        ..Letter::default()
    }
}

fn reason(sender: &Sender) -> String {
    format!("You get this mail because you own the account with {} that the license belongs to.", sender.name)
}

// ── Issuing, in the console ─────────────────────────────────────────────────────────────────────────

/// Title of the page.
pub const ISSUE_TITLE: &str = "Issue a license";
/// Lead of the page.
pub const ISSUE_LEAD: &str =
    "Without an order and without payment. The owners of the account are told by mail; the key is on their page.";
/// Link to the page.
pub const ISSUE: &str = "Issue a license";
/// Does it.
pub const ISSUE_SUBMIT: &str = "Issue the license";
/// Leads to another choice of customer.
pub const OTHER_CUSTOMER: &str = "Choose another customer";
/// Heading over the customers to choose from.
pub const CHOOSE_CUSTOMER: &str = "For whom?";
/// Where none is found.
pub const NO_CUSTOMER_FOUND: &str =
    "No customer is found by that. Try the beginning of the company or of an e-mail address.";
/// Accessible name and label of the way to look for customers.
pub const FIND_CUSTOMER: &str = "Company or e-mail address";
/// Looks for customers.
pub const FIND_SUBMIT: &str = "Find customers";
/// Chooses a customer.
pub const CHOOSE: &str = "Choose";
/// Label.
pub const PLAN: &str = "Plan";
/// First choice of the plans.
pub const CHOOSE_PLAN: &str = "Choose a plan";
/// Label.
pub const SEATS: &str = "Seats";
/// Label.
pub const LAST_DAY: &str = "Last day";
/// Beside it.
pub const LAST_DAY_HINT: &str =
    "Of the license itself where the plan is rented; of its updates where it is perpetual. In UTC.";
/// Label.
pub const REASON: &str = "Reason";
/// Beside it.
pub const REASON_HINT: &str = "For your colleagues and the audit; the customer does not see it.";

/// A plan to choose.
#[must_use]
pub fn plan(product: &str, plan: &str, kind: PlanKind, published: bool) -> String {
    let kind = match kind {
        PlanKind::Subscription => "until a day",
        PlanKind::Perpetual => "perpetual",
    };
    let sold = if published { "" } else { ", not for sale" };
    format!("{product}, {plan} ({kind}{sold})")
}

/// That a license was issued by hand, and why; `None` where an order made it.
#[must_use]
pub fn issued_because(license: &License) -> Option<String> {
    license.issued_reason.as_ref().map(|reason| format!("By hand: {reason}"))
}

/// Label of that.
pub const ISSUED: &str = "Issued";

// ── Extending, in the console ───────────────────────────────────────────────────────────────────────

/// Heading.
pub const EXTEND_TITLE: &str = "Extend";
/// Does it.
pub const EXTEND_SUBMIT: &str = "Extend";

/// What can be extended, and to when it goes now.
#[must_use]
pub fn extend_lead(kind: PlanKind, last: Date) -> String {
    let day = documents::date(last);
    match kind {
        PlanKind::Subscription => format!("Its last day is {day}. Its owners are told by mail."),
        PlanKind::Perpetual => format!("Its updates go to {day}. Its owners are told by mail."),
    }
}

/// Why there is nothing to extend.
#[must_use]
pub fn not_extendable(why: NotExtendable) -> &'static str {
    match why {
        NotExtendable::FollowsSubscription => {
            "Its end follows what its subscription has paid, so it is not extended by hand. To give more time, credit an \
             invoice or issue another license."
        }
        NotExtendable::Revoked => "A revoked license is not extended.",
        NotExtendable::NotPaid => "It waits for its payment; its time begins with that.",
        NotExtendable::NeverPaid => {
            "It was never paid and has ended with its order. Issue a new license, or let the customer order again."
        }
        NotExtendable::NoEnd => "It has no end, so there is nothing to extend.",
    }
}

/// The field that a fault is about.
#[must_use]
pub fn field_of(fault: Fault) -> &'static str {
    match fault {
        Fault::NoCustomer => "",
        Fault::NoPlan => "plan_id",
        Fault::Seats { .. } => "seats",
        Fault::NoDay | Fault::NotLater { .. } | Fault::TooFar => "until",
        Fault::NoReason => "reason",
    }
}

/// What is wrong.
#[must_use]
pub fn fault(fault: Fault) -> String {
    match fault {
        Fault::NoCustomer => "Choose a customer first.".to_owned(),
        Fault::NoPlan => "Choose a plan.".to_owned(),
        Fault::Seats { min, max } if min == max => format!("The plan has {}.", licenses::number(min)),
        Fault::Seats { min, max } => {
            format!("The plan has between {} and {} seats.", licenses::number(min), licenses::number(max))
        }
        Fault::NoDay => "Choose the last day.".to_owned(),
        Fault::NotLater { after } => format!("The last day must lie after {}.", documents::date(after)),
        Fault::TooFar => format!("The last day can lie {MOST_YEARS} years ahead at most."),
        Fault::NoReason => "Say why, in a few words.".to_owned(),
    }
}
