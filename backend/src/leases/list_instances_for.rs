//! `licenses/instances`: who holds the seats of a license, for whoever has its key or runs under it.

use sdk::wire::{InstancesRequest, InstancesResponse, InvalidMember};

use super::opening::{open_by_credential, refuse_invalid};
use super::{Issuer, Refusal, holders, rules};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::listing::TimePlace;
use crate::text::en::leases::UNKNOWN_CURSOR;

/// Lists the holders of a license's seats, longest first, a page at a time. Users are masked for whoever shows only the
/// key.
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
    let after = match request.cursor.as_deref().map(TimePlace::parse) {
        None => None,
        Some(Some(place)) => Some(place),
        Some(None) => {
            let invalid = InvalidMember::new("cursor", UNKNOWN_CURSOR);
            return Ok(Err(refuse_invalid(tx, cx, issuer, credential, invalid).await?));
        }
    };
    let asker = match open_by_credential(tx, cx, issuer, credential).await? {
        Ok(asker) => asker,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let license_id = &asker.view.license.id;
    let mut found = holders::list_holders(tx, &cx.vendor_id, license_id, cx.now, after.as_ref()).await?;
    if asker.instance.is_none() {
        found = found.with_identities(rules::mask_identity);
    }
    let next = found.next.map(|place| place.to_string());
    Ok(Ok(InstancesResponse { holders: found.listed, total: found.total, next }))
}
