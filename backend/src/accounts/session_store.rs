//! Sessions: a `tower_sessions` store over our own database.
//!
//! The cookie's value is stored as its SHA-256 only. How long a session lives is decided here, by the
//! process's clock and the limits of `rules.rs`, not by the record's own expiry date: a test clock then
//! holds for sessions too. A session that was ended stays ended: saving it again from a request that was
//! under way does not bring it back, nor does giving it a new id.
//!
//! A new id for a session that goes on is made of two steps of `tower_sessions`, which deletes the old one and creates
//! another. Here it is one row all the time, so that whoever ends the user's sessions in between finds it: the row is put
//! under a name that no cookie has (`park`), and taken from there (`unpark`); where it is not there any more, it was ended.

use std::fmt;

use async_trait::async_trait;
use time::OffsetDateTime;
use tower_sessions::session::{Error as SessionError, Id, Record};
use tower_sessions::session_store::{Error, Result as StoreResult};
use tower_sessions::{Session, SessionStore};

use super::rules::session_ends;
use super::sessions::Identity;
use crate::clock::{Clock, HOUR_MS, UnixMs};
use crate::cx::Entropy;
use crate::db::{Db, DbError, JsonText, Tx, execute, fetch_optional};
use crate::keys::sha256;

/// The record's member that says whose it is.
pub(super) const IDENTITY: &str = "identity";
/// The record's member that says where a session is parked that gets a new id; never stored.
const PARKED: &str = "parked";
/// What the store answers where such a session was ended meanwhile.
const ENDED: &str = "the session was ended";
/// The last use is noted at most this often, so that reading pages does not write.
const TOUCH_MS: i64 = HOUR_MS;

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

impl DbSessionStore {
    /// Puts a session that is to have a new id where no cookie finds it.
    async fn park(&self, hash: Vec<u8>, parked: Vec<u8>) -> Result<(), Error> {
        let moved = self.db.write(move |tx| {
            Box::pin(async move { execute!(tx, "UPDATE sessions SET id_hash = $2 WHERE id_hash = $1", &hash, &parked) })
        });
        if moved.await.map_err(backend)? == 1 { Ok(()) } else { Err(Error::Backend(ENDED.to_owned())) }
    }

    /// Gives a parked session its new id, and what is in it now.
    async fn unpark(&self, parked: Vec<u8>, hash: Vec<u8>, data: Data) -> Result<(), Error> {
        let now = self.clock.now();
        let found = self.db.write(move |tx| {
            Box::pin(async move {
                let found = fetch_optional!(
                    tx,
                    SessionRow,
                    "UPDATE sessions SET id_hash = $2, record = $3 WHERE id_hash = $1 RETURNING *",
                    &parked,
                    &hash,
                    JsonText(data)
                )?;
                if let Some(row) = &found {
                    touch(tx, &hash, row.created_at, now).await?;
                }
                Ok::<_, DbError>(found.is_some())
            })
        });
        if found.await.map_err(backend)? { Ok(()) } else { Err(Error::Backend(ENDED.to_owned())) }
    }
}

#[async_trait]
impl SessionStore for DbSessionStore {
    async fn create(&self, record: &mut Record) -> StoreResult<()> {
        if let Some(parked) = take_parked(&mut record.data) {
            return self.unpark(parked, id_hash(&record.id), record.data.clone()).await;
        }
        // 128 random bits do not collide; if they seem to, somebody else's session is not taken over.
        while !self.insert(id_hash(&record.id), record.data.clone()).await? {
            record.id = Id(i128::from_le_bytes(self.entropy.bytes()));
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> StoreResult<()> {
        let (hash, mut data, now) = (id_hash(&record.id), record.data.clone(), self.clock.now());
        if let Some(parked) = take_parked(&mut data) {
            return self.park(hash, parked).await;
        }
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

pub(super) fn id_hash(id: &Id) -> Vec<u8> {
    sha256(&id.0.to_le_bytes())
}

/// Where a session is parked that gets a new id.
fn take_parked(data: &mut Data) -> Option<Vec<u8>> {
    let parked = data.remove(PARKED)?;
    data_encoding::HEXLOWER.decode(parked.as_str()?.as_bytes()).ok()
}

fn identity_of(data: &Data) -> Option<Identity> {
    serde_json::from_value(data.get(IDENTITY)?.clone()).ok()
}

/// What became of giving a session a new id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Renewal {
    /// It goes on under the new one.
    Renewed,
    /// It was ended elsewhere meanwhile, and stays so; its cookie goes.
    Ended,
}

/// Gives a session that goes on a new id, with what is in it.
pub(super) async fn give_new_id(session: &Session) -> Result<Renewal, SessionError> {
    let Some(id) = session.id() else { return Ok(Renewal::Ended) };
    // Made from the old id, which nobody can guess, and no hash of an id itself.
    let parked = sha256(format!("parked {}", id.0).as_bytes());
    session.insert(PARKED, data_encoding::HEXLOWER.encode(&parked)).await?;
    match cycle(session).await {
        Err(SessionError::Store(Error::Backend(text))) if text == ENDED => {
            session.flush().await?;
            Ok(Renewal::Ended)
        }
        cycled => cycled.map(|()| Renewal::Renewed),
    }
}

async fn cycle(session: &Session) -> Result<(), SessionError> {
    session.save().await?;
    session.cycle_id().await?;
    session.save().await
}
