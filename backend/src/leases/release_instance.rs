//! `licenses/release`: an instance gives its seat back.

use sdk::wire::{ReleaseRequest, ReleaseResponse};
use serde_json::json;

use super::free_seat::give_back;
use super::opening::{Opened, about, open_by_secret};
use super::{InstanceStatus, Issuer, Refusal, store};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::events;

/// Gives an instance's seat back; repeatable. The answer says when the seat is free.
///
/// # Errors
/// [`DbError`] when the database fails. Refusals are the inner result.
pub async fn release_instance(
    tx: &mut Tx,
    cx: &Cx,
    issuer: &Issuer,
    request: &ReleaseRequest,
) -> Result<Result<ReleaseResponse, Refusal>, DbError> {
    if let Err(invalid) = request.validate() {
        // Only the name of the instance can be wrong, so nobody can have proved to be it.
        return Ok(Err(Refusal::Malformed(invalid)));
    }
    let opened = open_by_secret(tx, cx, issuer, &request.instance_id, &request.secret, None).await?;
    let Opened { view, mut instance } = match opened {
        Ok(opened) => opened,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if instance.status == InstanceStatus::Active {
        give_back(tx, cx, &view, &mut instance, "released").await?;
        instance.status = InstanceStatus::Released;
        let data = json!({ "identity": instance.identity(), "free_at": instance.held_until.timestamp().to_string() });
        events::record(tx, cx, "instance.released", about(&view, Some(&instance.id)), &data).await?;
    }
    instance.last_contact_at = cx.now;
    store::update_instance(tx, cx, &instance).await?;
    Ok(Ok(ReleaseResponse { released: true, free_at: instance.held_until.max(instance.held_since).timestamp() }))
}
