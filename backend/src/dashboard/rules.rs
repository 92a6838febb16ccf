//! What the first page adds up.

use crate::billing::earnings::{EarningState, PlanEarnings, Sum};
use crate::ids::AccountId;
use crate::money::Currency;
use crate::orders::search::{PartnerSales, SoldBy};

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

/// Orders, and what was paid for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sold {
    /// How many orders.
    pub orders: i64,
    /// What was paid, in minor units.
    pub net_minor: i64,
}

/// What one partner sold in one currency, or all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SalesRow {
    /// The partner and what it is called; all without.
    pub partner: Option<(AccountId, String)>,
    /// The currency.
    pub currency: Currency,
    /// By orders for its clients.
    pub for_clients: Sold,
    /// With codes of its own.
    pub with_codes: Sold,
}

impl SalesRow {
    /// What was sold in one way.
    #[must_use]
    pub fn of(&self, sold: SoldBy) -> Sold {
        match sold {
            SoldBy::ForClient => self.for_clients,
            SoldBy::WithCode => self.with_codes,
        }
    }

    fn add(&mut self, one: &PartnerSales) {
        let sum = match one.sold {
            SoldBy::ForClient => &mut self.for_clients,
            SoldBy::WithCode => &mut self.with_codes,
        };
        sum.orders += one.orders;
        sum.net_minor += one.net_minor;
    }
}

/// What all partners sold, each currency by itself, in the order of the currencies' codes.
#[must_use]
pub fn sales_by_currency(sales: &[PartnerSales]) -> Vec<SalesRow> {
    let mut rows = rows(sales, |_| None);
    rows.sort_by(|one, other| one.currency.as_str().cmp(other.currency.as_str()));
    rows
}

/// What each partner sold, each currency by itself: those with most orders first, at most `most`.
#[must_use]
pub fn sales_by_partner(sales: &[PartnerSales], most: usize) -> Vec<SalesRow> {
    let mut rows = rows(sales, |one| Some((one.partner_id.clone(), one.company.clone())));
    rows.sort_by_key(|row| std::cmp::Reverse(row.for_clients.orders + row.with_codes.orders));
    rows.truncate(most);
    rows
}

fn rows(sales: &[PartnerSales], partner: impl Fn(&PartnerSales) -> Option<(AccountId, String)>) -> Vec<SalesRow> {
    let mut rows: Vec<SalesRow> = Vec::new();
    for one in sales {
        let of = partner(one);
        let at = rows.iter().position(|row| row.currency == one.currency && row.partner == of);
        let at = at.unwrap_or_else(|| {
            let (for_clients, with_codes) = (Sold::default(), Sold::default());
            rows.push(SalesRow { partner: of, currency: one.currency, for_clients, with_codes });
            rows.len() - 1
        });
        rows[at].add(one);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::PlanId;

    fn sales(partner: &str, sold: SoldBy, currency: &str, orders: i64, net_minor: i64) -> PartnerSales {
        PartnerSales {
            partner_id: AccountId::from_untrusted(partner),
            company: partner.to_owned(),
            sold,
            currency: Currency::parse(currency).unwrap_or(Currency::NONE),
            orders,
            net_minor,
        }
    }

    #[test]
    fn what_partners_sold_is_added_up_by_currency_and_by_partner() {
        let all = [
            sales("a", SoldBy::ForClient, "usd", 1, 100),
            sales("a", SoldBy::WithCode, "usd", 1, 7),
            sales("b", SoldBy::WithCode, "usd", 5, 50),
            sales("b", SoldBy::WithCode, "eur", 1, 9),
        ];
        let told = |rows: Vec<SalesRow>| -> Vec<(String, &'static str, i64, i64, i64, i64)> {
            let one = |row: SalesRow| {
                let name = row.partner.clone().map_or_else(String::new, |(_, name)| name);
                let (clients, codes) = (row.of(SoldBy::ForClient), row.of(SoldBy::WithCode));
                let currency = if row.currency.as_str() == "usd" { "usd" } else { "eur" };
                (name, currency, clients.orders, clients.net_minor, codes.orders, codes.net_minor)
            };
            rows.into_iter().map(one).collect()
        };
        let none = String::new;
        assert_eq!(told(sales_by_currency(&all)), [(none(), "eur", 0, 0, 1, 9), (none(), "usd", 1, 100, 6, 57)]);
        let (a, b) = ("a".to_owned(), "b".to_owned());
        let by_partner = [(b.clone(), "usd", 0, 0, 5, 50), (a, "usd", 1, 100, 1, 7), (b, "eur", 0, 0, 1, 9)];
        assert_eq!(told(sales_by_partner(&all, 3)), by_partner);
        assert_eq!(told(sales_by_partner(&all, 2)), by_partner[..2]);
        assert!(sales_by_currency(&[]).is_empty());
    }

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
