//! SQLite's one writer: every write of the process, in order, several to a commit.
//!
//! A thread owns the writing connection. It begins IMMEDIATE, runs the use cases that are waiting as
//! savepoints inside one transaction, commits once, and only then answers all of them: under load the
//! cost of a durable commit is shared (group commit), and nobody hears of a write that could be lost.
//! A use case that refuses with an error, or panics, is rolled back to its savepoint alone.
//!
//! It is a thread of its own because each statement goes to SQLite's thread and back: as a task of the
//! runtime that answers requests, it would queue behind all of them once for every statement.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock, Weak};

use futures::FutureExt;
use futures::future::BoxFuture;
use sqlx::{Sqlite, SqlitePool, Transaction};
use tokio::sync::{mpsc, oneshot};

use super::attentive::attentive;
use super::beside::{Beside, SqliteTx};
use super::wal_index::WalIndex;
use super::{DbError, Tx, TxFuture};

/// How many use cases share a commit at most: bounds how long the first of them waits for its answer.
const BATCH: usize = 64;
/// Use cases lie in each other on the stack, deepest where they are not optimized.
const STACK_BYTES: usize = 16 << 20;

/// Delivers a use case's answer once it is known whether the commit succeeded.
type Answer = Box<dyn FnOnce(Result<(), DbError>) + Send>;
/// Runs one use case; `true` keeps its writes.
type Job = Box<dyn for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, (bool, Answer)> + Send>;

pub(super) struct Writer {
    queue: mpsc::Sender<Job>,
    connection: Arc<Connection>,
}

/// What the writer writes with.
struct Connection {
    pool: SqlitePool,
    /// The table in memory that is told of what is written while there is one, and the counter that tells of other
    /// processes. The table has the database, and with it the writer.
    beside: OnceLock<(Weak<dyn Beside>, WalIndex)>,
}

impl Writer {
    /// Starts the thread, which ends when nobody can send it anything any more.
    pub(super) fn start(pool: SqlitePool) -> Result<Self, DbError> {
        let (queue, jobs) = mpsc::channel(1024);
        let connection = Arc::new(Connection { pool, beside: OnceLock::new() });
        let failed = |error| DbError::Unavailable(sqlx::Error::Io(error));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(failed)?;
        let writing = write_all(Arc::clone(&connection), jobs);
        let thread = std::thread::Builder::new().name("sqlite-writer".to_owned()).stack_size(STACK_BYTES);
        thread.spawn(move || runtime.block_on(writing)).map_err(failed)?;
        Ok(Self { queue, connection })
    }

    /// From now on every write tells the table; `false` where there has been another.
    pub(super) fn tell(&self, beside: Weak<dyn Beside>, index: WalIndex) -> bool {
        self.connection.beside.set((beside, index)).is_ok()
    }

    /// Whether there is a table to be told, and no other process has written since it was told last.
    pub(super) fn is_told(&self) -> bool {
        self.connection.beside.get().is_some_and(|(beside, index)| beside.strong_count() > 0 && index.is_ours())
    }

    pub(super) async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T, E> + Send + 'static,
    {
        let (reply, answered) = oneshot::channel::<Result<T, E>>();
        let job: Job = Box::new(move |tx| {
            async move {
                let outcome = AssertUnwindSafe(work(tx)).catch_unwind().await;
                let keep = matches!(outcome, Ok(Ok(_)));
                let answer: Answer = Box::new(move |committed| {
                    let message = match (outcome, committed) {
                        (Ok(Ok(_)), Err(error)) => Err(error.into()),
                        (Ok(result), _) => result,
                        (Err(_), _) => Err(DbError::GivenUp("a use case panicked").into()),
                    };
                    // A caller that no longer waits (a closed connection) has nobody to tell.
                    drop(reply.send(message));
                });
                (keep, answer)
            }
            .boxed()
        });
        if self.queue.send(job).await.is_err() {
            return Err(DbError::GivenUp("the writer has stopped").into());
        }
        // Unanswered is what the transaction ended before: it could not begin, as with a locked file or none.
        let ended = || DbError::Unavailable(sqlx::Error::Protocol("the transaction could not be made".to_owned()));
        answered.await.unwrap_or_else(|_| Err(ended().into()))
    }

    pub(super) async fn close(&self) {
        self.connection.pool.close().await;
    }
}

async fn write_all(connection: Arc<Connection>, mut jobs: mpsc::Receiver<Job>) {
    while let Some(first) = jobs.recv().await {
        let mut answers = Vec::new();
        let committed = write_batch(&connection, first, &mut jobs, &mut answers).await;
        let failure = committed.err().map(|error| error.to_string());
        if let Some(failure) = &failure {
            tracing::error!(failure, writes = answers.len(), "a commit failed; its writes were not made");
        }
        for answer in answers {
            answer(match &failure {
                None => Ok(()),
                Some(failure) => Err(DbError::Unavailable(sqlx::Error::Protocol(failure.clone()))),
            });
        }
    }
}

async fn write_batch(
    connection: &Connection,
    first: Job,
    jobs: &mut mpsc::Receiver<Job>,
    answers: &mut Vec<Answer>,
) -> Result<(), DbError> {
    let committed = commit_batch(connection, first, jobs, answers).await;
    // However it ended: another process's commit must not pass for one of ours that was never made.
    if let Some((_, index)) = connection.beside.get() {
        index.end(committed.is_ok());
    }
    committed
}

async fn commit_batch(
    connection: &Connection,
    first: Job,
    jobs: &mut mpsc::Receiver<Job>,
    answers: &mut Vec<Answer>,
) -> Result<(), DbError> {
    let tx = connection.pool.begin_with("BEGIN IMMEDIATE").await?;
    attentive(run_batch(connection, tx, first, jobs, answers)).await
}

async fn run_batch(
    connection: &Connection,
    tx: Transaction<'static, Sqlite>,
    first: Job,
    jobs: &mut mpsc::Receiver<Job>,
    answers: &mut Vec<Answer>,
) -> Result<(), DbError> {
    let told = connection.beside.get().and_then(|(beside, index)| Some((beside.upgrade()?, index)));
    let mut tx = Tx::Sqlite(SqliteTx::new(tx, told.as_ref().map(|(beside, _)| Arc::clone(beside))));
    if let Some((beside, index)) = &told {
        if index.begin() {
            beside.forget();
        }
        // So that every transaction counts exactly one commit.
        statement(&mut tx, "UPDATE writer SET transactions = transactions + 1").await?;
    }
    statement(&mut tx, "SAVEPOINT use_case").await?;
    let mut next = Some(first);
    while let Some(job) = next {
        let (is_kept, answer) = job(&mut tx).await;
        // Looked at and not taken: where this transaction fails now, the next one does what is waiting.
        let goes_on = answers.len() + 1 < BATCH && !jobs.is_empty();
        let kept = if is_kept { keep(&mut tx, goes_on).await } else { Ok(false) };
        let is_kept = matches!(kept, Ok(true));
        if !is_kept {
            // Where SQLite has given the transaction up, this fails as well, and all of it.
            undo(&mut tx, goes_on).await?;
        }
        match kept {
            Ok(_) => answers.push(answer),
            Err(failure) => answer(Err(failure)),
        }
        if let Tx::Sqlite(tx) = &mut tx {
            tx.settle(is_kept);
        }
        next = if goes_on { jobs.try_recv().ok() } else { None };
    }
    tx.commit().await
}

/// Keeps what a use case wrote, with what it left to be told. What is said at once goes to SQLite's thread once.
async fn keep(tx: &mut Tx, goes_on: bool) -> Result<bool, DbError> {
    if let Tx::Sqlite(tx) = tx {
        tx.tell(if goes_on { "RELEASE use_case; SAVEPOINT use_case" } else { "RELEASE use_case" }).await?;
    }
    Ok(true)
}

async fn undo(tx: &mut Tx, goes_on: bool) -> Result<(), DbError> {
    if let Tx::Sqlite(tx) = tx {
        tx.leave_untold();
    }
    // The savepoint stays, and is the next one's.
    statement(tx, if goes_on { "ROLLBACK TO use_case" } else { "ROLLBACK TO use_case; RELEASE use_case" }).await
}

async fn statement(tx: &mut Tx, statement: &'static str) -> Result<(), DbError> {
    if let Tx::Sqlite(connection) = tx {
        sqlx::query(statement).execute(&mut **connection).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::time::Duration;

    use super::*;
    use crate::clock::{Clock, UnixMs};
    use crate::cx::Entropy;
    use crate::db::{Db, Options, Synchronous};
    use crate::leases::live::{LiveTable, Settings};

    #[tokio::test]
    async fn the_thread_ends_when_nobody_has_the_database_or_the_table_beside_it_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        let options = Options { max_connections: 2, synchronous: Synchronous::Off };
        let db = Db::open(&url, options).await.unwrap();
        db.migrate().await.unwrap();
        let started = LiveTable::start(&db, Clock::fixed(UnixMs(0)), Entropy::seeded(1), Settings::default());
        let (table, writing) = started.unwrap();
        // Both have met.
        table.write().await.unwrap();
        let thread_has = Arc::downgrade(&db.writer().unwrap().connection);
        drop((db, table));
        let ended = async {
            while thread_has.strong_count() > 0 {
                tokio::task::yield_now().await;
            }
            writing.await.unwrap();
        };
        tokio::time::timeout(Duration::from_secs(30), ended).await.unwrap();
    }
}
