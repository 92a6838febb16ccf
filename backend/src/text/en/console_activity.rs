//! Everything that happened, as the vendor's staff read it.

use super::{events, licenses};
use crate::events::Event;

/// Title.
pub const ACTIVITY: &str = "Activity";
/// Lead.
pub const LEAD: &str = "What happened to licenses, instances and orders, newest first. Check-ins and uses of features, hour by hour, \
                        are shown where you ask for them.";
/// Columns.
pub const COLUMNS: [&str; 4] = ["What", "When", "Customer", "License"];
/// Where there is nothing.
pub const NONE_YET: &str = "Nothing has happened yet. The first order and the first license appear here.";
/// Label of the type.
pub const TYPE: &str = "What";
/// The answer that leaves out what instances do hour by hour.
pub const ANY_CHANGE: &str = "All but check-ins and uses";
/// Label of what it is about.
pub const ABOUT: &str = "License or instance";
/// What can be typed there.
pub const ABOUT_HINT: &str = "Its id.";
/// Leads from a customer to everything that happened in its account.
pub const ALL_OF_CUSTOMER: &str = "Show all activity of this customer";

/// A type as people read it: `license.key_replaced` is `License: key replaced`.
#[must_use]
pub fn type_name(event_type: &str) -> String {
    match event_type.split_once('.') {
        Some((about, what)) => format!("{}: {}", licenses::humanised(about), what.replace('_', " ")),
        None => licenses::humanised(event_type),
    }
}

/// What happened, in a sentence where there is one.
#[must_use]
pub fn what(event: &Event) -> String {
    events::sentence(event).unwrap_or_else(|| type_name(&event.event_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_said_in_words() {
        assert_eq!(type_name("license.key_replaced"), "License: key replaced");
        assert_eq!(type_name("credit_note.issued"), "Credit note: issued");
        assert_eq!(type_name("new"), "New");
    }
}
