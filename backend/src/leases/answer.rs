//! The answer to activate and check: the lease, the next secret, and what the operator should know.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::BASE32_DNSSEC;
use sdk::lease::LeaseClaims;
use sdk::wire::{LeaseResponse, Nonce, Notice, PlanView};

use super::lineage::{self, Position};
use super::{Instance, rules};
use crate::catalog::LicenseType;
use crate::clock::{DAY_MS, UnixMs};
use crate::cx::Cx;
use crate::keys::VendorSigningKey;
use crate::licenses::rules::REASON_PAST_DUE;
use crate::licenses::{License, LicenseView};

/// How long before something ends the operator is told.
const NOTICE_MS: i64 = 14 * DAY_MS;

/// Who signs, and in whose name.
#[derive(Clone, Copy)]
pub(super) struct Signer<'a> {
    /// The vendor's public origin, the lease's `iss`.
    pub origin: &'a str,
    /// The vendor's active signing key.
    pub key: &'a VendorSigningKey,
    /// The key that the instance's secrets are derived from.
    pub instance_key: &'a [u8],
}

/// Signs the lease that `times` describes and mints the secret for the next check. What has to be stored first is
/// the caller's business.
pub(super) fn answer(
    cx: &Cx,
    signer: Signer<'_>,
    view: &LicenseView,
    instance: &Instance,
    times: &rules::LeaseTimes,
    nonce: &Nonce,
) -> LeaseResponse {
    let license = &view.license;
    let terms = &license.terms;
    let now = cx.now.seconds();
    let features: BTreeMap<String, Option<i64>> = terms
        .features
        .iter()
        .filter(|(_, end)| end.is_none_or(|end| now < end))
        .map(|(name, end)| (name.clone(), *end))
        .collect();
    let claims = LeaseClaims {
        ver: sdk::lease::LEASE_VERSION,
        iss: signer.origin.to_owned(),
        aud: view.product_code.clone(),
        sub: instance.id.to_string(),
        // The interval in which the seat is held, and which of its leases this is.
        jti: format!("{}.{}", instance.lease_id, BASE32_DNSSEC.encode(&cx.entropy.bytes::<5>())),
        iat: times.iat,
        // A lease that is dated ahead is good at once.
        nbf: times.iat.min(now),
        exp: times.exp,
        nonce: Some(nonce.clone()),
        lic: license.id.to_string(),
        lty: on_the_wire(license.license_type),
        pln: view.plan_code.clone(),
        idn: sdk::wire::Identity { name: None, ..instance.identity() },
        lim: terms.limits.clone(),
        fea: features.clone(),
        seats: license.seats,
        upd: license.updates_until.map(UnixMs::seconds),
        enf: terms.enforcement.clone(),
        chk: times.chk,
        brw: times.borrowed,
    };
    let timestamp = |at: i64| UnixMs::from_seconds(at).timestamp();
    LeaseResponse {
        instance_id: instance.id.to_string(),
        license_id: license.id.to_string(),
        secret: lineage::mint(signer.instance_key, Position { epoch: instance.epoch, n: instance.shown_n + 1 }),
        lease: sdk::lease::sign(&claims, &signer.key.key, &signer.key.kid),
        check_after_s: times.chk,
        plan: PlanView {
            code: view.plan_code.clone(),
            name: view.plan_name.clone(),
            limits: terms.limits.clone(),
            features: features.into_iter().map(|(name, end)| (name, end.map(timestamp))).collect(),
            seats: license.seats,
            ends_at: license.ends_at.map(UnixMs::timestamp),
            updates_until: license.updates_until.map(UnixMs::timestamp),
            usage_signals: terms.usage_signals,
        },
        server_time: cx.now.timestamp(),
        notices: notices(license, cx.now),
        over_limit: None,
        keys: None,
    }
}

/// What comes to an end soon, or has, in the order of the codes below. A license that a subscription renews does not end: when
/// its renewal fails it is the payment that is due, and of a trial it is the trial that ends.
fn notices(license: &License, now: UnixMs) -> Vec<Notice> {
    let soon = |at: &UnixMs| at.0 - now.0 <= NOTICE_MS;
    let payment = license.ends_at.filter(|_| license.status_reason == REASON_PAST_DUE).map(|at| ("payment_due", at));
    let trial = license.trial_until.filter(|at| now < *at && soon(at)).map(|at| ("trial_ends_soon", at));
    let ends = license.ends_at.filter(|at| !license.renews && soon(at)).map(|at| ("license_ends_soon", at));
    let updates =
        license.updates_until.filter(soon).map(|at| (if at <= now { "updates_ended" } else { "updates_end_soon" }, at));
    // Features that end at the same moment are one notice; the answer's plan names them.
    let features: BTreeSet<UnixMs> =
        license.terms.features.values().flatten().map(|end| UnixMs::from_seconds(*end)).collect();
    let features = features.into_iter().filter(|at| now < *at && soon(at)).map(|at| ("feature_ends_soon", at));
    let notice = |(code, at): (&str, UnixMs)| Notice { code: code.to_owned(), at: Some(at.timestamp()) };
    payment.into_iter().chain(trial).chain(ends).chain(updates).chain(features).map(notice).collect()
}

fn on_the_wire(license_type: LicenseType) -> sdk::lease::LicenseType {
    match license_type {
        LicenseType::Floating => sdk::lease::LicenseType::Floating,
        LicenseType::Machine => sdk::lease::LicenseType::Machine,
        LicenseType::User => sdk::lease::LicenseType::User,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::licenses::LicenseStatus;
    use crate::licenses::rules::tests::license;

    #[test]
    fn operators_are_told_what_ends_soon_and_what_is_to_be_paid() {
        let day = |days: i64| UnixMs(days * DAY_MS);
        let plain = License { ends_at: Some(day(60)), ..license(LicenseStatus::Active, "") };
        let with_feature = |days: i64| {
            let mut license = plain.clone();
            license.terms.features = [("sso".to_owned(), Some(day(days).seconds())), ("api".to_owned(), None)].into();
            license
        };
        let now = day(30);
        for (license, expected) in [
            (plain.clone(), &[][..]),
            (License { ends_at: Some(day(44)), ..plain.clone() }, &["license_ends_soon"]),
            (License { ends_at: Some(day(44)), renews: true, ..plain.clone() }, &[]),
            (
                License {
                    ends_at: Some(day(31)),
                    renews: true,
                    status_reason: REASON_PAST_DUE.to_owned(),
                    ..plain.clone()
                },
                &["payment_due"],
            ),
            (
                License { ends_at: Some(day(44)), trial_until: Some(day(41)), renews: true, ..plain.clone() },
                &["trial_ends_soon"],
            ),
            (License { trial_until: Some(day(40)), ..plain.clone() }, &["trial_ends_soon"]),
            (License { trial_until: Some(day(29)), ..plain.clone() }, &[]),
            (License { updates_until: Some(day(31)), ..plain.clone() }, &["updates_end_soon"]),
            (License { updates_until: Some(day(29)), ..plain.clone() }, &["updates_ended"]),
            (with_feature(31), &["feature_ends_soon"]),
            (with_feature(29), &[]),
            (with_feature(50), &[]),
            (License { status_reason: REASON_PAST_DUE.to_owned(), ..plain.clone() }, &["payment_due"]),
        ] {
            let codes: Vec<String> = notices(&license, now).into_iter().map(|notice| notice.code).collect();
            assert_eq!(codes, expected, "{license:?}");
        }
    }
}
