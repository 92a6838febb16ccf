//! Opening a database by its URL, and the pools behind [`Db`].

use std::str::FromStr;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, PgPool, SqlitePool};

use super::beside::{Beside, SqliteTx};
use super::wal_index::WalIndex;
use super::writer::Writer;
use super::{DbError, Tx};
use crate::clock::UnixMs;

/// PostgreSQL's clock as Unix milliseconds: not the time at which a transaction began.
const CLOCK: &str = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";

/// How much of the database the writer keeps in memory: 64 MiB, in KiB as SQLite wants it.
const WRITER_CACHE: &str = "-65536";
/// So many prepared statements the writer keeps.
const STATEMENTS: usize = 1_000;
/// So many pages of 4 KiB are in the write-ahead log before it is checkpointed: 32 MiB.
const LOG_PAGES: &str = "8192";

/// How hard SQLite tries before it says a commit is durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Synchronous {
    /// Survives power loss. The default, and what invariant "an acknowledged write survives" needs.
    #[default]
    Full,
    /// Survives a crash of the process, not of the machine.
    Normal,
    /// For tests.
    Off,
}

/// How a database is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Connections at most: readers on SQLite, all on PostgreSQL.
    pub max_connections: u32,
    /// SQLite only.
    pub synchronous: Synchronous,
}

impl Default for Options {
    fn default() -> Self {
        Self { max_connections: 16, synchronous: Synchronous::Full }
    }
}

/// A database on either engine. Cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Engine>);

pub(super) enum Engine {
    Sqlite { readers: SqlitePool, writer: Writer },
    Postgres(PgPool),
}

impl Db {
    /// Opens `sqlite:path`, `sqlite::memory:` or `postgres://…`. Does not migrate.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] when it cannot be reached, [`DbError::Migration`] with a sentence for a
    /// URL of another kind.
    pub async fn open(url: &str, options: Options) -> Result<Self, DbError> {
        let engine = if url.starts_with("sqlite:") {
            open_sqlite(url, options).await?
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let pool = PgPoolOptions::new()
                .max_connections(options.max_connections)
                .acquire_timeout(Duration::from_secs(10))
                .connect_with(PgConnectOptions::from_str(url)?)
                .await?;
            Engine::Postgres(pool)
        } else {
            return Err(DbError::Migration(
                "The database URL must start with `sqlite:` or `postgres:`, for example \
                 `sqlite:/var/lib/leasehold/leasehold.db`."
                    .to_owned(),
            ));
        };
        Ok(Self(Arc::new(engine)))
    }

    /// The engine's name, for logs and metrics.
    #[must_use]
    pub fn engine_name(&self) -> &'static str {
        match *self.0 {
            Engine::Sqlite { .. } => "sqlite",
            Engine::Postgres(_) => "postgres",
        }
    }

    /// Closes all connections after what is under way; a checkpoint empties SQLite's write-ahead log.
    pub async fn close(&self) {
        match &*self.0 {
            Engine::Sqlite { readers, writer } => {
                writer.close().await;
                readers.close().await;
            }
            Engine::Postgres(pool) => pool.close().await,
        }
    }

    /// How far the database's clock is ahead of `now`, in milliseconds; 0 on SQLite, which has none.
    ///
    /// # Errors
    /// [`DbError`] when the database does not answer.
    pub async fn clock_skew_ms(&self, now: UnixMs) -> Result<i64, DbError> {
        match &*self.0 {
            Engine::Sqlite { .. } => Ok(0),
            Engine::Postgres(pool) => {
                let (theirs,): (i64,) = sqlx::query_as(CLOCK).fetch_one(pool).await?;
                Ok(theirs - now.0)
            }
        }
    }

    /// Whether the database has a clock of its own.
    pub(crate) fn has_clock(&self) -> bool {
        matches!(&*self.0, Engine::Postgres(_))
    }

    /// What the database's clock showed between two moments of this machine; `None` on SQLite, which has none.
    pub(super) async fn read_clock(&self) -> Result<Option<(Instant, UnixMs, Instant)>, DbError> {
        let Engine::Postgres(pool) = &*self.0 else { return Ok(None) };
        // Waiting for a connection says nothing about the clock.
        let mut connection = pool.acquire().await?;
        let before = Instant::now();
        let (theirs,): (i64,) = sqlx::query_as(CLOCK).fetch_one(&mut *connection).await?;
        Ok(Some((before, UnixMs(theirs), Instant::now())))
    }

    /// Keeps a table in memory beside the database from now on, for as long as somebody has that table: it has the
    /// database, which therefore must not have it. `false` on PostgreSQL, whose other nodes nobody would tell of, and
    /// where SQLite has no write-ahead log in a file.
    pub(crate) fn keep_beside(&self, beside: Weak<dyn Beside>) -> bool {
        let Engine::Sqlite { readers, writer } = &*self.0 else { return false };
        let Some(index) = WalIndex::open(readers.connect_options().get_filename()) else { return false };
        writer.tell(beside, index)
    }

    /// Whether the table in memory has been told of everything that is in the database.
    pub(crate) fn is_told_to_memory(&self) -> bool {
        self.writer().is_some_and(Writer::is_told)
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.0
    }

    pub(super) fn writer(&self) -> Option<&Writer> {
        match &*self.0 {
            Engine::Sqlite { writer, .. } => Some(writer),
            Engine::Postgres(_) => None,
        }
    }

    pub(super) async fn begin_read(&self) -> Result<Tx, DbError> {
        Ok(match &*self.0 {
            Engine::Sqlite { readers, .. } => Tx::Sqlite(SqliteTx::new(readers.begin().await?, None)),
            Engine::Postgres(pool) => {
                Tx::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        })
    }

    pub(super) async fn begin_write(&self) -> Result<Tx, DbError> {
        Ok(match &*self.0 {
            Engine::Sqlite { readers, .. } => {
                Tx::Sqlite(SqliteTx::new(readers.begin_with("BEGIN IMMEDIATE").await?, None))
            }
            Engine::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }
}

async fn open_sqlite(url: &str, options: Options) -> Result<Engine, DbError> {
    let in_memory = url.contains(":memory:");
    let connect = SqliteConnectOptions::from_str(url)?
        .create_if_missing(true)
        // First, so that every later statement of a new connection already waits its turn.
        .busy_timeout(Duration::from_secs(10))
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(match options.synchronous {
            Synchronous::Full => SqliteSynchronous::Full,
            Synchronous::Normal => SqliteSynchronous::Normal,
            Synchronous::Off => SqliteSynchronous::Off,
        })
        .foreign_keys(true)
        // Statistics of the day on which there were three instances make SQLite go through all of them on the day on which
        // there are thousands. Without any, it trusts the indexes, which are made for what is asked.
        .optimize_on_close(false, None);
    // A database in memory exists once per connection name; sharing its cache would bring table locks
    // that a file does not have, so it gets exactly one connection for reads and writes alike.
    let size = if in_memory { 1 } else { options.max_connections };
    let readers = SqlitePoolOptions::new()
        .max_connections(size)
        .min_connections(u32::from(in_memory))
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(Duration::from_secs(10))
        // A file does not hang up.
        .test_before_acquire(false)
        .after_release(move |connection, _| Box::pin(may_go_on(connection, in_memory)))
        .connect_with(connect.clone())
        .await?;
    let write_pool = if in_memory {
        readers.clone()
    } else {
        let connect = connect
            // What a savepoint may have to undo lies in memory, and not in a file that is written to no end.
            .pragma("temp_store", "memory")
            // Ids are random, so what many use cases change lies in many pages: in memory while it is changed again and
            // again, and checkpointed once for many commits.
            .pragma("cache_size", WRITER_CACHE)
            .pragma("wal_autocheckpoint", LOG_PAGES)
            // All that the program writes with.
            .statement_cache_capacity(STATEMENTS);
        SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .after_release(|connection, _| Box::pin(may_go_on(connection, false)))
            .connect_with(connect)
            .await?
    };
    Ok(Engine::Sqlite { readers, writer: Writer::start(write_pool)? })
}

/// Whether a connection that is given back can be used again, or is replaced. SQLite ends a transaction by itself where
/// the disk is full or fails, and then has none to roll back; sqlx goes on counting it, and no other could begin.
async fn may_go_on(connection: &mut SqliteConnection, in_memory: bool) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // Its rollback may be under way.
        connection.ping().await?;
    }
    let has_ended = !connection.is_in_transaction();
    if !has_ended {
        tracing::warn!("SQLite gave a transaction up; its connection is replaced");
    }
    // With its connection a database in memory would go.
    Ok(has_ended || in_memory)
}
