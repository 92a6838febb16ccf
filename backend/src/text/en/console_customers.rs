//! The vendor's customers in its console.

use super::countries::COUNTRIES;
use super::{licenses, moments};
use crate::accounts::{Account, AccountKind};
use crate::clock::UnixMs;

/// Title of the list.
pub const TITLE: &str = "Customers";
/// Lead of the list.
pub const LEAD: &str = "Everybody who has an account, the newest first.";
/// Caption of the list.
pub const CAPTION: &str = "Customers";
/// Columns of the list.
pub const COLUMNS: [&str; 5] = ["Company", "Country", "Owner", "Licenses", "Since"];
/// Where there is none.
pub const NONE_YET: &str = "Nobody has signed up yet. Customers appear here as soon as they have named their company.";
/// Where none passes the filter.
pub const NONE_FOUND: &str = "No customer passes this filter.";
/// Shows them all.
pub const SHOW_ALL: &str = "Show all customers";
/// Accessible name of the filter.
pub const FILTER: &str = "Filter the customers";
/// Label.
pub const FIND: &str = "Company, e-mail address or id";
/// Label.
pub const COUNTRY: &str = "Country";
/// Label.
pub const KIND: &str = "Kind";
/// Whichever.
pub const ANY: &str = "Any";
/// Filters.
pub const SUBMIT: &str = "Show";
/// Drops the filter.
pub const CLEAR: &str = "Show all";
/// Accessible name of the list's pages.
pub const PAGES: &str = "Pages of the list";
/// The page after.
pub const OLDER: &str = "Show older";
/// The first page.
pub const NEWEST: &str = "Show the newest";

/// Title of the list of people without an account, and the link to it.
pub const SIGN_UPS: &str = "Signed up without a company";
/// Its lead.
pub const SIGN_UPS_LEAD: &str = "People who have signed up and belong to no account: they have not named their company yet, or are not in it any \
                                 more. The newest first.";
/// Its columns.
pub const SIGN_UP_COLUMNS: [&str; 4] = ["E-mail address", "Name", "Address confirmed", "Signed up"];
/// Where there is none.
pub const NO_SIGN_UPS: &str = "Everybody who has signed up belongs to an account.";
/// Label.
pub const FIND_SIGN_UP: &str = "Name or e-mail address";

/// A kind of account.
#[must_use]
pub fn kind(kind: AccountKind) -> &'static str {
    match kind {
        AccountKind::Customer => "Customer",
        AccountKind::Partner => "Partner",
    }
}

/// The English name of a country; its code where it has none.
#[must_use]
pub fn country(code: &str) -> String {
    let known = COUNTRIES.iter().find(|(known, _)| *known == code);
    known.map_or_else(|| code.to_owned(), |(_, name)| (*name).to_owned())
}

/// How many licenses grant leases, and how many there are.
#[must_use]
pub fn license_count(active: i64, total: i64) -> String {
    format!("{} of {} active", licenses::number(active), licenses::number(total))
}

/// How many are shown.
#[must_use]
pub fn shown(count: usize) -> String {
    if count == 1 { "1 customer on this page".to_owned() } else { format!("{count} customers on this page") }
}

// ── One customer ────────────────────────────────────────────────────────────────────────────────────

/// Lead of the page.
#[must_use]
pub fn lead(account: &Account) -> String {
    format!("{} in {}, since {}.", kind(account.kind), country(&account.country), day(account.created_at))
}

/// Heading of the facts.
pub const FACTS: &str = "Company";
/// Label.
pub const ADDRESS: &str = "Address";
/// Label.
pub const VAT_ID: &str = "VAT id";
/// Label.
pub const BILLING: &str = "Invoices go to";
/// Label.
pub const PURCHASE_ORDER: &str = "Order number";
/// Label.
pub const STRIPE: &str = "Customer at Stripe";
/// Label.
pub const ID: &str = "Account id";
/// Where nothing was bought.
pub const NOT_AT_STRIPE: &str = "none, nothing was bought yet";
/// Heading and caption.
pub const MEMBERS: &str = "People";
/// Columns.
pub const MEMBER_COLUMNS: [&str; 3] = ["Person", "Role", "Address confirmed"];
/// A confirmed address.
pub const CONFIRMED: &str = "Yes";
/// One that is not.
pub const NOT_CONFIRMED: &str = "Not yet";
/// Where nobody is left.
pub const NO_MEMBERS: &str = "Nobody belongs to this account.";
/// Heading and caption.
pub const LICENSES: &str = "Licenses";
/// Columns.
pub const LICENSE_COLUMNS: [&str; 4] = ["License", "Status", "Seats", "Since"];
/// Where there is none.
pub const NO_LICENSES: &str = "This customer has no license.";
/// Leads to all of them.
pub const ALL_LICENSES: &str = "Show all licenses of this customer";
/// Heading and caption.
pub const INVOICES: &str = "Invoices";
/// Columns.
pub const INVOICE_COLUMNS: [&str; 4] = ["Invoice", "Issued", "Status", "Amount"];
/// Where there is none.
pub const NO_INVOICES: &str = "This customer has no invoice.";
/// Leads to all of them.
pub const ALL_INVOICES: &str = "Show all invoices of this customer";
/// Heading and caption.
pub const ORDERS: &str = "Orders";
/// Columns.
pub const ORDER_COLUMNS: [&str; 4] = ["Order", "Placed", "Status", "Amount"];
/// Where there is none.
pub const NO_ORDERS: &str = "This customer has ordered nothing.";
/// Leads to all of them.
pub const ALL_ORDERS: &str = "Show all orders of this customer";
/// Heading.
pub const EVENTS: &str = "What happened";
/// Where nothing happened.
pub const NO_EVENTS: &str = "Nothing has happened in this account yet.";

/// Heading where nobody belongs to an account.
pub const FIRST_OWNER: &str = "First owner";
/// What asking for one does.
pub const FIRST_OWNER_LEAD: &str = "Nobody belongs to this account. A mail asks the person with this address to become its owner, with all its licenses and \
     keys. Make sure that it is the right one. Links that were sent before work no more.";
/// Label of the address.
pub const FIRST_OWNER_EMAIL: &str = "E-mail address of the owner to be";
/// Asks.
pub const ASK_FIRST_OWNER: &str = "Ask the first owner";

/// Says that a list shows the newest alone.
#[must_use]
pub fn newest(count: i64) -> String {
    format!("The newest {count}.")
}

/// A day.
#[must_use]
pub fn day(at: UnixMs) -> String {
    moments::day(at)
}
