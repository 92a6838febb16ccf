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

/// The same, rounded to the nearest multiple of `step`.
pub(crate) fn share_in(amount: i64, part: i64, whole: i64, step: i64) -> i64 {
    if whole <= 0 { amount } else { share(amount, part, whole * step) * step }
}

/// What remains of `amount` at `moment` in the period from `start` to `end` (Unix seconds), as a multiple of `step`.
pub(crate) fn remaining(amount: i64, start: i64, end: i64, moment: i64, step: i64) -> i64 {
    share_in(amount, (end - moment).clamp(0, end - start), end - start, step)
}

#[cfg(test)]
mod tests {
    use super::{remaining, share, share_in};

    #[test]
    fn shares_round_to_the_nearest_unit_and_halves_away_from_zero() {
        for (amount, part, whole, expected) in
            [(100, 1, 3, 33), (100, 2, 3, 67), (5, 1, 2, 3), (-5, 1, 2, -3), (-100, 1, 3, -33), (9_999, 0, 7, 0)]
        {
            assert_eq!(share(amount, part, whole), expected, "{amount} × {part}/{whole}");
        }
    }

    #[test]
    fn shares_are_multiples_of_what_can_be_charged() {
        for (amount, part, whole, step, expected) in [
            (4_570, 1, 3, 10, 1_520),
            (-4_570, 1, 3, 10, -1_520),
            (9_150, 1_900, 10_000, 10, 1_740),
            (4_570, 1, 3, 1, 1_523),
            (15, 1, 1, 10, 20),
            (15, 1, 0, 10, 15),
        ] {
            assert_eq!(share_in(amount, part, whole, step), expected, "{amount} × {part}/{whole}");
        }
    }

    #[test]
    fn half_a_period_costs_half_and_a_second_counts() {
        let month = 30 * 86_400;
        assert_eq!(remaining(9_900, 0, month, month / 2, 1), 4_950);
        assert_eq!(remaining(month, 0, month, 1, 1), month - 1);
        assert_eq!(remaining(9_900, 0, month, 0, 1), 9_900);
        assert_eq!(remaining(9_900, 0, month, month, 1), 0);
        assert_eq!(remaining(9_900, 0, month, month + 5, 1), 0);
    }

    #[test]
    fn credit_and_charge_for_the_same_price_cancel_out() {
        for moment in [1, 77, 1_234_567, 2_591_999] {
            assert_eq!(remaining(-4_999, 0, 2_592_000, moment, 1) + remaining(4_999, 0, 2_592_000, moment, 1), 0);
        }
    }
}
