//! Finding licenses in a list: the filter, its answers, and what is said where nothing passes it.

use super::licenses;
use crate::catalog::PlanKind;
use crate::clock::UnixMs;
use crate::licenses::search::{COUNTED, Ending, LastContact, LicenseOrder, ListedStatus};

/// Accessible name of the filter.
pub const FILTER: &str = "Filter";
/// Label of the text in an account's list.
pub const FIND: &str = "Name or key";
/// Label of the text in the vendor's list.
pub const FIND_ANY: &str = "Customer, name, key or id";
/// Label of the product.
pub const PRODUCT: &str = "Product";
/// Label of the plan.
pub const PLAN: &str = "Plan";
/// Label of the kind.
pub const KIND: &str = "Kind";
/// Label of the end.
pub const ENDS: &str = "Ends without renewal";
/// Label of the status.
pub const STATUS: &str = "Status";
/// Label of the last contact.
pub const CONTACT: &str = "Last contact";
/// Label of the version.
pub const VERSION: &str = "Version begins with";
/// Label of the order.
pub const ORDER: &str = "Order";
/// Any answer.
pub const ANY: &str = "Any";
/// Applies the filter.
pub const SUBMIT: &str = "Apply";
/// Drops the filter.
pub const CLEAR: &str = "Show all licenses";
/// Where nothing passes.
pub const NONE_FOUND: &str = "No license fits all of this. Leave something out, or show all licenses.";
/// In place of the last contact, where there was none.
pub const NEVER: &str = "never";

/// A status as the filter names it.
#[must_use]
pub fn status(status: ListedStatus) -> &'static str {
    match status {
        ListedStatus::Active => "Active",
        ListedStatus::Waiting => "Not paid or not started",
        ListedStatus::Suspended => "Suspended",
        ListedStatus::Ended => "Ended",
        ListedStatus::Revoked => "Revoked",
    }
}

/// A kind as the filter names it.
#[must_use]
pub fn kind(kind: PlanKind) -> &'static str {
    match kind {
        PlanKind::Subscription => "Until a day",
        PlanKind::Perpetual => "Perpetual",
    }
}

/// An end as the filter names it.
#[must_use]
pub fn ends(ends: Ending) -> &'static str {
    match ends {
        Ending::Week => "Within a week",
        Ending::Month => "Within 30 days",
        Ending::Quarter => "Within 90 days",
    }
}

/// A last contact as the filter names it.
#[must_use]
pub fn contact(contact: LastContact) -> &'static str {
    match contact {
        LastContact::Hour => "Within an hour",
        LastContact::Day => "Within a day",
        LastContact::Month => "Within 30 days",
        LastContact::SilentDay => "Silent for a day",
        LastContact::SilentWeek => "Silent for a week",
        LastContact::SilentMonth => "Silent for 30 days",
        LastContact::Never => "Never activated",
    }
}

/// An order as the list names it.
#[must_use]
pub fn order(order: LicenseOrder) -> &'static str {
    match order {
        LicenseOrder::Newest => "Newest first",
        LicenseOrder::EndsSoonest => "Ending soonest first",
    }
}

/// How many pass the filter.
#[must_use]
pub fn count(total: i64) -> String {
    if total > COUNTED {
        return format!("More than {} licenses", licenses::number(COUNTED));
    }
    if total == 1 { "1 license".to_owned() } else { format!("{} licenses", licenses::number(total)) }
}

/// When it was last heard of.
#[must_use]
pub fn last_contact(at: Option<UnixMs>, now: UnixMs) -> String {
    at.map_or_else(|| NEVER.to_owned(), |at| super::moments::ago(at, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_counted_to_its_end_says_so() {
        assert_eq!(count(1), "1 license");
        assert_eq!(count(1_000), "1,000 licenses");
        assert_eq!(count(COUNTED + 1), "More than 1,000 licenses");
    }
}
