//! Asking a browser for a passkey: a challenge, and the options that go with it.

use std::net::IpAddr;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::rules::CHALLENGE_MS;
use super::{RelyingParty, options, store};
use crate::accounts::rate_limits::{Limit, RateVerdict, hit, subject_of};
use crate::accounts::store as people;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::UserId;
use crate::keys::{MasterKey, sha256};

/// What a challenge is for; an answer to one is none to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasskeyPurpose {
    /// Logging in, whoever it is.
    LogIn,
    /// Whoever is signed in shows again who it is.
    Confirm,
    /// Whoever is signed in adds a passkey.
    Add,
}

/// What the session keeps, and what the browser is asked.
#[derive(Clone)]
pub struct Begun {
    /// The challenge, in base64url.
    pub challenge: String,
    /// The options of the ceremony.
    pub options: Value,
}

/// What became of it.
pub enum PasskeyBeginning {
    /// A challenge is out.
    Begun(Begun),
    /// Too many were asked for from the network address.
    Limited {
        /// Seconds to wait.
        retry_after_s: i64,
    },
    /// Whoever wants to add one has not shown yet that the address is theirs.
    Unproven,
    /// Nobody is signed in, who would have to be.
    NotAllowed,
}

/// Begins a ceremony. Whoever lets somebody add a passkey has made sure that the person showed a moment ago who it is.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn begin_passkey(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    relying_party: &RelyingParty,
    purpose: PasskeyPurpose,
    address: IpAddr,
) -> Result<PasskeyBeginning, DbError> {
    let person = if purpose == PasskeyPurpose::LogIn { None } else { cx.actor.person() };
    let user = match person {
        Some(user_id) => people::find_user(tx, &cx.vendor_id, user_id).await?,
        None => None,
    };
    if purpose != PasskeyPurpose::LogIn && user.is_none() {
        return Ok(PasskeyBeginning::NotAllowed);
    }
    let is_unproven = user.as_ref().is_some_and(|user| user.email_verified_at.is_none());
    if purpose == PasskeyPurpose::Add && is_unproven {
        return Ok(PasskeyBeginning::Unproven);
    }
    // Each is a row that stays for a while.
    let verdict = hit(tx, cx, master, Limit::PasskeyAddress, &subject_of(address)).await?;
    if let RateVerdict::Limited { retry_after_s } = verdict {
        return Ok(PasskeyBeginning::Limited { retry_after_s });
    }
    let own = match &user {
        Some(user) => store::list_rows(tx, cx, &user.id).await?,
        None => Vec::new(),
    };
    let challenge = BASE64URL_NOPAD.encode(&cx.entropy.bytes::<32>());
    let hash = hash_of(purpose, person, &challenge);
    store::insert_challenge(tx, cx, &hash, cx.now.plus(CHALLENGE_MS)).await?;
    let options = match &user {
        Some(user) if purpose == PasskeyPurpose::Add => options::creation(relying_party, &challenge, user, &own),
        _ => options::request(relying_party, &challenge, &own),
    };
    Ok(PasskeyBeginning::Begun(Begun { challenge, options }))
}

/// Uses up a challenge that was made for this purpose and person; `false` where there is none that is still good.
pub(super) async fn use_up(
    tx: &mut Tx,
    cx: &Cx,
    purpose: PasskeyPurpose,
    person: Option<&UserId>,
    challenge: &str,
) -> Result<bool, DbError> {
    store::use_challenge(tx, cx, &hash_of(purpose, person, challenge)).await
}

/// What a challenge is for is part of what is kept of it.
fn hash_of(purpose: PasskeyPurpose, person: Option<&UserId>, challenge: &str) -> Vec<u8> {
    let purpose = match purpose {
        PasskeyPurpose::LogIn => "log_in",
        PasskeyPurpose::Confirm => "confirm",
        PasskeyPurpose::Add => "add",
    };
    sha256([purpose, person.map_or("", UserId::as_str), challenge].join("\0").as_bytes())
}
