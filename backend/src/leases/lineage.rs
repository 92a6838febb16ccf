//! The instance secret: a rolling credential that survives lost replies and betrays copies.
//!
//! `base64url(epoch ‖ n ‖ HMAC-SHA256(instance_key, epoch ‖ n))`, both numbers as 8 bytes big-endian. The
//! server keeps the highest (epoch, n) shown and the nonce it was shown with, and answers each accepted
//! secret with the one for n+1, always the same one, so that retries and concurrent checks agree. Only the
//! server mints secrets, so one ahead of what is stored, after a crash or restore, is good.

use data_encoding::BASE64URL_NOPAD;
use hmac::Mac;
use sdk::wire::Secret;

use crate::clock::{SECOND_MS, UnixMs};
use crate::keys::hmac_sha256;

/// The secret before the newest one is still answered for this long, and a repeated one is not a fork.
pub(crate) const RETRY_WINDOW_MS: i64 = 60 * SECOND_MS;
const MAC_BYTES: usize = 32;

/// Which secret: epochs begin with activations, `n` counts the secrets shown within one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub epoch: i64,
    pub n: i64,
}

/// The highest secret shown, with which nonce, and since when.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub at: Position,
    pub nonce: String,
    pub since: UnixMs,
}

/// What a genuine secret proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lineage {
    /// The newest one, shown for the first time.
    Next,
    /// The newest one again, or the one before it within the window: a retry.
    Retry,
    /// The newest one again, late and with another nonce: two copies have it.
    Fork,
    /// An older one.
    Stale,
}

/// Decides what showing `presented` proves.
pub(crate) fn decide(shown: &Shown, presented: Position, nonce: Option<&str>, now: UnixMs) -> Lineage {
    let within_window = now.0.saturating_sub(shown.since.0) <= RETRY_WINDOW_MS;
    if presented > shown.at {
        Lineage::Next
    } else if presented == shown.at {
        let other_nonce = nonce.is_some_and(|nonce| nonce != shown.nonce);
        if other_nonce && !within_window { Lineage::Fork } else { Lineage::Retry }
    } else if presented.epoch == shown.at.epoch && presented.n == shown.at.n - 1 && within_window {
        Lineage::Retry
    } else {
        Lineage::Stale
    }
}

/// The secret at a position.
pub(crate) fn mint(instance_key: &[u8], at: Position) -> Secret {
    let numbers = bytes(at);
    let mut mac = hmac_sha256(instance_key);
    mac.update(&numbers);
    let signed = [numbers.as_slice(), mac.finalize().into_bytes().as_slice()].concat();
    Secret::new(BASE64URL_NOPAD.encode(&signed))
}

/// The position of a genuine secret; `None` for any other text. Compares in constant time.
pub(crate) fn open(instance_key: &[u8], secret: &Secret) -> Option<Position> {
    let signed = BASE64URL_NOPAD.decode(secret.expose().as_bytes()).ok()?;
    let (numbers, tag) = signed.split_at_checked(signed.len().checked_sub(MAC_BYTES)?)?;
    let (epoch, n) = numbers.split_at_checked(8)?;
    let at = Position { epoch: i64::from_be_bytes(epoch.try_into().ok()?), n: i64::from_be_bytes(n.try_into().ok()?) };
    let mut mac = hmac_sha256(instance_key);
    mac.update(numbers);
    mac.verify_slice(tag).is_ok().then_some(at)
}

fn bytes(at: Position) -> [u8; 16] {
    let mut numbers = [0; 16];
    numbers[..8].copy_from_slice(&at.epoch.to_be_bytes());
    numbers[8..].copy_from_slice(&at.n.to_be_bytes());
    numbers
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn at(epoch: i64, n: i64) -> Position {
        Position { epoch, n }
    }

    #[test]
    fn the_table_of_the_protocol() {
        let shown = Shown { at: at(2, 5), nonce: "same".to_owned(), since: UnixMs(0) };
        for (presented, nonce, now, expected) in [
            (at(2, 6), "new", 0, Lineage::Next),
            (at(2, 9), "new", 0, Lineage::Next), // after a restore: ahead of the store
            (at(3, 0), "new", 0, Lineage::Next), // epoch first, then n
            (at(2, 5), "same", 0, Lineage::Retry),
            (at(2, 5), "other", 60_000, Lineage::Retry), // concurrent checks
            (at(2, 5), "same", 999_000, Lineage::Retry),
            (at(2, 5), "other", 60_001, Lineage::Fork),
            (at(2, 4), "other", 60_000, Lineage::Retry),
            (at(2, 4), "other", 60_001, Lineage::Stale),
            (at(2, 3), "same", 0, Lineage::Stale),
            (at(1, 9), "same", 0, Lineage::Stale),
        ] {
            assert_eq!(decide(&shown, presented, Some(nonce), UnixMs(now)), expected, "{presented:?} {nonce} {now}");
        }
    }

    #[test]
    fn a_secret_opens_only_with_its_key_and_untouched() {
        let secret = mint(&[1; 32], at(3, 7));
        assert_eq!(open(&[1; 32], &secret), Some(at(3, 7)));
        assert_eq!(open(&[2; 32], &secret), None);
        let raw = BASE64URL_NOPAD.decode(secret.expose().as_bytes()).unwrap();
        for byte in 0..raw.len() {
            let mut forged = raw.clone();
            forged[byte] ^= 1;
            assert_eq!(open(&[1; 32], &Secret::new(BASE64URL_NOPAD.encode(&forged))), None, "byte {byte}");
        }
        for junk in ["", "a", "AAAA", "not base64 at all!"] {
            assert_eq!(open(&[1; 32], &Secret::new(junk)), None, "{junk}");
        }
    }
}
