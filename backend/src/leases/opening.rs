//! How every call begins: the license or instance is found under the license's lock, the credential is judged, and
//! what is refused to a genuine one is recorded.

use sdk::license_key::LicenseKey;
use sdk::wire::{Identity, InstanceCredential, InvalidMember, Nonce, Secret};
use serde_json::json;

use super::activate_instance::deactivation_pause_s;
use super::grant::{Stop, open_instance_key};
use super::lineage::{self, Lineage};
use super::{Instance, InstanceStatus, Issuer, Refusal, notify, proof, store};
use crate::accounts::{Act, StaffAct, may_act, staff_may_act};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::events::{self, About};
use crate::ids::InstanceId;
use crate::licenses::{self, KeyFound, LicenseView, LockedByKey};

/// What an event is about.
pub(super) fn about<'a>(view: &'a LicenseView, instance_id: Option<&'a InstanceId>) -> About<'a> {
    About { account_id: Some(&view.license.account_id), license_id: Some(&view.license.id), instance_id }
}

/// The license of a key, locked; `None` for keys that nobody of this vendor has.
pub(super) async fn open_by_key(
    tx: &mut Tx,
    cx: &Cx,
    issuer: &Issuer,
    key: &Secret,
) -> Result<Option<LockedByKey>, DbError> {
    let Ok(key) = LicenseKey::parse(key.expose()) else { return Ok(None) };
    let hash = issuer.master.license_key_hash(&key);
    licenses::lock_by_key(tx, &cx.vendor_id, &hash, cx.now).await
}

/// An instance and its license, locked.
pub(super) struct Opened {
    pub view: LicenseView,
    pub instance: Instance,
}

/// Finds an instance and its license under the license's lock. Deleted ones are not found.
pub(super) async fn find_and_lock(tx: &mut Tx, cx: &Cx, id: &InstanceId) -> Result<Option<Opened>, DbError> {
    let locked = licenses::lock_license_of_instance(tx, &cx.vendor_id, id).await?;
    let Some(view) = locked else { return Ok(None) };
    // Whatever follows, what memory knows of the instance is not right any more; a check puts it back.
    tx.drop_from_memory(id.as_str());
    let instance = store::find_instance(tx, &cx.vendor_id, id).await?;
    let instance = instance.filter(|instance| instance.status != InstanceStatus::Deleted);
    Ok(instance.map(|instance| Opened { view, instance }))
}

/// The same for somebody who acts on an account's instance: for whoever may not manage instances there, it does not
/// exist.
pub(super) async fn find_for_owner(tx: &mut Tx, cx: &Cx, id: &InstanceId) -> Result<Option<Opened>, DbError> {
    let Some(opened) = find_and_lock(tx, cx, id).await? else { return Ok(None) };
    let may = may_act(tx, cx, &opened.view.license.account_id, Act::ManageInstances).await?;
    Ok(may.then_some(opened))
}

/// The same for staff who manage licenses, on any account's.
pub(super) async fn find_for_staff(tx: &mut Tx, cx: &Cx, id: &InstanceId) -> Result<Option<Opened>, DbError> {
    if !staff_may_act(tx, cx, StaffAct::ManageLicenses).await? {
        return Ok(None);
    }
    find_and_lock(tx, cx, id).await
}

/// Opens an instance by its secret and notes in it that the secret was shown; the caller stores it.
///
/// A stale secret is refused here, and what it betrays of a copy is stored. Callers without a genuine secret leave
/// no trace.
pub(super) async fn open_by_secret(
    tx: &mut Tx,
    cx: &Cx,
    issuer: &Issuer,
    id: &str,
    secret: &Secret,
    nonce: Option<&Nonce>,
) -> Result<Result<Opened, Refusal>, DbError> {
    let id = InstanceId::from_untrusted(id);
    let Some(mut opened) = find_and_lock(tx, cx, &id).await? else { return Ok(Err(Refusal::InstanceNotFound)) };
    let key = open_instance_key(issuer, &opened.instance)?;
    let Some(presented) = lineage::open(&key, secret) else { return Ok(Err(Refusal::InvalidSecret)) };
    let proof = proof::show(&mut opened.instance, presented, nonce.map(Nonce::as_str), cx.now);
    if proof.opens_conflict {
        record_conflict(tx, cx, issuer, &opened).await?;
    }
    if proof.lineage == Lineage::Stale {
        store::update_instance(tx, cx, &opened.instance).await?;
        let (view, instance) = (&opened.view, &opened.instance);
        let data = json!({ "code": Refusal::InstanceStale.code().as_str(), "identity": instance.identity() });
        events::record_hourly(tx, cx, "instance.stale", about(view, Some(&instance.id)), "", &data).await?;
        return Ok(Err(Refusal::InstanceStale));
    }
    Ok(Ok(opened))
}

async fn record_conflict(tx: &mut Tx, cx: &Cx, issuer: &Issuer, opened: &Opened) -> Result<(), DbError> {
    let (view, instance) = (&opened.view, &opened.instance);
    let data = json!({ "identity": instance.identity(), "contests": &instance.contests.0 });
    events::record(tx, cx, "instance.cloned", about(view, Some(&instance.id)), &data).await?;
    notify::conflict_opened(tx, cx, issuer, view, instance).await
}

/// Refuses a request of which a member cannot be taken. Who shows a genuine key or secret in it is not a stranger for
/// that; nothing is locked and nothing noted.
pub(super) async fn refuse_invalid(
    tx: &mut Tx,
    cx: &Cx,
    issuer: &Issuer,
    credential: InstanceCredential<'_>,
    invalid: InvalidMember,
) -> Result<Refusal, DbError> {
    let is_genuine = match credential {
        InstanceCredential::Key(key) => match LicenseKey::parse(key.expose()) {
            Ok(key) => {
                let hash = issuer.master.license_key_hash(&key);
                licenses::find_by_key(tx, &cx.vendor_id, &hash, cx.now).await? != KeyFound::Unknown
            }
            Err(_) => false,
        },
        // What is no name is no instance's.
        InstanceCredential::Instance { .. } if invalid.member == "instance_id" => false,
        InstanceCredential::Instance { instance_id, secret } => {
            let id = InstanceId::from_untrusted(instance_id);
            let found = store::find_instance(tx, &cx.vendor_id, &id).await?;
            match found.filter(|instance| instance.status != InstanceStatus::Deleted) {
                Some(instance) => lineage::open(&open_instance_key(issuer, &instance)?, secret).is_some(),
                None => false,
            }
        }
    };
    Ok(if is_genuine { Refusal::Invalid(invalid) } else { Refusal::Malformed(invalid) })
}

/// Whether the last word about the instance, its own or the owner's, lets it go on.
pub(super) fn may_go_on(instance: &Instance, cx: &Cx) -> Result<(), Refusal> {
    match instance.status {
        InstanceStatus::Active => Ok(()),
        InstanceStatus::Released => Err(Refusal::InstanceReleased),
        InstanceStatus::Deactivated => {
            Err(Refusal::InstanceDeactivated { retry_after_s: deactivation_pause_s(instance, cx.now) })
        }
        InstanceStatus::Blocked => Err(Refusal::InstanceBlocked),
        InstanceStatus::Deleted => Err(Refusal::InstanceNotFound),
    }
}

/// What a request about a license's instances proves itself with.
pub(super) struct ByCredential {
    pub view: LicenseView,
    /// The instance that asks; `None` for whoever shows the bare key.
    pub instance: Option<Instance>,
}

/// Opens a license by key or by the secret of one of its instances. One that gave its seat back, or that somebody keeps from
/// running, has no say about the others.
pub(super) async fn open_by_credential(
    tx: &mut Tx,
    cx: &Cx,
    issuer: &Issuer,
    credential: InstanceCredential<'_>,
) -> Result<Result<ByCredential, Refusal>, DbError> {
    match credential {
        InstanceCredential::Key(key) => Ok(match open_by_key(tx, cx, issuer, key).await? {
            None => Err(Refusal::LicenseNotFound),
            Some(LockedByKey { view, replaced: true }) => {
                note_refusal(tx, cx, &view, None, None, &Refusal::KeyReplaced).await?;
                Err(Refusal::KeyReplaced)
            }
            Some(LockedByKey { view, replaced: false }) => Ok(ByCredential { view, instance: None }),
        }),
        InstanceCredential::Instance { instance_id, secret } => {
            let Opened { view, instance } = match open_by_secret(tx, cx, issuer, instance_id, secret, None).await? {
                Ok(opened) => opened,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let may = may_go_on(&instance, cx).map_err(Stop::Refused);
            let settled = settle(tx, cx, &view, &instance.identity(), Some(&instance.id), may).await?;
            Ok(settled.map(|()| ByCredential { view, instance: Some(instance) }))
        }
    }
}

/// Ends a call of somebody with a genuine key or secret: a refusal is recorded, once per code and hour.
pub(super) async fn settle<T>(
    tx: &mut Tx,
    cx: &Cx,
    view: &LicenseView,
    identity: &Identity,
    instance_id: Option<&InstanceId>,
    outcome: Result<T, Stop>,
) -> Result<Result<T, Refusal>, DbError> {
    match outcome {
        Ok(done) => Ok(Ok(done)),
        Err(Stop::Failed(error)) => Err(error),
        Err(Stop::Refused(refusal)) => {
            note_refusal(tx, cx, view, Some(identity), instance_id, &refusal).await?;
            Ok(Err(refusal))
        }
    }
}

/// Records what is refused to somebody with a genuine key or secret. Whoever shows the bare key has no identity.
pub(super) async fn note_refusal(
    tx: &mut Tx,
    cx: &Cx,
    view: &LicenseView,
    identity: Option<&Identity>,
    instance_id: Option<&InstanceId>,
    refusal: &Refusal,
) -> Result<(), DbError> {
    let code = refusal.code().as_str();
    let data = json!({ "code": code, "identity": identity });
    let key = match identity {
        Some(identity) => format!("{code}/{}/{}", identity.kind.as_str(), identity.id),
        None => code.to_owned(),
    };
    events::record_hourly(tx, cx, "instance.refused", about(view, instance_id), &key, &data).await
}
