//! What the first page adds up.

use crate::billing::earnings::{EarningState, PlanEarnings, Sum};
use crate::money::Currency;

/// What the subscriptions in one currency bring in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrencyEarnings {
    /// The currency.
    pub currency: Currency,
    /// Those that are paid now.
    pub running: Sum,
    /// Those of them that began this month.
    pub new: Sum,
    /// Those that have ended this month.
    pub ended: Sum,
}

impl CurrencyEarnings {
    /// The sum of a state.
    #[must_use]
    pub fn of(&self, state: EarningState) -> Sum {
        match state {
            EarningState::Running => self.running,
            EarningState::New => self.new,
            EarningState::Ended => self.ended,
        }
    }
}

/// The sums of all plans, each currency by itself, in the order of the currencies' codes.
#[must_use]
pub fn by_currency(plans: &[PlanEarnings]) -> Vec<CurrencyEarnings> {
    let mut sums: Vec<CurrencyEarnings> = Vec::new();
    for plan in plans {
        let at = match sums.binary_search_by(|sum| sum.currency.as_str().cmp(plan.currency.as_str())) {
            Ok(at) => at,
            Err(at) => {
                let none = Sum::default();
                sums.insert(at, CurrencyEarnings { currency: plan.currency, running: none, new: none, ended: none });
                at
            }
        };
        sums[at].running.add(plan.running);
        sums[at].new.add(plan.new);
        sums[at].ended.add(plan.ended);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::PlanId;

    fn plan(id: &str, currency: &str, running: (i64, i64), ended: (i64, i64)) -> PlanEarnings {
        let sum = |(subscriptions, monthly_minor)| Sum { subscriptions, monthly_minor };
        PlanEarnings {
            plan_id: PlanId::from_untrusted(id),
            product_name: String::new(),
            plan_name: String::new(),
            currency: Currency::parse(currency).unwrap_or(Currency::NONE),
            running: sum(running),
            new: sum((0, 0)),
            ended: sum(ended),
        }
    }

    #[test]
    fn each_currency_is_added_up_by_itself() {
        let plans = [
            plan("pln_a", "usd", (2, 200), (1, 50)),
            plan("pln_a", "eur", (1, 90), (0, 0)),
            plan("pln_b", "usd", (1, 7), (0, 0)),
        ];
        let sums = by_currency(&plans);
        let told: Vec<_> = sums
            .iter()
            .map(|it| (it.currency.as_str(), it.of(EarningState::Running), it.of(EarningState::Ended).monthly_minor))
            .collect();
        let sum = |subscriptions, monthly_minor| Sum { subscriptions, monthly_minor };
        assert_eq!(told, [("eur", sum(1, 90), 0), ("usd", sum(3, 207), 50)]);
        assert!(by_currency(&[]).is_empty());
    }
}
