//! The master key: 32 bytes, from the environment or a file, from which everything else is derived.
//!
//! It is never used itself: HKDF-SHA256 derives one key per purpose from it. Sealed values are ChaCha20-Poly1305
//! with a random nonce, bound to their purpose and row, so that a sealed value copied to another row does not open.
//!
//! **It can be rotated.** A sealed value names the key that it was sealed with. A deployment has one present key,
//! which seals, and any number of others, which open (`that_also_opens`). `rotate_master.rs` seals anew, under the
//! present key, what is stored; `store.rs` has the list of all columns that hold something sealed. What waits sealed in
//! the session of a browser (a voucher's code, recovery codes, a token, a page to go on to) is short-lived and not in
//! the list: whoever takes the old key away too early loses that, and begins again.
//!
//! **Lookup hashes stay.** They are compared, so they must be the same under every master key. Their keys were derived
//! from the deployment's first one, and have been stored sealed since (`open_master.rs`).

mod examine_seals;
mod open_master;
mod rotate_master;
mod store;

use std::sync::Arc;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use hkdf::Hkdf;
use hmac::Mac;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Purpose, UnsealError, hmac_sha256};
use crate::cx::Entropy;

pub use examine_seals::{SealReport, examine_seals};
pub use open_master::{MasterOpening, MasterStanding, master_standing, open_master};
pub use rotate_master::{MasterRotation, rotate_master};
pub use store::{SEALED_COLUMNS, SealedColumn};

/// Version byte of a sealed value that does not name its key, as they were before keys could be rotated.
const NAMELESS: u8 = 1;
/// Version byte of a sealed value that names its key.
const NAMED: u8 = 2;
const ID_BYTES: usize = 8;
/// How long the start of a sealed value is by which it can be told with which key it was sealed.
const HEAD_BYTES: usize = 1 + ID_BYTES;
const NONCE_BYTES: usize = 12;
/// What the name of a key is derived with.
const ID_LABEL: &str = "master-key-id";

/// 32 bytes that nobody may see.
type SecretBytes = Zeroizing<[u8; 32]>;

/// What a lookup hash is for. The labels are part of the stored format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// License keys, by which instances are found.
    LicenseKey,
    /// First groups of license keys, by which staff find a license.
    LicenseKeyStart,
    /// Codes of vouchers.
    VoucherCode,
    /// Recovery codes.
    RecoveryCode,
    /// What is counted: addresses, e-mail addresses, people.
    RateLimit,
}

impl Lookup {
    /// All of them, in order.
    pub const ALL: [Self; 5] =
        [Self::LicenseKey, Self::LicenseKeyStart, Self::VoucherCode, Self::RecoveryCode, Self::RateLimit];

    /// The name by which its key is derived and stored.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::LicenseKey => "license-key-lookup",
            Self::LicenseKeyStart => "license-key-start",
            Self::VoucherCode => "voucher-code-lookup",
            Self::RecoveryCode => "recovery-code",
            Self::RateLimit => "rate-limit",
        }
    }
}

/// The name of a master key. It follows from the key, and nothing follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MasterKeyId([u8; ID_BYTES]);

impl std::fmt::Display for MasterKeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

/// The deployment's master key and what is derived from it; with others that still open what they have sealed.
#[derive(Clone)]
pub struct MasterKey(Arc<Ring>);

#[derive(Clone)]
struct Ring {
    present: OneKey,
    others: Vec<OneKey>,
    /// The keys of lookup hashes, in the order of [`Lookup::ALL`].
    lookups: [SecretBytes; Lookup::ALL.len()],
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

impl MasterKey {
    /// Takes 32 bytes as the master key. The keys of lookup hashes are those of a deployment of which it is the first
    /// master key, until [`open_master()`] has read those that are stored.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self::of(OneKey::new(Zeroizing::new(bytes)))
    }

    fn of(present: OneKey) -> Self {
        let lookups = Lookup::ALL.map(|lookup| present.derive(lookup.label()));
        Self(Arc::new(Ring { present, others: Vec::new(), lookups }))
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

    /// The same key, which also opens what these have sealed.
    #[must_use]
    pub fn that_also_opens(self, others: impl IntoIterator<Item = Self>) -> Self {
        let mut ring = Arc::unwrap_or_clone(self.0);
        ring.others.extend(others.into_iter().map(|other| other.0.present.clone()));
        Self(Arc::new(ring))
    }

    /// The name of the key that seals.
    #[must_use]
    pub fn id(&self) -> MasterKeyId {
        self.0.present.id
    }

    /// Whether the key of this name, as [`MasterKeyId`] is written, is the one that seals or one of those that open.
    #[must_use]
    pub fn knows(&self, id: &str) -> bool {
        self.keys().any(|key| key.id.to_string() == id)
    }

    /// What everything begins with that this key seals.
    #[must_use]
    pub fn seal_head(&self) -> Vec<u8> {
        [&[NAMED], self.0.present.id.0.as_slice()].concat()
    }

    /// Seals `plain` for `purpose`, bound to the row called `context`.
    #[must_use]
    pub fn seal(&self, purpose: Purpose, context: &str, plain: &[u8], entropy: &Entropy) -> Vec<u8> {
        let nonce: [u8; NONCE_BYTES] = entropy.bytes();
        let payload = Payload { msg: plain, aad: context.as_bytes() };
        // Encryption fails only for messages of 256 GiB and more, which nothing here can hold.
        let sealed = self.0.present.cipher(purpose).encrypt(&Nonce::from(nonce), payload).unwrap_or_default();
        [self.seal_head().as_slice(), nonce.as_slice(), sealed.as_slice()].concat()
    }

    /// Opens what [`MasterKey::seal`] sealed for the same purpose and context.
    ///
    /// # Errors
    /// [`UnsealError`] when it was sealed with an unknown master key or for another row, or is damaged.
    pub fn unseal(&self, purpose: Purpose, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, UnsealError> {
        self.open(purpose, context, sealed).map(|(_, plain)| plain).ok_or(UnsealError)
    }

    /// Whether it may be for lack of a key that this does not open: it names one that is not configured, or none at all.
    /// Anything else that does not open is damaged.
    #[must_use]
    pub fn may_lack_key_of(&self, sealed: &[u8]) -> bool {
        let names_known = |seal: Seal<'_>| seal.key.is_some_and(|id| self.keys().any(|key| key.id == id));
        Seal::read(sealed).is_some_and(|seal| !names_known(seal))
    }

    /// The one of the keys that opens this, alone.
    fn opener(&self, purpose: Purpose, context: &str, sealed: &[u8]) -> Option<Self> {
        self.open(purpose, context, sealed).map(|(key, _)| Self::of(key.clone()))
    }

    fn open(&self, purpose: Purpose, context: &str, sealed: &[u8]) -> Option<(&OneKey, Zeroizing<Vec<u8>>)> {
        let seal = Seal::read(sealed)?;
        // What does not name its key is older than the second key there was: each may have been the first.
        let mut keys = self.keys().filter(|key| seal.key.is_none_or(|id| id == key.id));
        keys.find_map(|key| Some((key, key.open(purpose, context, &seal)?)))
    }

    fn keys(&self) -> impl Iterator<Item = &OneKey> {
        std::iter::once(&self.0.present).chain(&self.0.others)
    }

    /// The keyed hash under which a license key is looked up: without the master key, a stolen database
    /// does not even tell whether a guessed key exists.
    #[must_use]
    pub fn license_key_hash(&self, key: &sdk::license_key::LicenseKey) -> Vec<u8> {
        self.keyed_hash(Lookup::LicenseKey, key.canonical_bytes())
    }

    /// The keyed hash under which a license key is looked up by its first group.
    #[must_use]
    pub fn license_key_start_hash(&self, first_group: &str) -> Vec<u8> {
        self.keyed_hash(Lookup::LicenseKeyStart, first_group.as_bytes())
    }

    /// A keyed hash of anything that must be compared but not read. It is the same whatever the present key is.
    #[must_use]
    pub fn keyed_hash(&self, lookup: Lookup, value: &[u8]) -> Vec<u8> {
        let mut mac = hmac_sha256(self.lookup_key(lookup).as_slice());
        mac.update(value);
        mac.finalize().into_bytes().to_vec()
    }

    fn lookup_key(&self, lookup: Lookup) -> &SecretBytes {
        &self.0.lookups[lookup as usize]
    }

    /// The same key with a stored key of lookup hashes.
    fn with_lookup_key(self, lookup: Lookup, key: SecretBytes) -> Self {
        let mut ring = Arc::unwrap_or_clone(self.0);
        ring.lookups[lookup as usize] = key;
        Self(Arc::new(ring))
    }
}

/// A single master key.
#[derive(Clone)]
struct OneKey {
    id: MasterKeyId,
    bytes: SecretBytes,
}

impl OneKey {
    fn new(bytes: SecretBytes) -> Self {
        let mut id = [0; ID_BYTES];
        expand(&bytes, ID_LABEL, &mut id);
        Self { id: MasterKeyId(id), bytes }
    }

    fn derive(&self, label: &str) -> SecretBytes {
        let mut key = Zeroizing::new([0; 32]);
        expand(&self.bytes, label, key.as_mut_slice());
        key
    }

    fn cipher(&self, purpose: Purpose) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(&Key::from(*self.derive(purpose.label())))
    }

    fn open(&self, purpose: Purpose, context: &str, seal: &Seal<'_>) -> Option<Zeroizing<Vec<u8>>> {
        let payload = Payload { msg: seal.body, aad: context.as_bytes() };
        self.cipher(purpose).decrypt(&Nonce::from(seal.nonce), payload).ok().map(Zeroizing::new)
    }
}

fn expand(secret: &SecretBytes, label: &str, into: &mut [u8]) {
    // 32 bytes are far below HKDF's limit of 255 blocks, so expanding cannot fail.
    if Hkdf::<Sha256>::new(None, secret.as_slice()).expand(label.as_bytes(), into).is_err() {
        unreachable!("HKDF-SHA256 expands up to 8160 bytes");
    }
}

/// A sealed value, taken apart.
struct Seal<'a> {
    /// The key that it names.
    key: Option<MasterKeyId>,
    nonce: [u8; NONCE_BYTES],
    body: &'a [u8],
}

impl<'a> Seal<'a> {
    fn read(sealed: &'a [u8]) -> Option<Self> {
        let (version, rest) = sealed.split_first()?;
        let (key, rest) = match *version {
            NAMELESS => (None, rest),
            NAMED => {
                let (id, rest) = rest.split_first_chunk::<ID_BYTES>()?;
                (Some(MasterKeyId(*id)), rest)
            }
            _ => return None,
        };
        let (nonce, body) = rest.split_first_chunk::<NONCE_BYTES>()?;
        Some(Self { key, nonce: *nonce, body })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn key(byte: u8) -> MasterKey {
        MasterKey::new([byte; 32])
    }

    /// As it was sealed before a seal named its key.
    fn nameless(sealed: &[u8]) -> Vec<u8> {
        [&[NAMELESS], &sealed[HEAD_BYTES..]].concat()
    }

    #[test]
    fn a_sealed_value_opens_only_with_its_key_purpose_and_row() {
        let entropy = Entropy::seeded(1);
        let key = key(7);
        let sealed = key.seal(Purpose::LicenseKey, "lic_a", b"secret", &entropy);
        for sealed in [sealed.clone(), nameless(&sealed)] {
            assert_eq!(key.unseal(Purpose::LicenseKey, "lic_a", &sealed).unwrap().as_slice(), b"secret");
            assert!(key.unseal(Purpose::LicenseKey, "lic_b", &sealed).is_err());
            assert!(key.unseal(Purpose::InstanceKey, "lic_a", &sealed).is_err());
            assert!(MasterKey::new([8; 32]).unseal(Purpose::LicenseKey, "lic_a", &sealed).is_err());
            for at in 0..sealed.len() {
                let mut damaged = sealed.clone();
                damaged[at] ^= 1;
                assert!(key.unseal(Purpose::LicenseKey, "lic_a", &damaged).is_err(), "byte {at}");
                assert!(key.unseal(Purpose::LicenseKey, "lic_a", &sealed[..at]).is_err(), "cut at {at}");
            }
        }
    }

    #[test]
    fn the_other_keys_open_and_the_present_one_seals() {
        let entropy = Entropy::seeded(2);
        let old = key(7).seal(Purpose::LicenseKey, "lic_a", b"secret", &entropy);
        let both = key(8).that_also_opens([key(6), key(7)]);
        for sealed in [old.clone(), nameless(&old)] {
            assert_eq!(both.unseal(Purpose::LicenseKey, "lic_a", &sealed).unwrap().as_slice(), b"secret");
            assert!(!sealed.starts_with(&both.seal_head()));
        }
        let new = both.seal(Purpose::LicenseKey, "lic_a", b"secret", &entropy);
        assert!(new.starts_with(&both.seal_head()) && both.seal_head().len() == HEAD_BYTES);
        assert!(key(8).unseal(Purpose::LicenseKey, "lic_a", &new).is_ok());
        assert!(key(7).unseal(Purpose::LicenseKey, "lic_a", &new).is_err());
        assert_eq!(both.id(), key(8).id());
        let known: Vec<bool> = [6, 7, 8, 9].map(|byte| both.knows(&key(byte).id().to_string())).to_vec();
        assert_eq!(known, [true, true, true, false]);
    }

    #[test]
    fn lookup_hashes_follow_from_the_stored_keys_and_differ_by_what_they_are_for() {
        let first = key(7);
        let mut rotated = key(8);
        for lookup in Lookup::ALL {
            assert_ne!(first.keyed_hash(lookup, b"a"), rotated.keyed_hash(lookup, b"a"));
            rotated = rotated.with_lookup_key(lookup, first.lookup_key(lookup).clone());
        }
        for (at, lookup) in Lookup::ALL.into_iter().enumerate() {
            assert_eq!(lookup as usize, at);
            assert_eq!(first.keyed_hash(lookup, b"a"), rotated.keyed_hash(lookup, b"a"));
            assert_eq!(Lookup::ALL.iter().filter(|other| other.label() == lookup.label()).count(), 1);
        }
        assert_ne!(first.keyed_hash(Lookup::LicenseKey, b"a"), first.keyed_hash(Lookup::VoucherCode, b"a"));
    }

    #[test]
    fn lookup_hashes_are_those_of_the_releases_before_master_keys_could_be_rotated() {
        // HMAC-SHA256 under HKDF-SHA256 of the key, by the label, of "a".
        let mut derived = [0_u8; 32];
        Hkdf::<Sha256>::new(None, &[7; 32]).expand(b"license-key-lookup", &mut derived).unwrap();
        let mut mac = hmac_sha256(&derived);
        mac.update(b"a");
        assert_eq!(key(7).keyed_hash(Lookup::LicenseKey, b"a"), mac.finalize().into_bytes().to_vec());
    }

    #[test]
    fn a_master_key_never_shows_itself() {
        assert_eq!(format!("{:?}", MasterKey::new([7; 32])), "MasterKey(…)");
    }
}
