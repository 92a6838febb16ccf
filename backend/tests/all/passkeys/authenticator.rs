//! A device that keeps passkeys, and the browser in front of it. What they say can be bent, a piece at a time.

use data_encoding::BASE64URL_NOPAD;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

pub(crate) const USER_PRESENT: u8 = 1 << 0;
pub(crate) const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
pub(crate) const BACKED_UP: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;

pub(crate) enum Key {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

/// One passkey on a device, and what it is going to say.
pub(crate) struct Device {
    pub(crate) key: Key,
    pub(crate) credential_id: Vec<u8>,
    /// Whose it is, in base64url, once it was told.
    pub(crate) user_handle: Option<String>,
    /// What it has counted; it always says 0 where this is `None`.
    pub(crate) count: Option<u32>,
    pub(crate) flags: u8,
    /// What it answers with in place of what it was asked.
    pub(crate) bent: Bent,
}

/// What is said instead of the truth.
#[derive(Clone, Default)]
pub(crate) struct Bent {
    pub(crate) kind: Option<&'static str>,
    pub(crate) challenge: Option<String>,
    pub(crate) origin: Option<&'static str>,
    pub(crate) cross_origin: bool,
    pub(crate) rp_id: Option<&'static str>,
    /// What the browser calls the credential.
    pub(crate) raw_id: Option<Vec<u8>>,
    /// The algorithm that the public key names.
    pub(crate) algorithm: Option<i8>,
    pub(crate) signature: bool,
    /// Changed after it was signed.
    pub(crate) after_signing: bool,
}

impl Device {
    /// One that counts, and signs with P-256.
    pub(crate) fn new(name: &str) -> Self {
        let rng = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &rng).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &rng).expect("a key");
        Self::with(Key::Es256(key), name)
    }

    /// One that is synchronised, never counts, and signs with Ed25519.
    pub(crate) fn synchronised(name: &str) -> Self {
        let key = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a key");
        let flags = USER_PRESENT | USER_VERIFIED | BACKUP_ELIGIBLE | BACKED_UP;
        Self { count: None, flags, ..Self::with(Key::EdDsa(key), name) }
    }

    fn with(key: Key, name: &str) -> Self {
        let flags = USER_PRESENT | USER_VERIFIED;
        let credential_id = name.as_bytes().to_vec();
        Self { key, credential_id, user_handle: None, count: Some(0), flags, bent: Bent::default() }
    }

    /// `navigator.credentials.create()`, with the options that the server sent; the answer as JSON.
    pub(crate) fn create(&mut self, options: &Value, origin: &str) -> String {
        self.user_handle = options["user"]["id"].as_str().map(str::to_owned);
        let rp_id = options["rp"]["id"].as_str().unwrap_or_default();
        let client_data = self.client_data("webauthn.create", options, origin);
        let data = [self.data(rp_id, HAS_CREDENTIAL), self.attested()].concat();
        // {"fmt": "none", "attStmt": {}, "authData": data}
        let length = u16::try_from(data.len()).expect("it is short").to_be_bytes();
        let object = [&b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59"[..], &length, &data].concat();
        self.credential(json!({
            "clientDataJSON": BASE64URL_NOPAD.encode(&client_data),
            "attestationObject": BASE64URL_NOPAD.encode(&object),
            "transports": ["internal"],
        }))
    }

    /// `navigator.credentials.get()`.
    pub(crate) fn get(&mut self, options: &Value, origin: &str) -> String {
        self.count = self.count.map(|count| count + 1);
        let rp_id = options["rpId"].as_str().unwrap_or_default();
        let client_data = self.client_data("webauthn.get", options, origin);
        let mut data = self.data(rp_id, 0);
        let signed = [data.as_slice(), digest(&SHA256, &client_data).as_ref()].concat();
        let mut signature = match &self.key {
            Key::Es256(key) => key.sign(&SystemRandom::new(), &signed).expect("a signature").as_ref().to_vec(),
            Key::EdDsa(key) => key.sign(&signed).as_ref().to_vec(),
        };
        if self.bent.signature {
            // Within the numbers, so that it still reads as a signature.
            let last = signature.len() - 1;
            signature[last] ^= 1;
        }
        if self.bent.after_signing {
            // The last byte of the counter.
            data[36] ^= 1;
        }
        self.credential(json!({
            "clientDataJSON": BASE64URL_NOPAD.encode(&client_data),
            "authenticatorData": BASE64URL_NOPAD.encode(&data),
            "signature": BASE64URL_NOPAD.encode(&signature),
            "userHandle": self.user_handle,
        }))
    }

    fn credential(&self, response: Value) -> String {
        let id = BASE64URL_NOPAD.encode(self.bent.raw_id.as_deref().unwrap_or(&self.credential_id));
        json!({ "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {}, "response": response })
            .to_string()
    }

    fn client_data(&self, kind: &str, options: &Value, origin: &str) -> Vec<u8> {
        let asked = options["challenge"].as_str().unwrap_or_default();
        let said = json!({
            "type": self.bent.kind.unwrap_or(kind),
            "challenge": self.bent.challenge.as_deref().unwrap_or(asked),
            "origin": self.bent.origin.unwrap_or(origin),
            "crossOrigin": self.bent.cross_origin,
            "somethingNew": "that we need not know",
        });
        said.to_string().into_bytes()
    }

    fn data(&self, rp_id: &str, more_flags: u8) -> Vec<u8> {
        let hash = digest(&SHA256, self.bent.rp_id.unwrap_or(rp_id).as_bytes());
        [hash.as_ref(), &[self.flags | more_flags], &self.count.unwrap_or(0).to_be_bytes()].concat()
    }

    /// The credential with its public key, as COSE.
    fn attested(&self) -> Vec<u8> {
        let length = u16::try_from(self.credential_id.len()).expect("it is short").to_be_bytes();
        let key = match &self.key {
            // {1: 2, 3: -7, -1: 1, -2: x, -3: y}; a small negative number n is the byte 0x20 - 1 - n.
            Key::Es256(key) => {
                let point: &[u8] = key.public_key().as_ref();
                let algorithm = self.algorithm(-7);
                [
                    &[0xa5, 1, 2, 3, algorithm, 0x20, 1, 0x21, 0x58, 32][..],
                    &point[1..33],
                    &[0x22, 0x58, 32],
                    &point[33..],
                ]
                .concat()
            }
            // {1: 1, 3: -8, -1: 6, -2: x}
            Key::EdDsa(key) => {
                let algorithm = self.algorithm(-8);
                [&[0xa4, 1, 1, 3, algorithm, 0x20, 6, 0x21, 0x58, 32][..], key.public_key().as_ref()].concat()
            }
        };
        [&[0; 16][..], &length, &self.credential_id, &key].concat()
    }

    fn algorithm(&self, own: i8) -> u8 {
        0x20 + (-1 - self.bent.algorithm.unwrap_or(own)).unsigned_abs()
    }
}
