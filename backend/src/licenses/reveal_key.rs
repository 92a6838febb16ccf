//! Showing a license key to someone who may see it. Whether they may is the caller's question; that it
//! was shown is audited here.

use sdk::license_key::LicenseKey;

use super::{License, store};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::LicenseId;
use crate::keys::{MasterKey, Purpose};

/// Opens a license's key and records that it was shown. `None` when the master key does not open it.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn reveal_key(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    license: &License,
) -> Result<Option<LicenseKey>, DbError> {
    let key = open_key(tx, cx, master, &license.id).await?;
    if key.is_some() {
        let id = license.id.as_str();
        audit::record(tx, cx, Some(&license.account_id), "license.reveal_key", id, audit::NOTHING, audit::NOTHING)
            .await?;
    }
    Ok(key)
}

/// Opens a license's key for whoever was approved to have it, where that was recorded before. `None` when there is no
/// such license, or the master key does not open it.
pub(crate) async fn open_key(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    license_id: &LicenseId,
) -> Result<Option<LicenseKey>, DbError> {
    let Some(sealed) = store::find_sealed_key(tx, &cx.vendor_id, license_id).await? else { return Ok(None) };
    let opened = master.unseal(Purpose::LicenseKey, license_id.as_str(), &sealed).ok();
    Ok(opened.and_then(|plain| LicenseKey::parse(std::str::from_utf8(&plain).ok()?).ok()))
}
