//! What a promotion code takes off a choice, and why it does not. Codes of our campaigns are judged in
//! `campaigns/rules.rs`; those that were made at Stripe here, so that the review can say it at once: Stripe decides again
//! when one is redeemed, and its word counts.

use super::rules::{Quote, QuoteLine};
use crate::catalog::stripe_product_id;
use crate::clock::UnixMs;
use crate::ids::{CampaignId, PlanId};
use crate::money::Money;
use crate::stripe::{AmountOff, CouponDuration, Promotion};

/// Most characters of a code that Stripe is asked about.
const CODE_MAX_CHARS: usize = 60;

/// Why a code does not apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromotionProblem {
    /// There is none, or it cannot be used any more.
    Unknown,
    /// It has run out.
    Expired,
    /// It was used as often as it can be.
    UsedUp,
    /// It is another customer's.
    NotYours,
    /// It is for first purchases.
    NotFirstPurchase,
    /// It is for other plans.
    OtherPlan,
    /// The order is too small for it.
    BelowMinimum(Money),
    /// It is for orders in another currency.
    OtherCurrency,
    /// It begins later.
    NotBegun(UnixMs),
    /// It rests.
    Paused,
    /// The account has used it as often as it may.
    UsedByYou,
    /// It is one of the account's own campaign: partners sell with their codes, and buy without.
    OwnCampaign,
    /// An order of the account has it, and waits to be paid.
    HeldByOrder {
        /// When that order was placed.
        placed_at: UnixMs,
    },
    /// Too many codes were tried that are none.
    Limited {
        /// Seconds to wait.
        retry_after_s: i64,
    },
}

/// Where a code is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiscountSource {
    /// It is one of this campaign.
    Campaign(CampaignId),
    /// It was made at Stripe, which calls it so.
    Stripe(String),
}

/// What a code takes off a choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discount {
    /// The code, as its maker wrote it.
    pub code: String,
    /// Where it is known.
    pub source: DiscountSource,
    /// How it takes off.
    pub amount_off: AmountOff,
    /// For how long.
    pub duration: CouponDuration,
    /// What it takes off the first payment, before tax.
    pub takes_off: Money,
}

/// Who asks, as far as codes depend on it.
#[derive(Clone, Copy, Debug)]
pub struct Customer<'a> {
    /// Stripe's customer, where there is one.
    pub id: Option<&'a str>,
    /// Whether the account has paid for anything.
    pub has_paid: bool,
}

/// A code as people type it, in the form in which Stripe knows codes: letters, digits and dashes. `None` for what can be
/// no code.
#[must_use]
pub fn read_code(typed: &str) -> Option<String> {
    let code = typed.trim();
    let can_be = !code.is_empty()
        && code.chars().count() <= CODE_MAX_CHARS
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    can_be.then(|| code.to_owned())
}

/// What `promotion` takes off `quote`.
///
/// # Errors
/// [`PromotionProblem`], the first that there is.
pub fn discount(
    promotion: &Promotion,
    quote: &Quote,
    plan_id: &PlanId,
    customer: Customer<'_>,
    now: UnixMs,
) -> Result<Discount, PromotionProblem> {
    use PromotionProblem as P;
    let currency = quote.total.currency;
    if promotion.expires_at.is_some_and(|at| at <= now) {
        return Err(P::Expired);
    }
    if promotion.is_used_up {
        return Err(P::UsedUp);
    }
    if !promotion.is_active {
        return Err(P::Unknown);
    }
    if promotion.customer_id.as_deref().is_some_and(|only| customer.id != Some(only)) {
        return Err(P::NotYours);
    }
    if promotion.first_purchase_only && customer.has_paid {
        return Err(P::NotFirstPurchase);
    }
    if let Some((amount_minor, of)) = promotion.minimum
        && (of != currency || quote.total.amount_minor < amount_minor)
    {
        return Err(P::BelowMinimum(Money::new(amount_minor, of)));
    }
    let takes_off = takes_off(quote, plan_id, &promotion.product_ids, promotion.amount_off)?;
    Ok(Discount {
        code: promotion.code.clone(),
        source: DiscountSource::Stripe(promotion.id.clone()),
        amount_off: promotion.amount_off,
        duration: promotion.duration,
        takes_off,
    })
}

/// What a coupon that is for these products, or all where there are none, takes off the first payment, as Stripe reckons.
///
/// # Errors
/// [`PromotionProblem::OtherPlan`] where it is for nothing of this, and [`PromotionProblem::OtherCurrency`].
pub fn takes_off(
    quote: &Quote,
    plan_id: &PlanId,
    product_ids: &[String],
    amount_off: AmountOff,
) -> Result<Money, PromotionProblem> {
    let currency = quote.total.currency;
    let applies = |line: &&QuoteLine| {
        let product_id = stripe_product_id(plan_id, line.price.role, &line.price.option);
        product_ids.is_empty() || product_ids.contains(&product_id)
    };
    // By the row, as Stripe's invoice has a line for each tier that is reached, and rounds line by line.
    let rows = quote.lines.iter().filter(applies).flat_map(|line| &line.rows);
    let lines: Vec<i64> = rows.map(|row| row.amount_minor).collect();
    if lines.is_empty() {
        return Err(PromotionProblem::OtherPlan);
    }
    let takes_off = match amount_off {
        AmountOff::Share(millionths) => lines.iter().map(|line| share(*line, millionths)).sum(),
        AmountOff::Sum { currency: of, .. } if of != currency => return Err(PromotionProblem::OtherCurrency),
        AmountOff::Sum { amount_minor, .. } => amount_minor.min(lines.iter().sum()),
    };
    Ok(Money::new(takes_off, currency))
}

/// So many millionths of an amount, halves rounded up.
fn share(amount_minor: i64, millionths: i64) -> i64 {
    let exact = i128::from(amount_minor) * i128::from(millionths);
    i64::try_from((exact + 500_000) / 1_000_000).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::catalog::{BillingInterval, Composition, PlanKind, PriceRole};
    use crate::money::Currency;
    use crate::orders::rules::{self, tests as sold};

    const NOW: UnixMs = UnixMs(1_000);

    fn quote() -> Quote {
        let price = |role, amount| sold::price(role, BillingInterval::Month, amount, "usd");
        let prices = vec![price(PriceRole::Base, 29_900), price(PriceRole::ExtraSeat, 14_900)];
        let plan = sold::plan(PlanKind::Subscription, 2, prices);
        let usd = Currency::parse("usd").unwrap();
        rules::quote(&plan, &Composition::new(plan.id.clone(), BillingInterval::Month, 3, usd)).unwrap()
    }

    fn promotion() -> Promotion {
        Promotion {
            id: "promo_1".to_owned(),
            code: "SPRING".to_owned(),
            is_active: true,
            customer_id: None,
            expires_at: None,
            is_used_up: false,
            minimum: None,
            first_purchase_only: false,
            amount_off: AmountOff::Share(250_000),
            duration: CouponDuration::Once,
            product_ids: Vec::new(),
        }
    }

    #[test]
    fn a_code_takes_off_what_its_coupon_says_where_it_applies() {
        let usd = Currency::parse("usd").unwrap();
        let eur = Currency::parse("eur").unwrap();
        let sum = |amount_minor, currency| AmountOff::Sum { amount_minor, currency };
        let (newcomer, known) =
            (Customer { id: None, has_paid: false }, Customer { id: Some("cus_1"), has_paid: true });
        let with = |change: fn(&mut Promotion)| {
            let mut promotion = promotion();
            change(&mut promotion);
            promotion
        };
        use PromotionProblem as P;
        for (promotion, customer, expected) in [
            (promotion(), newcomer, Ok(11_200)),
            (with(|it| it.amount_off = AmountOff::Share(1_000_000)), newcomer, Ok(44_800)),
            (with(|it| it.amount_off = AmountOff::Share(125_000)), newcomer, Ok(5_601)),
            (Promotion { amount_off: sum(5_000, usd), ..promotion() }, newcomer, Ok(5_000)),
            (Promotion { amount_off: sum(99_999, usd), ..promotion() }, newcomer, Ok(44_800)),
            (Promotion { amount_off: sum(5_000, eur), ..promotion() }, newcomer, Err(P::OtherCurrency)),
            (with(|it| it.product_ids = vec!["pln_x_base".to_owned()]), newcomer, Ok(7_475)),
            (with(|it| it.product_ids = vec!["pln_y_base".to_owned()]), newcomer, Err(P::OtherPlan)),
            (with(|it| it.is_active = false), newcomer, Err(P::Unknown)),
            (with(|it| it.is_used_up = true), newcomer, Err(P::UsedUp)),
            (with(|it| it.expires_at = Some(NOW)), newcomer, Err(P::Expired)),
            (with(|it| it.expires_at = Some(NOW.plus(1))), newcomer, Ok(11_200)),
            (with(|it| it.customer_id = Some("cus_1".to_owned())), newcomer, Err(P::NotYours)),
            (with(|it| it.customer_id = Some("cus_1".to_owned())), known, Ok(11_200)),
            (with(|it| it.first_purchase_only = true), newcomer, Ok(11_200)),
            (with(|it| it.first_purchase_only = true), known, Err(P::NotFirstPurchase)),
            (Promotion { minimum: Some((44_800, usd)), ..promotion() }, newcomer, Ok(11_200)),
            (
                Promotion { minimum: Some((44_801, usd)), ..promotion() },
                newcomer,
                Err(P::BelowMinimum(Money::new(44_801, usd))),
            ),
        ] {
            let plan_id = PlanId::from_untrusted("pln_x");
            let found = discount(&promotion, &quote(), &plan_id, customer, NOW);
            assert_eq!(found.map(|discount| discount.takes_off.amount_minor), expected, "{promotion:?}");
        }
    }

    #[test]
    fn only_what_can_be_a_code_is_asked_about() {
        assert_eq!(read_code(" Spring-26 ").as_deref(), Some("Spring-26"));
        for typed in ["", "  ", "a b", "x&limit=100", "é", &"a".repeat(61)] {
            assert_eq!(read_code(typed), None, "{typed:?}");
        }
    }
}
