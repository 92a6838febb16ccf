//! `licenses/deactivate`: frees another instance's seat, for whoever has the key or runs under the license.

use sdk::wire::{DeactivateRequest, DeactivateResponse};

use super::free_seat::deactivate;
use super::opening::{ByCredential, note_refusal, open_by_credential, refuse_invalid};
use super::{Instance, InstanceStatus, Issuer, Refusal, notify, store};
use crate::accounts::{Limit, RateVerdict, hit};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::InstanceId;

/// Deactivates an instance of the same license; repeatable. The owner is mailed, and with the bare key it can be
/// done three times an hour.
///
/// # Errors
/// [`DbError`] when the database fails. Refusals are the inner result.
pub async fn deactivate_instance(
    tx: &mut Tx,
    cx: &Cx,
    issuer: &Issuer,
    request: &DeactivateRequest,
) -> Result<Result<DeactivateResponse, Refusal>, DbError> {
    let credential = match request.credential() {
        Ok(credential) => credential,
        Err(invalid) => return Ok(Err(Refusal::Malformed(invalid))),
    };
    if let Err(invalid) = request.validate() {
        return Ok(Err(refuse_invalid(tx, cx, issuer, credential, invalid).await?));
    }
    let ByCredential { view, instance: asker } = match open_by_credential(tx, cx, issuer, credential).await? {
        Ok(asker) => asker,
        Err(refusal) => return Ok(Err(refusal)),
    };
    // The license is locked, so what is read of its instances stays so.
    let target_id = InstanceId::from_untrusted(&request.target_instance_id);
    let target = store::find_instance(tx, &cx.vendor_id, &target_id).await?;
    let is_of_license = |it: &Instance| it.license_id == view.license.id && it.status != InstanceStatus::Deleted;
    let Some(mut target) = target.filter(is_of_license) else {
        let (identity, id) = (asker.as_ref().map(Instance::identity), asker.as_ref().map(|it| &it.id));
        note_refusal(tx, cx, &view, identity.as_ref(), id, &Refusal::TargetNotFound).await?;
        return Ok(Err(Refusal::TargetNotFound));
    };
    if target.status == InstanceStatus::Active {
        tx.drop_from_memory(target.id.as_str());
        if asker.is_none() {
            let subject = view.license.id.as_str();
            let verdict = hit(tx, cx, &issuer.master, Limit::DeactivationByKey, subject).await?;
            if let RateVerdict::Limited { retry_after_s } = verdict {
                let refusal = Refusal::RateLimited { retry_after_s };
                note_refusal(tx, cx, &view, None, None, &refusal).await?;
                return Ok(Err(refusal));
            }
        }
        deactivate(tx, cx, &view, &mut target, if asker.is_some() { "instance" } else { "key" }).await?;
        notify::seat_freed(tx, cx, issuer, &view, &target, asker.as_ref()).await?;
    }
    Ok(Ok(DeactivateResponse { deactivated: true, free_at: target.held_until.timestamp() }))
}
