//! Public keys as JSON Web Keys (RFC 8037), named by their thumbprint (RFC 7638).

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A public key of type `OKP` on the curve `Ed25519`.
///
/// Keys of other types can be read too, so that a set with some of them is not refused as a whole; they never verify
/// anything because [`PublicJwk::verifying_key`] refuses them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PublicJwk {
    /// Key type, `OKP`.
    pub kty: String,
    /// Curve, `Ed25519`.
    #[serde(default)]
    pub crv: String,
    /// The 32 bytes of the public key, base64url.
    #[serde(default)]
    pub x: String,
    /// The key's name; written as the thumbprint, and not trusted when read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// `EdDSA`, for libraries that want to be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// `sig`.
    #[serde(rename = "use", default, skip_serializing_if = "Option::is_none")]
    pub key_use: Option<String>,
}

/// Why a JWK cannot verify leases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// Not `OKP`/`Ed25519`, or marked for another algorithm or use.
    #[error("the key is not an OKP/Ed25519 signature key")]
    NotEd25519,
    /// `x` is not 32 bytes in canonical base64url, or no canonical point.
    #[error("the key's x is not an Ed25519 public key")]
    Malformed,
    /// A key of small order, under which forged signatures would verify.
    #[error("the key is of small order")]
    Weak,
}

impl PublicJwk {
    /// The JWK of a key, with its thumbprint as `kid`.
    pub fn of(key: &VerifyingKey) -> Self {
        let x = BASE64URL_NOPAD.encode(key.as_bytes());
        Self {
            kid: Some(thumbprint_of_x(&x)),
            kty: "OKP".into(),
            crv: "Ed25519".into(),
            x,
            alg: Some("EdDSA".into()),
            key_use: Some("sig".into()),
        }
    }

    /// The key itself.
    ///
    /// # Errors
    /// When it is of another type, malformed or weak.
    pub fn verifying_key(&self) -> Result<VerifyingKey, JwkError> {
        let algorithm_fits = self.alg.as_deref().is_none_or(|alg| alg == "EdDSA" || alg == "Ed25519");
        let use_fits = self.key_use.as_deref().is_none_or(|key_use| key_use == "sig");
        if self.kty != "OKP" || self.crv != "Ed25519" || !algorithm_fits || !use_fits {
            return Err(JwkError::NotEd25519);
        }
        let bytes = BASE64URL_NOPAD.decode(self.x.as_bytes()).map_err(|_| JwkError::Malformed)?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| JwkError::Malformed)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| JwkError::Malformed)?;
        if key.is_weak() {
            return Err(JwkError::Weak);
        }
        // Two encodings of one point would be two names for one key.
        if key.to_edwards().compress().as_bytes() != &bytes {
            return Err(JwkError::Malformed);
        }
        Ok(key)
    }

    /// RFC 7638 thumbprint: base64url of SHA-256 over the required members in alphabetical order.
    pub fn thumbprint(&self) -> String {
        thumbprint_of_x(&self.x)
    }
}

/// The `kid` of a key: its RFC 7638 thumbprint.
pub fn thumbprint(key: &VerifyingKey) -> String {
    thumbprint_of_x(&BASE64URL_NOPAD.encode(key.as_bytes()))
}

fn thumbprint_of_x(x: &str) -> String {
    let members = serde_json::json!({"crv": "Ed25519", "kty": "OKP", "x": x}).to_string();
    BASE64URL_NOPAD.encode(&Sha256::digest(members))
}

/// A JWK set, as in `/.well-known/jwks.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JwkSet {
    /// The keys.
    pub keys: Vec<PublicJwk>,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn rfc8037() -> PublicJwk {
        serde_json::from_str(r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#)
            .unwrap()
    }

    #[test]
    fn the_thumbprint_is_that_of_rfc_8037_appendix_a3() {
        assert_eq!(rfc8037().thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        let key = rfc8037().verifying_key().unwrap();
        assert_eq!(thumbprint(&key), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(PublicJwk::of(&key).kid, Some(thumbprint(&key)));
    }

    #[test]
    fn keys_of_another_type_algorithm_or_use_are_refused() {
        for change in [
            |k: &mut PublicJwk| k.kty = "RSA".into(),
            |k: &mut PublicJwk| k.crv = "X25519".into(),
            |k: &mut PublicJwk| k.alg = Some("HS256".into()),
            |k: &mut PublicJwk| k.key_use = Some("enc".into()),
        ] {
            let mut key = rfc8037();
            change(&mut key);
            assert_eq!(key.verifying_key(), Err(JwkError::NotEd25519));
        }
    }

    #[test]
    fn malformed_and_weak_keys_are_refused() {
        let with = |bytes: &[u8]| PublicJwk { x: BASE64URL_NOPAD.encode(bytes), ..rfc8037() }.verifying_key();
        assert_eq!(with(&[1; 31]), Err(JwkError::Malformed));
        assert_eq!(PublicJwk { x: rfc8037().x + "=", ..rfc8037() }.verifying_key(), Err(JwkError::Malformed));
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(with(&identity), Err(JwkError::Weak));
        assert_eq!(with(&[0; 32]), Err(JwkError::Weak), "a point of order four");
        // y = p + 3 is another spelling of y = 3, a point of large order; y = p + 3 < 2^255.
        let mut alias = [0xff; 32];
        (alias[0], alias[31]) = (0xed + 3, 0x7f);
        assert_eq!(with(&alias), Err(JwkError::Malformed));
    }

    #[test]
    fn a_set_with_keys_of_other_types_is_still_read() {
        let set: JwkSet = serde_json::from_str(
            r#"{"keys":[{"kty":"RSA","n":"x","e":"AQAB"},{"kty":"OKP","crv":"Ed25519","x":"a"}]}"#,
        )
        .unwrap();
        assert_eq!(set.keys.len(), 2);
    }
}
