//! The shape of the published files.

use sdk::{jwk::PublicJwk, trust::TrustBundle, wire::Identity};
use serde::{Deserialize, Serialize};

/// One file: what a verifier is set up with, and what it meets.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct File {
    /// What the tokens are: `lease`, `key_set` or `revocations`.
    pub(crate) kind: String,
    /// Whom the verifier trusts, unless a vector says otherwise.
    pub(crate) trust: TrustBundle,
    /// What it expects, unless a vector says otherwise.
    pub(crate) expect: Expectation,
    pub(crate) vectors: Vec<Vector>,
}

/// What a verifier expects of a token.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Expectation {
    /// Product code; leases only.
    pub(crate) aud: String,
    /// The verifier's clock, Unix seconds.
    pub(crate) now: i64,
    /// The own nonce; with it the clock does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) nonce: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) identity: Option<Identity>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) instance_id: Option<String>,
}

/// One token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Vector {
    pub(crate) id: String,
    /// `accepted`, or the name of the refusal.
    pub(crate) expected: String,
    pub(crate) token: String,
    /// Keys to trust instead of the file's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) trust_keys: Option<Vec<PublicJwk>>,
    /// What is expected instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expect: Option<Expectation>,
}

/// Collects the vectors of one file.
#[derive(Default)]
pub(crate) struct Vectors(pub(crate) Vec<Vector>);

impl Vectors {
    pub(crate) fn add(&mut self, id: impl Into<String>, expected: &str, token: impl Into<String>) -> &mut Vector {
        let (id, token) = (id.into(), token.into());
        self.0.push(Vector { id, expected: expected.into(), token, trust_keys: None, expect: None });
        self.0.last_mut().unwrap()
    }
}
