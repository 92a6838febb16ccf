//! A partner's own campaigns, codes and sales, in the portal.

use super::{console_campaigns, documents, licenses};
use crate::campaigns::owned::{MOST_AT_ONCE, MOST_CODES};
use crate::campaigns::rules::Fault;
use crate::campaigns::{Campaign, PromotionCode};
use crate::clock::UnixMs;

// ── The campaigns ───────────────────────────────────────────────────────────────────────────────────

/// Title of the list, and label of its link.
pub const TITLE: &str = "Codes";
/// What the list is for.
pub const LEAD: &str =
    "Campaigns that were made for you. Give their codes to your customers, and see what they buy with them.";
/// Columns: campaign, discount, days, state, redemptions, codes, revenue.
pub const COLUMNS: [&str; 7] = ["Campaign", "Takes off", "Runs", "State", "Redeemed", "Codes", "Brought in"];
/// Where there is none.
pub const NONE_YET: &str = "There is no campaign for you yet. Write to us what you would like to offer your customers.";
/// The way to do that.
pub const WRITE: &str = "Write to us";
/// Where nothing was brought in yet.
pub const NOTHING_YET: &str = "nothing yet";
/// Accessible name of the pages.
pub const PAGES: &str = "Pages of campaigns";

/// How many are shown.
#[must_use]
pub fn shown(count: usize) -> String {
    if count == 1 { "One campaign".to_owned() } else { format!("{count} campaigns") }
}

/// From when until when a campaign runs.
#[must_use]
pub fn runs(campaign: &Campaign) -> String {
    let from = day(campaign.starts_at);
    match campaign.ends_at {
        None => format!("from {from} on"),
        Some(at) => format!("{from} to {}", day(at.plus(-1))),
    }
}

/// A day.
#[must_use]
pub fn day(at: UnixMs) -> String {
    documents::date(at.date())
}

// ── One of them ─────────────────────────────────────────────────────────────────────────────────────

/// Heading of the facts.
pub const FACTS: &str = "What it takes off";
/// Who decides about them.
pub const FACTS_LEAD: &str = "The vendor decides about all of this.";
/// Names of the facts: state, discount, plans, minimum, for whom, each customer, all, days.
pub const FACT_NAMES: [&str; 8] =
    ["State", "Takes off", "Plans", "Orders from", "For", "Each customer", "All customers", "Runs"];

/// How many redemptions there can be in all.
#[must_use]
pub fn in_all(most: Option<i64>) -> String {
    most.map_or_else(|| "no limit".to_owned(), licenses::number)
}

/// Heading of the codes.
pub const CODES: &str = "Codes";
/// What to do with them.
pub const CODES_LEAD: &str =
    "Whoever follows the link of a code has it on the order. Your own orders take none of them.";
/// Columns of the codes: code, link, redemptions, state, acts.
pub const CODE_COLUMNS: [&str; 5] = ["Code", "Link", "Redeemed", "State", "What can be done"];
/// Where there is none.
pub const NO_CODES: &str = "This campaign has no code yet, so nobody can use it. Add one below.";
/// A code that the vendor let rest.
pub const PAUSED_BY_VENDOR: &str = "Paused by the vendor";

/// The button that copies a code's link: act, done, refused.
#[must_use]
pub fn copy_link(code: &str) -> [String; 3] {
    [format!("Copy the link of {code}"), "Link copied".to_owned(), "Select it and press Ctrl+C".to_owned()]
}

/// How often a code is redeemed.
#[must_use]
pub fn redeemed(code: &PromotionCode) -> String {
    console_campaigns::code_redeemed(code)
}

/// Label of the name of a code.
pub const CODE: &str = "Code";
/// What can be one.
pub const CODE_HINT: &str =
    "Letters, digits and dashes; capitals make no difference. It works as often as the campaign does.";
/// What drawn codes are.
pub const DRAW_LEAD: &str = "Each is of its own, cannot be guessed, and works once.";

/// Why an answer is refused.
#[must_use]
pub fn fault(fault: Fault) -> String {
    match fault {
        Fault::Count => {
            format!("Draw from 1 to {MOST_AT_ONCE} codes at a time; a campaign has at most {MOST_CODES}.")
        }
        other => console_campaigns::fault(other),
    }
}

// ── Sales ───────────────────────────────────────────────────────────────────────────────────────────

/// Heading of the sales.
pub const SALES: &str = "Sales";
/// What they are.
pub const SALES_LEAD: &str = "Each order that was paid with one of these codes, and what was paid for it until now: invoices on \
                              which the code took something off, less what was credited. Before tax. Of those who bought you \
                              see your own clients.";
/// Columns: day, plan, code, customer, paid.
pub const SALE_COLUMNS: [&str; 5] = ["Bought", "Plan", "Code", "Customer", "Paid"];
/// Where there is none.
pub const NO_SALES: &str = "Nobody has bought with one of these codes yet. Share their links.";
/// A buyer that is no client of the partner's.
pub const SOMEBODY: &str = "a customer";
/// Accessible name of the pages.
pub const SALE_PAGES: &str = "Pages of sales";

/// How many sales are shown.
#[must_use]
pub fn sales_shown(count: usize) -> String {
    if count == 1 { "One sale".to_owned() } else { format!("{count} sales") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partner_reads_its_own_limits() {
        assert!(fault(Fault::Count).contains("from 1 to 200 codes") && fault(Fault::Count).contains("at most 1000"));
        assert_eq!(fault(Fault::CodeTaken), console_campaigns::fault(Fault::CodeTaken));
        assert_eq!(in_all(None), "no limit");
    }
}
