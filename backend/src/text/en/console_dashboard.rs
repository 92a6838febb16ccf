//! The first page of the vendor's console: how the business stands, and what to begin with.

use crate::billing::earnings::EarningState;
use crate::orders::search::SoldBy;

// ── What waits ──────────────────────────────────────────────────────────────────────────────────────

/// Heading.
pub const WAITING: &str = "Waiting for somebody";
/// What the numbers are.
pub const WAITING_LEAD: &str = "Each number leads to what it counts.";
/// Label: events and work that failed.
pub const FAILED_WORK: &str = "Failed events and work";
/// Label: conversations that wait for an answer.
pub const MESSAGES: &str = "Messages without an answer";
/// Label: renewals that could not be charged.
pub const OVERDUE: &str = "Overdue payments";
/// Label: disputes that are open.
pub const DISPUTES: &str = "Undecided disputes";
/// Label: refunds on their way.
pub const REFUNDS: &str = "Refunds on their way";

// ── Licenses ────────────────────────────────────────────────────────────────────────────────────────

/// Heading.
pub const LICENSES: &str = "Licenses and instances";
/// Label: licenses that grant leases.
pub const ACTIVE: &str = "Active licenses";
/// Label: those that end within 30 days without a renewal.
pub const ENDING: &str = "Ending within 30 days";
/// What is not among those.
pub const ENDING_LEAD: &str = "A license counts as ending when no subscription renews it.";
/// Label: instances that run on a lease.
pub const LIVE: &str = "Live leases";

// ── Refusals ────────────────────────────────────────────────────────────────────────────────────────

/// Heading.
pub const DENIALS: &str = "Refused in the last 24 hours";
/// What an entry is.
pub const DENIALS_LEAD: &str = "Calls with a genuine key or secret that got no lease. An instance that asks again and again is \
                                one entry for each hour.";
/// Columns.
pub const DENIAL_COLUMNS: [&str; 3] = ["Why", "Entries", "Calls"];
/// Where nobody was refused.
pub const NO_DENIALS: &str = "Nobody was refused in the last 24 hours.";

// ── Revenue ─────────────────────────────────────────────────────────────────────────────────────────

/// Heading.
pub const REVENUE: &str = "Recurring revenue a month";
/// How it is reckoned.
pub const REVENUE_LEAD: &str = "What paid subscriptions bring in each month, before tax: a year's price counts as a twelfth, and \
                                discounts of campaigns are taken off for as long as they last. Trials, unpaid first \
                                invoices and updates of perpetual licenses are not part of it. A subscription that is \
                                cancelled counts until it ends.";
/// Caption of the sums.
pub const REVENUE_CAPTION: &str = "Revenue by currency";
/// Columns of the sums.
pub const REVENUE_COLUMNS: [&str; 4] = ["Currency", "Now", "New this month", "Ended this month"];
/// Caption of the plans.
pub const PLANS_CAPTION: &str = "Revenue by plan";
/// Columns of the plans.
pub const PLAN_COLUMNS: [&str; 4] = ["Plan", "Now", "New this month", "Ended this month"];
/// Where nothing is earned.
pub const NO_REVENUE: &str =
    "No subscription is paid yet. What it brings in each month is shown here from its first payment on.";

/// What a link to a sum is about, after its amount.
#[must_use]
pub fn about_sum(state: EarningState, what: &str) -> String {
    match state {
        EarningState::Running => format!("now, {what}"),
        EarningState::New => format!("new this month, {what}"),
        EarningState::Ended => format!("ended this month, {what}"),
    }
}

/// How many subscriptions a sum is of.
#[must_use]
pub fn subscriptions(count: i64) -> String {
    if count == 1 { "1 subscription".to_owned() } else { format!("{} subscriptions", super::licenses::number(count)) }
}

// ── Orders ──────────────────────────────────────────────────────────────────────────────────────────

/// Heading.
pub const ORDERS: &str = "Orders";
/// Label: orders of this month.
pub const ORDERS_THIS_MONTH: &str = "Placed this month";
/// Caption of the newest.
pub const LATEST: &str = "The newest orders";
/// Columns of the newest.
pub const ORDER_COLUMNS: [&str; 5] = ["Customer", "Plan", "Placed", "State", "Before tax"];
/// When nobody has ordered.
pub const NO_ORDERS: &str = "Nobody has ordered yet. The price list is what visitors see.";
/// The way to the price list.
pub const TO_PRICE_LIST: &str = "See the price list";

/// Label: orders of this month with codes of a campaign.
#[must_use]
pub fn with_campaign(name: &str) -> String {
    format!("With codes of {name}")
}

// ── Partners' sales ─────────────────────────────────────────────────────────────────────────────────

/// Heading.
pub const SALES: &str = "Partners' sales this month";
/// How they are reckoned.
pub const SALES_LEAD: &str = "Paid orders that were placed this month: what was paid on their invoices, before tax, less what was \
                              credited of them.";
/// Caption of the sums.
pub const SALES_CAPTION: &str = "Sales by currency";
/// Caption of the partners.
pub const PARTNERS_CAPTION: &str = "Sales by partner";
/// Columns of both, after the first: ordered for clients, with codes of their own.
pub const SALES_COLUMNS: [&str; 2] = ["For their clients", "With their codes"];
/// The first column of the sums, and of the partners.
pub const SALES_FIRST: [&str; 2] = ["Currency", "Partner"];
/// Where nothing was sold.
pub const NO_SALES: &str = "No partner has sold anything this month. Partners order for their clients, and a campaign can be a \
                            partner's.";
/// The way to the campaigns.
pub const TO_CAMPAIGNS: &str = "See the campaigns";

/// What a link to a sum is about, after its amount.
#[must_use]
pub fn about_sales(sold: SoldBy, what: &str) -> String {
    match sold {
        SoldBy::ForClient => format!("ordered for clients, {what}"),
        SoldBy::WithCode => format!("with codes of partners, {what}"),
    }
}

/// How many orders a sum is of.
#[must_use]
pub fn orders(count: i64) -> String {
    if count == 1 { "1 order".to_owned() } else { format!("{} orders", super::licenses::number(count)) }
}

// ── What a new vendor does first ────────────────────────────────────────────────────────────────────

/// Heading.
pub const FIRST_STEPS: &str = "Set up your portal";
/// What comes of it.
pub const FIRST_STEPS_LEAD: &str = "Once this is done, customers can buy, and everything below fills by itself.";
/// Something to sell.
pub const OFFER: &str = "Put something on sale";
/// How.
pub const OFFER_HOW: &str = "The operator of this portal applies a catalog with products, plans and prices: \
                             server admin apply-catalog FILE.";
/// Stripe.
pub const STRIPE: &str = "Connect Stripe";
/// How.
pub const STRIPE_HOW: &str = "The operator enters the keys of your Stripe account in the configuration; server doctor says what \
                              is missing.";
/// Colleagues.
pub const STAFF: &str = "Invite your colleagues";
/// How.
pub const STAFF_HOW: &str = "Support, finance and administrators each see what they work with.";
/// The way there.
pub const TO_STAFF: &str = "Invite staff";
/// The first order.
pub const FIRST_ORDER: &str = "Receive the first order";
/// How.
pub const FIRST_ORDER_HOW: &str = "Look at the price list as visitors do, and share its address.";
/// How far a step has come, for those who do not see the sign.
pub const DONE: &str = "done";
/// The same.
pub const TO_DO: &str = "to do";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_says_what_it_is_of() {
        assert_eq!(about_sum(EarningState::New, "USD"), "new this month, USD");
        assert_eq!(subscriptions(1), "1 subscription");
        assert_eq!(subscriptions(1_200), "1,200 subscriptions");
    }
}
