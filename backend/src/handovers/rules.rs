//! Which licenses can be handed over, and when both sides have agreed. Pure.

use serde::{Deserialize, Serialize};

use super::{Handover, HandoverStatus};
use crate::clock::{DAY_MS, UnixMs};
use crate::licenses::License;
use crate::licenses::rules::standing;

/// Days for which a request waits.
pub const OPEN_DAYS: i64 = 14;

/// Why a license cannot be handed over now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// It grants nothing: not paid, suspended, ended, revoked.
    NotActive,
    /// A payment for it is disputed.
    Disputed,
    /// A subscription pays for it, and its payer stays.
    Subscribed,
    /// Its updates renew by themselves, at the cost of the account that has it.
    RenewsByItself,
    /// Something for it is ordered and not paid yet.
    OpenOrder,
}

/// What pays for a license, or will.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Payments {
    /// A subscription that is not over.
    pub subscribed: bool,
    /// Updates that renew by themselves.
    pub renews: bool,
    /// An order that is not paid yet.
    pub open_order: bool,
}

/// What stands in the way of handing a license over, if anything.
#[must_use]
pub fn obstacle(license: &License, payments: Payments, now: UnixMs) -> Option<Obstacle> {
    if standing(license, now).is_err() {
        Some(Obstacle::NotActive)
    } else if license.disputed_at.is_some() {
        Some(Obstacle::Disputed)
    } else if payments.subscribed {
        Some(Obstacle::Subscribed)
    } else if payments.renews {
        Some(Obstacle::RenewsByItself)
    } else {
        payments.open_order.then_some(Obstacle::OpenOrder)
    }
}

/// The end of a request that is made now.
#[must_use]
pub fn expires_at(now: UnixMs) -> UnixMs {
    now.plus(OPEN_DAYS * DAY_MS)
}

/// Where a handover stands at `now`.
#[must_use]
pub fn status(handover: &Handover, now: UnixMs) -> HandoverStatus {
    match handover.status {
        HandoverStatus::Asked if handover.expires_at <= now => HandoverStatus::Expired,
        status => status,
    }
}

/// Whether both sides have agreed.
#[must_use]
pub fn is_agreed(handover: &Handover) -> bool {
    handover.given_at.is_some() && handover.taken_at.is_some() && handover.to_account_id.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cx::Entropy;
    use crate::licenses::LicenseStatus;
    use crate::licenses::rules::tests::license;

    fn asked(now: UnixMs) -> Handover {
        let entropy = Entropy::seeded(1);
        Handover {
            id: entropy.id(),
            vendor_id: entropy.id(),
            license_id: entropy.id(),
            from_account_id: entropy.id(),
            to_email: "Eve@example.test".to_owned(),
            to_email_key: "eve@example.test".to_owned(),
            by_staff: false,
            status: HandoverStatus::Asked,
            asked_by: None,
            given_by: None,
            given_at: None,
            taken_by: None,
            taken_at: None,
            to_account_id: None,
            created_at: now,
            expires_at: expires_at(now),
            ended_at: None,
        }
    }

    #[test]
    fn what_somebody_else_pays_for_stays_where_it_is() {
        let none = Payments::default();
        let active = license(LicenseStatus::Active, "");
        let disputed = License { disputed_at: Some(UnixMs(1)), ..active.clone() };
        for (license, payments, expected) in [
            (&active, none, None),
            (&active, Payments { subscribed: true, ..none }, Some(Obstacle::Subscribed)),
            (&active, Payments { renews: true, ..none }, Some(Obstacle::RenewsByItself)),
            (&active, Payments { open_order: true, ..none }, Some(Obstacle::OpenOrder)),
            (&disputed, none, Some(Obstacle::Disputed)),
            (&license(LicenseStatus::Pending, ""), none, Some(Obstacle::NotActive)),
            (&license(LicenseStatus::Suspended, ""), none, Some(Obstacle::NotActive)),
            (&license(LicenseStatus::Revoked, ""), none, Some(Obstacle::NotActive)),
        ] {
            assert_eq!(obstacle(license, payments, UnixMs(1_500)), expected, "{payments:?} {:?}", license.status);
        }
        assert_eq!(obstacle(&active, none, UnixMs(2_000)), Some(Obstacle::NotActive), "it has ended");
    }

    #[test]
    fn a_request_is_open_for_two_weeks() {
        let request = asked(UnixMs(0));
        let end = UnixMs(14 * DAY_MS);
        assert_eq!(status(&request, end.plus(-1)), HandoverStatus::Asked);
        assert_eq!(status(&request, end), HandoverStatus::Expired);
        let done = Handover { status: HandoverStatus::Done, ..request };
        assert_eq!(status(&done, end), HandoverStatus::Done);
    }

    #[test]
    fn both_have_to_agree() {
        let request = asked(UnixMs(0));
        let given = Handover { given_at: Some(UnixMs(1)), ..request.clone() };
        let to_account_id = Some(Entropy::seeded(2).id());
        let taken = Handover { taken_at: Some(UnixMs(1)), to_account_id: to_account_id.clone(), ..request.clone() };
        for (handover, agreed) in [
            (&request, false),
            (&given, false),
            (&taken, false),
            (&Handover { given_at: Some(UnixMs(2)), ..taken.clone() }, true),
        ] {
            assert_eq!(is_agreed(handover), agreed, "{handover:?}");
        }
    }
}
