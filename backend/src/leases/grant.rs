//! What activating and checking share: examining the license, finding a seat, signing the lease.

use jiff::civil::Date;
use sdk::error::{CoveredRelease, RenewalPrice};
use sdk::version::Coverage;
use sdk::wire::{Identity, InvalidMember, LeaseResponse, Nonce};

use super::answer::{Signer, answer};
use super::seats::{self, Candidate, Holding, Occasion, Place, Seats};
use super::surge::Surge;
use super::{Instance, Issuer, Refusal, hold, holders, rules, store};
use crate::catalog::{self, LicenseType};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::keys::{Purpose, active_signing_key, key_sets_after};
use crate::licenses::{License, LicenseView, rules as license_rules};
use crate::orders;
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
    pub known_seq: Option<i64>,
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
            let price = orders::renewal_price(tx, &cx.vendor_id, license)
                .await?
                .map(|total| RenewalPrice { amount_minor: total.amount_minor, currency: total.currency.into() });
            Err(Refusal::VersionNotCovered {
                updates_until: last_day,
                newest: newest.map(|it| CoveredRelease { version: it.version, released_on: it.released_on }),
                renewal: price,
            }
            .into())
        }
    }
}

/// The seat that an instance (`None`: a new one) with this identity may hold now, and everybody who holds one.
pub(super) async fn find_seat(
    tx: &mut Tx,
    cx: &Cx,
    license: &License,
    identity: &Identity,
    instance: Option<&Instance>,
    occasion: Occasion,
) -> Result<(Place, Vec<Holding>), Stop> {
    let holdings = store::list_holdings(tx, &license.id, cx.now).await?;
    let candidate = Candidate { identity: &identity.id, id: instance.map(|instance| instance.id.as_str()) };
    let by_user = license.license_type == LicenseType::User;
    if by_user && !seats::may_use_device(license.terms.devices_per_user, candidate, &holdings) {
        let devices = holders::list_devices(tx, &cx.vendor_id, &license.id, &identity.id, cx.now).await?;
        return Err(Refusal::DevicesExhausted(devices).into());
    }
    let seats = Seats::count(license.license_type, license.seats, candidate, &holdings);
    match seats::find_place(&seats, Surge::of(license), occasion, cx.now) {
        Some(place) => Ok((place, holdings)),
        None => {
            let holders = holders::list_holders(tx, &cx.vendor_id, &license.id, cx.now, None).await?;
            Err(Refusal::SeatsExhausted(holders).into())
        }
    }
}

/// Where a lease is signed for.
pub(super) struct Seat {
    /// Which seat.
    pub place: Place,
    /// Whether it is held without a gap, so that the open interval goes on.
    pub renews: bool,
    /// Up to when verifiers reject what was issued to the instance, where that is not over.
    pub rejected_until: Option<UnixMs>,
}

/// Signs a lease for an instance that may hold this seat, and notes it in `instance`, which the caller stores.
/// Where it does not renew, a new interval begins, which the caller stores after the instance with
/// [`store::insert_lease`]. Nothing is handed out before the commit.
pub(super) async fn sign_lease(
    tx: &mut Tx,
    cx: &Cx,
    issuer: &Issuer,
    view: &LicenseView,
    instance: &mut Instance,
    seat: Seat,
    ask: &Ask<'_>,
) -> Result<Granted, Stop> {
    let license = &view.license;
    let Some(signer) = active_signing_key(tx, &issuer.master, &cx.vendor_id).await? else {
        return Err(Refusal::NotReady.into());
    };
    let [jitter] = cx.entropy.bytes();
    let Some(times) = hold::lease_times(license, seat.place, cx.now, ask.borrow_s, jitter) else {
        return Err(Refusal::Inactive(license_rules::Inactive::Expired).into());
    };
    let times = seat.rejected_until.map_or(times, |until| rules::dated_after(times, until));
    hold::hold(instance, license, seat.place, cx.now, &times);
    if let Place::Surge { opens: true, .. } = seat.place {
        store::open_surge(tx, cx, &license.id).await?;
    }
    if seat.renews {
        store::extend_lease(tx, cx, &instance.lease_id, instance.lease_exp).await?;
    } else {
        instance.held_since = cx.now;
        instance.lease_id = cx.id();
        instance.interval_open = true;
    }
    let instance_key = open_instance_key(issuer, instance)?;
    let signer = Signer { origin: &issuer.vendor.origin, key: &signer, instance_key: &instance_key };
    let mut response = answer(cx, signer, view, instance, &times, ask.nonce);
    if let Some(known_seq) = ask.known_seq {
        let links = key_sets_after(tx, &cx.vendor_id, known_seq).await?;
        response.keys = (!links.is_empty()).then_some(links);
    }
    Ok(Granted { response })
}

/// The key that an instance's secrets are derived from.
pub(super) fn open_instance_key(issuer: &Issuer, instance: &Instance) -> Result<Vec<u8>, DbError> {
    let opened = issuer.master.unseal(Purpose::InstanceKey, instance.id.as_str(), &instance.instance_key_sealed);
    Ok(opened.map_err(|_| DbError::GivenUp("an instance key does not open with this master key"))?.to_vec())
}
