//! The vendors' Ed25519 signing keys: `active` signs, `next` is published ahead, `retired` still
//! verifies until all it signed has expired, `revoked` is dropped at once.

use std::sync::Arc;

use ed25519_dalek::SigningKey;

use super::{MasterKey, Purpose, store};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx, text_enum};
use crate::ids::{SigningKeyId, VendorId};

text_enum! {
    /// Where a signing key stands.
    SigningKeyStatus {
        /// Published, not yet signing.
        Next = "next",
        /// Signs.
        Active = "active",
        /// Signs no more, verifies still.
        Retired = "retired",
        /// Trusted by nobody.
        Revoked = "revoked",
    }
}

/// A vendor's key that signs, opened.
#[derive(Clone)]
pub struct VendorSigningKey {
    /// RFC 7638 thumbprint of the public key; the tokens' `kid`.
    pub kid: String,
    /// The private key.
    pub key: SigningKey,
}

impl std::fmt::Debug for VendorSigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VendorSigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// A signing key as people see it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SigningKeyInfo {
    /// RFC 7638 thumbprint of the public key; the tokens' `kid`.
    pub kid: String,
    /// Where it stands.
    pub status: SigningKeyStatus,
    /// When it was made, and published for the first time.
    pub created_at: UnixMs,
    /// Since when it signs, or signed.
    pub activated_at: Option<UnixMs>,
    /// Since when it signs no more.
    pub retired_at: Option<UnixMs>,
    /// Since when nobody trusts it.
    pub revoked_at: Option<UnixMs>,
    /// Retired: nothing that it signed is valid after this; known a few minutes after it retired.
    pub verifies_until: Option<UnixMs>,
    /// Retired: since when it is published no more.
    pub withdrawn_at: Option<UnixMs>,
}

impl SigningKeyInfo {
    /// Whether verifiers are told of it.
    #[must_use]
    pub fn is_published(&self) -> bool {
        self.status != SigningKeyStatus::Revoked && self.withdrawn_at.is_none()
    }
}

/// The key that signs for the vendor now; `None` when it has none or the master key does not open it.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn active_signing_key(
    tx: &mut Tx,
    master: &MasterKey,
    vendor_id: &VendorId,
) -> Result<Option<Arc<VendorSigningKey>>, DbError> {
    let name = format!("signing key of {vendor_id}");
    if let Some(signer) = tx.recall(&name) {
        return Ok(Some(signer));
    }
    let signer = open_signing_key(tx, master, vendor_id, SigningKeyStatus::Active).await?.map(Arc::new);
    if let Some(signer) = &signer {
        tx.remember(name, Arc::clone(signer));
    }
    Ok(signer)
}

/// The vendor's active or next key, opened; `None` when there is none or the master key does not open it.
pub(super) async fn open_signing_key(
    tx: &mut Tx,
    master: &MasterKey,
    vendor_id: &VendorId,
    status: SigningKeyStatus,
) -> Result<Option<VendorSigningKey>, DbError> {
    let row = store::find_sealed(tx, vendor_id, status).await?;
    Ok(row.and_then(|row| {
        let seed = master.unseal(Purpose::SigningKey, row.id.as_str(), &row.private_sealed).ok()?;
        let seed: [u8; 32] = seed.as_slice().try_into().ok()?;
        Some(VendorSigningKey { kid: row.kid, key: SigningKey::from_bytes(&seed) })
    }))
}

/// The public keys that verifiers may trust: active, next, and retired ones of which something may still be
/// valid.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn published_keys(tx: &mut Tx, vendor_id: &VendorId) -> Result<Vec<sdk::jwk::PublicJwk>, DbError> {
    let published = store::list_published(tx, vendor_id).await?;
    Ok(published
        .iter()
        .filter_map(|public_key| ed25519_dalek::VerifyingKey::try_from(public_key.as_slice()).ok())
        .map(|key| sdk::jwk::PublicJwk::of(&key))
        .collect())
}

/// Makes a fresh signing key for `cx.vendor_id` with the given status and answers its `kid`. The caller
/// publishes it with the next key set.
///
/// # Errors
/// [`DbError::Duplicate`] when the vendor already has an active or next key and another is asked for.
pub(super) async fn create_signing_key(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    status: SigningKeyStatus,
) -> Result<String, DbError> {
    let id: SigningKeyId = cx.id();
    let key = SigningKey::from_bytes(&cx.entropy.bytes());
    let public_key = key.verifying_key();
    let kid = sdk::jwk::thumbprint(&public_key);
    let sealed = master.seal(Purpose::SigningKey, id.as_str(), key.as_bytes(), &cx.entropy);
    store::insert_signing_key(tx, cx, &id, &kid, status, public_key.as_bytes(), &sealed).await?;
    Ok(kid)
}
