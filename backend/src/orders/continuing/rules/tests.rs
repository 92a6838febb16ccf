#![expect(clippy::unwrap_used, reason = "tests")]
use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::catalog::BillingInterval;
use crate::cx::Entropy;
use crate::db::JsonText;
use crate::licenses::rules::tests::license as license_in;
use crate::money::Currency;
use crate::stripe::SubscriptionState;

const NOW: UnixMs = UnixMs(1_795_255_200_000);

fn active() -> License {
    license_in(LicenseStatus::Active, "")
}

/// What somebody else pays for it, cancelled, with twenty days to go.
fn others(license: &License) -> Subscription {
    let entropy = Entropy::seeded(9);
    Subscription {
        id: entropy.id(),
        vendor_id: license.vendor_id.clone(),
        account_id: entropy.id(),
        license_id: license.id.clone(),
        stripe_subscription_id: String::new(),
        stripe_status: SubscriptionState::Active,
        plan_id: license.plan_id.clone(),
        billing_interval: BillingInterval::Month,
        seats: 1,
        currency: Currency::parse("usd").unwrap(),
        addons: JsonText(BTreeSet::new()),
        packs: JsonText(BTreeMap::new()),
        recurring_minor: 100,
        period_start: NOW,
        period_end: NOW.plus(20 * DAY_MS),
        cancel_at_period_end: true,
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
fn what_somebody_else_pays_is_over_when_it_was_called_off_or_has_ended() {
    let license = active();
    let paid = others(&license);
    let end = paid.period_end;
    assert_eq!(over_at(&license, Some(&paid)), Some(end));
    assert_eq!(over_at(&license, None), None);
    assert_eq!(over_at(&license, Some(&Subscription { cancel_at_period_end: false, ..paid.clone() })), None);
    let ended = Subscription { ended_at: Some(NOW), ..paid.clone() };
    assert_eq!(over_at(&license, Some(&ended)), Some(NOW));
    // A renewal that was never paid is no paid time.
    let late = Subscription { ended_at: Some(end.plus(DAY_MS)), ..paid.clone() };
    assert_eq!(over_at(&license, Some(&late)), Some(end));
    let own = Subscription { account_id: license.account_id.clone(), ..paid.clone() };
    assert_eq!(over_at(&license, Some(&own)), None);
    let bought = License { kind: PlanKind::Perpetual, ..license };
    assert_eq!(over_at(&bought, Some(&paid)), None);
}

#[test]
fn nothing_is_charged_before_what_is_paid_is_over_unless_that_is_too_near_for_stripe() {
    for (ahead, later) in
        [(-DAY_MS, false), (0, false), (48 * HOUR_MS, false), (49 * HOUR_MS, true), (DAY_MS * 300, true)]
    {
        let at = NOW.plus(ahead);
        assert_eq!(begins_at(at, NOW), later.then_some(at), "{ahead}");
        assert_eq!(is_too_near(at, NOW), ahead > 0 && !later, "{ahead}");
    }
    assert!(is_in_time(NOW.plus(1 - WITHIN_MS), NOW) && !is_in_time(NOW.plus(-WITHIN_MS), NOW));
}

#[test]
fn each_obstacle_has_its_own_answer() {
    let license = active();
    let paid = others(&license);
    let ended = |at: UnixMs| Subscription { ended_at: Some(at), period_end: at, ..paid.clone() };
    let order_id: OrderId = Entropy::seeded(3).id();
    let none = Waiting::default();
    let cases = [
        (license.clone(), paid.clone(), none.clone(), None),
        (license_in(LicenseStatus::Ended, "cancelled"), ended(NOW.plus(-DAY_MS)), none.clone(), None),
        (
            license.clone(),
            Subscription { account_id: license.account_id.clone(), ..paid.clone() },
            none.clone(),
            Some(Obstacle::NotPaidByAnother),
        ),
        (
            license.clone(),
            Subscription { cancel_at_period_end: false, ..paid.clone() },
            none.clone(),
            Some(Obstacle::StillPaid),
        ),
        (
            license.clone(),
            Subscription { past_due_since: Some(NOW), ..paid.clone() },
            none.clone(),
            Some(Obstacle::PaymentDue),
        ),
        (license.clone(), paid.clone(), Waiting { change: true, ..none.clone() }, Some(Obstacle::PaymentDue)),
        (license.clone(), paid.clone(), Waiting { unpaid: true, ..none.clone() }, Some(Obstacle::PaymentDue)),
        (
            license_in(LicenseStatus::Ended, "cancelled"),
            ended(NOW.plus(-DAY_MS)),
            Waiting { unpaid: true, ..none.clone() },
            None,
        ),
        (license_in(LicenseStatus::Pending, "unpaid"), paid.clone(), none.clone(), Some(Obstacle::PaymentDue)),
        (license_in(LicenseStatus::Revoked, "refunded"), paid.clone(), none.clone(), Some(Obstacle::Stopped)),
        (
            License { vendor_standing: VendorStanding::Suspended, ..license.clone() },
            paid.clone(),
            none.clone(),
            Some(Obstacle::Stopped),
        ),
        (License { disputed_at: Some(NOW), ..license.clone() }, paid.clone(), none.clone(), Some(Obstacle::Stopped)),
        (license.clone(), ended(NOW.plus(-WITHIN_MS)), none.clone(), Some(Obstacle::TooLate)),
        (license.clone(), paid.clone(), Waiting { handover: true, ..none.clone() }, Some(Obstacle::HandoverWaits)),
        (
            license.clone(),
            paid.clone(),
            Waiting { order_id: Some(order_id.clone()), ..none },
            Some(Obstacle::OpenOrder { order_id }),
        ),
    ];
    for (license, subscription, waiting, expected) in cases {
        let found = obstacle(&license, Some(&subscription), &waiting, NOW);
        assert_eq!(found, expected, "{subscription:?} {waiting:?}");
    }
    assert_eq!(obstacle(&license, None, &Waiting::default(), NOW), Some(Obstacle::NotPaidByAnother));
}
