//! Recovery codes: ten at a time, each good for one log-in.

use serde::{Deserialize, Serialize};

use crate::cx::Entropy;
use crate::ids::UserId;
use crate::keys::{Lookup, MasterKey};

/// How many are made at a time.
pub const RECOVERY_CODES: usize = 10;
/// 80 random bits each, of which guessing is limited besides.
const CODE_BYTES: usize = 10;
/// Characters of a code as it is hashed.
const CODE_CHARS: usize = 16;

/// Fresh codes, which exist in clear here alone; never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecoveryCodes(Vec<String>);

impl std::fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryCodes(…)")
    }
}

impl RecoveryCodes {
    pub(super) fn generate(entropy: &Entropy) -> Self {
        let code = || {
            let text = data_encoding::BASE32_DNSSEC.encode(&entropy.bytes::<CODE_BYTES>());
            let groups: Vec<_> = text.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
            groups.join("-")
        };
        Self((0..RECOVERY_CODES).map(|_| code()).collect())
    }

    /// The codes as people keep them, in four groups each.
    #[must_use]
    pub fn expose(&self) -> &[String] {
        &self.0
    }

    pub(super) fn hashes(&self, master: &MasterKey, user_id: &UserId) -> Vec<Vec<u8>> {
        self.0.iter().filter_map(|code| hash_of(master, user_id, code)).collect()
    }
}

/// What a recovery code as typed is stored as; `None` for what cannot be one. The hash is keyed and bound to its user, so
/// that a stolen database cannot be searched for codes.
pub(super) fn hash_of(master: &MasterKey, user_id: &UserId, typed: &str) -> Option<Vec<u8>> {
    let code: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let code = code.to_ascii_lowercase();
    let is_code = code.len() == CODE_CHARS && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_code.then(|| master.keyed_hash(Lookup::RecoveryCode, format!("{user_id}\0{code}").as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_different_codes_are_made_and_recognised_however_they_are_typed() {
        let (master, ada) = (MasterKey::new([7; 32]), UserId::from_untrusted("usr_ada"));
        let codes = RecoveryCodes::generate(&Entropy::seeded(5));
        let hashes = codes.hashes(&master, &ada);
        let different: std::collections::BTreeSet<_> = hashes.iter().collect();
        assert_eq!(different.len(), RECOVERY_CODES);
        for (code, hash) in codes.expose().iter().zip(&hashes) {
            assert_eq!(code.len(), CODE_CHARS + 3, "{code}");
            for typed in [code.clone(), code.to_uppercase(), code.replace('-', " "), format!(" {code}\n")] {
                assert_eq!(hash_of(&master, &ada, &typed).as_ref(), Some(hash), "{typed}");
            }
            assert_ne!(hash_of(&master, &UserId::from_untrusted("usr_eve"), code).as_ref(), Some(hash));
        }
    }

    #[test]
    fn what_is_no_recovery_code_has_no_hash() {
        let (master, ada) = (MasterKey::new([7; 32]), UserId::from_untrusted("usr_ada"));
        for typed in ["", "123456", "abcd-efgh-ijkl-mno", "abcd-efgh-ijkl-mnopq", "abcd-efgh-ijkl-mnö"] {
            assert_eq!(hash_of(&master, &ada, typed), None, "{typed}");
        }
    }
}
