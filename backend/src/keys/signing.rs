//! The vendors' Ed25519 signing keys: `active` signs, `next` is published ahead, `retired` still
//! verifies until all it signed has expired, `revoked` is dropped at once.

use ed25519_dalek::SigningKey;

use super::{MasterKey, Purpose};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_optional, text_enum};
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

#[derive(sqlx::FromRow)]
struct SealedRow {
    id: SigningKeyId,
    kid: String,
    private_sealed: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct PublicRow {
    public_key: Vec<u8>,
}

/// The key that signs for the vendor now; `None` when it has none or the master key does not open it.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn active_signing_key(
    tx: &mut Tx,
    master: &MasterKey,
    vendor_id: &VendorId,
) -> Result<Option<VendorSigningKey>, DbError> {
    let row = fetch_optional!(
        tx,
        SealedRow,
        "SELECT id, kid, private_sealed FROM signing_keys WHERE vendor_id = $1 AND status = 'active'",
        vendor_id
    )?;
    Ok(row.and_then(|row| {
        let seed = master.unseal(Purpose::SigningKey, row.id.as_str(), &row.private_sealed).ok()?;
        let seed: [u8; 32] = seed.as_slice().try_into().ok()?;
        Some(VendorSigningKey { kid: row.kid, key: SigningKey::from_bytes(&seed) })
    }))
}

/// The public keys that verifiers may trust: active, next and retired.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn published_keys(tx: &mut Tx, vendor_id: &VendorId) -> Result<Vec<sdk::jwk::PublicJwk>, DbError> {
    let rows = fetch_all!(
        tx,
        PublicRow,
        "SELECT public_key FROM signing_keys WHERE vendor_id = $1 AND status <> 'revoked' ORDER BY created_at, id",
        vendor_id
    )?;
    Ok(rows
        .iter()
        .filter_map(|row| ed25519_dalek::VerifyingKey::try_from(row.public_key.as_slice()).ok())
        .map(|key| sdk::jwk::PublicJwk::of(&key))
        .collect())
}

/// Makes a fresh signing key for `cx.vendor_id` with the given status.
///
/// # Errors
/// [`DbError::Duplicate`] when the vendor already has an active key and another is asked for.
pub async fn create_signing_key(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    status: SigningKeyStatus,
) -> Result<String, DbError> {
    let id: SigningKeyId = cx.id();
    let key = SigningKey::from_bytes(&cx.entropy.bytes());
    let jwk = sdk::jwk::PublicJwk::of(&key.verifying_key());
    let kid = jwk.thumbprint();
    let sealed = master.seal(Purpose::SigningKey, id.as_str(), key.as_bytes(), &cx.entropy);
    let activated_at: Option<UnixMs> = (status == SigningKeyStatus::Active).then_some(cx.now);
    execute!(
        tx,
        "INSERT INTO signing_keys (id, vendor_id, kid, status, public_key, private_sealed, created_at, activated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &id,
        &cx.vendor_id,
        &kid,
        status,
        key.verifying_key().as_bytes().to_vec(),
        &sealed,
        cx.now,
        activated_at
    )?;
    Ok(kid)
}
