//! Vouchers: what a partner reads about those that it buys and hands out, and the letters about them.

use jiff::civil::Date;

use super::{buying, documents};
use crate::catalog::{BillingInterval, LicenseType};
use crate::clock::UnixMs;
use crate::licenses::LicenseView;
use crate::mail::{Letter, Sender};
use crate::money::Money;
use crate::orders::rules::ChoiceProblem;
use crate::pdf::amounts;
use crate::vouchers::VoucherStatus;
use crate::vouchers::rules::{MOST, NOTE_MAX_CHARS};

fn money(amount: Money) -> String {
    amounts::format(amount.currency, amount.amount_minor)
}

/// `1 voucher`, `3 vouchers`.
#[must_use]
pub fn count(count: i64) -> String {
    if count == 1 { "1 voucher".to_owned() } else { format!("{count} vouchers") }
}

/// For how long the license of a voucher runs.
#[must_use]
pub fn term(interval: BillingInterval) -> &'static str {
    match interval {
        BillingInterval::Month => "One month",
        BillingInterval::Year => "One year",
        BillingInterval::Once => "For ever",
    }
}

/// What is sold, on Stripe's pages and on invoices.
#[must_use]
pub fn line_name(product: &str, plan: &str, interval: BillingInterval) -> String {
    let term = match interval {
        BillingInterval::Month => "voucher for one month",
        BillingInterval::Year => "voucher for one year",
        BillingInterval::Once => "voucher for ever",
    };
    format!("{product}, {plan}: {term}")
}

// ── The batches ─────────────────────────────────────────────────────────────────────────────────────

/// Title of the list, and label of its link.
pub const TITLE: &str = "Vouchers";
/// Its lead.
pub const LEAD: &str =
    "Licenses that you have paid for in advance. Hand out the codes; whoever has one redeems it in this portal.";
/// Leads to buying some.
pub const BUY: &str = "Buy vouchers";
/// Where there are none.
pub const NONE: &str = "You have no vouchers yet. Buy some, and their codes are here as soon as they are paid.";
/// Where there are none, and none can be bought.
pub const NONE_TO_BUY: &str = "You have no vouchers. Who may buy for your company can buy some here.";
/// For an account that closes.
pub const CLOSES: &str = "Your account closes, so nothing new can be bought for it. An owner can keep the account.";
/// Columns: ordered, plan, number, redeemed, open, void.
pub const BATCH_COLUMNS: [&str; 6] = ["Ordered", "Plan", "Number", "Redeemed", "Open", "Void"];
/// Accessible name of the links between parts of a list.
pub const PAGES: &str = "Parts of the list";
/// The next part.
pub const OLDER: &str = "Older";
/// The first part.
pub const NEWEST: &str = "Newest";
/// The next part of a batch.
pub const NEXT: &str = "Next";
/// The first part of a batch.
pub const FIRST: &str = "First";

/// What vouchers are for.
#[must_use]
pub fn product_plan(product: &str, plan: &str) -> String {
    format!("{product}, {plan}")
}

/// How much of a list is shown.
#[must_use]
pub fn batches_shown(count: usize) -> String {
    if count == 1 { "1 order shown".to_owned() } else { format!("{count} orders shown") }
}

/// How much of a batch is shown.
#[must_use]
pub fn vouchers_shown(count: usize) -> String {
    if count == 1 { "1 voucher shown".to_owned() } else { format!("{count} vouchers shown") }
}

// ── One batch ───────────────────────────────────────────────────────────────────────────────────────

/// Heading of a batch.
#[must_use]
pub fn batch_title(product: &str, plan: &str) -> String {
    format!("Vouchers for {product}, {plan}")
}

/// What there is of it.
#[must_use]
pub fn batch_lead(of: i64, open: i64, ordered_at: UnixMs) -> String {
    let day = documents::date(ordered_at.date());
    format!("{}, {open} open, ordered on {day}. They do not run out.", count(of))
}

/// Downloads the codes.
pub const DOWNLOAD: &str = "Download the codes";
/// What is in the table.
pub const DOWNLOAD_HINT: &str =
    "A table (CSV) with the codes that are still open. Your password is asked for, and the download is recorded.";
/// How customers redeem, with the address of the page.
#[must_use]
pub fn how_to(page: &str) -> String {
    format!("Your customers redeem a code at {page}. Treat codes like cash: whoever has one first has the license.")
}
/// Columns: voucher, status, note, redeemed, by, license ends.
pub const VOUCHER_COLUMNS: [&str; 6] = ["Voucher", "Status", "Note", "Redeemed", "By", "License until"];

/// A voucher among those of its batch.
#[must_use]
pub fn numbered(place: i64) -> String {
    format!("Voucher {place}")
}

/// How a voucher stands.
#[must_use]
pub fn status(status: VoucherStatus) -> &'static str {
    match status {
        VoucherStatus::Open => "Open",
        VoucherStatus::Redeemed => "Redeemed",
        VoucherStatus::Void => "Void",
    }
}

/// Where whoever redeemed is no client.
pub const NO_CLIENT: &str = "Not a client of yours";

/// The last day of a license, as its voucher was redeemed.
#[must_use]
pub fn until(ends_at: Option<UnixMs>) -> String {
    ends_at.map_or_else(|| "No end".to_owned(), |at| documents::date(at.plus(-1).date()))
}

// ── One voucher ─────────────────────────────────────────────────────────────────────────────────────

/// Labels: status, for how long, redeemed, by.
pub const FACTS: [&str; 4] = ["Status", "License runs", "Redeemed", "By"];
/// Heading of the code.
pub const CODE_TITLE: &str = "Code";
/// The field.
pub const CODE_LABEL: &str = "Voucher code";
/// Shows it.
pub const REVEAL: &str = "Show the code";
/// While it is hidden.
pub const CODE_HIDDEN: &str = "Your password is asked for, and that the code was shown is recorded.";
/// While it is shown.
pub const CODE_SHOWN: &str = "Give it to one customer only. It is hidden again when you leave this page.";
/// For those who may not see it.
pub const CODE_NOT_YOURS: &str = "Owners and billing members can show it.";
/// Where it cannot be opened.
pub const CODE_LOST: &str = "The code cannot be shown. Please write to us.";
/// Where it was redeemed or is void: nothing to hand out.
pub const CODE_OVER: &str = "This code cannot be redeemed any more.";
/// The copy button: act, done, refused.
pub const COPY: [&str; 3] = ["Copy the code", "Copied", "Copying is not possible here. Select the code and copy it."];
/// Heading of the note.
pub const NOTE_TITLE: &str = "Your note";
/// The field.
pub const NOTE_LABEL: &str = "Note";
/// What helps.
pub const NOTE_HINT: &str = "For whom it is, for example. Only your company sees it.";
/// The act.
pub const NOTE_SUBMIT: &str = "Save the note";

/// A note that is too long.
#[must_use]
pub fn note_too_long() -> String {
    format!("Enter at most {NOTE_MAX_CHARS} characters.")
}

// ── Buying ──────────────────────────────────────────────────────────────────────────────────────────

/// Title of the page.
pub const BUY_TITLE: &str = "Buy vouchers";
/// Its lead.
pub const BUY_LEAD: &str = "Each is a license with the seats that its plan includes. You pay once; your customers redeem the codes whenever they like.";
/// Heading of the choice.
pub const CHOICE_TITLE: &str = "What you buy";
/// The plan.
pub const PLAN: &str = "Plan";
/// How many.
pub const NUMBER: &str = "Number of vouchers";
/// Bounds of it.
#[must_use]
pub fn number_hint() -> String {
    format!("From 1 to {MOST}.")
}
/// Asks for the price of another choice.
pub const UPDATE: &str = "Update price";
/// Above a choice that cannot be bought.
pub const CANNOT_ORDER: &str = "These vouchers cannot be ordered.";
/// Where the plan that was chosen is not on the price list any more.
pub const NOT_SOLD: &str = "This plan is not sold any more. Choose another one.";
/// Where it is, but not in the currency, or not for the term.
pub const NOT_IN_CURRENCY: &str = "This is not sold in this currency. Choose another plan or currency.";
/// Where nothing is sold that could be handed out.
pub const NOTHING_SOLD: &str = "No plan is sold that vouchers could be for.";
/// Heading of the price.
pub const PRICE_TITLE: &str = "What it costs";
/// Labels: one voucher, license, discount, to pay.
pub const PRICE_LABELS: [&str; 4] = ["Each", "License", "Discount", "To pay, before tax"];

/// A plan among those that can be chosen: with its term and what one costs.
#[must_use]
pub fn plan_choice(product: &str, plan: &str, interval: BillingInterval, each: Money) -> String {
    format!("{product}, {plan}: {}, {}", term(interval).to_lowercase(), money(each))
}

/// What a voucher's license is.
#[must_use]
pub fn license(license_type: LicenseType, seats: i64, interval: BillingInterval) -> String {
    let seats = buying::seats(license_type, seats);
    match interval {
        BillingInterval::Month => format!("{seats}, for one month from the day on which it is redeemed"),
        BillingInterval::Year => format!("{seats}, for one year from the day on which it is redeemed"),
        BillingInterval::Once => format!("{seats}, for ever, with the releases of one year from that day on"),
    }
}

/// What is agreed with the partner takes off.
#[must_use]
pub fn discount(off: Money) -> String {
    format!("{} off, as agreed with you", money(off))
}

/// An amount.
#[must_use]
pub fn amount(amount: Money) -> String {
    money(amount)
}

/// The act.
#[must_use]
pub fn pay(amount: Money) -> String {
    format!("Pay {} by card", money(amount))
}

/// Why a choice cannot be bought.
#[must_use]
pub fn choice_problem(problem: &ChoiceProblem) -> String {
    match problem {
        ChoiceProblem::TooFewSeats { .. } => "Enter 1 or more.".to_owned(),
        ChoiceProblem::TooManySeats { max } => {
            format!("At most {max} vouchers can be bought at once. Enter {max} or fewer.")
        }
        other => super::orders::choice_problem(other),
    }
}

/// What ordering by transfer means.
#[must_use]
pub fn by_transfer(due: Date, void: Date) -> String {
    format!(
        "You get an invoice at once, to be paid by {}. The codes are there as soon as the money has arrived. An order that \
         is not paid by {} is cancelled.",
        documents::date(due),
        documents::date(void)
    )
}

/// Where the role may not buy.
pub const MAY_NOT_BUY: &str = "Owners and billing members can buy vouchers.";
/// The price changed between looking and ordering.
pub const PRICE_CHANGED: &str = "The price has changed. Look at it again before you order.";
/// How the license of a subscription plan goes on.
pub const NO_RENEWAL: &str = "The licenses do not renew, and nobody is charged when they end.";

// ── The order ───────────────────────────────────────────────────────────────────────────────────────

/// Title of an order that is paid.
pub const READY_TITLE: &str = "Your vouchers are ready";

/// Its lead.
#[must_use]
pub fn ready_lead(of: i64) -> String {
    format!("Thank you. {} can be handed out now.", count(of))
}

/// Leads to them.
pub const TO_BATCH: &str = "Open the vouchers";

// ── Licenses that came of one ───────────────────────────────────────────────────────────────────────

/// Label on the license's page.
pub const ORIGIN: &str = "Origin";

/// From whose voucher a license came.
#[must_use]
pub fn origin(partner: &str) -> String {
    format!("From a voucher by {partner}")
}

// ── Letters ─────────────────────────────────────────────────────────────────────────────────────────

/// Tells whoever ordered that the vouchers are there.
#[must_use]
pub fn ready(sender: &Sender, product: &str, plan: &str, of: i64, page: &str) -> Letter {
    Letter {
        subject: format!("Your vouchers for {product} are ready"),
        heading: "Your vouchers are ready".to_owned(),
        paragraphs: vec![
            format!("Thank you. Your payment has arrived, and {} can be handed out now.", count(of)),
            "The codes are in the portal. For safety they are not in this mail.".to_owned(),
        ],
        facts: vec![
            ("Product".to_owned(), product.to_owned()),
            ("Plan".to_owned(), plan.to_owned()),
            ("Vouchers".to_owned(), of.to_string()),
        ],
        button: Some(("Open the vouchers".to_owned(), page.to_owned())),
        reason: format!("You get this mail because you bought vouchers from {}.", sender.name),
        ..Letter::default()
    }
}

/// Tells whoever ordered that vouchers were taken back.
#[must_use]
pub fn returned(sender: &Sender, of: i64, page: &str) -> Letter {
    Letter {
        subject: format!("{} can no longer be redeemed", count(of)),
        heading: "Vouchers are taken back".to_owned(),
        paragraphs: vec![format!(
            "{} has taken back {} that nobody had redeemed. The list of your vouchers says which are void.",
            sender.name,
            count(of)
        )],
        button: Some(("Open the vouchers".to_owned(), page.to_owned())),
        notes: vec!["If this is not what you have agreed, answer this mail.".to_owned()],
        reason: format!("You get this mail because you bought vouchers from {}.", sender.name),
        ..Letter::default()
    }
}

/// Tells whoever redeemed a voucher where its license is.
#[must_use]
pub fn redeemed(sender: &Sender, view: &LicenseView, page: &str) -> Letter {
    let license = &view.license;
    let mut facts =
        vec![("Product".to_owned(), view.product_name.clone()), ("Plan".to_owned(), view.plan_name.clone())];
    facts.extend(license.ends_at.map(|at| ("Last day".to_owned(), until(Some(at)))));
    Letter {
        subject: format!("Your license for {} is ready", view.product_name),
        heading: format!("{} is yours", view.product_name),
        paragraphs: vec![
            "You have redeemed a voucher, and your license is ready.".to_owned(),
            "The license key is on the license's page, with the lines that start the product. For safety it is not in \
             this mail."
                .to_owned(),
        ],
        facts,
        button: Some(("Show the license key".to_owned(), page.to_owned())),
        reason: format!("You get this mail because you redeemed a voucher at {}.", sender.name),
        ..Letter::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sold_says_for_how_long() {
        let name = line_name("Gateway", "Startup", BillingInterval::Year);
        assert_eq!(name, "Gateway, Startup: voucher for one year");
        assert_eq!(count(1), "1 voucher");
        assert_eq!(license(LicenseType::Floating, 1, BillingInterval::Once).split(',').count(), 3);
        let refused = choice_problem(&ChoiceProblem::TooManySeats { max: MOST });
        assert!(refused.contains("vouchers") && refused.contains("500"), "{refused}");
    }
}
