//! The database: one SQL text for SQLite and PostgreSQL, one place that commits.
//!
//! [`Db`] is chosen by its URL (`sqlite:path` or `postgres://…`). [`Db::read`] gives a consistent
//! snapshot, [`Db::write`] the only transaction that commits; both hand a [`Tx`] to a closure. Queries
//! are literal SQL with `$1…$n` through the macros [`fetch_optional!`], [`fetch_one!`], [`fetch_all!`],
//! [`execute!`], [`later!`], which expand to a native sqlx call for each engine, so that every query is written once
//! and checked against both drivers.
//!
//! On SQLite all writes go through one writer thread (see `writer.rs`); on PostgreSQL each write is its
//! own transaction and rows are claimed by `lock_*` queries (`UPDATE … SET lock_no = lock_no + 1 …
//! RETURNING`), which are valid on both engines.
//!
//! Columns are portable: ids TEXT, money BIGINT minor units and TEXT currency, times BIGINT Unix
//! milliseconds, flags BOOLEAN, blobs, JSON as TEXT ([`JsonText`]). The few statements that must differ
//! between the engines live in this folder.

mod attentive;
mod beside;
mod clock_watch;
mod columns;
mod error;
mod migrate;
mod open;
mod statements;
mod wal_index;
mod writer;

use futures::future::BoxFuture;
use sqlx::{Postgres, Transaction};

pub use beside::SqliteTx;
pub(crate) use beside::{Beside, Extent, Subject};
pub use clock_watch::ClockWatch;
pub use columns::JsonText;
pub(crate) use columns::text_enum;
pub use error::DbError;
pub use migrate::{Migration, migrations_pending};
pub use open::{Db, Options, Synchronous};
pub use statements::Statements;

/// An open transaction on either engine. Use cases take it and neither begin nor commit.
pub enum Tx {
    /// SQLite's.
    Sqlite(SqliteTx),
    /// PostgreSQL's.
    Postgres(Transaction<'static, Postgres>),
}

/// What a closure given to [`Db::read`] or [`Db::write`] returns.
pub type TxFuture<'t, T, E> = BoxFuture<'t, Result<T, E>>;

impl Db {
    /// Runs `work` in a transaction that is always rolled back: a consistent snapshot.
    ///
    /// # Errors
    /// The closure's own, or [`DbError`] when no connection can be had.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        E: From<DbError>,
        F: for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T, E>,
    {
        let mut tx = self.begin_read().await?;
        let answer = work(&mut tx).await;
        tx.rollback().await?;
        answer
    }

    /// Runs `work` and commits what it wrote if it answers `Ok`; returns only after the commit is durable.
    ///
    /// `work` must not call the network or hash passwords: on SQLite every other write waits for it.
    ///
    /// # Errors
    /// The closure's own (nothing is then written), or [`DbError`].
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T, E> + Send + 'static,
    {
        if let Some(writer) = self.writer() {
            return writer.run(work).await;
        }
        let mut tx = self.begin_write().await?;
        match work(&mut tx).await {
            Ok(answer) => {
                tx.commit().await?;
                Ok(answer)
            }
            Err(error) => {
                tx.rollback().await?;
                Err(error)
            }
        }
    }
}

impl Tx {
    async fn commit(self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    async fn rollback(self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(tx) => tx.rollback().await?,
            Self::Postgres(tx) => tx.rollback().await?,
        }
        Ok(())
    }
}

/// Runs `$body` with `$c` bound to the native connection of whichever engine `$tx` is on.
macro_rules! on {
    ($tx:expr, $c:ident => $body:expr) => {
        match $tx {
            $crate::db::Tx::Sqlite(tx) => {
                let $c = &mut **tx;
                $body
            }
            $crate::db::Tx::Postgres(tx) => {
                let $c = &mut **tx;
                $body
            }
        }
    };
}

/// Puts a query on the heap. Use cases await many of them, on both engines, and those futures would otherwise lie in theirs,
/// which lie in those of whoever calls them: megabytes of stack, and minutes in which the compiler asks each whether it is
/// [`Send`].
pub(crate) fn boxed<'q, T>(query: impl Future<Output = T> + Send + 'q) -> BoxFuture<'q, T> {
    Box::pin(query)
}

/// The row that `$sql` finds, if any.
macro_rules! fetch_optional { ($tx:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
    $crate::db::on!($tx, c => $crate::db::boxed(sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.fetch_optional(c)).await)
        .map_err($crate::db::DbError::from)
} }

/// The one row that `$sql` always finds.
macro_rules! fetch_one { ($tx:expr, $row:ty, $sql:literal $(, $arg:expr)* $(,)?) => {
    $crate::db::on!($tx, c => $crate::db::boxed(sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.fetch_one(c)).await)
        .map_err($crate::db::DbError::from)
} }

/// All rows that `$sql` finds.
macro_rules! fetch_all { ($tx:expr, $row:ty, $sql:literal $(, $arg:expr)* $(,)?) => {
    $crate::db::on!($tx, c => $crate::db::boxed(sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.fetch_all(c)).await)
        .map_err($crate::db::DbError::from)
} }

/// Executes `$sql` and answers how many rows it touched.
macro_rules! execute { ($tx:expr, $sql:literal $(, $arg:expr)* $(,)?) => {
    $crate::db::on!($tx, c => $crate::db::boxed(sqlx::query($sql)$(.bind($arg))*.execute(c)).await.map(|done| done.rows_affected()))
        .map_err($crate::db::DbError::from)
} }

/// Executes `$sql`, of which nobody needs an answer. On SQLite it is told together with what comes next (`statements.rs`),
/// so what is wrong with it may show only then.
macro_rules! later { ($tx:expr, $sql:expr $(, $arg:expr)* $(,)?) => {
    match $tx {
        $crate::db::Tx::Sqlite(tx) => {
            tx.later($sql);
            Ok(())$(.and_then(|()| tx.bind($arg)))*
        }
        $crate::db::Tx::Postgres(tx) => {
            $crate::db::boxed(sqlx::query($sql)$(.bind($arg))*.execute(&mut **tx)).await.map(drop)
        }
    }
    .map_err($crate::db::DbError::from)
} }

pub(crate) use {execute, fetch_all, fetch_one, fetch_optional, later, on};
