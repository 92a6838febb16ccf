//! `licenses/check`: a secret in, a renewed lease out.

use sdk::wire::{CheckRequest, InstanceCredential};
use serde_json::json;

use super::grant::{self, Ask, Granted, Seat, Stop};
use super::opening::{Opened, about, may_go_on, open_by_secret, refuse_invalid, settle};
use super::seats::Occasion;
use super::{Instance, Issuer, Refusal, close_lapsed, live, store, usage};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::licenses::LicenseView;
use crate::{events, revocations};

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
    let (id, secret) = (&request.instance_id, &request.secret);
    if let Err(invalid) = request.validate() {
        let credential = InstanceCredential::Instance { instance_id: id, secret };
        return Ok(Err(refuse_invalid(tx, cx, issuer, credential, invalid).await?));
    }
    let Opened { view, mut instance } = match open_by_secret(tx, cx, issuer, id, secret, Some(&request.nonce)).await? {
        Ok(opened) => opened,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let outcome = check(tx, cx, issuer, request, &view, &mut instance).await;
    if let Err(Stop::Refused(_)) = outcome {
        // The secret was shown all the same.
        instance.last_contact_at = cx.now;
        store::update_instance(tx, cx, &instance).await?;
    }
    settle(tx, cx, &view, &instance.identity(), Some(&instance.id), outcome).await
}

async fn check(
    tx: &mut Tx,
    cx: &Cx,
    issuer: &Issuer,
    request: &CheckRequest,
    view: &LicenseView,
    instance: &mut Instance,
) -> Result<Granted, Stop> {
    may_go_on(instance, cx)?;
    usage::examine_report(view, instance, request)?;
    let ask = Ask {
        version: &request.version,
        released_on: request.released_on,
        features: &[],
        borrow_s: request.borrow_s,
        nonce: &request.nonce,
        known_seq: request.known_seq,
    };
    close_lapsed::close_if_lapsed(tx, cx, view, instance).await?;
    grant::examine_license(tx, cx, view, &ask).await?;
    let identity = instance.identity();
    let (place, holdings) = grant::find_seat(tx, cx, &view.license, &identity, Some(instance), Occasion::Check).await?;

    let renews = instance.goes_on(cx.now);
    let rejected_until = revocations::rejected_until(tx, cx, &view.license.id, &instance.id).await?;
    let seat = Seat { place, renews, rejected_until };
    let mut granted = grant::sign_lease(tx, cx, issuer, view, instance, seat, &ask).await?;
    let levels_before = instance.levels.0.clone();
    instance.version.clone_from(&request.version);
    instance.last_contact_at = cx.now;
    usage::take_report(tx, cx, view, instance, request).await?;
    store::update_instance(tx, cx, instance).await?;
    let data = json!({ "identity": identity, "version": instance.version, "surge": instance.surge });
    if renews {
        events::record_hourly(tx, cx, "lease.renewed", about(view, Some(&instance.id)), "", &data).await?;
    } else {
        store::insert_lease(tx, cx, instance).await?;
        events::record(tx, cx, "lease.issued", about(view, Some(&instance.id)), &data).await?;
    }
    granted.response.over_limit = usage::over_limit(tx, cx, issuer, view, instance, &levels_before, &holdings).await?;
    live::remember(tx, issuer, view, instance, request, &granted, rejected_until).await?;
    Ok(granted)
}
