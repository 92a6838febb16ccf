//! What vouchers cost, how long their licenses run, and what a partner may note. Pure.

use super::{Voucher, WantedVouchers};
use crate::catalog::{BillingInterval, Composition, Plan, PlanKind, Price, PriceRow};
use crate::clock::UnixMs;
use crate::ids::UserId;
use crate::licenses::rules::add_years;
use crate::licenses::rules::by_hand::Term;
use crate::orders::rules::{ChoiceProblem, NEW_KEY_SHOWN_MS, Quote, QuoteLine, next_charge_on, quote as quote_one};

/// Most vouchers of one order.
pub const MOST: i64 = 500;
/// Most characters of a partner's note.
pub const NOTE_MAX_CHARS: usize = 200;

/// Seats of the license that a voucher of this plan makes.
#[must_use]
pub fn seats(plan: &Plan) -> i64 {
    plan.included_seats.max(1)
}

/// What so many vouchers cost: each what one license with the included seats costs, whatever tiers the plan has.
///
/// # Errors
/// [`ChoiceProblem`]; `TooFewSeats` and `TooManySeats` are about the number of vouchers. What costs nothing is not sold.
pub fn quote(plan: &Plan, wanted: &WantedVouchers) -> Result<Quote, ChoiceProblem> {
    if wanted.count < 1 {
        return Err(ChoiceProblem::TooFewSeats { min: 1 });
    }
    if wanted.count > MOST {
        return Err(ChoiceProblem::TooManySeats { max: MOST });
    }
    let one = quote_one(plan, &Composition::new(plan.id.clone(), wanted.interval, seats(plan), wanted.currency))?;
    let main = one.lines.first().ok_or(ChoiceProblem::NotOffered)?;
    if one.total.amount_minor <= 0 {
        return Err(ChoiceProblem::NotOffered);
    }
    let each = one.total;
    let amount_minor = each.amount_minor.checked_mul(wanted.count).ok_or(ChoiceProblem::AmountTooLarge)?;
    let price = Price {
        interval: BillingInterval::Once,
        unit_amount: each,
        tiers: None,
        lookup_key: format!("{}_voucher_{}", main.price.lookup_key, each.amount_minor),
        stripe_price_id: None,
        ..main.price.clone()
    };
    let rows = vec![PriceRow { quantity: wanted.count, each, amount_minor }];
    let total = crate::money::Money::new(amount_minor, each.currency);
    let lines = vec![QuoteLine { price, quantity: wanted.count, amount_minor, rows }];
    Ok(Quote { lines, total, interval: wanted.interval })
}

/// The term of the license of a voucher that is redeemed now: its last day is the same day of the next month or year, and
/// it does not renew. For ever, with a year of updates, where the plan is bought.
#[must_use]
pub fn term(kind: PlanKind, interval: BillingInterval, now: UnixMs) -> Term {
    match (kind, next_charge_on(now.date(), interval)) {
        (PlanKind::Subscription, Some(last)) => Term::until(kind, last),
        _ => Term { ends_at: None, updates_until: Some(add_years(now, 1)) },
    }
}

/// The first moment after the license of a voucher that was redeemed then, as it came of it; `None` for ever.
#[must_use]
pub fn ends_at(voucher: &Voucher, redeemed_at: UnixMs) -> Option<UnixMs> {
    let kind = if voucher.term == BillingInterval::Once { PlanKind::Perpetual } else { PlanKind::Subscription };
    term(kind, voucher.term, redeemed_at).ends_at
}

/// A note in the form in which it is kept.
///
/// # Errors
/// The most characters that it can have, where it has more.
pub fn check_note(typed: &str) -> Result<String, usize> {
    let kept: String = typed.chars().map(|typed| if typed.is_control() { ' ' } else { typed }).collect();
    let kept = kept.trim();
    if kept.chars().count() > NOTE_MAX_CHARS { Err(NOTE_MAX_CHARS) } else { Ok(kept.to_owned()) }
}

/// Whether the page of a redeemed voucher may show the new license's key as it is: to the person and in the browser session
/// that redeemed it, for an hour.
#[must_use]
pub fn may_see_new_key(voucher: &Voucher, user_id: &UserId, session_hash: &[u8], now: UnixMs) -> bool {
    let fresh = voucher.redeemed_at.is_some_and(|at| now < at.plus(NEW_KEY_SHOWN_MS));
    fresh && voucher.redeemed_by.as_ref() == Some(user_id) && voucher.session_hash.as_deref() == Some(session_hash)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::catalog::PriceRole;
    use crate::clock::DAY_MS;
    use crate::ids::{AccountId, LicenseId, OrderId, VendorId, VoucherId};
    use crate::money::Currency;
    use crate::orders::rules::tests as sold;
    use crate::vouchers::VoucherStatus;

    fn wanted(plan: &Plan, interval: BillingInterval, count: i64) -> WantedVouchers {
        let currency = Currency::parse("usd").unwrap();
        WantedVouchers { plan_id: plan.id.clone(), interval, count, currency, takes_off_minor: 0 }
    }

    #[test]
    fn vouchers_cost_what_as_many_licenses_cost() {
        use BillingInterval::{Month, Once, Year};
        let price = |role, interval, amount| sold::price(role, interval, amount, "usd");
        let prices = vec![price(PriceRole::Base, Month, 29_900), price(PriceRole::Base, Year, 299_000)];
        let rented = sold::plan(PlanKind::Subscription, 2, prices);
        let bought = sold::plan(PlanKind::Perpetual, 1, vec![price(PriceRole::Unit, Once, 499_900)]);
        let free = sold::plan(PlanKind::Subscription, 1, vec![price(PriceRole::Base, Month, 0)]);
        for (plan, interval, count, expected) in [
            (&rented, Month, 1, Ok(29_900)),
            (&rented, Year, 3, Ok(897_000)),
            (&bought, Once, MOST, Ok(249_950_000)),
            (&rented, Once, 1, Err(ChoiceProblem::NotOffered)),
            (&bought, Month, 1, Err(ChoiceProblem::NotOffered)),
            (&free, Month, 1, Err(ChoiceProblem::NotOffered)),
            (&rented, Month, 0, Err(ChoiceProblem::TooFewSeats { min: 1 })),
            (&rented, Month, -1, Err(ChoiceProblem::TooFewSeats { min: 1 })),
            (&rented, Month, MOST + 1, Err(ChoiceProblem::TooManySeats { max: MOST })),
        ] {
            let quoted = quote(plan, &wanted(plan, interval, count));
            assert_eq!(
                quoted.as_ref().map(|it| it.total.amount_minor),
                expected.as_ref().copied(),
                "{interval:?} {count}"
            );
            if let Ok(quoted) = quoted {
                let [line] = quoted.lines.as_slice() else { panic!("one line") };
                assert_eq!((line.quantity, line.price.interval, quoted.interval), (count, Once, interval));
                assert!(line.price.lookup_key.contains("voucher"), "{}", line.price.lookup_key);
            }
        }
        let withdrawn = Plan { published: false, ..rented.clone() };
        assert_eq!(quote(&withdrawn, &wanted(&withdrawn, Month, 1)), Err(ChoiceProblem::NotForSale));
    }

    #[test]
    fn a_license_runs_from_the_day_on_which_its_voucher_is_redeemed() {
        let day = |text: &str| UnixMs::start_of(text.parse().unwrap());
        let now = day("2026-01-31").plus(DAY_MS / 2);
        let month = term(PlanKind::Subscription, BillingInterval::Month, now);
        assert_eq!(month, Term { ends_at: Some(day("2026-03-01")), updates_until: None });
        let year = term(PlanKind::Subscription, BillingInterval::Year, now);
        assert_eq!(year, Term { ends_at: Some(day("2027-02-01")), updates_until: None });
        let for_ever = term(PlanKind::Perpetual, BillingInterval::Once, now);
        assert_eq!(for_ever, Term { ends_at: None, updates_until: Some(day("2027-01-31").plus(DAY_MS / 2)) });
    }

    #[test]
    fn a_note_is_one_line_and_short() {
        assert_eq!(check_note("  for\nWeser GmbH "), Ok("for Weser GmbH".to_owned()));
        assert_eq!(check_note(&"é".repeat(NOTE_MAX_CHARS)).map(|note| note.chars().count()), Ok(NOTE_MAX_CHARS));
        assert_eq!(check_note(&"é".repeat(NOTE_MAX_CHARS + 1)), Err(NOTE_MAX_CHARS));
    }

    #[test]
    fn only_the_browser_that_redeemed_sees_the_key_and_only_for_an_hour() {
        let (redeemed_at, user) = (UnixMs(1_000), UserId::from_untrusted("usr_a"));
        let voucher = Voucher {
            id: VoucherId::from_untrusted("vch_a"),
            vendor_id: VendorId::from_untrusted("ven_a"),
            order_id: OrderId::from_untrusted("ord_a"),
            partner_id: AccountId::from_untrusted("acc_p"),
            place: 1,
            plan_id: crate::ids::PlanId::from_untrusted("pln_a"),
            plan_version: 1,
            term: BillingInterval::Once,
            code_hint: String::new(),
            status: VoucherStatus::Redeemed,
            note: String::new(),
            created_at: UnixMs(0),
            redeemed_at: Some(redeemed_at),
            redeemed_by: Some(user.clone()),
            account_id: Some(AccountId::from_untrusted("acc_a")),
            session_hash: Some(b"session".to_vec()),
            license_id: Some(LicenseId::from_untrusted("lic_a")),
            voided_at: None,
        };
        assert_eq!(ends_at(&voucher, redeemed_at), None);
        let month = Voucher { term: BillingInterval::Month, ..voucher.clone() };
        assert_eq!(ends_at(&month, redeemed_at), term(PlanKind::Subscription, month.term, redeemed_at).ends_at);
        assert!(may_see_new_key(&voucher, &user, b"session", redeemed_at));
        assert!(!may_see_new_key(&voucher, &user, b"session", redeemed_at.plus(NEW_KEY_SHOWN_MS)));
        assert!(!may_see_new_key(&voucher, &user, b"another", redeemed_at));
        assert!(!may_see_new_key(&voucher, &UserId::from_untrusted("usr_b"), b"session", redeemed_at));
        let elsewhere = Voucher { session_hash: None, ..voucher };
        assert!(!may_see_new_key(&elsewhere, &user, b"", redeemed_at));
    }
}
