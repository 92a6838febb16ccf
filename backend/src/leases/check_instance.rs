//! `licenses/check`: a secret in, a renewed lease out.

use sdk::wire::{CheckRequest, Secret};
use serde_json::json;

use super::activate_instance::{about, deactivation_pause_s, record_refusal};
use super::grant::{self, Ask, Granted, Stop};
use super::lineage::{self, Lineage, Position, Shown};
use super::{Instance, InstanceStatus, Issuer, Refusal, rules, store};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::events;
use crate::ids::InstanceId;
use crate::licenses::{self, LicenseView};

/// Renews an instance's lease with what the license says now, and takes its report of use.
///
/// # Errors
/// [`DbError`] when the database fails. Refusals are the inner result.
pub async fn check_instance(
    tx: &mut Tx,
    cx: &Cx,
    issuer: &Issuer,
    request: &CheckRequest,
) -> Result<Result<Granted, Refusal>, DbError> {
    if let Err(invalid) = request.validate() {
        return Ok(Err(Refusal::Invalid(invalid)));
    }
    let id = InstanceId::from_untrusted(&request.instance_id);
    let Some((view, mut instance)) = find_and_lock(tx, cx, &id).await? else {
        return Ok(Err(Refusal::InstanceNotFound));
    };
    match prove(issuer, &mut instance, &request.secret, Some(request.nonce.as_str()), cx) {
        Ok(()) => {}
        Err(Stop::Failed(error)) => return Err(error),
        Err(Stop::Refused(Refusal::InvalidSecret)) => return Ok(Err(Refusal::InvalidSecret)),
        Err(Stop::Refused(refusal)) => {
            record_refusal(tx, cx, &view, &instance.identity(), Some(&id), &refusal).await?;
            return Ok(Err(refusal));
        }
    }
    match check(tx, cx, issuer, request, &view, &mut instance).await {
        Ok(granted) => Ok(Ok(granted)),
        Err(Stop::Failed(error)) => Err(error),
        Err(Stop::Refused(refusal)) => {
            // The secret was shown all the same.
            instance.last_contact_at = cx.now;
            store::update_instance(tx, cx, &instance).await?;
            record_refusal(tx, cx, &view, &instance.identity(), Some(&id), &refusal).await?;
            Ok(Err(refusal))
        }
    }
}

/// Finds an instance and its license under the license's lock.
pub(super) async fn find_and_lock(
    tx: &mut Tx,
    cx: &Cx,
    id: &InstanceId,
) -> Result<Option<(LicenseView, Instance)>, DbError> {
    let Some(found) = store::find_instance(tx, &cx.vendor_id, id).await? else { return Ok(None) };
    let Some(view) = licenses::lock_license(tx, &cx.vendor_id, &found.license_id).await? else { return Ok(None) };
    // Read again: what was read before the lock may have changed while waiting for it.
    let instance = store::find_instance(tx, &cx.vendor_id, id).await?;
    Ok(instance.map(|instance| (view, instance)))
}

/// Judges the presented secret and notes in `instance` that it was shown.
pub(super) fn prove(
    issuer: &Issuer,
    instance: &mut Instance,
    secret: &Secret,
    nonce: Option<&str>,
    cx: &Cx,
) -> Result<(), Stop> {
    let key = grant::open_instance_key(issuer, instance)?;
    let presented = lineage::open(&key, secret).ok_or(Refusal::InvalidSecret)?;
    let shown = Shown {
        at: Position { epoch: instance.epoch, n: instance.shown_n },
        nonce: instance.shown_nonce.clone(),
        since: instance.shown_at,
    };
    match lineage::decide(&shown, presented, nonce, cx.now) {
        Lineage::Next => {
            instance.epoch = presented.epoch;
            instance.shown_n = presented.n;
            instance.shown_nonce = nonce.unwrap_or_default().to_owned();
            instance.shown_at = cx.now;
        }
        Lineage::Retry => {}
        Lineage::Fork => instance.forks += 1,
        Lineage::Stale => return Err(Refusal::InstanceStale.into()),
    }
    Ok(())
}

async fn check(
    tx: &mut Tx,
    cx: &Cx,
    issuer: &Issuer,
    request: &CheckRequest,
    view: &LicenseView,
    instance: &mut Instance,
) -> Result<Granted, Stop> {
    match instance.status {
        InstanceStatus::Active => {}
        InstanceStatus::Released => return Err(Refusal::InstanceReleased.into()),
        InstanceStatus::Deactivated => {
            let retry_after_s = deactivation_pause_s(instance, cx.now);
            return Err(Refusal::InstanceDeactivated { retry_after_s }.into());
        }
        InstanceStatus::Blocked => return Err(Refusal::InstanceBlocked.into()),
    }
    let ask = Ask {
        version: &request.version,
        released_on: request.released_on,
        features: &[],
        borrow_s: request.borrow_s,
        nonce: &request.nonce,
    };
    grant::examine_license(tx, cx, view, &ask).await?;
    let identity = instance.identity();
    grant::find_seat(tx, cx, &view.license, &identity.id, Some(instance)).await?;

    instance.version.clone_from(&request.version);
    instance.last_contact_at = cx.now;
    if let Some(levels) = &request.levels {
        instance.levels.0.clone_from(levels);
    }
    let renews = instance.holds_seat(cx.now);
    let mut granted = grant::sign_lease(tx, cx, issuer, view, instance, renews, &ask).await?;
    store::update_instance(tx, cx, instance).await?;
    if renews {
        let data = json!({ "identity": identity, "version": instance.version });
        events::record_hourly(tx, cx, "lease.renewed", about(view, Some(&instance.id)), "", &data).await?;
    } else {
        grant::store_interval(tx, cx, instance).await?;
        let data = json!({ "identity": identity, "version": instance.version });
        events::record(tx, cx, "lease.issued", about(view, Some(&instance.id)), &data).await?;
    }
    let levels = store::list_levels(tx, &view.license.id, cx.now).await?;
    let over = rules::over_limit(&view.license.terms.limits, &rules::usage(&view.license.terms, levels.iter()));
    granted.response.over_limit = (!over.is_empty()).then_some(over);
    Ok(granted)
}
