//! Showing a license key to someone who may see it; that it was shown is audited.

use sdk::license_key::LicenseKey;

use super::{License, key_store};
use crate::accounts::{Act, may_act};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::LicenseId;
use crate::keys::{MasterKey, Purpose};

/// What became of showing a key.
#[derive(Clone, Debug)]
pub enum KeyReveal {
    /// The key.
    Shown(LicenseKey),
    /// The master key does not open it.
    Lost,
    /// Whoever acts may not see keys of the license's account.
    NotAllowed,
}

/// Opens a license's key and records that it was shown.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn reveal_key(tx: &mut Tx, cx: &Cx, master: &MasterKey, license: &License) -> Result<KeyReveal, DbError> {
    if !may_act(tx, cx, &license.account_id, Act::SeeKeys).await? {
        return Ok(KeyReveal::NotAllowed);
    }
    let Some(key) = open_key(tx, cx, master, &license.id).await? else { return Ok(KeyReveal::Lost) };
    let id = license.id.as_str();
    audit::record(tx, cx, Some(&license.account_id), "license.reveal_key", id, audit::NOTHING, audit::NOTHING).await?;
    Ok(KeyReveal::Shown(key))
}

/// Opens a license's key for whoever was approved to have it, where that was recorded before. `None` when there is no
/// such license, or the master key does not open it.
pub(crate) async fn open_key(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    license_id: &LicenseId,
) -> Result<Option<LicenseKey>, DbError> {
    let Some(sealed) = key_store::find_sealed_key(tx, &cx.vendor_id, license_id).await? else { return Ok(None) };
    Ok(opened(master, license_id, &sealed))
}

/// A sealed key, where the master key opens it.
pub(super) fn opened(master: &MasterKey, license_id: &LicenseId, sealed: &[u8]) -> Option<LicenseKey> {
    let plain = master.unseal(Purpose::LicenseKey, license_id.as_str(), sealed).ok()?;
    LicenseKey::parse(std::str::from_utf8(&plain).ok()?).ok()
}
