//! What a choice costs, and which choices can be bought. Before tax and discounts, which are Stripe's to say.

use std::collections::BTreeMap;

use jiff::{ToSpan, civil::Date};

use super::Order;
use super::continuing::rules::Obstacle;
use super::currency::FixedCurrency;
use crate::billing::maintenance::rules::MAX_YEARS;
use crate::catalog::{BillingInterval, Composition, Part, Plan, PlanKind, Price, PriceRole, PriceRow};
use crate::clock::{HOUR_MS, UnixMs};
use crate::ids::UserId;
use crate::money::{Currency, Money};

/// How long after payment the order's page shows the new key without asking for the password again.
pub const NEW_KEY_SHOWN_MS: i64 = HOUR_MS;

/// Why a choice cannot be bought.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum ChoiceProblem {
    /// The plan is not published (any more).
    NotForSale,
    /// It is not sold at this interval or in this currency.
    NotOffered,
    /// Fewer seats than the plan includes.
    TooFewSeats {
        /// How many it includes.
        min: i64,
    },
    /// More seats than the plan has.
    TooManySeats {
        /// How many it has at most.
        max: i64,
    },
    /// An add-on that is not sold with it.
    AddonNotOffered,
    /// Packs that are not sold with it.
    PackNotOffered,
    /// Another number of packs than a license can have.
    PackCount {
        /// Of which limit.
        limit: String,
        /// How many it can have at most.
        max: i64,
    },
    /// The account has to buy in another currency.
    CurrencyFixed(FixedCurrency),
    /// More money than can be counted.
    AmountTooLarge,
    /// The license cannot be gone on with.
    CannotContinue {
        /// Why.
        why: Obstacle,
    },
}

/// One row of a quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuoteLine {
    /// The price.
    pub price: Price,
    /// How many of it.
    pub quantity: i64,
    /// Price × quantity.
    pub amount_minor: i64,
    /// The same by the unit, in more than one row where tiers make units cost differently.
    pub rows: Vec<PriceRow>,
}

/// What a choice costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Its rows; the plan itself first.
    pub lines: Vec<QuoteLine>,
    /// Their sum: per interval, or once.
    pub total: Money,
    /// How often it is charged.
    pub interval: BillingInterval,
}

/// The currencies in which a plan is sold now, in alphabetical order.
#[must_use]
pub fn currencies(plan: &Plan) -> Vec<Currency> {
    let mut currencies: Vec<Currency> = plan.prices.iter().map(|price| price.unit_amount.currency).collect();
    currencies.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    currencies.dedup();
    currencies
}

/// The intervals at which a plan is sold now in a currency, shortest first.
#[must_use]
pub fn intervals(plan: &Plan, currency: Currency) -> Vec<BillingInterval> {
    let role = main_role(plan.kind);
    BillingInterval::ALL.iter().copied().filter(|interval| plan.price(role, *interval, currency).is_some()).collect()
}

/// Whether a plan costs something when it is paid at this interval.
#[must_use]
pub fn is_charged(plan: &Plan, interval: BillingInterval, currency: Currency) -> bool {
    plan.price(main_role(plan.kind), interval, currency).is_some_and(|price| price.unit_amount.amount_minor > 0)
}

/// What a composition of a plan costs a new buyer.
///
/// # Errors
/// [`ChoiceProblem`].
pub fn quote(plan: &Plan, choice: &Composition) -> Result<Quote, ChoiceProblem> {
    if !plan.published {
        return Err(ChoiceProblem::NotForSale);
    }
    check_seats(plan, choice.seats)?;
    check_packs(plan, choice, &BTreeMap::new())?;
    quote_at(plan, choice, &[])
}

/// What a composition of a plan costs at the prices `kept`, and at today's where none of them is for a part of it.
///
/// # Errors
/// [`ChoiceProblem`].
pub fn quote_at(plan: &Plan, choice: &Composition, kept: &[Price]) -> Result<Quote, ChoiceProblem> {
    if choice.addons.iter().any(|code| plan.addon(code).is_none()) {
        return Err(ChoiceProblem::AddonNotOffered);
    }
    if choice.packs.keys().any(|limit| plan.pack(limit).is_none()) {
        return Err(ChoiceProblem::PackNotOffered);
    }
    let price = |part: &Part| {
        let kept = kept.iter().find(|price| (price.role, &price.option) == (part.role, &part.option));
        kept.or_else(|| plan.price_of(part.role, &part.option, choice.interval, choice.currency)).ok_or(
            match part.role {
                PriceRole::Addon => ChoiceProblem::AddonNotOffered,
                PriceRole::Pack => ChoiceProblem::PackNotOffered,
                _ => ChoiceProblem::NotOffered,
            },
        )
    };
    let parts = choice.parts(plan);
    let rows = parts.iter().map(|part| Ok((price(part)?, part.quantity))).collect::<Result<Vec<_>, _>>()?;
    sum(choice.interval, rows)
}

/// What so many more years of updates cost for a composition, its seats and its add-ons. An add-on whose updates are not
/// sold any more costs nothing more.
///
/// # Errors
/// [`ChoiceProblem::NotOffered`] when the plan has no maintenance in this currency, or not for so many years at once. A
/// plan that is no longer for sale still renews.
pub fn quote_maintenance(plan: &Plan, bought: &Composition, years: i16) -> Result<Quote, ChoiceProblem> {
    if !(1..=MAX_YEARS).contains(&years) {
        return Err(ChoiceProblem::NotOffered);
    }
    let once = BillingInterval::Once;
    plan.price(PriceRole::Maintenance, once, bought.currency).ok_or(ChoiceProblem::NotOffered)?;
    let parts = bought.maintenance_parts(plan);
    let price = |part: &Part| plan.price_of(part.role, &part.option, once, bought.currency);
    let rows = parts.iter().filter_map(|part| Some((price(part)?, part.quantity.checked_mul(i64::from(years)))));
    let rows = rows.map(|(price, quantity)| Ok((price, quantity.ok_or(ChoiceProblem::AmountTooLarge)?)));
    sum(once, rows.collect::<Result<Vec<_>, _>>()?)
}

/// What `more` seats cost for a perpetual license of composition `had`: each what a seat costs today, with those of its
/// add-ons that are sold by the seat. A plan that is no longer for sale still grows.
///
/// # Errors
/// [`ChoiceProblem`].
pub fn quote_further_seats(plan: &Plan, had: &Composition, more: i64) -> Result<Quote, ChoiceProblem> {
    if more < 1 {
        return Err(ChoiceProblem::TooFewSeats { min: 1 });
    }
    if had.seats.saturating_add(more) > plan.max_seats {
        return Err(ChoiceProblem::TooManySeats { max: plan.max_seats });
    }
    let once = BillingInterval::Once;
    let parts = had.further_seat_parts(plan, more);
    let price = |part: &Part| {
        plan.price_of(part.role, &part.option, once, had.currency).ok_or(match part.role {
            PriceRole::Addon => ChoiceProblem::AddonNotOffered,
            _ => ChoiceProblem::NotOffered,
        })
    };
    sum(once, parts.iter().map(|part| Ok((price(part)?, part.quantity))).collect::<Result<Vec<_>, _>>()?)
}

/// What a year costs less than twelve months of the same plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct YearlySaving {
    /// In money, with the included seats.
    pub amount: Money,
    /// In months, where it comes to whole ones.
    pub months: Option<i64>,
}

/// What paying yearly saves; `None` where a plan is not sold both ways, or saves nothing.
#[must_use]
pub fn yearly_saving(plan: &Plan, currency: Currency) -> Option<YearlySaving> {
    let month = plan.price(PriceRole::Base, BillingInterval::Month, currency)?.unit_amount.amount_minor;
    let year = plan.price(PriceRole::Base, BillingInterval::Year, currency)?.unit_amount.amount_minor;
    let saved = month.checked_mul(12)?.checked_sub(year).filter(|saved| *saved > 0)?;
    let months = (saved % month == 0).then_some(saved / month);
    Some(YearlySaving { amount: Money::new(saved, currency), months })
}

/// The day of the second charge when the first is on `first`; Stripe shortens it to the month's last day too.
/// `None` for what is paid once.
#[must_use]
pub fn next_charge_on(first: Date, interval: BillingInterval) -> Option<Date> {
    match interval {
        BillingInterval::Month => first.checked_add(1.month()).ok(),
        BillingInterval::Year => first.checked_add(1.year()).ok(),
        BillingInterval::Once => None,
    }
}

/// Whether an order's page may show the new license's key as it is: to the person and in the browser session
/// that placed the order, for an hour after it was paid, and only for an order that made a license.
#[must_use]
pub fn may_see_new_key(order: &Order, user_id: &UserId, session_hash: &[u8], now: UnixMs) -> bool {
    let fresh = order.paid_at.is_some_and(|paid_at| now < paid_at.plus(NEW_KEY_SHOWN_MS));
    fresh && !order.kind.adds() && order.user_id == *user_id && order.was_placed_in(session_hash)
}

fn main_role(kind: PlanKind) -> PriceRole {
    match kind {
        PlanKind::Subscription => PriceRole::Base,
        PlanKind::Perpetual => PriceRole::Unit,
    }
}

/// Whether a plan can have so many seats.
///
/// # Errors
/// [`ChoiceProblem`] with the bound that is broken.
pub fn check_seats(plan: &Plan, seats: i64) -> Result<(), ChoiceProblem> {
    let min = plan.included_seats.max(1);
    if seats < min {
        return Err(ChoiceProblem::TooFewSeats { min });
    }
    if seats > plan.max_seats {
        return Err(ChoiceProblem::TooManySeats { max: plan.max_seats });
    }
    Ok(())
}

/// Whether a license under the plan can have so many packs; `had` are those that it has under the same plan, which it may
/// keep where fewer can be had by now.
///
/// # Errors
/// [`ChoiceProblem`] with the bound that is broken.
pub fn check_packs(plan: &Plan, choice: &Composition, had: &BTreeMap<String, i64>) -> Result<(), ChoiceProblem> {
    for (limit, count) in &choice.packs {
        let pack = plan.pack(limit).ok_or(ChoiceProblem::PackNotOffered)?;
        let max = pack.max.max(had.get(limit).copied().unwrap_or(0));
        if !(1..=max).contains(count) {
            return Err(ChoiceProblem::PackCount { limit: limit.clone(), max });
        }
    }
    Ok(())
}

fn sum(interval: BillingInterval, rows: Vec<(&Price, i64)>) -> Result<Quote, ChoiceProblem> {
    let mut lines = Vec::with_capacity(rows.len());
    let mut total: i64 = 0;
    let mut currency = None;
    for (price, quantity) in rows {
        let rows = price.rows(quantity).ok_or(ChoiceProblem::AmountTooLarge)?;
        let amount = price.amount_minor(quantity).ok_or(ChoiceProblem::AmountTooLarge)?;
        total = total.checked_add(amount).ok_or(ChoiceProblem::AmountTooLarge)?;
        currency = Some(price.unit_amount.currency);
        lines.push(QuoteLine { price: price.clone(), quantity, amount_minor: amount, rows });
    }
    let currency = currency.ok_or(ChoiceProblem::NotOffered)?;
    Ok(Quote { lines, total: Money::new(total, currency), interval })
}

#[cfg(test)]
pub(crate) mod tests;
