//! What activating and checking share: examining the license, finding a seat, signing the lease.

use std::collections::BTreeMap;

use jiff::civil::Date;
use sdk::error::{CoveredRelease, RenewalPrice};
use sdk::lease::LeaseClaims;
use sdk::version::Coverage;
use sdk::wire::{InvalidMember, LeaseResponse, Nonce, Notice, PlanView};

use super::lineage::{self, Position};
use super::{Instance, Issuer, Refusal, rules, store};
use crate::catalog::{self, LicenseType, PriceRole};
use crate::clock::{DAY_MS, SECOND_MS, UnixMs};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::keys::{Purpose, active_signing_key};
use crate::licenses::{License, LicenseView, rules as license_rules};
use crate::text::en::leases::RELEASE_DATE_REQUIRED;

/// A lease was issued.
#[derive(Clone, Debug, PartialEq)]
pub struct Granted {
    /// The answer on the wire.
    pub response: LeaseResponse,
}

/// Leaves a use case early: with a refusal, which is committed, or a failure, which is not.
pub(super) enum Stop {
    Refused(Refusal),
    Failed(DbError),
}

impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        Self::Failed(error)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What is asked for, the same in both requests.
pub(super) struct Ask<'a> {
    pub version: &'a str,
    pub released_on: Option<Date>,
    pub features: &'a [String],
    pub borrow_s: Option<i64>,
    pub nonce: &'a Nonce,
}

/// Whether the license may grant anything to such a build at all.
pub(super) async fn examine_license(tx: &mut Tx, cx: &Cx, view: &LicenseView, ask: &Ask<'_>) -> Result<(), Stop> {
    let license = &view.license;
    license_rules::standing(license, cx.now).map_err(Refusal::Inactive)?;
    examine_version(tx, cx, license, ask).await?;
    let now = cx.now.seconds();
    let has = |name: &String| license.terms.features.get(name).is_some_and(|end| end.is_none_or(|end| now < end));
    let missing: Vec<String> = ask.features.iter().filter(|name| !has(name)).cloned().collect();
    if missing.is_empty() { Ok(()) } else { Err(Refusal::FeatureNotLicensed(missing).into()) }
}

/// A registered release's date wins, else the one that the build names.
async fn examine_version(tx: &mut Tx, cx: &Cx, license: &License, ask: &Ask<'_>) -> Result<(), Stop> {
    let Some(updates_until) = license.updates_until else { return Ok(()) };
    let registered = catalog::find_release(tx, &cx.vendor_id, &license.product_id, ask.version).await?;
    let released_on = registered.map(|release| release.released_on).or(ask.released_on);
    match sdk::version::coverage(Some(updates_until.seconds()), released_on) {
        Coverage::Covered => Ok(()),
        Coverage::ReleaseDateMissing => {
            Err(Refusal::Invalid(InvalidMember::new("released_on", RELEASE_DATE_REQUIRED)).into())
        }
        Coverage::NotCovered { updates_until: last_day } => {
            let newest =
                catalog::newest_covered_release(tx, &cx.vendor_id, &license.product_id, last_day.min(cx.now.date()))
                    .await?;
            let plan = catalog::find_plan(tx, &cx.vendor_id, &license.plan_id).await?;
            let price = plan.and_then(|plan| {
                let price = plan.prices.iter().find(|price| price.role == PriceRole::Maintenance)?.unit_amount;
                Some(RenewalPrice {
                    amount_minor: price.amount_minor.checked_mul(license.seats)?,
                    currency: price.currency.into(),
                })
            });
            Err(Refusal::VersionNotCovered {
                updates_until: last_day,
                newest: newest.map(|it| CoveredRelease { version: it.version, released_on: it.released_on }),
                renewal: price,
            }
            .into())
        }
    }
}

/// Whether an instance (`None`: a new one) with this identity may hold a seat now.
pub(super) async fn find_seat(
    tx: &mut Tx,
    cx: &Cx,
    license: &License,
    identity: &str,
    instance: Option<&Instance>,
) -> Result<(), Stop> {
    let seats = store::seats_for(tx, license, identity, instance, cx.now).await?;
    if rules::may_hold(seats) {
        return Ok(());
    }
    let holders = store::list_holders(tx, &cx.vendor_id, &license.id, cx.now).await?;
    Err(Refusal::SeatsExhausted(holders).into())
}

/// Signs a lease for an instance that may hold its seat, and extends the seat in `instance`, which the
/// caller stores. Where it `renews`, the open interval is extended, else a new one begins and the caller
/// stores it with [`store_interval`]. Nothing is handed out before the commit.
pub(super) async fn sign_lease(
    tx: &mut Tx,
    cx: &Cx,
    issuer: &Issuer,
    view: &LicenseView,
    instance: &mut Instance,
    renews: bool,
    ask: &Ask<'_>,
) -> Result<Granted, Stop> {
    let license = &view.license;
    let terms = &license.terms;
    let Some(signer) = active_signing_key(tx, &issuer.master, &cx.vendor_id).await? else {
        return Err(Refusal::NotReady.into());
    };
    let [jitter] = cx.entropy.bytes();
    let times = rules::lease_times(&terms.lease, license.license_type, cx.now, license.ends_at, ask.borrow_s, jitter);
    if times.exp <= times.iat {
        // Less than a second is left of the license.
        return Err(Refusal::Inactive(license_rules::Inactive::Expired).into());
    }
    let exp = UnixMs::from_seconds(times.exp);

    instance.lease_exp = instance.lease_exp.max(exp);
    instance.lease_life_ms = (times.exp - times.iat) * SECOND_MS;
    instance.held_until = instance.held_until.max(rules::held_until(&terms.lease, license.license_type, cx.now, exp));
    let issued = if renews {
        store::extend_lease(tx, cx, &instance.lease_id, instance.lease_exp).await?
    } else {
        instance.held_since = cx.now;
        instance.lease_id = cx.id();
        1
    };

    let now = cx.now.seconds();
    let features: BTreeMap<String, Option<i64>> = terms
        .features
        .iter()
        .filter(|(_, end)| end.is_none_or(|end| now < end))
        .map(|(k, v)| (k.clone(), *v))
        .collect();
    let claims = LeaseClaims {
        ver: sdk::lease::LEASE_VERSION,
        iss: issuer.vendor.origin.clone(),
        aud: view.product_code.clone(),
        sub: instance.id.to_string(),
        jti: format!("{}.{issued}", instance.lease_id),
        iat: times.iat,
        nbf: times.iat,
        exp: times.exp,
        nonce: Some(ask.nonce.clone()),
        lic: license.id.to_string(),
        lty: license_type_on_the_wire(license.license_type),
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
    let instance_key = open_instance_key(issuer, instance)?;
    let secret = lineage::mint(&instance_key, Position { epoch: instance.epoch, n: instance.shown_n + 1 });
    let timestamp = |at: i64| UnixMs::from_seconds(at).timestamp();
    Ok(Granted {
        response: LeaseResponse {
            instance_id: instance.id.to_string(),
            license_id: license.id.to_string(),
            secret,
            lease: sdk::lease::sign(&claims, &signer.key, &signer.kid),
            check_after_s: times.chk,
            plan: PlanView {
                code: view.plan_code.clone(),
                name: view.plan_name.clone(),
                limits: terms.limits.clone(),
                features: features.into_iter().map(|(name, end)| (name, end.map(timestamp))).collect(),
                seats: license.seats,
                ends_at: license.ends_at.map(UnixMs::timestamp),
                updates_until: license.updates_until.map(UnixMs::timestamp),
                usage_signals: false,
            },
            server_time: cx.now.timestamp(),
            notices: notices(license, cx.now),
            over_limit: None,
            keys: None,
        },
    })
}

/// Stores the interval that a lease which renews nothing has begun, and closes the one before it.
pub(super) async fn store_interval(tx: &mut Tx, cx: &Cx, instance: &Instance) -> Result<(), DbError> {
    store::close_lease(tx, &instance.id, cx.now, "lapsed", false).await?;
    store::insert_lease(tx, cx, instance).await
}

/// The key that an instance's secrets are derived from.
pub(super) fn open_instance_key(issuer: &Issuer, instance: &Instance) -> Result<Vec<u8>, Stop> {
    let opened = issuer.master.unseal(Purpose::InstanceKey, instance.id.as_str(), &instance.instance_key_sealed);
    Ok(opened.map_err(|_| DbError::GivenUp("an instance key does not open with this master key"))?.to_vec())
}

fn notices(license: &License, now: UnixMs) -> Vec<Notice> {
    const SOON_MS: i64 = 14 * DAY_MS;
    let soon = |at: UnixMs| at.0 - now.0 <= SOON_MS;
    let ends = license.ends_at.filter(|at| soon(*at)).map(|at| ("license_ends_soon", at));
    let updates = license
        .updates_until
        .filter(|at| soon(*at))
        .map(|at| (if at <= now { "updates_ended" } else { "updates_end_soon" }, at));
    let notice = |(code, at): (&str, UnixMs)| Notice { code: code.to_owned(), at: Some(at.timestamp()) };
    ends.into_iter().chain(updates).map(notice).collect()
}

fn license_type_on_the_wire(license_type: LicenseType) -> sdk::lease::LicenseType {
    match license_type {
        LicenseType::Floating => sdk::lease::LicenseType::Floating,
        LicenseType::Machine => sdk::lease::LicenseType::Machine,
        LicenseType::User => sdk::lease::LicenseType::User,
    }
}
