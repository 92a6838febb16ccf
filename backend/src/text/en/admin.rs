//! What `server admin` prints about licenses and keys.

use super::moments;
use crate::clock::UnixMs;
use crate::ids::LicenseId;
use crate::keys::{SigningKeyInfo, SigningKeyStatus};
use crate::licenses::{EndOfLeases, License, LicenseView, OverrideFault, Overrides, VendorStanding};

/// What the command line says about a license beside its lead and status, a line each.
#[must_use]
pub fn license_facts(view: &LicenseView, end: &EndOfLeases, now: UnixMs) -> Vec<String> {
    let license = &view.license;
    let mut lines = vec![format!("Key: {}", license.key_hint)];
    lines.extend(vendor_decision(license));
    if let Some(until) = license.trial_until {
        lines.push(format!("Trial until: {}", moments::rfc3339(until)));
    }
    if let Some(ends_at) = license.ends_at {
        lines.push(format!("Ends: {}", moments::rfc3339(ends_at)));
    }
    if let Some(until) = license.updates_until {
        lines.push(format!("Updates until: {}", moments::rfc3339(until)));
    }
    lines.push(overrides(&license.overrides, now));
    lines.push(format!("Leases: {}", leases_last(end, now)));
    lines
}

fn vendor_decision(license: &License) -> Option<String> {
    let word = match license.vendor_standing {
        VendorStanding::None => return None,
        VendorStanding::Suspended => "suspended",
        VendorStanding::Revoked => "revoked",
    };
    let since = license.vendor_standing_at.map(|at| format!(" since {}", moments::rfc3339(at))).unwrap_or_default();
    let why = if license.vendor_reason.is_empty() { String::new() } else { format!(": {}", license.vendor_reason) };
    Some(format!("Vendor: {word}{since}{why}"))
}

/// That a license grants nothing from now on, and until when instances can go on that hear of nothing.
#[must_use]
pub fn grants_nothing(id: &LicenseId, end: &EndOfLeases, now: UnixMs) -> String {
    format!(
        "{id} grants nothing from now on. Instances that reach the server hear of it at their next check. {}",
        leases_last(end, now)
    )
}

/// Until when leases last that are out.
#[must_use]
pub fn leases_last(end: &EndOfLeases, now: UnixMs) -> String {
    let online = (end.last_online > now)
        .then(|| format!("the last lease that is out ends at {}", moments::rfc3339(end.last_online)));
    let borrowed =
        end.last_borrowed.map(|at| format!("the last one borrowed for offline use ends at {}", moments::rfc3339(at)));
    match (online, borrowed) {
        (None, None) => "No lease is out.".to_owned(),
        (Some(one), None) | (None, Some(one)) => sentence(&one),
        (Some(online), Some(borrowed)) => sentence(&format!("{online}, {borrowed}")),
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

/// What differs from the plan.
#[must_use]
pub fn overrides(overrides: &Overrides, now: UnixMs) -> String {
    if overrides.is_empty() {
        return "Limits and features are the plan's.".to_owned();
    }
    let limit = |(name, limit): (&String, &i64)| match limit {
        -1 => format!("{name} unlimited"),
        limit => format!("{name} {limit}"),
    };
    let feature = |(name, end): (&String, &Option<i64>)| match end.map(UnixMs::from_seconds) {
        None => format!("{name} for ever"),
        Some(end) if end <= now => format!("{name} ended on {}", moments::day(end)),
        Some(end) => format!("{name} until {}", moments::day(end)),
    };
    let parts: Vec<String> = (overrides.limits.iter().map(limit))
        .chain(overrides.features.iter().map(feature))
        .chain(overrides.remove_features.iter().map(|name| format!("no {name}")))
        .collect();
    format!("Other than the plan: {}.", parts.join(", "))
}

/// Why limits and features cannot be granted.
#[must_use]
pub fn override_fault(fault: &OverrideFault) -> String {
    match fault {
        OverrideFault::Name(name) => format!(
            "{name:?} is no name of a limit or feature: use lower-case letters, digits, - and _, beginning with a letter."
        ),
        OverrideFault::Limit(name) => format!("The limit {name} must be -1 (unlimited), 0 or more."),
        OverrideFault::End(name) => format!("The end of {name} lies before 1970."),
        OverrideFault::Contradiction(name) => format!("{name} cannot be given and taken away at once."),
        OverrideFault::TooMany { max } => format!("At most {max} names can differ from the plan."),
    }
}

/// A signing key in one line.
#[must_use]
pub fn signing_key(key: &SigningKeyInfo) -> String {
    let at = |at: Option<UnixMs>| at.map(moments::rfc3339).unwrap_or_default();
    let status = match key.status {
        SigningKeyStatus::Next => format!("next      published since {}", moments::rfc3339(key.created_at)),
        SigningKeyStatus::Active => format!("active    signs since {}", at(key.activated_at)),
        SigningKeyStatus::Retired if key.withdrawn_at.is_some() => {
            format!("retired   withdrawn at {}", at(key.withdrawn_at))
        }
        SigningKeyStatus::Retired => match key.verifies_until {
            Some(until) => format!("retired   verifies until {}", moments::rfc3339(until)),
            None => format!("retired   at {}", at(key.retired_at)),
        },
        SigningKeyStatus::Revoked => format!("revoked   at {}", at(key.revoked_at)),
    };
    format!("{}  {status}", key.kid)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_795_255_200_000); // 2026-11-21T10:00:00Z

    #[test]
    fn the_end_of_leases_is_told_for_those_online_and_those_borrowed() {
        let end = |online, borrowed: Option<i64>| EndOfLeases {
            last_online: NOW.plus(online),
            last_borrowed: borrowed.map(|ms| NOW.plus(ms)),
        };
        assert_eq!(leases_last(&end(0, None), NOW), "No lease is out.");
        assert_eq!(leases_last(&end(600_000, None), NOW), "The last lease that is out ends at 2026-11-21T10:10:00Z.");
        assert_eq!(
            leases_last(&end(600_000, Some(86_400_000)), NOW),
            "The last lease that is out ends at 2026-11-21T10:10:00Z, the last one borrowed for offline use ends at \
             2026-11-22T10:00:00Z."
        );
    }

    #[test]
    fn what_differs_is_listed_and_nothing_is_said_to_be_the_plans() {
        assert_eq!(overrides(&Overrides::default(), NOW), "Limits and features are the plan's.");
        let some = Overrides {
            limits: [("devices".to_owned(), 25), ("users".to_owned(), -1)].into(),
            features: [("beta".to_owned(), None), ("old".to_owned(), Some(0))].into(),
            remove_features: ["branding".to_owned()].into(),
        };
        assert_eq!(
            overrides(&some, NOW),
            "Other than the plan: devices 25, users unlimited, beta for ever, old ended on 1 January 1970, no branding."
        );
    }
}
