//! `licenses/instances`: who holds the seats of a license, for whoever has its key or runs under it.

use sdk::wire::{Holder, InstancesRequest, InstancesResponse};

use super::opening::open_by_credential;
use super::{Issuer, Refusal, rules, store};
use crate::cx::Cx;
use crate::db::{DbError, Tx};

/// Lists the holders of a license's seats, longest first. Users are masked for whoever shows only the key.
///
/// # Errors
/// [`DbError`] when the database fails. Refusals are the inner result.
pub async fn list_instances_for(
    tx: &mut Tx,
    cx: &Cx,
    issuer: &Issuer,
    request: &InstancesRequest,
) -> Result<Result<InstancesResponse, Refusal>, DbError> {
    let credential = match request.credential() {
        Ok(credential) => credential,
        Err(invalid) => return Ok(Err(Refusal::Malformed(invalid))),
    };
    let asker = match open_by_credential(tx, cx, issuer, credential).await? {
        Ok(asker) => asker,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let mut holders = store::list_holders(tx, &cx.vendor_id, &asker.view.license.id, cx.now).await?;
    if asker.instance.is_none() {
        holders = holders.into_iter().map(mask).collect();
    }
    Ok(Ok(InstancesResponse { holders }))
}

fn mask(holder: Holder) -> Holder {
    Holder { identity: rules::mask_identity(holder.identity), ..holder }
}
