//! Sessions: a `tower_sessions` store over our own database.
//!
//! The cookie's value is stored as its SHA-256 only. How long a session lives is decided here, by the
//! process's clock and the limits of `rules.rs`, not by the record's own expiry date: a test clock then
//! holds for sessions too. A session that was ended stays ended: saving it again from a request that was
//! under way does not bring it back.

use std::fmt;
use std::net::IpAddr;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result as StoreResult};
use tower_sessions::{Session, SessionStore};

use super::User;
use super::rules::{half_log_in_stands, is_fresh, session_ends};
use crate::audit;
use crate::clock::{Clock, HOUR_MS, UnixMs};
use crate::cx::{Cx, Entropy};
use crate::db::{Db, DbError, JsonText, Tx, execute, fetch_all, fetch_optional};
use crate::ids::{SessionId, UserId, VendorId};
use crate::keys::sha256;

/// The record's one member that the store itself reads.
const IDENTITY: &str = "identity";
/// The last use is noted at most this often, so that reading pages does not write.
const TOUCH_MS: i64 = HOUR_MS;
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
}

/// Somebody between the two steps of logging in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HalfLogIn {
    /// Whose password was right, or who came by a mailed link.
    pub user_id: UserId,
    /// When that was.
    pub password_given_at: UnixMs,
}

/// The session store.
#[derive(Clone)]
pub struct DbSessionStore {
    db: Db,
    clock: Clock,
    entropy: Entropy,
}

impl fmt::Debug for DbSessionStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DbSessionStore")
    }
}

type Data = std::collections::HashMap<String, serde_json::Value>;

#[derive(sqlx::FromRow)]
struct SessionRow {
    record: JsonText<Data>,
    created_at: UnixMs,
    last_seen_at: UnixMs,
    expires_at: UnixMs,
}

impl DbSessionStore {
    /// A store over `db`.
    #[must_use]
    pub fn new(db: Db, clock: Clock, entropy: Entropy) -> Self {
        Self { db, clock, entropy }
    }

    async fn insert(&self, hash: Vec<u8>, data: Data) -> Result<bool, Error> {
        let identity = identity_of(&data).ok_or_else(|| Error::Encode("a session names no vendor".to_owned()))?;
        let now = self.clock.now();
        let inserted = self.db.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "INSERT INTO sessions (id_hash, vendor_id, user_id, record, user_agent, created_at, last_seen_at,
                                           expires_at, network_address)
                     VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8) ON CONFLICT (id_hash) DO NOTHING",
                    &hash,
                    &identity.vendor_id,
                    identity.user_id.as_ref(),
                    JsonText(data),
                    &identity.user_agent,
                    now,
                    session_ends(now, now),
                    &identity.network_address
                )
            })
        });
        Ok(inserted.await.map_err(backend)? == 1)
    }
}

#[async_trait]
impl SessionStore for DbSessionStore {
    async fn create(&self, record: &mut Record) -> StoreResult<()> {
        // 128 random bits do not collide; if they seem to, somebody else's session is not taken over.
        while !self.insert(id_hash(&record.id), record.data.clone()).await? {
            record.id = Id(i128::from_le_bytes(self.entropy.bytes()));
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> StoreResult<()> {
        let (hash, data, now) = (id_hash(&record.id), record.data.clone(), self.clock.now());
        let user_id = identity_of(&data).and_then(|identity| identity.user_id);
        let saved = self.db.write(move |tx| {
            Box::pin(async move {
                let found = fetch_optional!(
                    tx,
                    SessionRow,
                    "UPDATE sessions SET record = $2, user_id = $3, last_seen_at = $4 WHERE id_hash = $1 RETURNING *",
                    &hash,
                    JsonText(data),
                    user_id.as_ref(),
                    now
                )?;
                match found {
                    Some(row) => touch(tx, &hash, row.created_at, now).await,
                    None => Ok(()),
                }
            })
        });
        saved.await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> StoreResult<Option<Record>> {
        let (hash, now) = (id_hash(id), self.clock.now());
        let found: Option<SessionRow> = {
            let hash = hash.clone();
            let found = self.db.read(move |tx| {
                Box::pin(async move {
                    fetch_optional!(
                        tx,
                        SessionRow,
                        "SELECT * FROM sessions WHERE id_hash = $1 AND expires_at > $2",
                        &hash,
                        now
                    )
                })
            });
            found.await.map_err(backend)?
        };
        let Some(row) = found else { return Ok(None) };
        if now.0 - row.last_seen_at.0 >= TOUCH_MS {
            let noted = self.db.write(move |tx| Box::pin(async move { touch(tx, &hash, row.created_at, now).await }));
            noted.await.map_err(backend)?;
        }
        let expiry_date = OffsetDateTime::from_unix_timestamp(row.expires_at.seconds())
            .map_err(|error| Error::Decode(error.to_string()))?;
        Ok(Some(Record { id: *id, data: row.record.0, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> StoreResult<()> {
        let hash = id_hash(id);
        let deleted = self
            .db
            .write(move |tx| Box::pin(async move { execute!(tx, "DELETE FROM sessions WHERE id_hash = $1", &hash) }));
        deleted.await.map(|_| ()).map_err(backend)
    }
}

async fn touch(tx: &mut Tx, hash: &[u8], begun_at: UnixMs, now: UnixMs) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE sessions SET last_seen_at = $2, expires_at = $3 WHERE id_hash = $1",
        hash,
        now,
        session_ends(begun_at, now)
    )?;
    Ok(())
}

fn backend(error: DbError) -> Error {
    Error::Backend(error.to_string())
}

fn id_hash(id: &Id) -> Vec<u8> {
    sha256(&id.0.to_le_bytes())
}

fn identity_of(data: &Data) -> Option<Identity> {
    serde_json::from_value(data.get(IDENTITY)?.clone()).ok()
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
        half: Some(HalfLogIn { user_id: user.id.clone(), password_given_at: now }),
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

/// Notes that the user has typed the password again. The session gets a new id, and keeps what is in it.
///
/// # Errors
/// The store's.
pub async fn renew_authentication(
    session: &Session,
    vendor_id: &VendorId,
    now: UnixMs,
) -> Result<(), tower_sessions::session::Error> {
    let Some(identity) = session_identity(session, vendor_id).await? else { return Ok(()) };
    session.insert(IDENTITY, Identity { authenticated_at: Some(now), ..identity }).await?;
    session.cycle_id().await?;
    session.save().await
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
