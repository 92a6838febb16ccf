//! Letters about license keys. A key itself is never in one.

use super::{moments, overview};
use crate::clock::UnixMs;
use crate::licenses::LicenseView;
use crate::mail::{Letter, Sender};

/// Tells an owner that a license has a new key.
#[must_use]
pub fn key_replaced(
    sender: &Sender,
    view: &LicenseView,
    at: UnixMs,
    old_works_until: UnixMs,
    license_page: &str,
) -> Letter {
    let name = name_of(view);
    let old = if old_works_until <= at {
        "The old key is refused from now on.".to_owned()
    } else {
        format!("The old key goes on working until {} and is refused afterwards.", moment(old_works_until))
    };
    Letter {
        subject: format!("A license key of {} was replaced", view.product_name),
        heading: "A license key was replaced".to_owned(),
        paragraphs: vec![
            format!("{name} has a new license key since {}. {old}", moment(at)),
            "Instances that run now are not touched. Put the new key into the configuration of those that will be \
             started later."
                .to_owned(),
        ],
        facts: vec![("License".to_owned(), name), ("Old key".to_owned(), view.license.key_hint.clone())],
        button: Some(("Show the new key".to_owned(), license_page.to_owned())),
        notes: vec!["If nobody of yours did this, set a new password at once and replace the key again.".to_owned()],
        reason: format!(
            "You get this mail because you own the account with {} that the license belongs to.",
            sender.name
        ),
    }
}

/// Leads somebody who lost license keys to the pages that show them.
#[must_use]
pub fn key_recovery(sender: &Sender, licenses: &[LicenseView]) -> Letter {
    let page = |view: &LicenseView| format!("{}/licenses/{}", sender.origin, view.license.id);
    let fact = |view: &LicenseView| (name_of(view), format!("{} · {}", view.license.key_hint, page(view)));
    Letter {
        subject: format!("Your license keys of {}", sender.name),
        heading: "Your license keys".to_owned(),
        paragraphs: vec![
            "Somebody, probably you, asked where your license keys are. For safety they are not in this mail: log in \
             and press “Reveal” on the page of the license."
                .to_owned(),
        ],
        facts: licenses.iter().map(fact).collect(),
        button: Some(("Show my licenses".to_owned(), format!("{}/licenses", sender.origin))),
        notes: vec![
            "A key that somebody else may have seen can be replaced on the same page; running instances go on."
                .to_owned(),
        ],
        reason: "You get this mail because lost keys were asked for with this address. If that was not you, do \
                 nothing: nobody was shown a key."
            .to_owned(),
    }
}

/// `21 November 2026, 11:00 UTC`.
fn moment(at: UnixMs) -> String {
    format!("{}, {}", moments::day(at), moments::time_of_day(at))
}

fn name_of(view: &LicenseView) -> String {
    overview::license_name(&view.license.name, &view.product_name, &view.plan_name)
}
