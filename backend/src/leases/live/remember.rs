//! Which checks put their instance into the table.

use std::sync::Arc;

use sdk::wire::CheckRequest;

use super::super::grant::{Granted, open_instance_key};
use super::super::{Instance, Issuer};
use super::decide::Examined;
use crate::clock::UnixMs;
use crate::db::{DbError, Extent, Subject, Tx};
use crate::keys::{VendorSigningKey, active_signing_key};
use crate::licenses::LicenseView;

/// What a check hands to the table.
pub(super) struct Entry {
    pub view: Arc<LicenseView>,
    pub origin: Arc<str>,
    pub signer: Arc<VendorSigningKey>,
    pub instance: Instance,
    pub instance_key: Arc<[u8]>,
    pub examined: Examined,
}

/// Keeps an instance that has just checked, if its next checks may be answered from memory: it holds a seat of the
/// license's own, nobody disputes its identity, and verifiers reject nothing that is issued to it now. What a license
/// exceeds is told at every check of its instances, so while it does, none of them may.
pub(in crate::leases) async fn remember(
    tx: &mut Tx,
    issuer: &Issuer,
    view: &LicenseView,
    instance: &Instance,
    request: &CheckRequest,
    granted: &Granted,
    rejected_until: Option<UnixMs>,
) -> Result<(), DbError> {
    if !tx.has_memory() {
        return Ok(());
    }
    if granted.response.over_limit.is_some() {
        return tx.change(Subject::One(view.license.id.as_str()), Extent::Whole).await;
    }
    let tells_of_keys = granted.response.keys.is_some();
    if instance.surge || instance.conflict.is_some() || tells_of_keys || rejected_until.is_some() {
        return Ok(());
    }
    let vendor = &issuer.vendor;
    let Some(signer) = active_signing_key(tx, &issuer.master, &vendor.id).await? else { return Ok(()) };
    tx.keep_in_memory(Entry {
        view: Arc::new(view.clone()),
        origin: vendor.origin.as_str().into(),
        signer,
        instance: instance.clone(),
        instance_key: open_instance_key(issuer, instance)?.into(),
        examined: Examined {
            version: request.version.clone(),
            released_on: request.released_on,
            known_seq: request.known_seq,
        },
    });
    Ok(())
}
