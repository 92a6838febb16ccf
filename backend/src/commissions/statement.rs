//! What a partner reads: its months, and one of them.

use super::store::{self, StretchRow};
use super::{Month, Movement, Payout, StatementLine, payout_store};
use crate::accounts::{self, Account, Act};
use crate::clock::{DAY_MS, UnixMs};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::AccountId;
use crate::listing::TimePlace;
use crate::money::{Currency, Money};
use crate::partners;

/// Months on one page of the list.
const MONTHS: usize = 24;
/// More payouts than a month has.
const PAYOUTS: i64 = 1_000;

/// What came together in a month, in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthSum {
    /// The month.
    pub month: Month,
    /// What came together.
    pub movement: Movement,
}

/// A partner's months.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Months {
    /// The month that is going on.
    pub current: Month,
    /// What is owed now, by currency; nothing where it comes to zero. Negative where more was paid out than was left after
    /// something was taken back.
    pub owed: Vec<Money>,
    /// Months in which something happened, the newest first, and each by currency.
    pub sums: Vec<MonthSum>,
    /// From which on older ones are found, where there are any.
    pub older: Option<Month>,
}

/// What there is in one currency at the beginning of a month, during it and at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// What was owed when it began.
    pub opening_minor: i64,
    /// What came together in it.
    pub movement: Movement,
}

impl Balance {
    /// What is owed when it ends.
    #[must_use]
    pub fn closing_minor(&self) -> i64 {
        self.opening_minor + self.movement.balance_minor()
    }
}

/// A month, or a page of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The month.
    pub month: Month,
    /// Whether nothing comes to it any more.
    pub is_closed: bool,
    /// The partner.
    pub partner: Account,
    /// By currency; without those in which nothing is owed and nothing happened.
    pub balances: Vec<Balance>,
    /// What was earned and taken back, oldest first.
    pub lines: Vec<StatementLine>,
    /// What was paid out, oldest first.
    pub payouts: Vec<Payout>,
}

/// A partner's months before `before`, or the newest; `None` for whoever may not see its invoices, and for accounts that
/// never were partners. Who is a partner no more keeps its statements.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_months(
    tx: &mut Tx,
    cx: &Cx,
    partner_id: &AccountId,
    before: Option<Month>,
) -> Result<Option<Months>, DbError> {
    if !may_read(tx, cx, partner_id).await? {
        return Ok(None);
    }
    let vendor_id = &cx.vendor_id;
    let current = Month::of(cx.now);
    let last = before.map_or(current, |month| month.before(1));
    let first = last.before(MONTHS - 1);
    let days = store::list_days(tx, vendor_id, partner_id, (first.start(), last.end())).await?;
    let all = (UnixMs(i64::MIN), UnixMs(i64::MAX));
    let owed = store::sum_movements(tx, vendor_id, partner_id, all).await?;
    let owed = owed.iter().map(|it| Money::new(it.balance_minor(), it.currency)).filter(|it| it.amount_minor != 0);
    let beginning = store::find_first_month(tx, vendor_id, partner_id).await?;
    Ok(Some(Months {
        current,
        owed: owed.collect(),
        sums: by_month(&days),
        older: beginning.is_some_and(|beginning| beginning < first).then_some(first),
    }))
}

/// A month of a partner, with its lines after `after`; `None` for whoever may not see it, and for months to come.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_statement(
    tx: &mut Tx,
    cx: &Cx,
    partner_id: &AccountId,
    month: Month,
    after: Option<&TimePlace>,
    limit: i64,
) -> Result<Option<Statement>, DbError> {
    if month > Month::of(cx.now) || !may_read(tx, cx, partner_id).await? {
        return Ok(None);
    }
    let Some(partner) = accounts::find_account(tx, &cx.vendor_id, partner_id).await? else { return Ok(None) };
    let (vendor_id, time) = (&cx.vendor_id, (month.start(), month.end()));
    let before = store::sum_movements(tx, vendor_id, partner_id, (UnixMs(i64::MIN), time.0)).await?;
    let during = store::sum_movements(tx, vendor_id, partner_id, time).await?;
    Ok(Some(Statement {
        month,
        is_closed: month.is_closed(cx.now),
        partner,
        balances: balances(&before, &during),
        lines: store::list_lines(tx, vendor_id, partner_id, time, after, limit).await?,
        payouts: payout_store::list_payouts_between(tx, vendor_id, partner_id, time, PAYOUTS).await?,
    }))
}

async fn may_read(tx: &mut Tx, cx: &Cx, partner_id: &AccountId) -> Result<bool, DbError> {
    let may = accounts::may_act(tx, cx, partner_id, Act::SeeInvoices).await?;
    Ok(may && partners::find_partner(tx, &cx.vendor_id, partner_id).await?.is_some())
}

/// Days, the newest first, put together to months.
fn by_month(days: &[StretchRow]) -> Vec<MonthSum> {
    let mut sums: Vec<MonthSum> = Vec::new();
    for day in days {
        let (month, of_day) = (Month::of(UnixMs(day.stretch.saturating_mul(DAY_MS))), day.movement);
        let is_it = |sum: &MonthSum| sum.month == month && sum.movement.currency == of_day.currency;
        match sums.iter_mut().rfind(|sum| is_it(sum)) {
            Some(MonthSum { movement, .. }) => {
                movement.earned_minor += of_day.earned_minor;
                movement.taken_back_minor += of_day.taken_back_minor;
                movement.paid_out_minor += of_day.paid_out_minor;
            }
            None => sums.push(MonthSum { month, movement: of_day }),
        }
    }
    sums
}

fn balances(before: &[Movement], during: &[Movement]) -> Vec<Balance> {
    let mut currencies: Vec<Currency> = before.iter().chain(during).map(|it| it.currency).collect();
    currencies.sort_by(|left, right| left.as_str().cmp(right.as_str()));
    currencies.dedup();
    let of = |all: &[Movement], currency| all.iter().copied().find(|it| it.currency == currency);
    let balances = currencies.into_iter().map(|currency| Balance {
        opening_minor: of(before, currency).map_or(0, |it| it.balance_minor()),
        movement: of(during, currency).unwrap_or(Movement {
            currency,
            earned_minor: 0,
            taken_back_minor: 0,
            paid_out_minor: 0,
        }),
    });
    balances.filter(|it| it.opening_minor != 0 || of(during, it.movement.currency).is_some()).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).unwrap()
    }

    fn day(text: &str, code: &str, earned_minor: i64) -> StretchRow {
        let at = UnixMs::start_of(text.parse().unwrap());
        let movement = Movement { currency: currency(code), earned_minor, taken_back_minor: 1, paid_out_minor: 2 };
        StretchRow { stretch: at.0 / DAY_MS, movement }
    }

    #[test]
    fn days_come_together_to_months_by_currency() {
        let days = [
            day("2026-12-31", "eur", 5),
            day("2026-12-31", "usd", 7),
            day("2026-12-01", "usd", 11),
            day("2026-11-30", "usd", 13),
        ];
        let told: Vec<(String, String, i64, i64)> = by_month(&days)
            .iter()
            .map(|it| {
                let movement = it.movement;
                let code = movement.currency.as_str().to_owned();
                (it.month.to_string(), code, movement.earned_minor, movement.taken_back_minor)
            })
            .collect();
        let row = |month: &str, code: &str, earned, back| (month.to_owned(), code.to_owned(), earned, back);
        assert_eq!(told, [row("2026-12", "eur", 5, 1), row("2026-12", "usd", 18, 2), row("2026-11", "usd", 13, 1)]);
    }

    #[test]
    fn a_balance_goes_from_what_was_owed_to_what_is() {
        let movement = |code, earned_minor, taken_back_minor, paid_out_minor| Movement {
            currency: currency(code),
            earned_minor,
            taken_back_minor,
            paid_out_minor,
        };
        let before = [movement("eur", 100, 0, 100), movement("usd", 100, 10, 30)];
        let found = balances(&before, &[movement("jpy", 5, 0, 0), movement("usd", 0, 70, 0)]);
        let told: Vec<_> =
            found.iter().map(|it| (it.movement.currency, it.opening_minor, it.closing_minor())).collect();
        assert_eq!(told, [(currency("jpy"), 0, 5), (currency("usd"), 60, -10)]);
    }
}
