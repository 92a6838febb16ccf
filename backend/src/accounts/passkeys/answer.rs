//! What browsers answer: `PublicKeyCredential.toJSON()` (W3C Web Authentication §5.1), bytes in base64url without padding.

use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;

/// A credential that was made.
#[derive(Debug)]
pub(super) struct Attestation {
    pub(super) credential_id: Vec<u8>,
    pub(super) client_data: Vec<u8>,
    pub(super) attestation_object: Vec<u8>,
}

/// A credential that was used.
#[derive(Debug)]
pub(super) struct Assertion {
    pub(super) credential_id: Vec<u8>,
    pub(super) client_data: Vec<u8>,
    pub(super) authenticator_data: Vec<u8>,
    pub(super) signature: Vec<u8>,
    /// Whose it is, as the authenticator was told when the credential was made.
    pub(super) user_handle: Option<Vec<u8>>,
}

/// What the browser says that it was asked, and by whom. It is signed as the bytes that it came in.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClientData {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) challenge: String,
    pub(super) origin: String,
    #[serde(default)]
    pub(super) cross_origin: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CredentialJson<R> {
    raw_id: String,
    #[serde(rename = "type")]
    kind: String,
    response: R,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AttestationJson {
    #[serde(rename = "clientDataJSON")]
    client_data_json: String,
    attestation_object: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AssertionJson {
    #[serde(rename = "clientDataJSON")]
    client_data_json: String,
    authenticator_data: String,
    signature: String,
    user_handle: Option<String>,
}

impl Attestation {
    pub(super) fn parse(json: &str) -> Option<Self> {
        let CredentialJson { raw_id, kind, response } =
            serde_json::from_str::<CredentialJson<AttestationJson>>(json).ok()?;
        (kind == "public-key").then_some(())?;
        Some(Self {
            credential_id: bytes(&raw_id)?,
            client_data: bytes(&response.client_data_json)?,
            attestation_object: bytes(&response.attestation_object)?,
        })
    }
}

impl Assertion {
    pub(super) fn parse(json: &str) -> Option<Self> {
        let CredentialJson { raw_id, kind, response } =
            serde_json::from_str::<CredentialJson<AssertionJson>>(json).ok()?;
        (kind == "public-key").then_some(())?;
        let user_handle = match response.user_handle {
            Some(handle) => Some(bytes(&handle)?),
            None => None,
        };
        Some(Self {
            credential_id: bytes(&raw_id)?,
            client_data: bytes(&response.client_data_json)?,
            authenticator_data: bytes(&response.authenticator_data)?,
            signature: bytes(&response.signature)?,
            user_handle,
        })
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()
}
