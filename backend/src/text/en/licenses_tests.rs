#![expect(clippy::unwrap_used, reason = "tests")]

use sdk::lease::EnforcementStep;

use super::*;
use crate::catalog::PlanKind;
use crate::clock::DAY_MS;
use crate::cx::Entropy;
use crate::licenses::{LicenseStatus, Overrides, VendorStanding};
use crate::money::Currency;
use crate::stripe::SubscriptionState;

const NOW: UnixMs = UnixMs(1_795_255_200_000); // 2026-11-21T10:00:00Z

fn view(kind: PlanKind) -> LicenseView {
    let entropy = Entropy::seeded(7);
    let perpetual = kind == PlanKind::Perpetual;
    let license = License {
        id: entropy.id(),
        vendor_id: entropy.id(),
        account_id: entropy.id(),
        product_id: entropy.id(),
        plan_version: 1,
        plan_id: entropy.id(),
        name: String::new(),
        key_hint: String::new(),
        status: LicenseStatus::Active,
        status_reason: String::new(),
        vendor_standing: VendorStanding::None,
        vendor_reason: String::new(),
        vendor_standing_at: None,
        kind,
        license_type: LicenseType::Floating,
        starts_at: NOW,
        ends_at: (!perpetual).then(|| NOW.plus(23 * DAY_MS)),
        updates_until: perpetual.then(|| NOW.plus(365 * DAY_MS)),
        trial_until: None,
        expired_at: None,
        renews: false,
        disputed_at: None,
        issued_reason: None,
        surge_opened_at: None,
        seats: 3,
        terms: Terms::default(),
        plan_terms: Terms::default(),
        overrides: Overrides::default(),
        created_at: NOW,
    };
    LicenseView {
        license,
        plan_code: "startup".to_owned(),
        plan_name: "Startup".to_owned(),
        product_code: "iot".to_owned(),
        product_name: "IoT Platform".to_owned(),
    }
}

fn subscription(license: &License) -> Subscription {
    let entropy = Entropy::seeded(8);
    Subscription {
        id: entropy.id(),
        vendor_id: license.vendor_id.clone(),
        account_id: license.account_id.clone(),
        license_id: license.id.clone(),
        stripe_subscription_id: String::new(),
        stripe_status: SubscriptionState::Active,
        plan_id: license.plan_id.clone(),
        billing_interval: BillingInterval::Year,
        seats: 3,
        addons: crate::db::JsonText(std::collections::BTreeSet::new()),
        packs: crate::db::JsonText(std::collections::BTreeMap::new()),
        currency: Currency::parse("usd").unwrap(),
        recurring_minor: 299_000,
        period_start: NOW,
        period_end: NOW.plus(20 * DAY_MS),
        cancel_at_period_end: false,
        past_due_since: None,
        ended_at: None,
        scheduled: None,
        card: None,
        card_ends_at: None,
        begins_at: None,
        changing_until: None,
        cancel_reason: None,
        cancel_comment: None,
        updated_at: NOW,
        lock_no: 0,
    }
}

#[test]
fn the_lead_says_what_it_is_on_how_many_it_runs_and_what_comes_next() {
    let rented = view(PlanKind::Subscription);
    let mut paid = subscription(&rented.license);
    assert_eq!(
        lead(&rented, Some(&paid), NOW),
        "IoT Platform, Startup plan, billed yearly. Runs on any 3 instances at a time. \
         Renews on 11 December 2026 for $2,990.00 before tax."
    );
    let free = Subscription { recurring_minor: 0, ..paid.clone() };
    assert!(lead(&rented, Some(&free), NOW).ends_with("Costs nothing, and goes on by itself on 11 December 2026."));
    paid.cancel_at_period_end = true;
    assert_eq!(
        what_next(&rented.license, Some(&paid), NOW),
        "Ends on 11 December 2026 and does not renew. Everything works until then."
    );
    assert_eq!(status(&rented.license, Some(&paid), NOW), "Cancelled, still active");
}

#[test]
fn a_perpetual_license_says_until_when_updates_are_covered() {
    let bought = view(PlanKind::Perpetual);
    assert_eq!(what_next(&bought.license, None, NOW), "Yours for ever, with updates until 21 November 2027.");
    let later = NOW.plus(366 * DAY_MS);
    assert_eq!(what_next(&bought.license, None, later), "Yours for ever. Updates ended on 21 November 2027.");
}

#[test]
fn an_overdue_payment_says_until_when_everything_works() {
    let mut rented = view(PlanKind::Subscription);
    rented.license.status_reason = REASON_PAST_DUE.to_owned();
    let paid = subscription(&rented.license);
    assert_eq!(status(&rented.license, Some(&paid), NOW), "Payment overdue");
    let sentence = what_next(&rented.license, Some(&paid), NOW);
    assert_eq!(sentence, "A payment is overdue. Everything works until 14 December 2026; pay before.");
}

#[test]
fn use_is_told_with_what_it_means() {
    assert_eq!(use_lead(LicenseType::Floating, 0, 3), "Nothing runs under it yet; 3 instances can start.");
    assert_eq!(use_lead_inactive(0), "It allows nothing at present.");
    assert_eq!(use_lead(LicenseType::Floating, 2, 3), "1 more instance can start.");
    assert_eq!(use_lead(LicenseType::Machine, 3, 3), "All seats are taken; one more machine would be refused.");
    assert!(use_lead(LicenseType::Floating, 4, 3).contains("(1 instance too many)"));
    assert_eq!(meter(500, 500), "500 of 500, full");
    assert_eq!(meter(41, -1), "41, unlimited");
    assert_eq!(meter(999, 1_000), "999 of 1,000");
    assert_eq!(number(-1_234_567), "−1,234,567");
}

#[test]
fn an_open_surge_is_counted_beside_the_seats() {
    let said = use_lead_in_surge(LicenseType::Floating, 3, 3, 1);
    assert_eq!(said, "1 more instance can start; counted are 3 and 1 of the surge.");
    assert!(use_lead_in_surge(LicenseType::Floating, 4, 3, 1).starts_with("All are taken: 3 and 1 of the surge."));
}

#[test]
fn the_end_of_a_feature_is_told_by_how_near_it_is() {
    for (days, near, word) in [
        (0, FeatureEnd::Over, "ended on 21 November 2026"),
        (29, FeatureEnd::Soon, "until 20 December 2026"),
        (30, FeatureEnd::Later, "until 21 December 2026"),
    ] {
        let end = NOW.plus(days * DAY_MS);
        assert_eq!((feature_tone(end, NOW), feature_end(end, NOW).as_str()), (near, word));
    }
}

#[test]
fn policies_and_names_read_as_words() {
    assert_eq!(enforcement(&EnforcementPolicy::default()), "warns at once and stops after 24 h");
    let steps = vec![EnforcementStep { stage: Stage::BlockNew, after_s: 172_800 }];
    assert_eq!(enforcement(&EnforcementPolicy::try_from(steps).unwrap()), "creates nothing new after 2 days");
    assert_eq!(humanised("white_labelling"), "White labelling");
    assert_eq!(humanised("ümläut"), "ümläut");
}
