//! Keys: sealing what must be readable again, hashing what is only looked up, and the vendors' signing keys.
//!
//! One master key (32 bytes, from the environment or a file) is never used itself: HKDF-SHA256 derives
//! one key per purpose from it. Sealed values are ChaCha20-Poly1305 with a random nonce, bound to their
//! purpose and row, so that a sealed value copied to another row does not open.
//!
//! Signing keys live in `signing.rs`; they are changed by `rotate_signing_key.rs`, `revoke_signing_key.rs`
//! and `withdraw_retired_keys.rs`, each of which appends a link to the chain of `key_sets.rs`.

mod key_sets;
mod revoke_signing_key;
mod rotate_signing_key;
mod signing;
mod store;
mod withdraw_retired_keys;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::cx::Entropy;

pub(crate) use key_sets::begin_key_chain;
pub use revoke_signing_key::{KeyRevocation, revoke_signing_key};
pub use rotate_signing_key::{KeyRotation, rotate_signing_key};
pub use signing::{SigningKeyInfo, SigningKeyStatus, VendorSigningKey, active_signing_key, published_keys};
pub use store::{key_sets_after, list_signing_keys};
pub use withdraw_retired_keys::withdraw_retired_keys;

/// Version byte of a sealed value: lets a later format or master key be told apart.
const SEAL_VERSION: u8 = 1;
const NONCE_BYTES: usize = 12;

/// A sealed value does not open: another master key, another row, or damage.
#[derive(Debug, thiserror::Error)]
#[error("a sealed value does not open with this master key")]
pub struct UnsealError;

/// What a derived key is for. The names are part of the stored format.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// License keys, shown to their owner again.
    LicenseKey,
    /// The key that an instance's rolling secrets are derived from.
    InstanceKey,
    /// Vendors' signing keys.
    SigningKey,
    /// Secrets of second factors, and recovery codes on their way to be shown once.
    SecondFactor,
    /// API tokens on their way to be shown once.
    NewToken,
    /// Payloads of queued jobs: mails carry links that grant access.
    JobPayload,
    /// Where somebody goes on to after a log-in: it may be the page of a link that grants access.
    NextPage,
    /// Codes of vouchers, shown again to the partner that hands them out, and on their way to being redeemed.
    VoucherCode,
}

impl Purpose {
    fn label(self) -> &'static str {
        match self {
            Self::LicenseKey => "license-key",
            Self::InstanceKey => "instance-key",
            Self::SigningKey => "signing-key",
            Self::SecondFactor => "second-factor",
            Self::NewToken => "new-token",
            Self::JobPayload => "job-payload",
            Self::NextPage => "next-page",
            Self::VoucherCode => "voucher-code",
        }
    }
}

/// The deployment's master key and what is derived from it.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

impl MasterKey {
    /// Takes 32 bytes as the master key.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads a master key written as 64 hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(data_encoding::HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).ok()?);
        Some(Self::new(bytes.as_slice().try_into().ok()?))
    }

    /// A fresh master key, and its hexadecimal text for the key file.
    #[must_use]
    pub fn generate(entropy: &Entropy) -> (Self, Zeroizing<String>) {
        let bytes = entropy.bytes();
        (Self::new(bytes), Zeroizing::new(data_encoding::HEXLOWER.encode(&bytes)))
    }

    /// Seals `plain` for `purpose`, bound to the row called `context`.
    #[must_use]
    pub fn seal(&self, purpose: Purpose, context: &str, plain: &[u8], entropy: &Entropy) -> Vec<u8> {
        let nonce: [u8; NONCE_BYTES] = entropy.bytes();
        let payload = Payload { msg: plain, aad: context.as_bytes() };
        // Encryption fails only for messages of 256 GiB and more, which nothing here can hold.
        let sealed = self.cipher(purpose).encrypt(&Nonce::from(nonce), payload).unwrap_or_default();
        [&[SEAL_VERSION], nonce.as_slice(), sealed.as_slice()].concat()
    }

    /// Opens what [`MasterKey::seal`] sealed for the same purpose and context.
    ///
    /// # Errors
    /// [`UnsealError`] when it was sealed with another master key or for another row, or is damaged.
    pub fn unseal(&self, purpose: Purpose, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, UnsealError> {
        let (version, rest) = sealed.split_first().ok_or(UnsealError)?;
        let (nonce, body) = rest.split_at_checked(NONCE_BYTES).ok_or(UnsealError)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| UnsealError)?;
        if *version != SEAL_VERSION {
            return Err(UnsealError);
        }
        let payload = Payload { msg: body, aad: context.as_bytes() };
        self.cipher(purpose).decrypt(&Nonce::from(nonce), payload).map(Zeroizing::new).map_err(|_| UnsealError)
    }

    /// The keyed hash under which a license key is looked up: without the master key, a stolen database
    /// does not even tell whether a guessed key exists.
    #[must_use]
    pub fn license_key_hash(&self, key: &sdk::license_key::LicenseKey) -> Vec<u8> {
        self.keyed_hash("license-key-lookup", key.canonical_bytes())
    }

    /// A keyed hash of anything that must be compared but not read: rate-limit subjects, addresses.
    #[must_use]
    pub fn keyed_hash(&self, purpose: &str, value: &[u8]) -> Vec<u8> {
        let key = self.derive(purpose);
        let mut mac = hmac_sha256(key.as_slice());
        mac.update(value);
        mac.finalize().into_bytes().to_vec()
    }

    fn cipher(&self, purpose: Purpose) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(&Key::from(*self.derive(purpose.label())))
    }

    fn derive(&self, label: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        // 32 bytes are far below HKDF's limit of 255 blocks, so expanding cannot fail.
        if Hkdf::<Sha256>::new(None, self.0.as_slice()).expand(label.as_bytes(), key.as_mut_slice()).is_err() {
            unreachable!("HKDF-SHA256 expands up to 8160 bytes");
        }
        key
    }
}

/// An HMAC-SHA256 that takes keys of any length.
#[must_use]
pub(crate) fn hmac_sha256(key: &[u8]) -> Hmac<Sha256> {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => mac,
        Err(_) => unreachable!("HMAC takes keys of any length"),
    }
}

/// SHA-256, for values that are random enough to need no key: link secrets, session ids, documents.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_sealed_value_opens_only_with_its_key_purpose_and_row() {
        let entropy = Entropy::seeded(1);
        let key = MasterKey::new([7; 32]);
        let sealed = key.seal(Purpose::LicenseKey, "lic_a", b"secret", &entropy);
        assert_eq!(key.unseal(Purpose::LicenseKey, "lic_a", &sealed).unwrap().as_slice(), b"secret");
        assert!(key.unseal(Purpose::LicenseKey, "lic_b", &sealed).is_err());
        assert!(key.unseal(Purpose::InstanceKey, "lic_a", &sealed).is_err());
        assert!(MasterKey::new([8; 32]).unseal(Purpose::LicenseKey, "lic_a", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert!(key.unseal(Purpose::LicenseKey, "lic_a", &damaged).is_err(), "byte {at}");
        }
        assert!(key.unseal(Purpose::LicenseKey, "lic_a", b"").is_err());
    }

    #[test]
    fn a_master_key_never_shows_itself() {
        assert_eq!(format!("{:?}", MasterKey::new([7; 32])), "MasterKey(…)");
    }
}
