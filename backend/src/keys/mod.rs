//! Keys: sealing what must be readable again, hashing what is only looked up, and the vendors' signing keys.
//!
//! The master key and its rotation are in `master/`.
//!
//! Signing keys live in `signing.rs`; they are changed by `rotate_signing_key.rs`, `revoke_signing_key.rs`
//! and `withdraw_retired_keys.rs`, each of which appends a link to the chain of `key_sets.rs`.

mod key_sets;
mod master;
mod revoke_signing_key;
mod rotate_signing_key;
mod signing;
mod store;
mod withdraw_retired_keys;

use hmac::{Hmac, KeyInit as _};
use sha2::{Digest, Sha256};

pub(crate) use key_sets::begin_key_chain;
pub use key_sets::trust_bundle;
pub use master::{
    Lookup, MasterKey, MasterKeyId, MasterOpening, MasterRotation, MasterStanding, SEALED_COLUMNS, SealReport,
    SealedColumn, examine_seals, master_standing, open_master, rotate_master,
};
pub use revoke_signing_key::{KeyRevocation, revoke_signing_key};
pub use rotate_signing_key::{KeyRotation, rotate_signing_key};
pub use signing::{SigningKeyInfo, SigningKeyStatus, VendorSigningKey, active_signing_key, published_keys};
pub use store::{key_sets_after, list_signing_keys};
pub use withdraw_retired_keys::withdraw_retired_keys;

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
    /// The keys of lookup hashes.
    LookupKey,
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
            Self::LookupKey => "lookup-key",
        }
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
