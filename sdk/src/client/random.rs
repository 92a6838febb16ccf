//! Randomness of the client: nonces, and jitter so that a fleet does not ask in step.

use crate::wire::Nonce;

/// A fresh nonce.
pub(super) fn nonce() -> Nonce {
    let mut bytes = [0; 18];
    fill(&mut bytes);
    Nonce::from_random(bytes)
}

/// A number between two others, evenly.
pub(super) fn between(low: f64, high: f64) -> f64 {
    let mut bytes = [0; 4];
    fill(&mut bytes);
    low + (high - low) * f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
}

/// Operating systems that run products have a generator. Should it fail, the seed of the standard library's hash maps
/// stands in: a nonce must be new, not secret, and a client must not panic.
fn fill(bytes: &mut [u8]) {
    if getrandom::fill(bytes).is_ok() {
        return;
    }
    use std::hash::{BuildHasher as _, Hasher as _, RandomState};
    for chunk in bytes.chunks_mut(8) {
        let word = RandomState::new().build_hasher().finish().to_le_bytes();
        chunk.copy_from_slice(&word[..chunk.len()]);
    }
}
