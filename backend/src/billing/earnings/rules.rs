//! What a subscription is worth a month.

use crate::catalog::BillingInterval;
use crate::clock::UnixMs;

/// Months in a year.
const MONTHS: i128 = 12;
/// The whole, in hundredths of a percent.
const WHOLE_BP: i128 = 10_000;

/// What is taken off each payment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Discount {
    /// Hundredths of a percent.
    pub percent_bp: Option<i64>,
    /// Or a sum, in minor units of the subscription's currency.
    pub amount_off_minor: Option<i64>,
}

/// What `recurring_minor` each interval, less the discount, comes to each month, in the same minor units. A year's price is
/// divided by twelve and rounded half up, for each subscription by itself, so that sums are the sums of the rows. What is
/// paid once brings nothing each month.
#[must_use]
pub fn monthly_minor(recurring_minor: i64, interval: BillingInterval, discount: Discount) -> i64 {
    let recurring = i128::from(recurring_minor);
    let off = match (discount.percent_bp, discount.amount_off_minor) {
        (Some(bp), _) => rounded(recurring * i128::from(bp), WHOLE_BP),
        (None, amount) => i128::from(amount.unwrap_or(0)),
    };
    let paid = (recurring - off).max(0);
    let monthly = match interval {
        BillingInterval::Month => paid,
        BillingInterval::Year => rounded(paid, MONTHS),
        BillingInterval::Once => 0,
    };
    i64::try_from(monthly).unwrap_or(i64::MAX)
}

/// The first moment of the month of `now`, UTC.
#[must_use]
pub fn month_start(now: UnixMs) -> UnixMs {
    UnixMs::start_of(now.date().first_of_month())
}

/// A quotient of what is not negative, rounded half up.
fn rounded(dividend: i128, divisor: i128) -> i128 {
    (dividend + divisor / 2).div_euclid(divisor)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOTHING: Discount = Discount { percent_bp: None, amount_off_minor: None };

    fn percent(bp: i64) -> Discount {
        Discount { percent_bp: Some(bp), ..NOTHING }
    }

    fn amount(minor: i64) -> Discount {
        Discount { amount_off_minor: Some(minor), ..NOTHING }
    }

    #[test]
    fn a_month_is_its_price_and_a_year_a_twelfth_less_what_is_taken_off() {
        use BillingInterval::{Month, Once, Year};
        for (recurring, interval, discount, monthly) in [
            (29_900, Month, NOTHING, 29_900),
            (29_900, Month, percent(2_000), 23_920),
            (29_900, Month, percent(10_000), 0),
            (29_900, Month, amount(900), 29_000),
            (900, Month, amount(29_900), 0),
            (299_000, Year, NOTHING, 24_917),
            (1_200, Year, NOTHING, 100),
            (6, Year, NOTHING, 1),
            (5, Year, NOTHING, 0),
            (1_200, Year, percent(5_000), 50),
            (1_200, Year, amount(600), 50),
            (29_900, Once, NOTHING, 0),
            (i64::MAX, Month, NOTHING, i64::MAX),
            (i64::MAX, Year, percent(1), 768_537_474_970_924_194),
        ] {
            assert_eq!(monthly_minor(recurring, interval, discount), monthly, "{recurring} {interval:?} {discount:?}");
        }
    }

    #[test]
    fn a_month_begins_at_its_first_day() {
        let now: jiff::Timestamp = "2026-11-21T10:00:00Z".parse().expect("a moment");
        assert_eq!(month_start(now.into()).timestamp().to_string(), "2026-11-01T00:00:00Z");
        assert_eq!(month_start(month_start(now.into())), month_start(now.into()));
    }

    proptest! {
        #[test]
        fn a_month_is_never_less_than_nothing_nor_more_than_the_price(
            recurring in 0..i64::MAX, bp in proptest::option::of(0..=10_000_i64), off in proptest::option::of(0..i64::MAX),
        ) {
            let discount = Discount { percent_bp: bp, amount_off_minor: off };
            let month = monthly_minor(recurring, BillingInterval::Month, discount);
            let year = monthly_minor(recurring, BillingInterval::Year, discount);
            prop_assert!(0 <= year && year <= month && month <= recurring);
            // Twelve of the year's months are the year's price, but for the rounding.
            prop_assert!((i128::from(year) * 12 - i128::from(month)).abs() <= 6);
        }
    }
}
