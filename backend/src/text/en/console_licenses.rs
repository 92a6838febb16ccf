//! Licenses in the vendor's console: finding them, suspending, revoking, and granting one more than its plan has.

use super::{licenses, moments};
use crate::clock::UnixMs;
use crate::licenses::overrides_text::LineFault;
use crate::licenses::rules::{Inactive, REASON_PAST_DUE, standing};
use crate::licenses::{EndOfLeases, License, LicenseView, OverrideFault, VendorStanding};

/// Title of the list.
pub const TITLE: &str = "Licenses";
/// Lead of the list.
pub const LEAD: &str = "All licenses of all customers, newest first.";
/// Caption of the list.
pub const CAPTION: &str = "Licenses of all customers";
/// Columns of the list.
pub const COLUMNS: [&str; 5] = ["License", "Customer", "Status", "Seats", "Last contact"];
/// Where nothing was sold.
pub const NONE_YET: &str = "Nothing has been sold yet. Licenses appear here as soon as an order is paid.";

// ── One license ─────────────────────────────────────────────────────────────────────────────────────

/// Labels of the facts.
pub const CUSTOMER: &str = "Customer";
/// Label.
pub const KEY: &str = "Key";
/// Label.
pub const STARTS: &str = "Starts";
/// Label.
pub const ENDS: &str = "Ends";
/// Label.
pub const UPDATES: &str = "Updates until";
/// Label.
pub const TRIAL: &str = "Trial until";
/// Where there is no end.
pub const NO_END: &str = "never";

/// The lead of the page: whose it is, and where it stands.
#[must_use]
pub fn lead(view: &LicenseView, company: &str, now: UnixMs) -> String {
    let license = &view.license;
    let stands = match standing(license, now) {
        Ok(()) if license.status_reason == REASON_PAST_DUE => "It grants leases; a payment is overdue.".to_owned(),
        Ok(()) => "It grants leases.".to_owned(),
        Err(Inactive::NotPaid) => "It grants nothing until its payment has arrived.".to_owned(),
        Err(Inactive::NotStarted) => format!("It starts on {}.", moments::day(license.starts_at)),
        Err(Inactive::PastDue) => "It grants nothing until the open invoice is paid.".to_owned(),
        Err(Inactive::Cancelled | Inactive::Expired) => "It has ended and grants nothing.".to_owned(),
        Err(Inactive::Suspended) => "It is suspended and grants nothing until it is reinstated.".to_owned(),
        Err(Inactive::Revoked) => "It is revoked and grants nothing again.".to_owned(),
    };
    format!("{company}: {}, {}. {stands}", view.product_name, view.plan_name)
}

/// What the vendor decided, where it decided something.
#[must_use]
pub fn decided(license: &License) -> Option<String> {
    let at = moments::day(license.vendor_standing_at?);
    let because = match license.vendor_reason.as_str() {
        "" => String::new(),
        reason => format!(" Reason noted: {reason}"),
    };
    match license.vendor_standing {
        VendorStanding::None => None,
        VendorStanding::Suspended => Some(format!("Suspended by staff on {at}.{because}")),
        VendorStanding::Revoked => Some(format!("Revoked by staff on {at}.{because}")),
    }
}

// ── Suspending, reinstating, revoking ───────────────────────────────────────────────────────────────

/// Heading.
pub const ACTS_TITLE: &str = "Standing";
/// Opens the question.
pub const SUSPEND: &str = "Suspend…";
/// The question.
pub const SUSPEND_TITLE: &str = "Suspend the license?";
/// Does it.
pub const SUSPEND_SUBMIT: &str = "Suspend the license";
/// Does not do it.
pub const SUSPEND_CLOSE: &str = "Leave it as it is";
/// What suspending means.
pub const SUSPEND_MEANS: &str =
    "It grants nothing until you reinstate it. Payments go on as they are. The owners are told by mail.";
/// Opens the question.
pub const REINSTATE: &str = "Reinstate";
/// What reinstating means.
pub const REINSTATE_MEANS: &str = "Instances get leases again at their next check, if billing allows it.";
/// Opens the question.
pub const REVOKE: &str = "Revoke…";
/// The question.
pub const REVOKE_TITLE: &str = "Revoke the license for good?";
/// Does it.
pub const REVOKE_SUBMIT: &str = "Revoke the license for good";
/// What revoking means.
pub const REVOKE_MEANS: &str =
    "It grants nothing ever again. Money is not given back by this. The owners are told by mail.";
/// Where nothing can be done.
pub const REVOKED: &str = "A revoked license stays revoked. Sell the customer another one, if that is right.";
/// Label of the reason.
pub const REASON: &str = "Reason";
/// Beside it.
pub const REASON_HINT: &str = "For your colleagues and the audit; the customer does not see it.";
/// Where the role may only look.
pub const LOOK_ONLY: &str = "Your role may look at this. Admins and support may change it.";

/// Until when instances can go on, to be told before it is done.
#[must_use]
pub fn ends(end: &EndOfLeases, now: UnixMs) -> String {
    let online = if end.last_online <= now {
        "Nothing holds a lease now, so it takes effect at once.".to_owned()
    } else {
        format!(
            "Whatever reaches the server hears of it at its next check. What does not can go on until {} at the \
             latest, then its enforcement policy applies.",
            moments::moment(end.last_online, now)
        )
    };
    match end.last_borrowed {
        Some(at) => {
            format!("{online} The last lease that was borrowed for offline use ends {}.", moments::moment(at, now))
        }
        None => online,
    }
}

/// The act on an instance's lease.
pub const REVOKE_LEASE: &str = "Revoke lease";
/// Does it.
#[must_use]
pub fn revoke_lease_submit(name: &str) -> String {
    format!("Revoke the lease of {name}")
}
/// Does not do it.
pub const REVOKE_LEASE_CLOSE: &str = "Leave it";

/// The question.
#[must_use]
pub fn revoke_lease_title(name: &str) -> String {
    format!("Revoke the lease of {name}?")
}

/// What follows from it.
pub const REVOKE_LEASE_TEXT: &str = "Verifiers that read the revocation list reject the lease that it holds now. At its next check it gets a new \
     one. To keep it from running, its owner blocks it.";

// ── More or less than the plan ──────────────────────────────────────────────────────────────────────

/// Heading.
pub const OVERRIDES_TITLE: &str = "Other than the plan";
/// Lead.
pub const OVERRIDES_LEAD: &str = "What stands here wins over the plan, and stays when the plan changes. Where it is less than before, the owners are \
     told by mail.";
/// Label of the limits.
pub const LIMITS: &str = "Limits";
/// Beside it.
pub const LIMITS_HINT: &str = "One a line: devices = 5000. A limit of -1 is unlimited.";
/// Label of the features.
pub const FEATURES: &str = "Features";
/// Beside it.
pub const FEATURES_HINT: &str =
    "One a line: white_labelling, or white_labelling until 2027-03-31. A minus before a name takes it away: -reports.";
/// Saves them.
pub const OVERRIDES_SUBMIT: &str = "Save";
/// Label of what the plan has.
pub const PLAN_HAS: &str = "The plan itself has";

/// Limits and features of the plan, in words.
#[must_use]
pub fn plan_terms(license: &License) -> String {
    let limits = license.plan_terms.limits.iter().map(|(name, limit)| match limit {
        -1 => format!("{name} unlimited"),
        limit => format!("{name} {}", licenses::number(*limit)),
    });
    let terms: Vec<String> = limits.chain(license.plan_terms.features.keys().cloned()).collect();
    if terms.is_empty() { "no limits and no features".to_owned() } else { terms.join(", ") }
}

/// Why lines cannot be read.
#[must_use]
pub fn line_fault(fault: &LineFault) -> String {
    match fault {
        LineFault::Limit(line) => format!("“{line}” is no limit. Write a name, an equals sign and a whole number."),
        LineFault::Day(line) => format!("“{line}” names no day. Write it as 2027-03-31."),
        LineFault::Twice(name) => format!("“{name}” stands there twice."),
    }
}

/// Why overrides are refused.
#[must_use]
pub fn override_fault(fault: &OverrideFault) -> String {
    match fault {
        OverrideFault::Name(name) => {
            format!("“{name}” is no name of the catalog: a small letter first, then letters, digits, - and _.")
        }
        OverrideFault::Limit(name) => format!("The limit of {name} must be -1 or more."),
        OverrideFault::End(name) => format!("The end of {name} must lie after 1970."),
        OverrideFault::Contradiction(name) => format!("{name} is given and taken away at once."),
        OverrideFault::TooMany { max } => format!("At most {max} names fit."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::HOUR_MS;

    #[test]
    fn the_date_that_applies_is_told_before_the_act() {
        let now = UnixMs(1_795_255_200_000);
        let nothing = EndOfLeases { last_online: now, last_borrowed: None };
        assert_eq!(ends(&nothing, now), "Nothing holds a lease now, so it takes effect at once.");
        let both = EndOfLeases { last_online: now.plus(HOUR_MS), last_borrowed: Some(now.plus(30 * HOUR_MS)) };
        let said = ends(&both, now);
        assert!(said.contains("until today 11:00 UTC") && said.contains("ends tomorrow 16:00 UTC"), "{said}");
    }
}
