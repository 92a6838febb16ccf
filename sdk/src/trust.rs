//! Whom a product trusts: the bundle that its vendor builds into it.

use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Serialize};

use crate::jwk::{JwkSet, PublicJwk};

/// A vendor's origin and the keys that it signs with, the active and the next one.
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
pub struct TrustBundle {
    /// The vendor's public origin, as in `https://licenses.example.com`, without a slash at its end.
    pub iss: String,
    /// Keys that may have signed.
    pub keys: Vec<PublicJwk>,
}

impl TrustBundle {
    /// A bundle from an issuer and its published key set.
    pub fn new(iss: impl Into<String>, set: JwkSet) -> Self {
        Self { iss: iss.into(), keys: set.keys }
    }

    /// The key with this thumbprint. The thumbprint is computed: a `kid` inside the bundle is not believed, and a
    /// key that cannot verify leases is not found.
    pub fn find_key(&self, kid: &str) -> Option<VerifyingKey> {
        self.keys.iter().filter(|jwk| jwk.thumbprint() == kid).find_map(|jwk| jwk.verifying_key().ok())
    }
}
