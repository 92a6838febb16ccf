//! SQLite's one writer: every write of the process, in order, several to a commit.
//!
//! A task owns the writing connection. It begins IMMEDIATE, runs the use cases that are waiting as
//! savepoints inside one transaction, commits once, and only then answers all of them: under load the
//! cost of a durable commit is shared (group commit), and nobody hears of a write that could be lost.
//! A use case that refuses with an error, or panics, is rolled back to its savepoint alone.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use futures::future::BoxFuture;
use sqlx::SqlitePool;
use tokio::sync::{mpsc, oneshot};

use super::{DbError, Tx, TxFuture};

/// How many use cases share a commit at most: bounds how long the first of them waits for its answer.
const BATCH: usize = 64;

/// Delivers a use case's answer once it is known whether the commit succeeded.
type Answer = Box<dyn FnOnce(Result<(), DbError>) + Send>;
/// Runs one use case; `true` keeps its writes.
type Job = Box<dyn for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, (bool, Answer)> + Send>;

pub(super) struct Writer {
    queue: mpsc::Sender<Job>,
    pool: SqlitePool,
}

impl Writer {
    pub(super) fn start(pool: SqlitePool) -> Self {
        let (queue, jobs) = mpsc::channel(1024);
        tokio::spawn(write_all(pool.clone(), jobs));
        Self { queue, pool }
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
        answered.await.unwrap_or_else(|_| Err(DbError::GivenUp("the writer has stopped").into()))
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

async fn write_all(pool: SqlitePool, mut jobs: mpsc::Receiver<Job>) {
    while let Some(first) = jobs.recv().await {
        let mut answers = Vec::new();
        let committed = write_batch(&pool, first, &mut jobs, &mut answers).await;
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
    pool: &SqlitePool,
    first: Job,
    jobs: &mut mpsc::Receiver<Job>,
    answers: &mut Vec<Answer>,
) -> Result<(), DbError> {
    let mut tx = Tx::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?);
    let mut next = Some(first);
    while let Some(job) = next {
        savepoint(&mut tx, "SAVEPOINT use_case").await?;
        let (keep, answer) = job(&mut tx).await;
        answers.push(answer);
        if !keep {
            savepoint(&mut tx, "ROLLBACK TO use_case").await?;
        }
        savepoint(&mut tx, "RELEASE use_case").await?;
        next = if answers.len() < BATCH { jobs.try_recv().ok() } else { None };
    }
    tx.commit().await
}

async fn savepoint(tx: &mut Tx, statement: &'static str) -> Result<(), DbError> {
    if let Tx::Sqlite(connection) = tx {
        sqlx::query(statement).execute(&mut **connection).await?;
    }
    Ok(())
}
