//! Passkeys: signing in with a key that a device keeps and lets go only to its owner (Web Authentication, W3C).
//!
//! A device makes a pair of keys for one portal; we keep the public one. To log in it signs a challenge of ours, after it
//! has asked its owner for a finger, a face or a PIN. So a passkey shows two things at once, what somebody has and who they
//! are or what they know, and no code is asked for after it. Nobody types an address: the device says whose key it is, so
//! the answer tells nobody who is registered. A signature is good for one origin, which a look-alike site cannot have.
//!
//! A **challenge** is good once, for one purpose and person, for [`CHALLENGE_MS`]; it waits in the session that asked for it, so
//! that nobody's answer is good in another browser. What is checked of an answer is in `rules.rs`, and each check has a
//! [`Flaw`]. We ask for no attestation: which make of device somebody uses is none of our business.
//!
//! Password and second factor stay beside it: there is always another way in when every device is lost, and whoever loses
//! one removes its passkey here. Nobody adds one before the e-mail address was shown to be the user's, and a password that is
//! set by mail takes all of them away ([`remove_all`]), for one may be a stranger's.

mod add_passkey;
mod answer;
mod authenticator_data;
mod begin_passkey;
mod cbor;
mod check_use;
mod confirm_with_passkey;
mod log_in_with_passkey;
mod options;
mod public_key;
mod relying_party;
mod remove_passkey;
mod rename_passkey;
mod rules;
mod store;

use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{PasskeyId, UserId, VendorId};

pub use add_passkey::{AddPasskey, PasskeyAddition, add_passkey};
pub use begin_passkey::{Begun, PasskeyBeginning, PasskeyPurpose, begin_passkey};
pub use confirm_with_passkey::{PasskeyConfirmation, confirm_with_passkey};
pub use log_in_with_passkey::{PasskeyLogIn, log_in_with_passkey};
pub use relying_party::RelyingParty;
pub use remove_passkey::{PasskeyRemoval, remove_passkey};
pub(super) use remove_passkey::{remove_added_since, remove_added_until, remove_all};
pub use rename_passkey::{PasskeyRenaming, rename_passkey};
pub use rules::{CHALLENGE_MS, Flaw, PASSKEY_NAME_MAX_CHARS};
pub use store::delete_old_challenges;
pub(super) use store::lock_all;

/// A passkey, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// Its id.
    pub id: PasskeyId,
    /// What its owner calls it.
    pub name: String,
    /// Whether it was synchronised with the owner's other devices when it was last used.
    pub backed_up: bool,
    /// When it was added.
    pub created_at: UnixMs,
    /// When it was last used, if ever.
    pub last_used_at: Option<UnixMs>,
}

/// What a browser answered to a challenge, as it came.
#[derive(Clone)]
pub struct UsePasskey {
    /// The portal.
    pub relying_party: RelyingParty,
    /// The challenge that waited in the session, in base64url.
    pub challenge: String,
    /// The browser's answer, a `PublicKeyCredential` as JSON.
    pub answer: String,
}

/// The passkeys of a user, the oldest first.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_passkeys(tx: &mut Tx, cx: &Cx, user_id: &UserId) -> Result<Vec<Passkey>, DbError> {
    let rows = store::list_rows(tx, cx, user_id).await?;
    Ok(rows.into_iter().map(store::PasskeyRow::passkey).collect())
}

/// Whether a user has a passkey.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(super) async fn has_passkey(tx: &mut Tx, vendor_id: &VendorId, user_id: &UserId) -> Result<bool, DbError> {
    store::has_any(tx, vendor_id, user_id).await
}
