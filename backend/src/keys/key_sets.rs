//! The chain of signed key sets, by which clients that were long offline follow a vendor's keys.
//!
//! Each set lists the keys that may be trusted from then on and is signed by a key of the set before, so a
//! client that trusts any set of the chain can walk to the newest one without trusting the network. A set is
//! appended in the transaction that changes the keys.

use sdk::key_set::KeySetClaims;
use sdk::trust::TrustBundle;

use super::signing::{VendorSigningKey, create_signing_key, open_signing_key, published_keys};
use super::{MasterKey, SigningKeyStatus, store};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::vendors::Vendor;

/// Gives a new vendor with issuer `iss` its first keys, one that signs and the next one, and begins its
/// chain.
///
/// # Errors
/// [`DbError::Duplicate`] when it has keys.
pub(crate) async fn begin_key_chain(tx: &mut Tx, cx: &Cx, master: &MasterKey, iss: &str) -> Result<(), DbError> {
    create_signing_key(tx, cx, master, SigningKeyStatus::Active).await?;
    create_signing_key(tx, cx, master, SigningKeyStatus::Next).await?;
    let signer = open_signing_key(tx, master, &cx.vendor_id, SigningKeyStatus::Active).await?;
    let signer = signer.ok_or(DbError::GivenUp("a fresh signing key does not open"))?;
    append_key_set(tx, cx, iss, &signer).await?;
    Ok(())
}

/// Appends the keys that are published now as a set signed by `signer`, a key of the set before; answers its
/// number. The caller holds the vendor's lock.
pub(super) async fn append_key_set(tx: &mut Tx, cx: &Cx, iss: &str, signer: &VendorSigningKey) -> Result<i64, DbError> {
    let seq = store::find_last_seq(tx, &cx.vendor_id).await? + 1;
    let keys = published_keys(tx, &cx.vendor_id).await?;
    let claims = KeySetClaims { iss: iss.to_owned(), seq, iat: cx.now.seconds(), keys };
    let token = sdk::key_set::sign(&claims, &signer.key, &signer.kid);
    store::insert_key_set(tx, cx, seq, &token).await?;
    Ok(seq)
}

/// What a product builds in: the keys that verify today. What a retired key signed is still in use, so it is among them, as
/// it is in the newest set of the chain, from which the product goes on.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn trust_bundle(tx: &mut Tx, vendor: &Vendor) -> Result<TrustBundle, DbError> {
    // First, so that what changes the keys meanwhile is a newer set.
    let seq = store::find_last_seq(tx, &vendor.id).await?;
    let keys = published_keys(tx, &vendor.id).await?;
    Ok(TrustBundle { iss: vendor.origin.clone(), keys, seq })
}
