//! `licenses/activate`: key and identity in, a seat and a lease out.

use sdk::license_key::LicenseKey;
use sdk::wire::{ActivateRequest, Identity};
use serde_json::json;

use super::grant::{self, Ask, Granted, Stop};
use super::{Instance, InstanceStatus, Issuer, Refusal, rules, store};
use crate::clock::{SECOND_MS, UnixMs};
use crate::cx::Cx;
use crate::db::{DbError, JsonText, Tx};
use crate::events::{self, About};
use crate::ids::InstanceId;
use crate::keys::Purpose;
use crate::licenses::{self, LicenseView, rules as license_rules};

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
        return Ok(Err(Refusal::Invalid(invalid)));
    }
    let Some(view) = find_and_lock(tx, cx, issuer, request).await? else { return Ok(Err(Refusal::LicenseNotFound)) };
    let known = store::find_by_identity(tx, &cx.vendor_id, &view.license.id, &request.identity).await?;
    match activate(tx, cx, issuer, request, &view, known.clone()).await {
        Ok(granted) => Ok(Ok(granted)),
        Err(Stop::Failed(error)) => Err(error),
        Err(Stop::Refused(refusal)) => {
            record_refusal(tx, cx, &view, &request.identity, known.as_ref().map(|it| &it.id), &refusal).await?;
            Ok(Err(refusal))
        }
    }
}

async fn find_and_lock(
    tx: &mut Tx,
    cx: &Cx,
    issuer: &Issuer,
    request: &ActivateRequest,
) -> Result<Option<LicenseView>, DbError> {
    let Ok(key) = LicenseKey::parse(request.license_key.expose()) else { return Ok(None) };
    let hash = issuer.master.license_key_hash(&key);
    let Some(id) = licenses::find_by_key_hash(tx, &cx.vendor_id, &hash).await? else { return Ok(None) };
    let view = licenses::lock_license(tx, &cx.vendor_id, &id).await?;
    Ok(view.filter(|view| view.product_code == request.product))
}

async fn activate(
    tx: &mut Tx,
    cx: &Cx,
    issuer: &Issuer,
    request: &ActivateRequest,
    view: &LicenseView,
    known: Option<Instance>,
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
    };
    grant::examine_license(tx, cx, view, &ask).await?;
    if let Some(known) = &known {
        may_come_back(known, cx.now)?;
    }
    grant::find_seat(tx, cx, license, &request.identity.id, known.as_ref()).await?;

    let is_new = known.is_none();
    let renews = known.as_ref().is_some_and(|it| it.status == InstanceStatus::Active && it.holds_seat(cx.now));
    let mut instance = match known {
        Some(known) => begin_epoch(known, request, cx.now),
        None => new_instance(cx, issuer, view, request),
    };
    let granted = grant::sign_lease(tx, cx, issuer, view, &mut instance, renews, &ask).await?;
    if is_new {
        store::insert_instance(tx, cx, &instance).await?;
    } else {
        store::update_instance(tx, cx, &instance).await?;
    }
    if !renews {
        grant::store_interval(tx, cx, &instance).await?;
    }
    let data = json!({ "identity": instance.identity(), "version": instance.version, "epoch": instance.epoch });
    events::record(tx, cx, "instance.activated", about(view, Some(&instance.id)), &data).await?;
    Ok(granted)
}

/// Whether the owner's last word about the instance lets it activate again.
fn may_come_back(instance: &Instance, now: UnixMs) -> Result<(), Refusal> {
    match instance.status {
        InstanceStatus::Active | InstanceStatus::Released => Ok(()),
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

fn begin_epoch(mut instance: Instance, request: &ActivateRequest, now: UnixMs) -> Instance {
    let is_retry = instance.status == InstanceStatus::Active && instance.activation_nonce == request.nonce.as_str();
    if !is_retry {
        instance.epoch += 1;
        instance.shown_n = 0;
        instance.shown_nonce = request.nonce.to_string();
        instance.shown_at = now;
        instance.activation_nonce = request.nonce.to_string();
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
        forks: 0,
        held_since: cx.now,
        held_until: UnixMs(0),
        lease_exp: UnixMs(0),
        lease_life_ms: 0,
        lease_id: cx.id(),
        deactivated_at: None,
        levels: JsonText::default(),
        first_contact_at: cx.now,
        last_contact_at: cx.now,
    }
}

pub(super) fn about<'a>(view: &'a LicenseView, instance_id: Option<&'a InstanceId>) -> About<'a> {
    About { account_id: Some(&view.license.account_id), license_id: Some(&view.license.id), instance_id }
}

/// Records that somebody with a genuine key or secret was refused, once per code and hour.
pub(super) async fn record_refusal(
    tx: &mut Tx,
    cx: &Cx,
    view: &LicenseView,
    identity: &Identity,
    instance_id: Option<&InstanceId>,
    refusal: &Refusal,
) -> Result<(), DbError> {
    let code = refusal.code().as_str();
    let data = json!({ "code": code, "identity": identity });
    let key = format!("{code}/{}/{}", identity.kind.as_str(), identity.id);
    events::record_hourly(tx, cx, "instance.refused", about(view, instance_id), &key, &data).await
}
