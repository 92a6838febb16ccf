//! Prices by tiers: what a unit costs depends on how many are bought.
//! <https://docs.stripe.com/subscriptions/pricing-models/tiered-pricing>

use serde::{Deserialize, Serialize};

use super::Price;
use crate::db::text_enum;
use crate::money::Money;

text_enum! {
    /// What the tiers of a price mean.
    TierMode {
        /// All units cost what the tier of the whole quantity says.
        Volume = "volume",
        /// Each unit costs what its own tier says.
        Graduated = "graduated",
    }
}

/// The tiers of a price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tiers {
    /// What they mean.
    pub mode: TierMode,
    /// From the least quantity on; each ends above the one before, the last one never.
    pub steps: Vec<Tier>,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// The last unit in it; `None` where it has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<i64>,
    /// What each unit in it costs, in minor units.
    pub each_minor: i64,
}

impl Tiers {
    /// How many units of a quantity cost how much each, in the order of the tiers; the quantity summed up.
    #[must_use]
    pub fn split(&self, quantity: i64) -> Vec<(i64, i64)> {
        let ends_at = |tier: &Tier| tier.up_to.unwrap_or(i64::MAX);
        match self.mode {
            TierMode::Volume => {
                let tier = self.steps.iter().find(|tier| quantity <= ends_at(tier)).or(self.steps.last());
                tier.filter(|_| quantity > 0).map(|tier| (quantity, tier.each_minor)).into_iter().collect()
            }
            TierMode::Graduated => {
                let mut below = 0;
                let mut rows = Vec::new();
                for tier in &self.steps {
                    let units = quantity.min(ends_at(tier)) - below;
                    if units <= 0 {
                        break;
                    }
                    rows.push((units, tier.each_minor));
                    below = ends_at(tier);
                }
                rows
            }
        }
    }
}

/// So many units at the same price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceRow {
    /// How many.
    pub quantity: i64,
    /// What each costs.
    pub each: Money,
    /// What they cost together, in minor units.
    pub amount_minor: i64,
}

impl Price {
    /// What so many of it cost, by the unit: one row, or one for each tier that is reached. `None` where it is more money
    /// than can be counted.
    #[must_use]
    pub fn rows(&self, quantity: i64) -> Option<Vec<PriceRow>> {
        let split = match &self.tiers {
            Some(tiers) => tiers.split(quantity),
            None => vec![(quantity, self.unit_amount.amount_minor)],
        };
        let row = |(quantity, each_minor): (i64, i64)| {
            let amount_minor = each_minor.checked_mul(quantity)?;
            Some(PriceRow { quantity, each: Money::new(each_minor, self.unit_amount.currency), amount_minor })
        };
        split.into_iter().map(row).collect()
    }

    /// What so many of it cost together, in minor units; `None` where it is more than can be counted.
    #[must_use]
    pub fn amount_minor(&self, quantity: i64) -> Option<i64> {
        self.rows(quantity)?.iter().try_fold(0_i64, |sum, row| sum.checked_add(row.amount_minor))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The tiers of Stripe's own example, in which a font costs 7, 6.50 or 6 dollars.
    fn fonts(mode: TierMode) -> Tiers {
        let tier = |up_to, each_minor| Tier { up_to, each_minor };
        Tiers { mode, steps: vec![tier(Some(5), 700), tier(Some(10), 650), tier(None, 600)] }
    }

    fn cost(mode: TierMode, quantity: i64) -> i64 {
        fonts(mode).split(quantity).iter().map(|(units, each)| units * each).sum()
    }

    #[test]
    fn quantities_cost_what_stripe_s_documentation_says() {
        for (quantity, volume, graduated) in
            [(0, 0, 0), (1, 700, 700), (5, 3_500, 3_500), (6, 3_900, 4_150), (20, 12_000, 12_750), (25, 15_000, 15_750)]
        {
            assert_eq!(cost(TierMode::Volume, quantity), volume, "{quantity}");
            assert_eq!(cost(TierMode::Graduated, quantity), graduated, "{quantity}");
        }
    }

    #[test]
    fn graduated_units_stand_in_a_row_of_their_own_tier() {
        assert_eq!(fonts(TierMode::Graduated).split(12), [(5, 700), (5, 650), (2, 600)]);
        assert_eq!(fonts(TierMode::Graduated).split(5), [(5, 700)]);
        assert_eq!(fonts(TierMode::Volume).split(12), [(12, 600)]);
    }

    proptest! {
        #[test]
        fn no_unit_is_lost_or_counted_twice(quantity in 0_i64..10_000, volume: bool) {
            let mode = if volume { TierMode::Volume } else { TierMode::Graduated };
            let units: i64 = fonts(mode).split(quantity).iter().map(|(units, _)| units).sum();
            prop_assert_eq!(units, quantity);
        }

        #[test]
        fn one_more_graduated_unit_costs_what_its_tier_says(quantity in 0_i64..50) {
            let each = match quantity + 1 {
                1..=5 => 700,
                6..=10 => 650,
                _ => 600,
            };
            prop_assert_eq!(cost(TierMode::Graduated, quantity + 1) - cost(TierMode::Graduated, quantity), each);
        }
    }
}
