//! Looking for anything in the vendor's console.

/// Title of the page.
pub const TITLE: &str = "Search";
/// Label of the field, in the header and on the page.
pub const LABEL: &str = "Search";
/// What can be looked for.
pub const HINT: &str = "The beginning of a company, an e-mail address, an invoice number, or an instance's name; any id; a license \
     key, its first five characters after LH, or its last four.";
/// Looks.
pub const SUBMIT: &str = "Search";
/// Accessible name of the header's form.
pub const HEADER: &str = "Search everything";
/// Where nothing was asked.
pub const TOO_SHORT: &str = "Type at least two characters.";

/// Where nothing was found.
#[must_use]
pub fn nothing(text: &str) -> String {
    format!("Nothing begins with “{text}”.")
}

/// Lead of the page.
#[must_use]
pub fn lead(text: &str) -> String {
    format!("What begins with “{text}”.")
}

/// Heading of the group.
pub const CUSTOMERS: &str = "Customers";
/// Heading of the group.
pub const PEOPLE: &str = "Signed up without a company";
/// Heading of the group.
pub const LICENSES: &str = "Licenses";
/// Heading of the group.
pub const INVOICES: &str = "Invoices";
/// Heading of the group.
pub const ORDERS: &str = "Orders";
/// Heading of the group.
pub const INSTANCES: &str = "Instances";
/// Leads to the list.
pub const MORE_CUSTOMERS: &str = "Show more customers";
/// There are more, and no list of them.
pub const MORE: &str = "There are more. Type more of it to find the right one.";
/// The way on where nothing was found.
pub const TO_LISTS: &str = "Words within a name are found by the filters of the lists:";
