//! Strict compact JWS (RFC 7515) with Ed25519 (RFC 8037): the one shape that this product signs and accepts.
//!
//! More is refused than the RFCs require, because every freedom in the format is a second spelling of a token or a
//! place to smuggle a key in:
//!
//! - exactly three parts of canonical, unpadded base64url, at most [`MAX_TOKEN_BYTES`] together;
//! - header and payload are JSON objects without duplicate members at any depth;
//! - `alg` is exactly `EdDSA` or `Ed25519`, `typ` exactly the expected one;
//! - `crit`, `jwk`, `jku` and every `x5…` header are refused;
//! - the signature is verified strictly: canonical S, no key or R of small order.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Longest token that is looked at, in bytes. A lease has about 1,200.
pub const MAX_TOKEN_BYTES: usize = 32 * 1024;

/// The same for revocations, of which a vendor may have thousands.
pub const MAX_LIST_BYTES: usize = 1024 * 1024;

/// Why a text is not a genuine token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Longer than [`MAX_TOKEN_BYTES`], or than [`MAX_LIST_BYTES`] for revocations.
    #[error("the token is {0} bytes long, more than is accepted")]
    TooLarge(usize),
    /// Not three parts of canonical base64url.
    #[error("the token is not a compact JWS in canonical base64url")]
    NotCompact,
    /// Header or payload is not a JSON object, or has a member twice.
    #[error("the token's {part} is not a JSON object with distinct members: {why}")]
    NotJson {
        /// `header` or `payload`.
        part: &'static str,
        /// What the reader met.
        why: String,
    },
    /// An algorithm other than `EdDSA` and `Ed25519`.
    #[error("the token's algorithm is not accepted")]
    Algorithm,
    /// Another kind of token.
    #[error("the token's type is not {0}")]
    Type(&'static str),
    /// A header that would bring its own key or rules.
    #[error("the token's header {0} is not accepted")]
    ForbiddenHeader(String),
    /// No `kid`, or one that is not a text.
    #[error("the token names no key")]
    NoKeyId,
    /// The signature is not this key's signature over this token.
    #[error("the token's signature is wrong")]
    Signature,
}

/// Signs `payload`, a JSON object in UTF-8, as a compact JWS with `alg: EdDSA`.
pub fn sign(typ: &str, payload: &[u8], key: &SigningKey, kid: &str) -> String {
    sign_with(typ, &[], payload, key, kid)
}

/// The same with further members in the header.
pub(crate) fn sign_with(typ: &str, more: &[(&str, &str)], payload: &[u8], key: &SigningKey, kid: &str) -> String {
    let mut header = serde_json::json!({"alg": "EdDSA", "typ": typ, "kid": kid});
    for (name, value) in more {
        header[*name] = (*value).into();
    }
    let header = header.to_string();
    let mut token = BASE64URL_NOPAD.encode(header.as_bytes());
    token.push('.');
    BASE64URL_NOPAD.encode_append(payload, &mut token);
    let signature = key.sign(token.as_bytes());
    token.push('.');
    BASE64URL_NOPAD.encode_append(&signature.to_bytes(), &mut token);
    token
}

/// A well-formed token whose signature has not been verified yet; only its header can be read.
#[derive(Debug)]
pub struct Unverified<'a> {
    header: Map<String, Value>,
    kid: String,
    signing_input: &'a str,
    payload: Vec<u8>,
    signature: [u8; 64],
}

impl<'a> Unverified<'a> {
    /// Takes a token apart and checks its header.
    ///
    /// # Errors
    /// Whatever [`JwsError`] lists, the signature excepted.
    pub fn parse(token: &'a str, typ: &'static str) -> Result<Self, JwsError> {
        Self::parse_up_to(MAX_TOKEN_BYTES, token, typ)
    }

    /// The same for tokens that may be longer or must be shorter.
    pub(crate) fn parse_up_to(max_bytes: usize, token: &'a str, typ: &'static str) -> Result<Self, JwsError> {
        if token.len() > max_bytes {
            return Err(JwsError::TooLarge(token.len()));
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(JwsError::NotCompact)?;
        let (header, payload) = signing_input.split_once('.').ok_or(JwsError::NotCompact)?;
        let header = decode(header)?;
        let payload = decode(payload)?;
        let signature = decode(signature)?.try_into().map_err(|_| JwsError::NotCompact)?;
        let header = object("header", &header)?;
        for name in header.keys() {
            if matches!(name.as_str(), "crit" | "jwk" | "jku" | "b64" | "zip") || name.starts_with("x5") {
                return Err(JwsError::ForbiddenHeader(name.clone()));
            }
        }
        if !matches!(header.get("alg").and_then(Value::as_str), Some("EdDSA" | "Ed25519")) {
            return Err(JwsError::Algorithm);
        }
        if header.get("typ").and_then(Value::as_str) != Some(typ) {
            return Err(JwsError::Type(typ));
        }
        let kid = header.get("kid").and_then(Value::as_str).ok_or(JwsError::NoKeyId)?.to_owned();
        Ok(Self { header, kid, signing_input, payload, signature })
    }

    /// Which key claims to have signed.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// A member of the header.
    pub fn header(&self, name: &str) -> Option<&Value> {
        self.header.get(name)
    }

    /// Verifies the signature and returns the payload.
    ///
    /// # Errors
    /// When the signature is wrong, or the payload is no JSON object with distinct members.
    pub fn verify(self, key: &VerifyingKey) -> Result<Map<String, Value>, JwsError> {
        let signature = Signature::from_bytes(&self.signature);
        key.verify_strict(self.signing_input.as_bytes(), &signature).map_err(|_| JwsError::Signature)?;
        object("payload", &self.payload)
    }
}

fn decode(part: &str) -> Result<Vec<u8>, JwsError> {
    // BASE64URL_NOPAD refuses padding, foreign characters and set trailing bits: one spelling per value.
    BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| JwsError::NotCompact)
}

fn object(part: &'static str, json: &[u8]) -> Result<Map<String, Value>, JwsError> {
    let value: Distinct = serde_json::from_slice(json).map_err(|e| JwsError::NotJson { part, why: e.to_string() })?;
    match value.0 {
        Value::Object(members) => Ok(members),
        _ => Err(JwsError::NotJson { part, why: "it is no object".into() }),
    }
}

/// Any JSON value, read so that a member that stands twice in an object is an error and not an overwriting.
struct Distinct(Value);

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DistinctVisitor).map(Distinct)
    }
}

struct DistinctVisitor;

impl<'de> Visitor<'de> for DistinctVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Distinct(value)) = seq.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Distinct(value))) = map.next_entry::<String, Distinct>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom(format!("member `{name}` stands twice")));
            }
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}
