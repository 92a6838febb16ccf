//! The first page of the vendor's console: how the business stands, and what waits for somebody.
//!
//! Every number is that of a list, counted under the list's own condition by the area that the list belongs to; the page
//! leads from one to the other. What subscriptions bring in is defined in [`earnings`](crate::billing::earnings). Sums of
//! different currencies are never added. Everything is counted by the database within indices that hold all that is asked
//! for, so the page costs little whatever the number of customers.

mod read_dashboard;
pub mod rules;
mod store;

use crate::billing::earnings::PlanEarnings;
use crate::billing::inbox::Failures;
use crate::clock::UnixMs;
use crate::leases::denials::{DenialCount, Within};
use crate::licenses::search::Ending;
use crate::orders::search::{CampaignOrders, ListedOrder, PartnerSales};
use crate::refunds::returns::Undecided;

pub use read_dashboard::read_dashboard;
pub use rules::{CurrencyEarnings, SalesRow, Sold, by_currency, sales_by_currency, sales_by_partner};
pub use store::Beginnings;

/// Within which time refusals are counted.
pub const DENIED_WITHIN: Within = Within::Day;
/// Within which time a license ends that is counted as ending.
pub const ENDS_WITHIN: Ending = Ending::Month;
/// Failed events and failed jobs of which the page knows, of each kind; the page of what failed lists as many.
pub const FAILURES_SHOWN: i64 = 100;

/// How the business stands at a moment.
#[derive(Clone, Debug)]
pub struct Dashboard {
    /// The moment.
    pub now: UnixMs,
    /// What subscriptions bring in, by plan and currency; `None` for those who may not see it.
    pub revenue: Option<Vec<PlanEarnings>>,
    /// Renewals that could not be charged.
    pub overdue_payments: i64,
    /// Licenses that grant leases.
    pub active_licenses: i64,
    /// Those of them that end within [`ENDS_WITHIN`] and that nothing renews.
    pub ending_licenses: i64,
    /// Instances that run on a lease.
    pub live_instances: i64,
    /// Refusals within [`DENIED_WITHIN`] by their reason.
    pub denials: Vec<DenialCount>,
    /// Orders that were placed this month.
    pub orders_this_month: i64,
    /// Campaigns with whose codes orders were placed this month, those with most orders first.
    pub campaigns: Vec<CampaignOrders>,
    /// What partners sold by orders that were placed this month; `None` for those who may not see what is earned.
    pub partner_sales: Option<Vec<PartnerSales>>,
    /// The newest orders.
    pub latest_orders: Vec<ListedOrder>,
    /// Conversations that wait for an answer.
    pub open_messages: i64,
    /// Refunds and disputes that are not decided.
    pub undecided: Undecided,
    /// Events and work that failed.
    pub failures: Failures,
    /// How far the vendor has come.
    pub beginnings: Beginnings,
}

impl Dashboard {
    /// How many events and jobs failed.
    #[must_use]
    pub fn failed_work(&self) -> i64 {
        let jobs = i64::try_from(self.failures.jobs.len()).unwrap_or(i64::MAX);
        self.failures.event_count.saturating_add(jobs)
    }

    /// Whether nothing waits for somebody.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        let waits = [self.failed_work(), self.open_messages, self.overdue_payments, self.undecided.disputes];
        waits.iter().all(|count| *count == 0)
    }
}
