//! Whom a product trusts: the bundle that its vendor builds into it.

use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Serialize};

use crate::{
    jwk::{JwkSet, PublicJwk},
    key_set::{self, KeySetError},
};

/// A vendor's origin and the keys that it signs with, the active and the next one, and those that retired lately. The vendor's
/// server gives it out at `/.well-known/trust.json`.
///
/// ```
/// let bundle: sdk::trust::TrustBundle = serde_json::from_str(
///     r#"{"iss": "https://licenses.example.com", "keys": [
///         {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
/// )?;
/// assert!(bundle.find_key("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k").is_some());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(description = "Whom a product trusts: built into it."))]
pub struct TrustBundle {
    /// The vendor's public origin, as in `https://licenses.example.com`, without a slash at its end.
    pub iss: String,
    /// Keys that may have signed.
    pub keys: Vec<PublicJwk>,
    /// Number of the key set that the keys are from; 0 when they are from none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub seq: i64,
}

#[cfg_attr(
    target_pointer_width = "64",
    expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes the field by reference")
)]
fn is_zero(seq: &i64) -> bool {
    *seq == 0
}

impl TrustBundle {
    /// A bundle from an issuer and its published key set.
    pub fn new(iss: impl Into<String>, set: JwkSet) -> Self {
        Self { iss: iss.into(), keys: set.keys, seq: 0 }
    }

    /// The key with this thumbprint. The thumbprint is computed: a `kid` inside the bundle is not believed, and a
    /// key that cannot verify leases is not found.
    pub fn find_key(&self, kid: &str) -> Option<VerifyingKey> {
        self.keys.iter().filter(|jwk| jwk.thumbprint() == kid).find_map(|jwk| jwk.verifying_key().ok())
    }

    /// Replaces the keys by those of a newer key set (`keys+jwt`) that one of the present keys signed.
    ///
    /// # Errors
    /// Says why the set is not accepted; the bundle is then as before.
    pub fn accept(&mut self, key_set: &str) -> Result<(), KeySetError> {
        let claims = key_set::verify(key_set, self)?;
        if claims.seq <= self.seq {
            return Err(KeySetError::NotNewer { seq: claims.seq, known: self.seq });
        }
        self.keys = claims.keys;
        self.seq = claims.seq;
        Ok(())
    }
}
