//! Revoking a signing key that somebody else may have.

use serde_json::json;

use super::key_sets::append_key_set;
use super::signing::{create_signing_key, open_signing_key};
use super::{MasterKey, SigningKeyStatus, store};
use crate::accounts::{StaffAct, staff_may_act};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Extent, Subject, Tx};
use crate::revocations::{self, Revoked};
use crate::{audit, vendors};

/// Whoever has a key can write any date into what it signs, so the entry of a revoked key covers all dates
/// and never drops out: the last second of the year 9999.
const END_OF_TIME: UnixMs = UnixMs(253_402_300_799_000);

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyRevocation {
    /// Nothing signed by the key is accepted any more.
    Revoked {
        /// `kid` of the key that signs now.
        active: String,
        /// Number of the key set that says so.
        seq: i64,
    },
    /// It was revoked before.
    AlreadyRevoked,
    /// The vendor has no such key.
    NotFound,
    /// Whoever acts may not.
    NotAllowed,
    /// No other key that the master key opens could sign instead; nothing was changed.
    NotReady,
}

/// Revokes one of the vendor's signing keys, by its `kid`. Where it signed, the next key signs at once;
/// instances that hold a lease signed by it get a new one at their next check.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn revoke_signing_key(tx: &mut Tx, cx: &Cx, master: &MasterKey, kid: &str) -> Result<KeyRevocation, DbError> {
    if !staff_may_act(tx, cx, StaffAct::ManageKeys).await? {
        return Ok(KeyRevocation::NotAllowed);
    }
    let Some(vendor) = vendors::lock_vendor(tx, &cx.vendor_id).await? else { return Ok(KeyRevocation::NotFound) };
    // Leases answered from memory are signed with the key of before.
    tx.change(Subject::All, Extent::Whole).await?;
    let known = store::list_signing_keys(tx, &vendor.id).await?;
    let Some(found) = known.into_iter().find(|key| key.kid == kid) else { return Ok(KeyRevocation::NotFound) };
    // The set that drops a key is signed by another one of the set before.
    let other = match found.status {
        SigningKeyStatus::Revoked => return Ok(KeyRevocation::AlreadyRevoked),
        SigningKeyStatus::Active => SigningKeyStatus::Next,
        SigningKeyStatus::Next | SigningKeyStatus::Retired => SigningKeyStatus::Active,
    };
    if found.status == SigningKeyStatus::Active {
        tx.change(Subject::All, Extent::Whole).await?;
    }
    let Some(signer) = open_signing_key(tx, master, &vendor.id, other).await? else {
        return Ok(KeyRevocation::NotReady);
    };
    store::set_revoked(tx, cx, kid).await?;
    if found.status == SigningKeyStatus::Active {
        store::set_active(tx, cx, &signer.kid).await?;
    }
    if found.status != SigningKeyStatus::Retired {
        create_signing_key(tx, cx, master, SigningKeyStatus::Next).await?;
    }
    let seq = append_key_set(tx, cx, &vendor.origin, &signer).await?;
    revocations::revoke(tx, cx, Revoked::Key(kid), END_OF_TIME, END_OF_TIME).await?;
    let before = json!({ "status": found.status });
    let after = json!({ "status": SigningKeyStatus::Revoked, "active": signer.kid, "key_set": seq });
    audit::record(tx, cx, None, "signing_key.revoke", kid, Some(&before), Some(&after)).await?;
    Ok(KeyRevocation::Revoked { active: signer.kid, seq })
}
