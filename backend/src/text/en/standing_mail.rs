//! Letters about what the vendor decides about a license. Why is not in them: that is noted for colleagues.

use super::{licenses, moments, overview};
use crate::clock::UnixMs;
use crate::licenses::{EndOfLeases, LicenseView, VendorStanding};
use crate::mail::{Letter, Sender};

/// Tells an owner that a license was suspended, revoked, or reinstated.
#[must_use]
pub fn decided(
    sender: &Sender,
    view: &LicenseView,
    standing: VendorStanding,
    end: &EndOfLeases,
    now: UnixMs,
    page: &str,
) -> Letter {
    let name = name_of(view);
    let (subject, heading, paragraphs) = match standing {
        VendorStanding::Suspended => (
            format!("Your license of {} is suspended", view.product_name),
            "A license is suspended",
            vec![
                format!(
                    "{} has suspended {name}. It allows nothing until it is reinstated. {}",
                    sender.name,
                    ends(end, now)
                ),
                "What you pay goes on as it is. To have it cleared up, please write to us.".to_owned(),
            ],
        ),
        VendorStanding::Revoked => (
            format!("Your license of {} is revoked", view.product_name),
            "A license is revoked",
            vec![
                format!("{} has revoked {name}. It allows nothing any more. {}", sender.name, ends(end, now)),
                "If you think that this is wrong, please write to us.".to_owned(),
            ],
        ),
        VendorStanding::None => (
            format!("Your license of {} is reinstated", view.product_name),
            "A license is reinstated",
            vec![format!(
                "{} has reinstated {name}. Instances go on at their next check, as far as the license is paid.",
                sender.name
            )],
        ),
    };
    letter(sender, subject, heading, paragraphs, page)
}

/// Tells an owner that a license has less than before: limits and features by name.
#[must_use]
pub fn reduced(sender: &Sender, view: &LicenseView, less: &[String], page: &str) -> Letter {
    let names: Vec<String> = less.iter().map(|name| licenses::humanised(name)).collect();
    let paragraphs = vec![format!(
        "{} has changed what {} allows. It has less of this, or no longer has it: {}. Instances hear of it at their next \
         check; the page of the license says what it has now.",
        sender.name,
        name_of(view),
        names.join(", ")
    )];
    let subject = format!("Your license of {} allows less", view.product_name);
    letter(sender, subject, "A license allows less than before", paragraphs, page)
}

fn letter(sender: &Sender, subject: String, heading: &str, paragraphs: Vec<String>, page: &str) -> Letter {
    Letter {
        subject,
        heading: heading.to_owned(),
        paragraphs,
        button: Some(("See the license".to_owned(), page.to_owned())),
        reason: format!(
            "You get this mail because you own the account with {} that the license belongs to.",
            sender.name
        ),
        ..Letter::default()
    }
}

fn ends(end: &EndOfLeases, now: UnixMs) -> String {
    let last = end.last_borrowed.map_or(end.last_online, |borrowed| borrowed.max(end.last_online));
    if last <= now {
        return "Nothing runs under it now.".to_owned();
    }
    format!(
        "Instances that reach us hear of it at their next check; others can go on until {}, {} at the latest.",
        moments::day(last),
        moments::time_of_day(last)
    )
}

fn name_of(view: &LicenseView) -> String {
    overview::license_name(&view.license.name, &view.product_name, &view.plan_name)
}
