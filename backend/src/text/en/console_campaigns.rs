//! Campaigns and their codes, in the vendor's console.

use super::{accounts, documents, moments};
use crate::campaigns::rules::{self, Fault, LIMIT_MAX, MONTHS_MAX, NAME_MAX_CHARS, Standing};
use crate::campaigns::{Campaign, Duration, MOST_AT_ONCE, PromotionCode};
use crate::clock::UnixMs;
use crate::money::Money;
use crate::pdf::amounts;
use crate::stripe::AmountOff;

fn money(amount: Money) -> String {
    amounts::format(amount.currency, amount.amount_minor)
}

/// Title of the list.
pub const TITLE: &str = "Campaigns";
/// What the list is for.
pub const LEAD: &str = "What is taken off, for whom and how often. Customers type a code on the review of their order.";
/// The way to the form.
pub const NEW: &str = "New campaign";
/// Columns of the list.
pub const COLUMNS: [&str; 6] = ["Campaign", "Whose", "Takes off", "State", "Redeemed", "Brought in"];
/// The question of the filter, and of the form, whose a campaign is.
pub const WHOSE: &str = "Whose";
/// The vendor's own.
pub const OURS: &str = "Ours";
/// What it means for a campaign to be a partner's.
pub const WHOSE_HINT: &str = "A partner adds codes, pauses them and sees what they sold. All limits stay yours to set.";
/// When there is none.
pub const NONE_YET: &str = "There is no campaign yet. Make one, and give its code to your customers.";
/// Where nothing was brought in yet.
pub const NOTHING_YET: &str = "nothing yet";
/// Accessible name of the pages.
pub const PAGES: &str = "Pages of campaigns";
/// The first page.
pub const NEWEST: &str = "Newest";
/// The next page.
pub const OLDER: &str = "Older";

/// Whose a campaign is.
#[must_use]
pub fn whose(owner_company: Option<&str>) -> String {
    owner_company.unwrap_or(OURS).to_owned()
}

/// A partner to choose from; one that is none any more keeps the campaigns that it had.
#[must_use]
pub fn partner_choice(company: &str, is_over: bool) -> String {
    if is_over { format!("{company} (was a partner)") } else { company.to_owned() }
}

/// How many are shown.
#[must_use]
pub fn shown(count: usize) -> String {
    if count == 1 { "1 campaign".to_owned() } else { format!("{count} campaigns") }
}

/// `20 % off the first payment`.
#[must_use]
pub fn takes_off(campaign: &Campaign) -> String {
    let off = match campaign.amount_off() {
        AmountOff::Share(millionths) => {
            format!("{} %", rules::write_percent(millionths / rules::MILLIONTHS_IN_A_BP))
        }
        AmountOff::Sum { amount_minor, currency } => money(Money::new(amount_minor, currency)),
    };
    let lasts = match (campaign.duration, campaign.duration_months) {
        (Duration::Once, _) => "the first payment".to_owned(),
        (Duration::Repeating, Some(1) | None) => "for one month".to_owned(),
        (Duration::Repeating, Some(months)) => format!("for {months} months"),
        (Duration::Forever, _) => "every payment".to_owned(),
    };
    format!("{off} off {lasts}")
}

/// Where a campaign stands, in a word.
#[must_use]
pub fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::NotBegun => "Not begun",
        Standing::Running => "Running",
        Standing::Paused => "Paused",
        Standing::UsedUp => "Used up",
        Standing::Ended => "Ended",
    }
}

/// `3 of 100`, `3, and 1 in open orders`.
#[must_use]
pub fn redeemed(redeemed: i64, reserved: i64, most: Option<i64>) -> String {
    let count = most.map_or_else(|| redeemed.to_string(), |most| format!("{redeemed} of {most}"));
    if reserved == 0 { count } else { format!("{count}, and {reserved} in open orders") }
}

// ── A new one ───────────────────────────────────────────────────────────────────────────────────────────────────

/// What the form is for.
pub const NEW_LEAD: &str =
    "What it takes off, for whom and for how long never changes afterwards; name, end and limits can.";
/// Label of the name.
pub const NAME: &str = "Name";
/// Who sees it.
pub const NAME_HINT: &str = "Customers see it on the payment page and on Stripe's receipts.";
/// Label of the first code.
pub const CODE: &str = "Code";
/// What can be a code.
pub const CODE_HINT: &str =
    "Letters, digits and dashes; capitals make no difference. Leave it out to draw many codes later.";
/// Beside what need not be answered.
pub const OPTIONAL: &str = "optional";
/// The question of how it takes off.
pub const KIND: &str = "Takes off";
/// Value, name and meaning of each answer.
pub const KINDS: [(&str, &str, &str); 2] =
    [("percent", "A percentage", "of each line, up to two decimals"), ("amount", "An amount", "of one currency")];
/// Label of the percentage.
pub const PERCENT: &str = "Percent";
/// When it counts.
pub const PERCENT_HINT: &str = "For a percentage: 20 or 12.5.";
/// Label of the amount.
pub const AMOUNT: &str = "Amount";
/// When it counts.
pub const AMOUNT_HINT: &str = "For an amount: 50 or 49.90, before tax.";
/// Label of the currency of amount and minimum.
pub const CURRENCY: &str = "Currency of the amounts";
/// Label of the duration.
pub const DURATION: &str = "For how long";
/// Value and name of each duration.
pub const DURATIONS: [(&str, &str); 3] =
    [("once", "The first payment"), ("repeating", "Some months"), ("forever", "Every payment")];
/// Label of the months.
pub const MONTHS: &str = "Months";
/// When they count.
pub const MONTHS_HINT: &str = "For some months only.";
/// The question for which plans.
pub const PLANS: &str = "Only for these plans";
/// Label of the minimum.
pub const MINIMUM: &str = "Orders from";
/// What the minimum is.
pub const MINIMUM_HINT: &str = "The least that an order comes to, before tax and discounts.";
/// Label of the box.
pub const FIRST_PURCHASE: &str = "Only for customers who have never paid anything";
/// Label of the limit in all.
pub const MAX_REDEMPTIONS: &str = "Redemptions in all";
/// Label of the limit per account.
pub const MAX_PER_ACCOUNT: &str = "Redemptions per customer";
/// What no limit means.
pub const LIMIT_HINT: &str = "Leave it out for no limit.";
/// Label of the first day.
pub const STARTS_ON: &str = "First day";
/// What no day means.
pub const STARTS_HINT: &str = "In UTC. Leave it out to begin now.";
/// Label of the last day.
pub const ENDS_ON: &str = "Last day";
/// What no day means.
pub const ENDS_HINT: &str = "In UTC. Leave it out for no end.";
/// The button.
pub const CREATE: &str = "Create the campaign";

/// Why an answer is refused.
#[must_use]
pub fn fault(fault: Fault) -> String {
    match fault {
        Fault::Name => format!("Give it a name of at most {NAME_MAX_CHARS} characters."),
        Fault::Percent => "Give a percentage above 0 and at most 100, with at most two decimals.".to_owned(),
        Fault::Amount => "Give an amount above 0, with no more decimals than its currency has.".to_owned(),
        Fault::Currency => "Choose the currency of the amounts.".to_owned(),
        Fault::Months => format!("Give a number of months from 1 to {MONTHS_MAX}, and only for some months."),
        Fault::Plans => "Choose plans that are sold; apply the catalog first if one is new.".to_owned(),
        Fault::Minimum => "Give an amount above 0, or leave it out.".to_owned(),
        Fault::MaxRedemptions | Fault::MaxPerAccount => {
            format!("Give a whole number from 1 to {LIMIT_MAX}, or leave it out.")
        }
        Fault::BelowTaken(taken) => format!("{taken} are redeemed or in open orders already. Give at least as many."),
        Fault::BelowTakenByAccount(taken) => format!("One customer has {taken} already. Give at least as many."),
        Fault::StartsAt => "Give a day, or leave it out.".to_owned(),
        Fault::EndsAt => "Give a day that is not before the first one, or leave it out.".to_owned(),
        Fault::Code => "A code has at most 60 letters, digits and dashes.".to_owned(),
        Fault::CodeTaken => "There is a code of this name already. Choose another.".to_owned(),
        Fault::Count => {
            format!("Draw from 1 to {MOST_AT_ONCE} codes at a time; a campaign has at most 100000.")
        }
        Fault::Owner => "Choose a partner, or leave the campaign ours. A partnership that is over has none.".to_owned(),
        Fault::TooManyTries(retry_after_s) => accounts::limited(retry_after_s),
        Fault::Prefix => "A beginning has at most 20 letters, digits and dashes.".to_owned(),
    }
}

// ── One of them ─────────────────────────────────────────────────────────────────────────────────────────────────

/// Heading of the facts.
pub const FACTS: &str = "What it takes off";
/// Names of the facts: whose, state, discount, plans, minimum, for whom, limits, window.
pub const FACT_NAMES: [&str; 9] =
    ["Whose", "State", "Takes off", "Plans", "Orders from", "For", "Per customer", "Begins", "Ends"];
/// All plans.
pub const ALL_PLANS: &str = "all";
/// No minimum.
pub const ANY_AMOUNT: &str = "any amount";
/// Who it is for.
pub const FOR_NEW: &str = "first purchases";
/// Who it is for.
pub const FOR_ALL: &str = "everybody";
/// No limit.
pub const NO_LIMIT: &str = "as often as they like";
/// No end.
pub const NO_END: &str = "no end";

/// `once`, `3 times`.
#[must_use]
pub fn times(times: i64) -> String {
    if times == 1 { "once".to_owned() } else { format!("{times} times") }
}

/// The last day of a campaign: its end is the first moment that is over.
#[must_use]
pub fn ends(campaign: &Campaign, now: UnixMs) -> String {
    match campaign.ends_at {
        None => NO_END.to_owned(),
        Some(at) if at <= now => format!("ended {}", moments::moment(at, now)),
        Some(at) => format!("after {}", documents::date(at.plus(-1).date())),
    }
}

/// Heading of the numbers.
pub const STATISTICS: &str = "What it brought in";
/// What the numbers count.
pub const STATISTICS_LEAD: &str =
    "Paid invoices on which it took something off, renewals included, less what was credited. Before tax.";
/// Columns of the numbers.
pub const STATISTICS_COLUMNS: [&str; 4] = ["Currency", "Invoices", "Paid", "Taken off"];
/// Name of the count.
pub const REDEEMED: &str = "Redeemed";
/// When nothing was paid with it.
pub const NO_TAKINGS: &str = "Nothing was paid with it yet.";

/// Heading of the codes.
pub const CODES: &str = "Codes";
/// Columns of the codes.
pub const CODE_COLUMNS: [&str; 4] = ["Code", "Redeemed", "State", "Acts"];
/// When there is none.
pub const NO_CODES: &str = "It has no code yet, so nobody can use it. Add one, or draw many.";
/// A code that works.
pub const ACTIVE: &str = "Active";
/// A code that rests.
pub const PAUSED: &str = "Paused";
/// The link to the table.
pub const DOWNLOAD: &str = "Download all codes (CSV)";
/// Accessible name of the pages.
pub const CODE_PAGES: &str = "Pages of codes";

/// How many codes are shown.
#[must_use]
pub fn codes_shown(count: usize, all: i64) -> String {
    format!("{count} of {all}")
}

/// How often a code is redeemed.
#[must_use]
pub fn code_redeemed(code: &PromotionCode) -> String {
    redeemed(code.redeemed, code.reserved, code.max_redemptions)
}

/// Heading of the form for one code.
pub const ADD: &str = "Add a code";
/// Its button.
pub const ADD_SUBMIT: &str = "Add the code";
/// Label of a code's limit.
pub const CODE_LIMIT: &str = "Redemptions of this code";
/// Heading of the form for many.
pub const DRAW: &str = "Draw many codes";
/// What drawn codes are.
pub const DRAW_LEAD: &str = "Each is of its own and cannot be guessed.";
/// Label of how many.
pub const COUNT: &str = "How many";
/// Label of what they begin with.
pub const PREFIX: &str = "Beginning";
/// What a beginning is.
pub const PREFIX_HINT: &str = "EXPO makes EXPO-BCDF-GHJK-…";
/// Label of the limit of each.
pub const EACH_LIMIT: &str = "Redemptions of each";
/// Its button.
pub const DRAW_SUBMIT: &str = "Draw the codes";
/// A code that the partner let rest.
pub const PAUSED_BY_PARTNER: &str = "Paused by the partner";
/// Lets something rest.
pub const PAUSE: &str = "Pause";
/// Lets it work again.
pub const RESUME: &str = "Resume";

/// Heading of the acts on a campaign.
pub const ACTS: &str = "Pause or end";
/// What pausing means.
pub const PAUSE_MEANS: &str =
    "None of its codes works until you resume it. Orders that were placed keep their discount.";
/// What resuming means.
pub const RESUME_MEANS: &str = "Its codes work again.";
/// The button of pausing.
pub const PAUSE_CAMPAIGN: &str = "Pause the campaign";
/// The button of resuming.
pub const RESUME_CAMPAIGN: &str = "Resume the campaign";
/// The button that asks about ending.
pub const END: &str = "End now…";
/// The question.
pub const END_TITLE: &str = "End the campaign now?";
/// What ending means.
pub const END_MEANS: &str = "None of its codes works from now on. Orders that were placed keep their discount, and so do \
                             subscriptions for as long as it was promised.";
/// The button that ends it.
pub const END_SUBMIT: &str = "End the campaign";
/// The button that does not.
pub const END_CLOSE: &str = "Let it run";
/// When it is over.
pub const OVER: &str = "It is over. Give it another last day to go on with it.";
/// For who may only look.
pub const LOOK_ONLY: &str = "You can look at campaigns. Admins and finance change them.";
/// Heading of the form for changes.
pub const EDIT: &str = "Change it";
/// Its button.
pub const EDIT_SUBMIT: &str = "Save";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redemptions_are_counted_with_what_is_under_way() {
        assert_eq!(redeemed(3, 0, None), "3");
        assert_eq!(redeemed(3, 1, Some(100)), "3 of 100, and 1 in open orders");
    }
}
