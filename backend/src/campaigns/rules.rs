//! Whether a code applies, and what a campaign may say. Pure.

use serde::{Deserialize, Serialize};

use super::{Campaign, Duration, Holding, PromotionCode, Taken};
use crate::clock::UnixMs;
use crate::ids::{AccountId, PlanId};
use crate::money::Money;
use crate::orders::promotion::{Discount, DiscountSource, PromotionProblem, takes_off};
use crate::orders::rules::Quote;

/// Millionths in a hundredth of a percent.
pub const MILLIONTHS_IN_A_BP: i64 = 100;
/// 100 %, in hundredths of a percent.
pub const WHOLE_BP: i64 = 10_000;
/// Characters of a campaign's name, as Stripe takes them for a coupon's.
pub const NAME_MAX_CHARS: usize = 40;
/// Months that a discount can repeat: more is for ever.
pub const MONTHS_MAX: i64 = 60;
/// The greatest limit that can be set.
pub const LIMIT_MAX: i64 = 1_000_000;
/// Symbols of drawn codes: no vowels, so no words, and nothing that looks like something else.
const SYMBOLS: [u8; 16] = *b"BCDFGHJKMNPQRTVW";

/// Where a campaign stands at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It begins later.
    NotBegun,
    /// Its codes work.
    Running,
    /// Staff let it rest.
    Paused,
    /// It is used up.
    UsedUp,
    /// It is over.
    Ended,
}

/// Where a campaign stands, of which so many redemptions are taken.
#[must_use]
pub fn standing(campaign: &Campaign, taken: i64, now: UnixMs) -> Standing {
    if campaign.ends_at.is_some_and(|at| at <= now) {
        Standing::Ended
    } else if campaign.paused_at.is_some() {
        Standing::Paused
    } else if now < campaign.starts_at {
        Standing::NotBegun
    } else if campaign.max_redemptions.is_some_and(|most| taken >= most) {
        Standing::UsedUp
    } else {
        Standing::Running
    }
}

/// How often one account can redeem a campaign: a first purchase is made once, whoever pays two orders at a time.
#[must_use]
pub fn most_per_account(campaign: &Campaign) -> Option<i64> {
    let first = campaign.first_purchase_only.then_some(1);
    [campaign.max_per_account, first].into_iter().flatten().min()
}

/// What is taken, once these orders of the account that asks have made room.
pub(super) fn without(taken: Taken, orders: &[Holding], code: &PromotionCode) -> Taken {
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let with_code = orders.iter().filter(|order| order.code_id == code.id).count();
    Taken {
        of_campaign: taken.of_campaign - count(orders.len()),
        of_code: taken.of_code - count(with_code),
        by_account: taken.by_account - count(orders.len()),
    }
}

/// Who asks for what.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// What the choice costs.
    pub quote: &'a Quote,
    /// Under which plan.
    pub plan_id: &'a PlanId,
    /// The account that orders.
    pub account_id: &'a AccountId,
    /// Whether the account has ever paid for anything.
    pub has_paid: bool,
}

/// What a code takes off a choice.
///
/// # Errors
/// [`PromotionProblem`], the first that there is.
pub fn check(
    campaign: &Campaign,
    code: &PromotionCode,
    taken: Taken,
    asked: Asked<'_>,
    now: UnixMs,
) -> Result<Discount, PromotionProblem> {
    use PromotionProblem as P;
    let is_full = |most: Option<i64>, taken: i64| most.is_some_and(|most| taken >= most);
    // First: a partner that orders with a code of its own would be told to come back for all other reasons.
    if campaign.owner_account_id.as_ref() == Some(asked.account_id) {
        return Err(P::OwnCampaign);
    }
    match standing(campaign, 0, now) {
        Standing::Ended => return Err(P::Expired),
        Standing::Paused => return Err(P::Paused),
        Standing::NotBegun => return Err(P::NotBegun(campaign.starts_at)),
        Standing::UsedUp | Standing::Running => {}
    }
    if code.paused_at.is_some() {
        return Err(P::Paused);
    }
    let is_for_it = campaign.plan_ids.0.is_empty() || campaign.plan_ids.0.contains(asked.plan_id);
    // Nothing is taken off nothing, and no redemption is spent on it.
    if !is_for_it || asked.quote.total.amount_minor == 0 {
        return Err(P::OtherPlan);
    }
    if campaign.first_purchase_only && asked.has_paid {
        return Err(P::NotFirstPurchase);
    }
    // Before the limits in all: who has used it learns that it is their own doing.
    if is_full(most_per_account(campaign), taken.by_account) {
        return Err(P::UsedByYou);
    }
    if is_full(campaign.max_redemptions, taken.of_campaign) || is_full(code.max_redemptions, taken.of_code) {
        return Err(P::UsedUp);
    }
    if let Some(least) = campaign.minimum() {
        if least.currency != asked.quote.total.currency {
            return Err(P::OtherCurrency);
        }
        if asked.quote.total.amount_minor < least.amount_minor {
            return Err(P::BelowMinimum(least));
        }
    }
    let takes_off = takes_off(asked.quote, asked.plan_id, &campaign.product_ids.0, campaign.amount_off())?;
    Ok(Discount {
        code: code.code.clone(),
        source: DiscountSource::Campaign(campaign.id.clone()),
        amount_off: campaign.amount_off(),
        duration: campaign.lasts(),
        takes_off,
    })
}

/// What cannot be said in a campaign or a code, by its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// It has no name, or too long a one.
    Name,
    /// Not above 0 and at most 100 %.
    Percent,
    /// Not above 0.
    Amount,
    /// Money without a currency.
    Currency,
    /// Neither a month nor as many as [`MONTHS_MAX`].
    Months,
    /// There is no such plan.
    Plans,
    /// There is no such partner.
    Owner,
    /// Not above 0.
    Minimum,
    /// Not from 1 to [`LIMIT_MAX`].
    MaxRedemptions,
    /// Not from 1 to [`LIMIT_MAX`].
    MaxPerAccount,
    /// Less than what is taken already.
    BelowTaken(i64),
    /// Some account has more of them already.
    BelowTakenByAccount(i64),
    /// No day.
    StartsAt,
    /// No day, or not after the beginning.
    EndsAt,
    /// Nothing that can be a code.
    Code,
    /// Another code is called so.
    CodeTaken,
    /// Not from 1 to as many as are made at once.
    Count,
    /// Nothing that a drawn code can begin with.
    Prefix,
    /// Too many names were tried that are taken; seconds to wait.
    TooManyTries(i64),
}

/// Whether a limit can be set.
#[must_use]
pub fn is_limit(limit: Option<i64>) -> bool {
    limit.is_none_or(|limit| (1..=LIMIT_MAX).contains(&limit))
}

/// Whether a discount can be such a sum: something, and no finer than Stripe takes it.
#[must_use]
pub fn is_sum(off: Money) -> bool {
    off.amount_minor > 0 && off.amount_minor % off.currency.smallest_step() == 0
}

/// Whether a campaign can be called so.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let name = name.trim();
    !name.is_empty() && name.chars().count() <= NAME_MAX_CHARS && !name.chars().any(char::is_control)
}

/// Whether a discount can last so long.
#[must_use]
pub fn is_duration(duration: Duration, months: Option<i64>) -> bool {
    match duration {
        Duration::Repeating => months.is_some_and(|months| (1..=MONTHS_MAX).contains(&months)),
        Duration::Once | Duration::Forever => months.is_none(),
    }
}

/// By what a code is found, however it was typed.
#[must_use]
pub fn code_key(code: &str) -> String {
    code.to_ascii_uppercase()
}

/// A code of 80 random bits in groups of four: `BCDF-GHJK-MNPQ-RTVW-BCDF`, after a prefix where there is one.
#[must_use]
pub fn draw_code(prefix: &str, random: [u8; 10]) -> String {
    let symbols = random.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let mut code = if prefix.is_empty() { String::new() } else { format!("{prefix}-") };
    for (place, symbol) in symbols.enumerate() {
        if place > 0 && place % 4 == 0 {
            code.push('-');
        }
        code.push(char::from(SYMBOLS[usize::from(symbol)]));
    }
    code
}

/// A percentage as it is typed, with at most two decimals, in hundredths of a percent; `None` unless above 0 and at most
/// 100.
#[must_use]
pub fn read_percent(typed: &str) -> Option<i64> {
    let typed = typed.trim().trim_end_matches('%').trim_end();
    let (whole, decimals) = typed.split_once('.').unwrap_or((typed, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || decimals.len() > 2 || !digits(whole) || !digits(decimals) {
        return None;
    }
    let bp: i64 = format!("{whole}{decimals:0<2}").parse().ok()?;
    (1..=WHOLE_BP).contains(&bp).then_some(bp)
}

/// A percentage as Stripe takes it, and people write it: `12.5`.
#[must_use]
pub fn write_percent(bp: i64) -> String {
    let (whole, rest) = (bp / 100, bp % 100);
    if rest == 0 { whole.to_string() } else { format!("{whole}.{rest:02}").trim_end_matches('0').to_owned() }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
