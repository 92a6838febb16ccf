//! `licenses/activate`: key and identity in, a seat and a lease out.

use sdk::wire::{ActivateRequest, Identity, InstanceCredential};
use serde_json::json;

use super::conflict::{self, Admission};
use super::grant::{self, Ask, Granted, Seat, Stop};
use super::lineage;
use super::opening::{about, open_by_key, refuse_invalid, settle};
use super::seats::Occasion;
use super::{Instance, InstanceStatus, Issuer, Refusal, close_lapsed, rules, store, usage};
use crate::clock::{SECOND_MS, UnixMs};
use crate::cx::Cx;
use crate::db::{DbError, JsonText, Tx};
use crate::ids::InstanceId;
use crate::keys::Purpose;
use crate::licenses::{LicenseView, LockedByKey, rules as license_rules};
use crate::{events, revocations};

/// Activates an installation under the license that has the key, idempotent by identity: whoever presents
/// the identity of a held seat gets that seat. A repeated nonce is a retry and begins no new epoch.
///
/// # Errors
/// [`DbError`] when the database fails. Refusals are the inner result.
pub async fn activate_instance(
    tx: &mut Tx,
    cx: &Cx,
    issuer: &Issuer,
    request: &ActivateRequest,
) -> Result<Result<Granted, Refusal>, DbError> {
    if let Err(invalid) = request.validate() {
        let key = InstanceCredential::Key(&request.license_key);
        return Ok(Err(refuse_invalid(tx, cx, issuer, key, invalid).await?));
    }
    let found = open_by_key(tx, cx, issuer, &request.license_key).await?;
    let Some(LockedByKey { view, replaced }) = found else { return Ok(Err(Refusal::LicenseNotFound)) };
    if view.product_code != request.product {
        return Ok(Err(Refusal::OtherProduct));
    }
    let known = store::find_by_identity(tx, &cx.vendor_id, &view.license.id, &request.identity).await?;
    let known_id = known.as_ref().map(|known| known.id.clone());
    if let Some(id) = &known_id {
        tx.drop_from_memory(id.as_str());
    }
    let outcome =
        if replaced { Err(Refusal::KeyReplaced.into()) } else { activate(tx, cx, issuer, request, &view, known).await };
    let outcome = outcome.map_err(|stop| mask_others(stop, request));
    settle(tx, cx, &view, &request.identity, known_id.as_ref(), outcome).await
}

/// The bare key does not tell who the other users are.
fn mask_others(stop: Stop, request: &ActivateRequest) -> Stop {
    match stop {
        Stop::Refused(Refusal::SeatsExhausted(holders)) => {
            let is_own = |identity: &Identity| identity.id == request.identity.id;
            let mask = |identity: Identity| if is_own(&identity) { identity } else { rules::mask_identity(identity) };
            Refusal::SeatsExhausted(holders.with_identities(mask)).into()
        }
        stop => stop,
    }
}

async fn activate(
    tx: &mut Tx,
    cx: &Cx,
    issuer: &Issuer,
    request: &ActivateRequest,
    view: &LicenseView,
    mut known: Option<Instance>,
) -> Result<Granted, Stop> {
    let license = &view.license;
    if !license_rules::seats_kind(license.license_type, request.identity.kind) {
        return Err(Refusal::IdentityKindMismatch.into());
    }
    let ask = Ask {
        version: &request.version,
        released_on: request.released_on,
        features: request.features.as_deref().unwrap_or_default(),
        borrow_s: request.borrow_s,
        nonce: &request.nonce,
        known_seq: request.known_seq,
    };
    grant::examine_license(tx, cx, view, &ask).await?;
    let holds_a_seat = |it: &Instance| it.status == InstanceStatus::Active && it.goes_on(cx.now);
    if license.disputed_at.is_some() && !known.as_ref().is_some_and(holds_a_seat) {
        return Err(Refusal::Disputed.into());
    }
    let admission = match &mut known {
        None => Admission::Free,
        Some(known) => {
            close_lapsed::close_if_lapsed(tx, cx, view, known).await?;
            may_come_back(known, cx.now)?;
            admit(issuer, known, request, cx.now)?
        }
    };
    let (place, holdings) =
        grant::find_seat(tx, cx, license, &request.identity, known.as_ref(), Occasion::Activation).await?;

    let is_new = known.is_none();
    let is_retry = known.as_ref().is_some_and(|known| known.is_retry(request));
    let renews = known.as_ref().is_some_and(holds_a_seat);
    let mut instance = match known {
        Some(known) => begin_epoch(known, request, is_retry, cx.now),
        None => new_instance(cx, issuer, view, request),
    };
    if let (Admission::Once, Some(conflict)) = (admission, &mut instance.conflict) {
        conflict.0.admitted = true;
    }
    let rejected_until = revocations::rejected_until(tx, cx, &license.id, &instance.id).await?;
    let seat = Seat { place, renews, rejected_until };
    let mut granted = grant::sign_lease(tx, cx, issuer, view, &mut instance, seat, &ask).await?;
    if is_new {
        store::insert_instance(tx, cx, &instance).await?;
    } else {
        store::update_instance(tx, cx, &instance).await?;
    }
    if !renews {
        store::insert_lease(tx, cx, &instance).await?;
    }
    let data = json!({
        "identity": instance.identity(),
        "version": instance.version,
        "epoch": instance.epoch,
        "surge": instance.surge,
    });
    if is_retry && renews {
        events::record_hourly(tx, cx, "lease.renewed", about(view, Some(&instance.id)), "", &data).await?;
    } else {
        events::record(tx, cx, "instance.activated", about(view, Some(&instance.id)), &data).await?;
    }
    let levels = instance.levels.0.clone();
    granted.response.over_limit = usage::over_limit(tx, cx, issuer, view, &instance, &levels, &holdings).await?;
    Ok(granted)
}

/// Whether a conflict about the identity keeps this activation out. A retry is answered as before.
fn admit(issuer: &Issuer, known: &Instance, request: &ActivateRequest, now: UnixMs) -> Result<Admission, Stop> {
    if known.is_retry(request) {
        return Ok(Admission::Free);
    }
    let shown = match &request.secret {
        Some(secret) => lineage::open(&grant::open_instance_key(issuer, known)?, secret),
        None => None,
    };
    match conflict::admit(known.conflict(now), shown, now) {
        Admission::Refused => Err(Refusal::InstanceConflict.into()),
        admission => Ok(admission),
    }
}

/// Whether the owner's last word about the instance lets it activate again.
fn may_come_back(instance: &Instance, now: UnixMs) -> Result<(), Refusal> {
    match instance.status {
        // A deleted instance is not found by its identity.
        InstanceStatus::Active | InstanceStatus::Released | InstanceStatus::Deleted => Ok(()),
        InstanceStatus::Blocked => Err(Refusal::InstanceBlocked),
        InstanceStatus::Deactivated => match deactivation_pause_s(instance, now) {
            0 => Ok(()),
            retry_after_s => Err(Refusal::InstanceDeactivated { retry_after_s }),
        },
    }
}

/// Seconds, rounded up, until a deactivated instance may activate again.
pub(super) fn deactivation_pause_s(instance: &Instance, now: UnixMs) -> i64 {
    let until = instance.deactivated_at.unwrap_or(now).plus(rules::DEACTIVATION_PAUSE_MS);
    ((until.0 - now.0 + SECOND_MS - 1) / SECOND_MS).max(0)
}

impl Instance {
    /// Whether the request repeats the activation that began the epoch in force.
    fn is_retry(&self, request: &ActivateRequest) -> bool {
        self.status == InstanceStatus::Active && self.activation_nonce == request.nonce.as_str()
    }
}

fn begin_epoch(mut instance: Instance, request: &ActivateRequest, is_retry: bool, now: UnixMs) -> Instance {
    if !is_retry {
        instance.epoch += 1;
        instance.shown_n = 0;
        instance.shown_nonce = request.nonce.to_string();
        instance.shown_at = now;
        instance.activation_nonce = request.nonce.to_string();
        instance.counters.0.clear();
    }
    instance.status = InstanceStatus::Active;
    instance.deactivated_at = None;
    instance.name = request.identity.name.clone().unwrap_or_default();
    instance.version.clone_from(&request.version);
    instance.last_contact_at = now;
    instance
}

fn new_instance(cx: &Cx, issuer: &Issuer, view: &LicenseView, request: &ActivateRequest) -> Instance {
    let id: InstanceId = cx.id();
    let instance_key: [u8; 32] = cx.entropy.bytes();
    let sealed = issuer.master.seal(Purpose::InstanceKey, id.as_str(), &instance_key, &cx.entropy);
    Instance {
        id,
        license_id: view.license.id.clone(),
        kind: request.identity.kind.as_str().to_owned(),
        identity: request.identity.id.clone(),
        device: request.identity.device.clone().unwrap_or_default(),
        name: request.identity.name.clone().unwrap_or_default(),
        status: InstanceStatus::Active,
        version: request.version.clone(),
        instance_key_sealed: sealed,
        epoch: 1,
        shown_n: 0,
        shown_nonce: request.nonce.to_string(),
        shown_at: cx.now,
        activation_nonce: request.nonce.to_string(),
        contests: JsonText::default(),
        conflict: None,
        held_since: cx.now,
        held_until: UnixMs(0),
        lease_exp: UnixMs(0),
        lease_life_ms: 0,
        lease_id: cx.id(),
        surge: false,
        interval_open: false,
        deactivated_at: None,
        levels: JsonText::default(),
        counters: JsonText::default(),
        first_contact_at: cx.now,
        last_contact_at: cx.now,
    }
}
