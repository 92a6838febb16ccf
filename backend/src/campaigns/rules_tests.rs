#![expect(clippy::unwrap_used, reason = "tests")]
use super::*;
use crate::catalog::{BillingInterval, Composition, PlanKind, PriceRole};
use crate::db::JsonText;
use crate::ids::{AccountId, CampaignId, PromotionCodeId, VendorId};
use crate::money::Currency;
use crate::orders::rules::{self as order_rules, tests as sold};

const NOW: UnixMs = UnixMs(1_000);

fn usd() -> Currency {
    Currency::parse("usd").unwrap()
}

/// 448.00 a month.
fn quote() -> Quote {
    let price = |role, amount| sold::price(role, BillingInterval::Month, amount, "usd");
    let prices = vec![price(PriceRole::Base, 29_900), price(PriceRole::ExtraSeat, 14_900)];
    let plan = sold::plan(PlanKind::Subscription, 2, prices);
    order_rules::quote(&plan, &Composition::new(plan.id.clone(), BillingInterval::Month, 3, usd())).unwrap()
}

fn campaign() -> Campaign {
    Campaign {
        id: CampaignId::from_untrusted("cmp_1"),
        vendor_id: VendorId::from_untrusted("ven_1"),
        owner_account_id: None,
        name: "Spring".to_owned(),
        percent_bp: Some(1_250),
        amount_minor: None,
        currency: None,
        duration: Duration::Once,
        duration_months: None,
        plan_ids: JsonText(Vec::new()),
        product_ids: JsonText(Vec::new()),
        minimum_minor: None,
        minimum_currency: None,
        first_purchase_only: false,
        max_redemptions: None,
        max_per_account: None,
        starts_at: UnixMs(0),
        ends_at: None,
        paused_at: None,
        stripe_coupon_id: None,
        created_by: None,
        created_at: UnixMs(0),
    }
}

fn code() -> PromotionCode {
    PromotionCode {
        id: PromotionCodeId::from_untrusted("pco_1"),
        campaign_id: CampaignId::from_untrusted("cmp_1"),
        code: "SPRING".to_owned(),
        max_redemptions: None,
        paused_at: None,
        paused_by_owner: false,
        created_at: UnixMs(0),
        redeemed: 0,
        reserved: 0,
    }
}

#[test]
fn each_reason_against_a_code_is_told() {
    use PromotionProblem as P;
    let eur = Currency::parse("eur").unwrap();
    let with = |change: fn(&mut Campaign)| {
        let mut campaign = campaign();
        change(&mut campaign);
        campaign
    };
    let none = Taken::default();
    let taken = |of_campaign, of_code, by_account| Taken { of_campaign, of_code, by_account };
    let limited = Campaign { max_redemptions: Some(2), max_per_account: Some(1), ..campaign() };
    let first = with(|it| it.first_purchase_only = true);
    let minimum =
        |minor, currency| Campaign { minimum_minor: Some(minor), minimum_currency: Some(currency), ..campaign() };
    for (campaign, code, taken, has_paid, expected) in [
        (campaign(), code(), none, true, Ok(5_601)),
        (with(|it| it.percent_bp = Some(10_000)), code(), none, true, Ok(44_800)),
        (with(|it| it.starts_at = NOW.plus(1)), code(), none, true, Err(P::NotBegun(NOW.plus(1)))),
        (with(|it| it.starts_at = NOW), code(), none, true, Ok(5_601)),
        (with(|it| it.ends_at = Some(NOW)), code(), none, true, Err(P::Expired)),
        (with(|it| it.ends_at = Some(NOW.plus(1))), code(), none, true, Ok(5_601)),
        (with(|it| it.paused_at = Some(NOW)), code(), none, true, Err(P::Paused)),
        (campaign(), PromotionCode { paused_at: Some(NOW), ..code() }, none, true, Err(P::Paused)),
        (limited.clone(), code(), taken(1, 1, 0), true, Ok(5_601)),
        (limited.clone(), code(), taken(2, 0, 0), true, Err(P::UsedUp)),
        (limited.clone(), code(), taken(2, 0, 1), true, Err(P::UsedByYou)),
        (campaign(), PromotionCode { max_redemptions: Some(1), ..code() }, taken(1, 1, 0), true, Err(P::UsedUp)),
        (campaign(), PromotionCode { max_redemptions: Some(1), ..code() }, taken(1, 0, 0), true, Ok(5_601)),
        (first.clone(), code(), none, true, Err(P::NotFirstPurchase)),
        (first.clone(), code(), none, false, Ok(5_601)),
        (first, code(), taken(1, 1, 1), false, Err(P::UsedByYou)),
        (with(|it| it.plan_ids.0 = vec![PlanId::from_untrusted("pln_y")]), code(), none, true, Err(P::OtherPlan)),
        (with(|it| it.product_ids.0 = vec!["pln_x_base".to_owned()]), code(), none, true, Ok(3_738)),
        (minimum(44_800, usd()), code(), none, true, Ok(5_601)),
        (minimum(44_801, usd()), code(), none, true, Err(P::BelowMinimum(Money::new(44_801, usd())))),
        (minimum(1, eur), code(), none, true, Err(P::OtherCurrency)),
    ] {
        let plan_id = PlanId::from_untrusted("pln_x");
        let quote = quote();
        let account_id = AccountId::from_untrusted("acc_buyer");
        let asked = Asked { quote: &quote, plan_id: &plan_id, account_id: &account_id, has_paid };
        let found = check(&campaign, &code, taken, asked, NOW);
        assert_eq!(found.map(|it| it.takes_off.amount_minor), expected, "{campaign:?} {code:?} {taken:?}");
    }
}

#[test]
fn a_partner_orders_nothing_with_a_code_of_its_own_and_others_do() {
    let plan_id = PlanId::from_untrusted("pln_x");
    let (quote, owner, buyer) = (quote(), AccountId::from_untrusted("acc_own"), AccountId::from_untrusted("acc_buyer"));
    let owned = Campaign { owner_account_id: Some(owner.clone()), ..campaign() };
    let rests = Campaign { paused_at: Some(NOW), ..owned.clone() };
    for (campaign, account_id, expected) in [
        (&owned, &owner, Err(PromotionProblem::OwnCampaign)),
        (&rests, &owner, Err(PromotionProblem::OwnCampaign)),
        (&owned, &buyer, Ok(5_601)),
        (&rests, &buyer, Err(PromotionProblem::Paused)),
        (&campaign(), &owner, Ok(5_601)),
    ] {
        let asked = Asked { quote: &quote, plan_id: &plan_id, account_id, has_paid: false };
        let found = check(campaign, &code(), Taken::default(), asked, NOW);
        assert_eq!(found.map(|it| it.takes_off.amount_minor), expected, "{campaign:?} {account_id}");
    }
}

#[test]
fn a_percentage_is_exact_to_two_decimals() {
    for (typed, bp) in [
        ("20", Some(2_000)),
        (" 12.5 % ", Some(1_250)),
        ("0.01", Some(1)),
        ("33.33", Some(3_333)),
        ("100", Some(10_000)),
        ("100.01", None),
        ("0", None),
        ("-5", None),
        ("12.345", None),
        ("1e2", None),
        ("", None),
        (".5", None),
    ] {
        assert_eq!(read_percent(typed), bp, "{typed:?}");
    }
    for bp in 1..=WHOLE_BP {
        assert_eq!(read_percent(&write_percent(bp)), Some(bp));
    }
    assert_eq!([write_percent(2_000), write_percent(1_250), write_percent(1)], ["20", "12.5", "0.01"]);
}

#[test]
fn a_drawn_code_holds_all_its_randomness_and_can_be_typed() {
    assert_eq!(draw_code("", [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0, 0xff]), "BCDF-GHJK-MNPQ-RTVW-BBWW");
    let code = draw_code("EXPO", [7; 10]);
    assert!(code.starts_with("EXPO-"), "{code}");
    assert_eq!(crate::orders::promotion::read_code(&code), Some(code.clone()));
    assert_eq!(code_key(&code.to_ascii_lowercase()), code);
}

#[test]
fn a_campaign_stands_where_its_times_and_limits_put_it() {
    let limited = Campaign { max_redemptions: Some(2), ..campaign() };
    assert_eq!([standing(&limited, 1, NOW), standing(&limited, 2, NOW)], [Standing::Running, Standing::UsedUp]);
    let ended = Campaign { ends_at: Some(NOW), paused_at: Some(NOW), ..campaign() };
    assert_eq!(standing(&ended, 0, NOW), Standing::Ended);
    let later = Campaign { starts_at: NOW.plus(1), ..campaign() };
    assert_eq!(standing(&later, 0, NOW), Standing::NotBegun);
}

#[test]
fn a_sum_is_positive_and_no_finer_than_stripe_takes_it() {
    for (minor, currency, taken) in [
        (1, "usd", true),
        (0, "usd", false),
        (-100, "usd", false),
        (1_015, "kwd", false),
        (1_050, "isk", false),
        (1_000, "isk", true),
    ] {
        let off = Money::new(minor, Currency::parse(currency).unwrap());
        assert_eq!(is_sum(off), taken, "{minor} {currency}");
    }
}
