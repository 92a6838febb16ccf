//! The vendor's list of overdue payments.

use super::moments;
use crate::billing::dunning::OverduePayment;
use crate::clock::UnixMs;
use crate::licenses::LicenseStatus;

/// Title.
pub const TITLE: &str = "Overdue payments";
/// Lead.
pub const LEAD: &str = "Renewals that could not be charged, the longest overdue first. Customers are reminded by \
                        mail; Stripe tries their cards again as it is set up there.";
/// Columns.
pub const COLUMNS: [&str; 5] = ["Customer", "License", "Overdue since", "Works until", "Open"];
/// Where nothing is overdue.
pub const NONE: &str = "No renewal is overdue.";
/// Accessible name of the list's pages.
pub const PAGES: &str = "Pages of overdue payments";
/// The first page.
pub const FIRST: &str = "Longest overdue";
/// The page after.
pub const NEXT: &str = "Overdue for less";

/// Until when the license works, or that it does not.
#[must_use]
pub fn works_until(payment: &OverduePayment, now: UnixMs) -> String {
    match (payment.status, payment.ends_at) {
        (LicenseStatus::Active, Some(at)) => moments::moment(at, now),
        (LicenseStatus::Suspended, _) => "suspended".to_owned(),
        _ => "ended".to_owned(),
    }
}

/// How many are shown.
#[must_use]
pub fn shown(count: usize) -> String {
    if count == 1 { "1 overdue payment".to_owned() } else { format!("{count} overdue payments") }
}
