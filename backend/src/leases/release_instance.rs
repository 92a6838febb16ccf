//! `licenses/release`: an instance gives its seat back.

use sdk::wire::{ReleaseRequest, ReleaseResponse};
use serde_json::json;

use super::activate_instance::{about, record_refusal};
use super::check_instance::{find_and_lock, prove};
use super::free_seat::give_back;
use super::grant::Stop;
use super::{InstanceStatus, Issuer, Refusal, store};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::events;
use crate::ids::InstanceId;

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
        return Ok(Err(Refusal::Invalid(invalid)));
    }
    let id = InstanceId::from_untrusted(&request.instance_id);
    let Some((view, mut instance)) = find_and_lock(tx, cx, &id).await? else {
        return Ok(Err(Refusal::InstanceNotFound));
    };
    match prove(issuer, &mut instance, &request.secret, None, cx) {
        Ok(()) => {}
        Err(Stop::Failed(error)) => return Err(error),
        Err(Stop::Refused(Refusal::InvalidSecret)) => return Ok(Err(Refusal::InvalidSecret)),
        Err(Stop::Refused(refusal)) => {
            record_refusal(tx, cx, &view, &instance.identity(), Some(&id), &refusal).await?;
            return Ok(Err(refusal));
        }
    }
    if instance.status == InstanceStatus::Active {
        give_back(tx, cx, &view, &mut instance, "released").await?;
        instance.status = InstanceStatus::Released;
        let data = json!({ "identity": instance.identity(), "free_at": instance.held_until.timestamp().to_string() });
        events::record(tx, cx, "instance.released", about(&view, Some(&id)), &data).await?;
    }
    instance.last_contact_at = cx.now;
    store::update_instance(tx, cx, &instance).await?;
    Ok(Ok(ReleaseResponse { released: true, free_at: instance.held_until.max(instance.held_since).timestamp() }))
}
