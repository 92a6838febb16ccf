//! Parts of an amount, to the second, in whole minor units. <https://docs.stripe.com/billing/subscriptions/prorations>

/// `amount` × `part` / `whole`, rounded to the nearest unit, halves away from zero. `amount` may be negative.
pub(crate) fn share(amount: i64, part: i64, whole: i64) -> i64 {
    if whole <= 0 {
        return amount;
    }
    let (numerator, whole) = (i128::from(amount) * i128::from(part), i128::from(whole));
    let rounded = (numerator.abs() * 2 + whole) / (whole * 2);
    i64::try_from(rounded * numerator.signum()).unwrap_or(amount)
}

/// What remains of `amount` at `moment` in the period from `start` to `end` (Unix seconds).
pub(crate) fn remaining(amount: i64, start: i64, end: i64, moment: i64) -> i64 {
    share(amount, (end - moment).clamp(0, end - start), end - start)
}

#[cfg(test)]
mod tests {
    use super::{remaining, share};

    #[test]
    fn shares_round_to_the_nearest_unit_and_halves_away_from_zero() {
        for (amount, part, whole, expected) in
            [(100, 1, 3, 33), (100, 2, 3, 67), (5, 1, 2, 3), (-5, 1, 2, -3), (-100, 1, 3, -33), (9_999, 0, 7, 0)]
        {
            assert_eq!(share(amount, part, whole), expected, "{amount} × {part}/{whole}");
        }
    }

    #[test]
    fn half_a_period_costs_half_and_a_second_counts() {
        let month = 30 * 86_400;
        assert_eq!(remaining(9_900, 0, month, month / 2), 4_950);
        assert_eq!(remaining(month, 0, month, 1), month - 1);
        assert_eq!(remaining(9_900, 0, month, 0), 9_900);
        assert_eq!(remaining(9_900, 0, month, month), 0);
        assert_eq!(remaining(9_900, 0, month, month + 5), 0);
    }

    #[test]
    fn credit_and_charge_for_the_same_price_cancel_out() {
        for moment in [1, 77, 1_234_567, 2_591_999] {
            assert_eq!(remaining(-4_999, 0, 2_592_000, moment) + remaining(4_999, 0, 2_592_000, moment), 0);
        }
    }
}
