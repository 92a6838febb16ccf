//! Versions of plans: what differs between two of them, and moving a license from one to the other.

use super::{buying, licenses, overview};
use crate::billing::{MoveRefusal, VersionMove};
use crate::catalog::Terms;
use crate::mail::{Letter, Sender};

/// The card's title.
pub const TITLE: &str = "Version of the plan";
/// The button that moves a license.
pub const MOVE: &str = "Move to today's version";
/// What moving means.
pub const MOVE_MEANS: &str = "The price stays. The owners are told by mail, and running instances hear of it at their \
                              next check.";

/// What the license has.
#[must_use]
pub fn lead(held: i64, current: i64, plan: &str) -> String {
    if held == current {
        format!(
            "Version {held} of {plan}, as it is sold today. When the plan changes, this license keeps what it has until it is moved."
        )
    } else {
        format!(
            "Sold as version {held} of {plan}; today's is version {current}. It keeps what was sold until it is moved."
        )
    }
}

/// What moving changes, one line each: limits, features, seats, how leases are issued.
#[must_use]
pub fn differences(moved: &VersionMove) -> Vec<String> {
    let license = &moved.view.license;
    let mut lines = Vec::new();
    if license.seats != moved.seats {
        let kind = license.license_type;
        lines.push(format!("{} become {}", buying::seats(kind, license.seats), buying::seats(kind, moved.seats)));
    }
    lines.extend(limits(&moved.from.terms, &moved.to.terms));
    lines.extend(features(&moved.from.terms, &moved.to.terms));
    if (moved.from.terms.lease, moved.from.terms.enforcement.clone())
        != (moved.to.terms.lease, moved.to.terms.enforcement.clone())
    {
        lines.push("other times for leases, or another policy for what happens without one".to_owned());
    }
    if lines.is_empty() {
        lines.push("nothing that this license has; only what can be bought on top".to_owned());
    }
    lines
}

/// What differs between the limits, one line each.
pub(super) fn limits(from: &Terms, to: &Terms) -> Vec<String> {
    let names: std::collections::BTreeSet<_> = from.limits.keys().chain(to.limits.keys()).collect();
    let amount = |terms: &Terms, name: &str| match terms.limits.get(name) {
        None => "none".to_owned(),
        Some(-1) => "unlimited".to_owned(),
        Some(limit) => licenses::number(*limit),
    };
    let differs = |name: &&&String| from.limits.get(**name) != to.limits.get(**name);
    names
        .iter()
        .filter(differs)
        .map(|name| format!("{}: {} becomes {}", name.replace('_', " "), amount(from, name), amount(to, name)))
        .collect()
}

/// What differs between the features, one line each.
pub(super) fn features(from: &Terms, to: &Terms) -> Vec<String> {
    let named = |name: &String| name.replace('_', " ");
    let gained = to.features.keys().filter(|name| !from.features.contains_key(*name));
    let lost = from.features.keys().filter(|name| !to.features.contains_key(*name));
    let until = to.features.iter().filter(|(name, until)| from.features.get(*name).is_some_and(|then| then != *until));
    gained
        .map(|name| format!("{} comes with it", named(name)))
        .chain(lost.map(|name| format!("{} goes away", named(name))))
        .chain(until.map(|(name, _)| format!("{} ends at another time", named(name))))
        .collect()
}

/// Why a license is not moved.
#[must_use]
pub fn refusal(refusal: &MoveRefusal) -> String {
    match refusal {
        MoveRefusal::NotFound | MoveRefusal::NotAllowed => "This license cannot be moved.".to_owned(),
        MoveRefusal::UpToDate => "It has today's version already.".to_owned(),
        MoveRefusal::ChangedMeanwhile => {
            "The plan was changed once more. Look at what moving would do now, and press again.".to_owned()
        }
        MoveRefusal::SeatsInUse { seats, held, holders } => {
            let names: Vec<&str> = holders.listed.iter().map(|holder| holder.identity.id.as_str()).collect();
            let more = match holders.unlisted() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("{held} are taken, and {seats} would be left. Free seats first: {}{more}.", names.join(", "))
        }
        MoveRefusal::LimitsInUse(over) => {
            let one = |it: &sdk::wire::OverLimit| {
                format!(
                    "{} {} in use, {} allowed",
                    licenses::number(it.used),
                    it.name.replace('_', " "),
                    licenses::number(it.limit)
                )
            };
            format!("More is in use than would be allowed: {}.", over.iter().map(one).collect::<Vec<_>>().join("; "))
        }
    }
}

/// Tells an owner that a license has another version of its plan now.
#[must_use]
pub fn moved(sender: &Sender, moved: &VersionMove, page: &str) -> Letter {
    let view = &moved.view;
    let name = overview::license_name(&view.license.name, &view.product_name, &view.plan_name);
    Letter {
        subject: format!("What {} gives you has changed", view.plan_name),
        heading: format!("{} has changed", view.plan_name),
        paragraphs: vec![
            format!(
                "{} has moved your license {name} to the plan as it is sold today. Your price stays as it is. What \
                 changes: {}.",
                sender.name,
                differences(moved).join("; ")
            ),
            "Running instances hear of it at their next check, without a restart.".to_owned(),
        ],
        facts: vec![("License".to_owned(), name)],
        button: Some(("Show the license".to_owned(), page.to_owned())),
        notes: Vec::new(),
        reason: format!(
            "You get this mail because you own the account with {} that the license belongs to.",
            sender.name
        ),
    }
}
