//! What a choice costs, and which choices can be bought. Before tax and discounts, which are Stripe's to say.

use jiff::{ToSpan, civil::Date};

use super::{Order, OrderKind};
use crate::catalog::{BillingInterval, Composition, Part, Plan, PlanKind, Price, PriceRole};
use crate::clock::{HOUR_MS, UnixMs};
use crate::ids::UserId;
use crate::money::{Currency, Money};

/// How long after payment the order's page shows the new key without asking for the password again.
pub const NEW_KEY_SHOWN_MS: i64 = HOUR_MS;

/// Why a choice cannot be bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
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
    /// More money than can be counted.
    AmountTooLarge,
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
    quote_at(plan, choice, &[])
}

/// What a composition of a plan costs at the prices `kept`, and at today's where none of them is for a part of it.
///
/// # Errors
/// [`ChoiceProblem`].
pub fn quote_at(plan: &Plan, choice: &Composition, kept: &[Price]) -> Result<Quote, ChoiceProblem> {
    let price = |part: &Part| {
        let kept = kept.iter().find(|price| price.role == part.role);
        kept.or_else(|| plan.price(part.role, choice.interval, choice.currency)).ok_or(ChoiceProblem::NotOffered)
    };
    let parts = choice.parts(plan);
    let rows = parts.iter().map(|part| Ok((price(part)?, part.quantity))).collect::<Result<Vec<_>, _>>()?;
    sum(choice.interval, rows)
}

/// What one more year of updates costs for the seats of a composition.
///
/// # Errors
/// [`ChoiceProblem::NotOffered`] when the plan has no maintenance in this currency. A plan that is no
/// longer for sale still renews.
pub fn quote_maintenance(plan: &Plan, bought: &Composition) -> Result<Quote, ChoiceProblem> {
    let price = plan.price(PriceRole::Maintenance, BillingInterval::Once, bought.currency);
    sum(BillingInterval::Once, vec![(price.ok_or(ChoiceProblem::NotOffered)?, bought.seats)])
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
    fresh && order.kind != OrderKind::Maintenance && order.user_id == *user_id && order.was_placed_in(session_hash)
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

fn sum(interval: BillingInterval, rows: Vec<(&Price, i64)>) -> Result<Quote, ChoiceProblem> {
    let mut lines = Vec::with_capacity(rows.len());
    let mut total: i64 = 0;
    let mut currency = None;
    for (price, quantity) in rows {
        let amount = price.unit_amount.amount_minor.checked_mul(quantity).ok_or(ChoiceProblem::AmountTooLarge)?;
        total = total.checked_add(amount).ok_or(ChoiceProblem::AmountTooLarge)?;
        currency = Some(price.unit_amount.currency);
        lines.push(QuoteLine { price: price.clone(), quantity, amount_minor: amount });
    }
    let currency = currency.ok_or(ChoiceProblem::NotOffered)?;
    Ok(Quote { lines, total: Money::new(total, currency), interval })
}

#[cfg(test)]
pub(crate) mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;
    use crate::catalog::{LicenseType, Presentation, Terms};
    use crate::clock::UnixMs;
    use crate::ids::{PlanId, PriceId, ProductId};

    pub(crate) fn price(role: PriceRole, interval: BillingInterval, amount: i64, currency: &str) -> Price {
        Price {
            id: PriceId::from_untrusted(&format!("prc_{}_{}_{amount}", role.as_str(), interval.as_str())),
            role,
            interval,
            unit_amount: Money::new(amount, Currency::parse(currency).unwrap()),
            lookup_key: String::new(),
            stripe_price_id: None,
            created_at: UnixMs(0),
        }
    }

    pub(crate) fn plan(kind: PlanKind, included_seats: i64, prices: Vec<Price>) -> Plan {
        Plan {
            id: PlanId::from_untrusted("pln_x"),
            product_id: ProductId::from_untrusted("prd_x"),
            code: "x".to_owned(),
            name: "X".to_owned(),
            kind,
            license_type: LicenseType::Floating,
            included_seats,
            max_seats: 20,
            terms: Terms::default(),
            presentation: Presentation::default(),
            position: 0,
            published: true,
            prices,
        }
    }

    fn startup() -> Plan {
        use BillingInterval::{Month, Year};
        use PriceRole::{Base, ExtraSeat};
        let prices = vec![
            price(Base, Month, 29_900, "usd"),
            price(ExtraSeat, Month, 14_900, "usd"),
            price(Base, Year, 299_000, "usd"),
            price(ExtraSeat, Year, 149_000, "usd"),
        ];
        plan(PlanKind::Subscription, 2, prices)
    }

    fn perpetual() -> Plan {
        let prices = vec![
            price(PriceRole::Unit, BillingInterval::Once, 499_900, "usd"),
            price(PriceRole::Maintenance, BillingInterval::Once, 199_960, "usd"),
        ];
        plan(PlanKind::Perpetual, 1, prices)
    }

    #[test]
    fn a_choice_costs_what_the_price_list_says() {
        use BillingInterval::{Month, Once, Year};
        use ChoiceProblem as P;
        let usd = Currency::parse("usd").unwrap();
        let eur = Currency::parse("eur").unwrap();
        let cases = [
            (startup(), Month, 2, usd, Ok(29_900)),
            (startup(), Month, 4, usd, Ok(59_700)),
            (startup(), Year, 3, usd, Ok(448_000)),
            (startup(), Month, 1, usd, Err(P::TooFewSeats { min: 2 })),
            (startup(), Month, 21, usd, Err(P::TooManySeats { max: 20 })),
            (startup(), Once, 2, usd, Err(P::NotOffered)),
            (startup(), Month, 2, eur, Err(P::NotOffered)),
            (perpetual(), Once, 1, usd, Ok(499_900)),
            (perpetual(), Once, 3, usd, Ok(1_499_700)),
            (perpetual(), Month, 1, usd, Err(P::NotOffered)),
            (perpetual(), Once, 0, usd, Err(P::TooFewSeats { min: 1 })),
        ];
        for (plan, interval, seats, currency, expected) in cases {
            let choice = Composition::new(plan.id.clone(), interval, seats, currency);
            let total = quote(&plan, &choice).map(|quote| quote.total.amount_minor);
            assert_eq!(total, expected, "{interval:?} × {seats} {currency:?}");
        }
    }

    #[test]
    fn what_is_not_published_cannot_be_bought_but_is_still_renewed() {
        let usd = Currency::parse("usd").unwrap();
        let mut plan = perpetual();
        plan.published = false;
        let three = Composition::new(plan.id.clone(), BillingInterval::Once, 3, usd);
        assert_eq!(quote(&plan, &three), Err(ChoiceProblem::NotForSale));
        assert_eq!(quote_maintenance(&plan, &three).unwrap().total.amount_minor, 599_880);
        assert_eq!(quote_maintenance(&startup(), &three), Err(ChoiceProblem::NotOffered));
    }

    #[test]
    fn a_year_is_compared_with_twelve_months_of_the_same_plan() {
        let usd = Currency::parse("usd").unwrap();
        let saving = yearly_saving(&startup(), usd).unwrap();
        assert_eq!((saving.amount.amount_minor, saving.months), (59_800, Some(2)));
        assert_eq!(yearly_saving(&perpetual(), usd), None);
        let base = |interval, amount| price(PriceRole::Base, interval, amount, "usd");
        let odd = |year| {
            let prices = vec![base(BillingInterval::Month, 1_000), base(BillingInterval::Year, year)];
            yearly_saving(&plan(PlanKind::Subscription, 1, prices), usd)
        };
        assert_eq!(odd(11_500).unwrap().months, None);
        assert_eq!(odd(12_000), None);
    }

    #[test]
    fn a_subscription_begun_on_the_last_of_january_renews_on_the_last_of_february() {
        let next = |day: &str, interval| next_charge_on(day.parse().unwrap(), interval).map(|day| day.to_string());
        assert_eq!(next("2027-01-31", BillingInterval::Month).unwrap(), "2027-02-28");
        assert_eq!(next("2028-02-29", BillingInterval::Year).unwrap(), "2029-02-28");
        assert_eq!(next("2027-01-31", BillingInterval::Once), None);
    }

    #[test]
    fn a_new_key_is_shown_only_to_the_session_that_bought_it_and_only_for_an_hour() {
        let paid_at = UnixMs(1_000);
        let order = Order {
            id: crate::ids::OrderId::from_untrusted("ord_x"),
            vendor_id: crate::ids::VendorId::from_untrusted("vnd_x"),
            account_id: crate::ids::AccountId::from_untrusted("acc_x"),
            user_id: UserId::from_untrusted("usr_x"),
            session_hash: Some(b"session".to_vec()),
            kind: OrderKind::Subscription,
            plan_id: PlanId::from_untrusted("pln_x"),
            license_id: None,
            billing_interval: BillingInterval::Month,
            seats: 1,
            currency: Currency::parse("usd").unwrap(),
            amount_minor: 1,
            status: crate::orders::OrderStatus::Paid,
            payment: crate::orders::Payment::Card,
            items: crate::db::JsonText(Vec::new()),
            trial_days: 0,
            days_until_due: None,
            promotion_code: None,
            promotion_code_id: None,
            stripe_session_id: None,
            stripe_subscription_id: None,
            stripe_invoice_id: None,
            checkout_url: None,
            created_at: UnixMs(0),
            paid_at: Some(paid_at),
        };
        let buyer = UserId::from_untrusted("usr_x");
        let colleague = UserId::from_untrusted("usr_y");
        assert!(may_see_new_key(&order, &buyer, b"session", paid_at));
        assert!(!may_see_new_key(&order, &buyer, b"session", paid_at.plus(NEW_KEY_SHOWN_MS)));
        assert!(!may_see_new_key(&order, &buyer, b"another", paid_at));
        assert!(!may_see_new_key(&order, &colleague, b"session", paid_at));
        assert!(!may_see_new_key(&Order { session_hash: None, ..order.clone() }, &buyer, b"", paid_at));
        assert!(!may_see_new_key(&Order { paid_at: None, ..order.clone() }, &buyer, b"session", paid_at));
        assert!(!may_see_new_key(&Order { kind: OrderKind::Maintenance, ..order }, &buyer, b"session", paid_at));
    }

    proptest! {
        #[test]
        fn no_amount_wraps_around(amount in 0_i64.., seats in 2_i64..=20) {
            use PriceRole::{Base, ExtraSeat};
            let month = BillingInterval::Month;
            let plan = plan(
                PlanKind::Subscription,
                2,
                vec![price(Base, month, amount, "usd"), price(ExtraSeat, month, amount, "usd")],
            );
            let exact = i128::from(amount) * i128::from(seats - 1);
            let choice = Composition::new(plan.id.clone(), month, seats, Currency::parse("usd").unwrap());
            match quote(&plan, &choice) {
                Ok(quote) => prop_assert_eq!(i128::from(quote.total.amount_minor), exact),
                Err(problem) => {
                    prop_assert_eq!(problem, ChoiceProblem::AmountTooLarge);
                    prop_assert!(exact > i128::from(i64::MAX));
                }
            }
        }
    }
}
