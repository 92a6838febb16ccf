#![expect(clippy::unwrap_used, reason = "tests")]
use proptest::prelude::*;

use super::*;
use crate::catalog::{Addon, AddonPer, LicenseType, Presentation, Terms};
use crate::clock::UnixMs;
use crate::ids::{PlanId, PriceId, ProductId};
use crate::orders::OrderKind;

pub(crate) fn price(role: PriceRole, interval: BillingInterval, amount: i64, currency: &str) -> Price {
    Price {
        id: PriceId::from_untrusted(&format!("prc_{}_{}_{amount}", role.as_str(), interval.as_str())),
        role,
        option: String::new(),
        interval,
        unit_amount: Money::new(amount, Currency::parse(currency).unwrap()),
        tiers: None,
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
        version: 1,
        max_seats: 20,
        terms: Terms::default(),
        addons: Vec::new(),
        packs: Vec::new(),
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

fn addon(code: &str, per: AddonPer) -> Addon {
    let (name, description) = (code.to_owned(), String::new());
    let (features, limits) = ([(code.to_owned(), None)].into(), [].into());
    Addon { code: code.to_owned(), name, description, per, features, limits, offered: true }
}

/// `audit` at 15 a seat and `sso` at 99 for the license.
fn with_addons(mut plan: Plan, interval: BillingInterval) -> Plan {
    plan.addons = vec![addon("sso", AddonPer::License), addon("audit", AddonPer::Seat)];
    for (role, code, amount) in [(PriceRole::Addon, "sso", 9_900), (PriceRole::Addon, "audit", 1_500)] {
        plan.prices.push(Price { option: code.to_owned(), ..price(role, interval, amount, "usd") });
    }
    plan
}

#[test]
fn addons_are_paid_for_the_license_or_for_each_seat() {
    let usd = Currency::parse("usd").unwrap();
    let plan = with_addons(startup(), BillingInterval::Month);
    let total = |codes: &[&str], interval| {
        let choice = Composition::new(plan.id.clone(), interval, 4, usd);
        let choice = choice.with_addons(codes.iter().map(|code| (*code).to_owned()).collect());
        quote(&plan, &choice).map(|quote| (quote.lines.len(), quote.total.amount_minor))
    };
    assert_eq!(total(&[], BillingInterval::Month), Ok((2, 59_700)));
    assert_eq!(total(&["sso"], BillingInterval::Month), Ok((3, 69_600)));
    assert_eq!(total(&["sso", "audit"], BillingInterval::Month), Ok((4, 69_600 + 4 * 1_500)));
    assert_eq!(total(&["sso"], BillingInterval::Year), Err(ChoiceProblem::AddonNotOffered));
    assert_eq!(total(&["unknown"], BillingInterval::Month), Err(ChoiceProblem::AddonNotOffered));
}

#[test]
fn a_price_that_is_kept_is_that_of_its_own_part_only() {
    let usd = Currency::parse("usd").unwrap();
    let plan = with_addons(startup(), BillingInterval::Month);
    let codes = ["sso".to_owned(), "audit".to_owned()].into();
    let choice = Composition::new(plan.id.clone(), BillingInterval::Month, 2, usd).with_addons(codes);
    let old = Price { option: "sso".to_owned(), ..price(PriceRole::Addon, BillingInterval::Month, 5_000, "usd") };
    assert_eq!(quote_at(&plan, &choice, &[old]).unwrap().total.amount_minor, 29_900 + 5_000 + 2 * 1_500);
}

#[test]
fn a_year_of_updates_counts_the_addons_whose_updates_are_sold() {
    let usd = Currency::parse("usd").unwrap();
    let mut plan = with_addons(perpetual(), BillingInterval::Once);
    let year = price(PriceRole::Maintenance, BillingInterval::Once, 600, "usd");
    plan.prices.push(Price { option: "audit".to_owned(), ..year });
    let codes = ["sso".to_owned(), "audit".to_owned()].into();
    let bought = Composition::new(plan.id.clone(), BillingInterval::Once, 3, usd).with_addons(codes);
    assert_eq!(quote_maintenance(&plan, &bought, 1).unwrap().total.amount_minor, 3 * (199_960 + 600));
}

#[test]
fn what_is_not_published_cannot_be_bought_but_is_still_renewed() {
    let usd = Currency::parse("usd").unwrap();
    let mut plan = perpetual();
    plan.published = false;
    let three = Composition::new(plan.id.clone(), BillingInterval::Once, 3, usd);
    assert_eq!(quote(&plan, &three), Err(ChoiceProblem::NotForSale));
    assert_eq!(quote_maintenance(&plan, &three, 1).unwrap().total.amount_minor, 599_880);
    assert_eq!(quote_maintenance(&startup(), &three, 1), Err(ChoiceProblem::NotOffered));
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
        licensee_id: None,
        relation_id: None,
        user_id: UserId::from_untrusted("usr_x"),
        session_hash: Some(b"session".to_vec()),
        kind: OrderKind::Subscription,
        plan_version: 1,
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
        years: 0,
        days_until_due: None,
        is_taxed: true,
        promotion_code: None,
        promotion_code_id: None,
        stripe_coupon_id: None,
        discount_bp: None,
        partner_id: None,
        commission_bp: None,
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
    fn addons_cost_the_sum_of_what_each_of_them_costs(
        amounts in (0_i64.., 0_i64..), small: bool, seats in 2_i64..=20, sso: bool, audit: bool
    ) {
        let month = BillingInterval::Month;
        let mut plan = with_addons(startup(), month);
        let amounts = if small { (amounts.0 % 100_000, amounts.1 % 100_000) } else { amounts };
        for price in plan.prices.iter_mut().filter(|price| price.role == PriceRole::Addon) {
            price.unit_amount.amount_minor = if price.option == "sso" { amounts.0 } else { amounts.1 };
        }
        let chosen = [(sso, "sso"), (audit, "audit")].into_iter().filter(|(is_chosen, _)| *is_chosen);
        let choice = Composition::new(plan.id.clone(), month, seats, Currency::parse("usd").unwrap())
            .with_addons(chosen.map(|(_, code)| code.to_owned()).collect());
        let exact = 29_900 + 14_900 * i128::from(seats - 2)
            + if sso { i128::from(amounts.0) } else { 0 }
            + if audit { i128::from(amounts.1) * i128::from(seats) } else { 0 };
        match quote(&plan, &choice) {
            Ok(quote) => {
                prop_assert_eq!(i128::from(quote.total.amount_minor), exact);
                prop_assert_eq!(quote.lines.iter().map(|line| line.amount_minor).sum::<i64>(), quote.total.amount_minor);
            }
            Err(problem) => {
                prop_assert_eq!(problem, ChoiceProblem::AmountTooLarge);
                prop_assert!(exact > i128::from(i64::MAX));
            }
        }
    }

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
