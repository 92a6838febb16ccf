//! Sessions: whose they are, how they begin, go on and end. How they are kept is `session_store.rs`'s business.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use tower_sessions::Session;

use super::User;
use super::rules::{email_key, half_log_in_stands, is_fresh};
use super::session_store::{IDENTITY, Renewal, give_new_id, id_hash};
use crate::audit;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx, execute, fetch_all};
use crate::ids::{SessionId, UserId, VendorId};

/// A browser's name is kept up to here.
const USER_AGENT_MAX_CHARS: usize = 300;

/// Whose session it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The vendor whose portal it belongs to; a session of another vendor's host is no session.
    pub vendor_id: VendorId,
    /// Who is signed in; `None` before sign-in.
    pub user_id: Option<UserId>,
    /// The browser, as it names itself.
    pub user_agent: String,
    /// Network address that it came from at sign-in; empty before.
    #[serde(default)]
    pub network_address: String,
    /// When the user last proved who it is, by signing in or by typing the password again.
    pub authenticated_at: Option<UnixMs>,
    /// Who has typed the right password, or come by a mailed link, and not typed the code yet. Nobody is signed in by that.
    #[serde(default)]
    pub half: Option<HalfLogIn>,
    /// Whether a passkey was shown in it: by signing in, when the password was to be typed again, or by adding one.
    #[serde(default)]
    pub passkey_shown: bool,
}

/// Somebody between the two steps of logging in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HalfLogIn {
    /// Whose password was right, or who came by a mailed link.
    pub user_id: UserId,
    /// When that was.
    pub password_given_at: UnixMs,
    /// With which address, as addresses are compared; whoever has another one by the second step begins again.
    #[serde(default)]
    pub email_key: String,
}

/// Whose session it is, where it belongs to this vendor.
///
/// # Errors
/// The store's.
pub async fn session_identity(
    session: &Session,
    vendor_id: &VendorId,
) -> Result<Option<Identity>, tower_sessions::session::Error> {
    let identity: Option<Identity> = session.get(IDENTITY).await?;
    Ok(identity.filter(|identity| identity.vendor_id == *vendor_id))
}

/// Makes sure that a visitor has a session of this vendor, so that something can be kept in it before
/// sign-in; one that exists is left as it is.
///
/// # Errors
/// The store's.
pub async fn begin_visit(
    session: &Session,
    vendor_id: &VendorId,
    user_agent: &str,
) -> Result<(), tower_sessions::session::Error> {
    if session_identity(session, vendor_id).await?.is_some() {
        return Ok(());
    }
    renew(session).await?;
    let identity = Identity {
        vendor_id: vendor_id.clone(),
        user_id: None,
        user_agent: shorten(user_agent),
        network_address: String::new(),
        authenticated_at: None,
        half: None,
        passkey_shown: false,
    };
    session.insert(IDENTITY, identity).await
}

/// Empties a session and gives it a new id. Not `flush`, after which the old id would be used again.
async fn renew(session: &Session) -> Result<(), tower_sessions::session::Error> {
    session.clear().await;
    session.cycle_id().await
}

fn shorten(user_agent: &str) -> String {
    user_agent.chars().filter(|c| !c.is_control()).take(USER_AGENT_MAX_CHARS).collect()
}

/// Signs a user in: the session gets a new id, so that a planted one is worth nothing, and nothing from
/// before sign-in is kept.
///
/// # Errors
/// The store's.
pub async fn begin_session(
    session: &Session,
    user: &User,
    user_agent: &str,
    address: IpAddr,
    now: UnixMs,
) -> Result<(), tower_sessions::session::Error> {
    renew(session).await?;
    let identity = Identity {
        vendor_id: user.vendor_id.clone(),
        user_id: Some(user.id.clone()),
        user_agent: shorten(user_agent),
        network_address: address.to_canonical().to_string(),
        authenticated_at: Some(now),
        half: None,
        passkey_shown: false,
    };
    session.insert(IDENTITY, identity).await?;
    session.save().await
}

/// Notes that a user has taken the first step of logging in and the second factor is still to be shown: the session gets a new id, and is
/// nobody's until then.
///
/// # Errors
/// The store's.
pub async fn begin_half_session(
    session: &Session,
    user: &User,
    user_agent: &str,
    now: UnixMs,
) -> Result<(), tower_sessions::session::Error> {
    renew(session).await?;
    let identity = Identity {
        vendor_id: user.vendor_id.clone(),
        user_id: None,
        user_agent: shorten(user_agent),
        network_address: String::new(),
        authenticated_at: None,
        half: Some(HalfLogIn { user_id: user.id.clone(), password_given_at: now, email_key: email_key(&user.email) }),
        passkey_shown: false,
    };
    session.insert(IDENTITY, identity).await?;
    session.save().await
}

/// Who is between the two steps of logging in with this session, as long as it does not take too long.
///
/// # Errors
/// The store's.
pub async fn half_log_in(
    session: &Session,
    vendor_id: &VendorId,
    now: UnixMs,
) -> Result<Option<HalfLogIn>, tower_sessions::session::Error> {
    let half = session_identity(session, vendor_id).await?.and_then(|identity| identity.half);
    Ok(half.filter(|half| half_log_in_stands(half.password_given_at, now)))
}

/// Notes that the user has typed the password again. The session gets a new id, and keeps what is in it. `false` where it
/// was ended elsewhere meanwhile: it stays so, and its cookie goes.
///
/// # Errors
/// The store's.
pub async fn renew_authentication(
    session: &Session,
    vendor_id: &VendorId,
    now: UnixMs,
) -> Result<bool, tower_sessions::session::Error> {
    let Some(identity) = session_identity(session, vendor_id).await? else { return Ok(false) };
    session.insert(IDENTITY, Identity { authenticated_at: Some(now), ..identity }).await?;
    Ok(give_new_id(session).await? == Renewal::Renewed)
}

/// Notes that whoever is signed in has shown a passkey in this session.
///
/// # Errors
/// The store's.
pub async fn note_passkey(session: &Session, vendor_id: &VendorId) -> Result<(), tower_sessions::session::Error> {
    let Some(identity) = session_identity(session, vendor_id).await? else { return Ok(()) };
    session.insert(IDENTITY, Identity { passkey_shown: true, ..identity }).await
}

/// Gives a session a new id, because it may do other things from now on; what is in it stays, and it lives no longer by that.
/// `false` where it was ended elsewhere meanwhile: it stays so, and its cookie goes.
///
/// # Errors
/// The store's.
pub async fn change_session_id(session: &Session) -> Result<bool, tower_sessions::session::Error> {
    Ok(give_new_id(session).await? == Renewal::Renewed)
}

/// When the user of a session proved who it is, if that is recent enough for what only the user itself may do.
///
/// # Errors
/// The store's.
pub async fn fresh_authentication(
    session: &Session,
    vendor_id: &VendorId,
    now: UnixMs,
) -> Result<Option<UnixMs>, tower_sessions::session::Error> {
    let identity = session_identity(session, vendor_id).await?;
    Ok(identity.and_then(|identity| identity.authenticated_at).filter(|at| is_fresh(*at, now)))
}

/// Signs out: the session is deleted and its cookie goes.
///
/// # Errors
/// The store's.
pub async fn sign_out(session: &Session) -> Result<(), tower_sessions::session::Error> {
    session.flush().await
}

/// The public name of a session: tells it apart on the page that lists them, and is not its cookie.
#[must_use]
pub fn session_handle(session: &Session) -> Option<SessionId> {
    session.id().map(|id| handle(&id_hash(&id)))
}

fn handle(hash: &[u8]) -> SessionId {
    SessionId::from_untrusted(&format!("ses_{}", data_encoding::HEXLOWER.encode(hash)))
}

fn hash_of(handle: &SessionId) -> Option<Vec<u8>> {
    data_encoding::HEXLOWER.decode(handle.as_str().strip_prefix("ses_")?.as_bytes()).ok()
}

/// A signed-in browser, as its user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// Its public name.
    pub id: SessionId,
    /// The browser, as it names itself.
    pub user_agent: String,
    /// Network address that it came from at sign-in; empty where that was not kept.
    pub network_address: String,
    /// Since when.
    pub created_at: UnixMs,
    /// Last use, to the hour.
    pub last_seen_at: UnixMs,
}

#[derive(sqlx::FromRow)]
struct InfoRow {
    id_hash: Vec<u8>,
    user_agent: String,
    network_address: String,
    created_at: UnixMs,
    last_seen_at: UnixMs,
}

/// The living sessions of a user, the last used first.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_sessions(tx: &mut Tx, cx: &Cx, user_id: &UserId) -> Result<Vec<SessionInfo>, DbError> {
    let rows = fetch_all!(
        tx,
        InfoRow,
        "SELECT id_hash, user_agent, network_address, created_at, last_seen_at FROM sessions
         WHERE vendor_id = $1 AND user_id = $2 AND expires_at > $3 ORDER BY last_seen_at DESC, id_hash",
        &cx.vendor_id,
        user_id,
        cx.now
    )?;
    let info = |row: InfoRow| SessionInfo {
        id: handle(&row.id_hash),
        user_agent: row.user_agent,
        network_address: row.network_address,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
    };
    Ok(rows.into_iter().map(info).collect())
}

/// Ends one session of a user; `false` when the user has no such session.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn end_session(tx: &mut Tx, cx: &Cx, user_id: &UserId, session: &SessionId) -> Result<bool, DbError> {
    let Some(hash) = hash_of(session) else { return Ok(false) };
    let ended = execute!(
        tx,
        "DELETE FROM sessions WHERE vendor_id = $1 AND user_id = $2 AND id_hash = $3",
        &cx.vendor_id,
        user_id,
        &hash
    )?;
    if ended == 1 {
        audit::record(tx, cx, None, "session.end", user_id.as_str(), audit::NOTHING, audit::NOTHING).await?;
    }
    Ok(ended == 1)
}

/// Ends all sessions of a user but `keep`; answers how many.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn end_other_sessions(
    tx: &mut Tx,
    cx: &Cx,
    user_id: &UserId,
    keep: Option<&SessionId>,
) -> Result<u64, DbError> {
    // No hash is empty, so an empty one keeps nothing.
    let keep = keep.and_then(hash_of).unwrap_or_default();
    let ended = execute!(
        tx,
        "DELETE FROM sessions WHERE vendor_id = $1 AND user_id = $2 AND id_hash <> $3",
        &cx.vendor_id,
        user_id,
        &keep
    )?;
    if ended > 0 {
        let after = serde_json::json!({ "ended": ended });
        audit::record(tx, cx, None, "session.end_others", user_id.as_str(), audit::NOTHING, Some(&after)).await?;
    }
    Ok(ended)
}

/// Deletes the sessions of all vendors that have ended; answers how many.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn delete_expired_sessions(tx: &mut Tx, now: UnixMs) -> Result<u64, DbError> {
    execute!(tx, "DELETE FROM sessions WHERE expires_at <= $1", now)
}
