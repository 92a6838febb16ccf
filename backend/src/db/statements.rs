//! What a transaction on SQLite says, in as few calls as it can.
//!
//! Each call goes to SQLite's thread and back, and mostly waits for that thread to wake up, which takes longer than what
//! it is asked for. So what nobody needs an answer of ([`later!`](super::later)) is kept, and told with the end of its
//! use case, or before the next statement that is told at once. Nothing ever reads what is not written yet: every
//! statement goes through the one [`Executor`] here.

use std::fmt;

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use sqlx::encode::Encode;
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteQueryResult, SqliteRow, SqliteStatement, SqliteTypeInfo};
use sqlx::{Arguments, AssertSqlSafe, Describe, Either, Error, Execute, Executor, SqlStr, Sqlite, Transaction, Type};

/// SQLite's transaction, and what is still to be told it.
pub struct Statements {
    tx: Option<Transaction<'static, Sqlite>>,
    /// On the heap, because transactions lie in every use case.
    later: Box<Later>,
    /// Whether what was kept could not be told: then its use case cannot be kept either, whatever it makes of that.
    is_lost: bool,
}

/// Statements one after the other, with the arguments of all.
#[derive(Default)]
struct Later {
    sql: String,
    arguments: SqliteArguments,
}

impl Statements {
    pub(super) fn new(tx: Transaction<'static, Sqlite>) -> Self {
        Self { tx: Some(tx), later: Box::default(), is_lost: false }
    }

    /// Keeps a statement; its arguments follow with [`Statements::bind`].
    pub(crate) fn later(&mut self, sql: &str) {
        let Later { sql: kept, arguments } = &mut *self.later;
        if !kept.is_empty() {
            kept.push_str("; ");
        }
        push_renumbered(kept, sql, arguments.len());
    }

    /// Adds an argument of the statement that was kept last.
    pub(crate) fn bind<'t, T: Encode<'t, Sqlite> + Type<Sqlite>>(&mut self, argument: T) -> Result<(), Error> {
        self.later.arguments.add(argument).map_err(Error::Encode)
    }

    /// Whether something is still to be told.
    pub(super) fn has_more_to_tell(&self) -> bool {
        !self.later.sql.is_empty()
    }

    /// Forgets what was kept: its use case is undone.
    pub(super) fn leave_untold(&mut self) {
        *self.later = Later::default();
        self.is_lost = false;
    }

    /// Tells what was kept, and `end` after it.
    pub(super) async fn tell(&mut self, end: &str) -> Result<(), Error> {
        if std::mem::replace(&mut self.is_lost, true) {
            return Err(Error::Protocol("what was kept could not be told".to_owned()));
        }
        let Later { mut sql, arguments } = std::mem::take(&mut *self.later);
        if !(sql.is_empty() || end.is_empty()) {
            sql.push_str("; ");
        }
        sql.push_str(end);
        if !sql.is_empty() {
            // Put together from literals of the program; whatever comes from outside is an argument.
            sqlx::query_with(AssertSqlSafe(sql), arguments).execute(self.connection()).await?;
        }
        self.is_lost = false;
        Ok(())
    }

    pub(super) async fn commit(&mut self) -> Result<(), Error> {
        self.tell("").await?;
        match self.tx.take() {
            Some(tx) => tx.commit().await,
            None => Ok(()),
        }
    }

    pub(super) async fn rollback(&mut self) -> Result<(), Error> {
        self.leave_untold();
        match self.tx.take() {
            Some(tx) => tx.rollback().await,
            None => Ok(()),
        }
    }

    fn connection(&mut self) -> &mut SqliteConnection {
        match &mut self.tx {
            Some(tx) => tx,
            // `commit` and `rollback` take it, and whoever calls them consumes what this lies in.
            None => unreachable!("a transaction that has ended is not used"),
        }
    }

    /// The connection, once it has been told what was kept.
    async fn told(&mut self) -> Result<&mut SqliteConnection, Error> {
        if self.has_more_to_tell() {
            self.tell("").await?;
        }
        Ok(self.connection())
    }
}

impl fmt::Debug for Statements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statements").field("later", &self.later.sql).finish_non_exhaustive()
    }
}

impl<'c> Executor<'c> for &'c mut Statements {
    type Database = Sqlite;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Either<SqliteQueryResult, SqliteRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Sqlite>,
    {
        if self.has_more_to_tell() {
            stream::once(async move { Ok::<_, Error>(self.told().await?.fetch_many(query)) }).try_flatten().boxed()
        } else {
            self.connection().fetch_many(query)
        }
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<SqliteRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Sqlite>,
    {
        if self.has_more_to_tell() {
            Box::pin(async move { self.told().await?.fetch_optional(query).await })
        } else {
            self.connection().fetch_optional(query)
        }
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [SqliteTypeInfo],
    ) -> BoxFuture<'e, Result<SqliteStatement, Error>>
    where
        'c: 'e,
    {
        self.connection().prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Sqlite>, Error>>
    where
        'c: 'e,
    {
        self.connection().describe(sql)
    }
}

/// Appends a statement whose `$1` is the argument after `before` others.
fn push_renumbered(kept: &mut String, sql: &str, before: usize) {
    let mut parts = sql.split('$');
    kept.push_str(parts.next().unwrap_or_default());
    for part in parts {
        kept.push('$');
        let digits = part.len() - part.trim_start_matches(|it: char| it.is_ascii_digit()).len();
        match part[..digits].parse::<usize>() {
            Ok(number) => kept.push_str(&(number + before).to_string()),
            Err(_) => kept.push_str(&part[..digits]),
        }
        kept.push_str(&part[digits..]);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use tokio::sync::oneshot;

    use super::*;
    use crate::db::{Db, DbError, Options, Synchronous, Tx, execute, fetch_all, later};

    #[tokio::test]
    async fn what_is_left_for_later_is_there_for_whoever_reads_and_fails_alone() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        let db = Db::open(&url, Options { max_connections: 2, synchronous: Synchronous::Off }).await.unwrap();
        db.migrate().await.unwrap();
        let table = db.write(|tx| {
            Box::pin(async move { execute!(tx, "CREATE TABLE kept (id INTEGER PRIMARY KEY, word TEXT NOT NULL)") })
        });
        table.await.unwrap();
        let (let_go, held) = oneshot::channel::<()>();
        let first = db.write(move |_| Box::pin(async move { held.await.map_err(|_| DbError::GivenUp("dropped")) }));
        let good = db.write(|tx| {
            Box::pin(async move {
                keep(tx, 1, "one").await?;
                keep(tx, 2, "two").await?;
                assert_eq!(words(tx).await?, ["one", "two"], "whoever reads finds what the same use case wrote");
                keep(tx, 3, "three").await
            })
        });
        let bad = db.write(|tx| {
            Box::pin(async move {
                keep(tx, 4, "four").await?;
                keep(tx, 1, "one again").await
            })
        });
        let refused = db.write(|tx| {
            Box::pin(async move {
                keep(tx, 5, "five").await?;
                Err::<(), _>(DbError::GivenUp("refused"))
            })
        });
        let careless = db.write(|tx| {
            Box::pin(async move {
                keep(tx, 7, "seven").await?;
                keep(tx, 1, "one once more").await?;
                assert!(words(tx).await.is_err());
                Ok::<_, DbError>(())
            })
        });
        let last = db.write(|tx| Box::pin(keep(tx, 6, "six")));
        let let_go = async { let_go.send(()).unwrap() };
        // They share a commit: all wait while the first is held.
        let (first, good, bad, refused, careless, last, ()) =
            futures::join!(first, good, bad, refused, careless, last, let_go);
        assert!(first.is_ok() && good.is_ok() && last.is_ok(), "{first:?} {good:?} {last:?}");
        assert!(matches!(bad, Err(DbError::Duplicate(_))), "{bad:?}");
        assert!(matches!(refused, Err(DbError::GivenUp("refused"))), "{refused:?}");
        assert!(careless.is_err(), "nothing is kept of what was written in part: {careless:?}");
        let kept = db.read(|tx| Box::pin(words(tx))).await.unwrap();
        assert_eq!(kept, ["one", "two", "three", "six"]);
    }

    async fn keep(tx: &mut Tx, id: i64, word: &str) -> Result<(), DbError> {
        later!(tx, "INSERT INTO kept (id, word) VALUES ($1, $2)", id, word)
    }

    async fn words(tx: &mut Tx) -> Result<Vec<String>, DbError> {
        let rows = fetch_all!(tx, (String,), "SELECT word FROM kept ORDER BY id")?;
        Ok(rows.into_iter().map(|(word,)| word).collect())
    }

    #[test]
    fn arguments_are_counted_on() {
        let mut kept = String::new();
        push_renumbered(&mut kept, "INSERT INTO a (b) VALUES ($1, $2, $10)", 0);
        push_renumbered(&mut kept, "; UPDATE a SET b = $2 || '$', c = d ->> '$.e' WHERE f = $1", 10);
        assert_eq!(
            kept,
            "INSERT INTO a (b) VALUES ($1, $2, $10); UPDATE a SET b = $12 || '$', c = d ->> '$.e' WHERE f = $11"
        );
    }
}
