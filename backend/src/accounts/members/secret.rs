//! The secret in an invitation's link.

use crate::cx::Cx;
use crate::keys::sha256;

/// Random bytes of a secret: 160 bits.
const SECRET_BYTES: usize = 20;

/// A new secret, and what is stored of it.
pub(super) fn new_secret(cx: &Cx) -> (String, Vec<u8>) {
    let secret = data_encoding::BASE32_DNSSEC.encode(&cx.entropy.bytes::<SECRET_BYTES>());
    let hash = hash_of(&secret);
    (secret, hash)
}

/// What is stored of a secret that came with a link.
pub(super) fn hash_of(secret: &str) -> Vec<u8> {
    sha256(secret.trim().as_bytes())
}
