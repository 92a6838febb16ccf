//! The vendor's signing keys in the console.

use super::moments;
use crate::clock::UnixMs;
use crate::keys::{SigningKeyInfo, SigningKeyStatus};

/// Title.
pub const TITLE: &str = "Signing keys";
/// Lead.
pub const LEAD: &str = "Every lease is signed with the active key. The next one is published ahead, so that products trust it before \
     it signs.";
/// What products need of it, before the link.
pub const TRUST: &str =
    "Products build the vendor's origin and its published keys in, and believe nobody else's leases:";
/// The link.
pub const TRUST_LINK: &str = "Trust bundle (trust.json)";
/// Caption of the list.
pub const CAPTION: &str = "Signing keys, newest first";
/// Columns.
pub const COLUMNS: [&str; 4] = ["Key id", "Status", "Made", "What it does"];
/// Label of the column of acts.
pub const ACT: &str = "Act";
/// Where there is none.
pub const NONE: &str =
    "There is no signing key, so nothing can be signed. Run `server admin keys rotate` on the server.";

/// Opens the question.
pub const ROTATE: &str = "Rotate…";
/// The question.
pub const ROTATE_TITLE: &str = "Rotate the signing keys?";
/// What follows from it.
pub const ROTATE_TEXT: &str = "The next key becomes active and signs from now on; a fresh one is made behind it. The present key signs no \
     more, and stays trusted until the last lease that it signed has ended. No check fails, and no product needs an \
     update. Rotate once or twice a year, or when somebody leaves who could have read the keys.";
/// Does it.
pub const ROTATE_SUBMIT: &str = "Rotate the keys";
/// Does not do it.
pub const ROTATE_CLOSE: &str = "Keep the keys";
/// Opens the question.
pub const REVOKE: &str = "Revoke…";
/// Does it.
pub const REVOKE_SUBMIT: &str = "Revoke this key";
/// Does not do it.
pub const REVOKE_CLOSE: &str = "Keep the key";
/// Where the role may only look.
pub const LOOK_ONLY: &str = "Your role may look at the keys. Admins may rotate and revoke them.";

/// The question.
#[must_use]
pub fn revoke_title(kid: &str) -> String {
    format!("Revoke the key {}?", short(kid))
}

/// What follows from it.
#[must_use]
pub fn revoke_text(status: SigningKeyStatus) -> &'static str {
    match status {
        SigningKeyStatus::Active => {
            "Do this when somebody else may have the key. All leases that it signed are rejected at once: instances \
             get new ones, signed with the next key, at their next check. Those that are offline fall under their \
             enforcement policy. To change keys in peace, rotate instead."
        }
        SigningKeyStatus::Next => {
            "Do this when somebody else may have the key. It has signed nothing yet; another one takes its place."
        }
        SigningKeyStatus::Retired | SigningKeyStatus::Revoked => {
            "Do this when somebody else may have the key. The leases that it signed are rejected at once; instances \
             that still hold one get a new one at their next check."
        }
    }
}

/// The first characters of a key id, enough to tell it from the others.
#[must_use]
pub fn short(kid: &str) -> String {
    kid.chars().take(8).collect()
}

/// A status in a word.
#[must_use]
pub fn status(status: SigningKeyStatus) -> &'static str {
    match status {
        SigningKeyStatus::Next => "Next",
        SigningKeyStatus::Active => "Active",
        SigningKeyStatus::Retired => "Retired",
        SigningKeyStatus::Revoked => "Revoked",
    }
}

/// What a key does now.
#[must_use]
pub fn does(key: &SigningKeyInfo, now: UnixMs) -> String {
    let on = |at: Option<UnixMs>| at.map(|at| moments::moment(at, now)).unwrap_or_default();
    match key.status {
        SigningKeyStatus::Next => "Published ahead; it signs after the next rotation.".to_owned(),
        SigningKeyStatus::Active => format!("Signs every lease since {}.", on(key.activated_at)),
        SigningKeyStatus::Retired if key.is_published() => match key.verifies_until {
            Some(until) => format!("Signs no more; what it signed is trusted until {}.", moments::moment(until, now)),
            None => "Signs no more; what it signed is still trusted.".to_owned(),
        },
        SigningKeyStatus::Retired => "Nothing that it signed is valid any more.".to_owned(),
        SigningKeyStatus::Revoked => format!("Trusted by nobody since {}.", on(key.revoked_at)),
    }
}
