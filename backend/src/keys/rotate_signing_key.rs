//! Rotating a vendor's signing keys, so that no check fails.

use serde_json::json;

use super::key_sets::append_key_set;
use super::signing::{create_signing_key, open_signing_key};
use super::{MasterKey, SigningKeyStatus, store};
use crate::accounts::{StaffAct, staff_may_act};
use crate::cx::Cx;
use crate::db::{DbError, Extent, Subject, Tx};
use crate::{audit, vendors};

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyRotation {
    /// The next key signs now.
    Rotated {
        /// `kid` of the key that signs now.
        active: String,
        /// `kid` of the fresh one that will sign next.
        next: String,
        /// Number of the key set that says so.
        seq: i64,
    },
    /// Whoever acts may not.
    NotAllowed,
    /// The vendor has no active or no next key that the master key opens; nothing was changed.
    NotReady,
}

/// Lets the next key sign from now on, retires the one that signed, and makes a fresh next one.
///
/// Verifiers have known the next key since it was made, and know the retired one until all that it signed
/// has expired, so at no moment is a lease signed by a key that they do not trust. A check that signed with
/// the old key while this commits is as good as one before it.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn rotate_signing_key(tx: &mut Tx, cx: &Cx, master: &MasterKey) -> Result<KeyRotation, DbError> {
    if !staff_may_act(tx, cx, StaffAct::ManageKeys).await? {
        return Ok(KeyRotation::NotAllowed);
    }
    let Some(vendor) = vendors::lock_vendor(tx, &cx.vendor_id).await? else { return Ok(KeyRotation::NotReady) };
    // Leases answered from memory are signed with the key of before.
    tx.change(Subject::All, Extent::Whole).await?;
    let active = open_signing_key(tx, master, &vendor.id, SigningKeyStatus::Active).await?;
    let next = open_signing_key(tx, master, &vendor.id, SigningKeyStatus::Next).await?;
    let (Some(active), Some(next)) = (active, next) else { return Ok(KeyRotation::NotReady) };
    store::set_retired(tx, cx, &active.kid).await?;
    store::set_active(tx, cx, &next.kid).await?;
    let fresh = create_signing_key(tx, cx, master, SigningKeyStatus::Next).await?;
    let seq = append_key_set(tx, cx, &vendor.origin, &active).await?;
    let before = json!({ "active": active.kid, "next": next.kid });
    let after = json!({ "active": next.kid, "next": fresh, "retired": active.kid, "key_set": seq });
    audit::record(tx, cx, None, "signing_key.rotate", &next.kid, Some(&before), Some(&after)).await?;
    Ok(KeyRotation::Rotated { active: next.kid, next: fresh, seq })
}
