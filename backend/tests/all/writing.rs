//! SQLite's one writer: what is kept of the writes that share a commit, that a full disk is got over, and how its files are
//! opened.

use backend::db::{Db, DbError, Options, Tx};
use futures::future::{BoxFuture, join_all};
use tokio::sync::oneshot;

use crate::support::{run_on_sqlite, with_sqlite};

const TABLE: &str = "CREATE TABLE kept (id INTEGER PRIMARY KEY, filling BLOB)";

async fn execute(tx: &mut Tx, statement: &'static str) -> Result<(), DbError> {
    if let Tx::Sqlite(tx) = tx {
        sqlx::query(statement).execute(&mut **tx).await?;
    }
    Ok(())
}

async fn ids(tx: &mut Tx) -> Result<Vec<i64>, DbError> {
    let Tx::Sqlite(tx) = tx else { return Ok(Vec::new()) };
    Ok(sqlx::query_scalar("SELECT id FROM kept ORDER BY id").fetch_all(&mut **tx).await?)
}

async fn write(db: &Db, statement: &'static str) -> Result<(), DbError> {
    db.write(move |tx| Box::pin(execute(tx, statement))).await
}

async fn kept(db: &Db) -> Result<Vec<i64>, DbError> {
    db.read(|tx| Box::pin(ids(tx))).await
}

/// Has the writes in one transaction, as far as it goes: they wait while one before them is held up.
async fn together(db: &Db, writes: Vec<BoxFuture<'_, Result<(), DbError>>>) -> Vec<Result<(), DbError>> {
    let (let_go, held) = oneshot::channel::<()>();
    let first = db.write(move |_| {
        Box::pin(async move {
            let _ = held.await;
            Ok::<_, DbError>(())
        })
    });
    let release = async {
        let _ = let_go.send(());
    };
    // Each is begun in this order before the last lets them go.
    let (_, outcomes, ()) = futures::join!(first, join_all(writes), release);
    outcomes
}

#[test]
fn what_a_refused_write_wrote_is_gone_and_those_before_and_after_it_in_the_commit_are_kept() {
    run_on_sqlite(|db| async move {
        write(&db, TABLE).await?;
        let refused = db.write(|tx| {
            Box::pin(async move {
                execute(tx, "INSERT INTO kept (id) VALUES (2)").await?;
                Err::<(), _>(DbError::GivenUp("refused"))
            })
        });
        let outside = db.clone();
        let after = db.write(move |tx| {
            Box::pin(async move {
                assert_eq!(ids(tx).await?, [1], "the second is undone before the third begins");
                assert!(kept(&outside).await?.is_empty(), "nothing is committed: all three share a commit");
                execute(tx, "INSERT INTO kept (id) VALUES (3)").await?;
                Ok::<_, DbError>(())
            })
        });
        let before = write(&db, "INSERT INTO kept (id) VALUES (1)");
        let outcomes = together(&db, vec![Box::pin(before), Box::pin(refused), Box::pin(after)]).await;
        assert!(
            matches!(outcomes.as_slice(), [Ok(()), Err(DbError::GivenUp("refused")), Ok(())]),
            "one is refused: {outcomes:?}"
        );
        assert_eq!(kept(&db).await?, [1, 3]);
        Ok(())
    });
}

#[test]
fn after_a_full_disk_writes_are_made_again() {
    run_on_sqlite(|db| async move {
        write(&db, TABLE).await?;
        write(&db, "INSERT INTO kept (id) VALUES (1)").await?;
        // The file gets no page more than it has.
        write(&db, "PRAGMA max_page_count = 1").await?;
        let before = write(&db, "INSERT INTO kept (id) VALUES (2)");
        let full = write(&db, "INSERT INTO kept (id, filling) VALUES (3, zeroblob(4000000))");
        let after = write(&db, "INSERT INTO kept (id) VALUES (4)");
        let outcomes = together(&db, vec![Box::pin(before), Box::pin(full), Box::pin(after)]).await;
        // SQLite ends the transaction by itself, and with it what was written before; what had not begun, the next does.
        assert!(
            matches!(outcomes.as_slice(), [Err(DbError::Unavailable(_)), Err(DbError::Unavailable(_)), Ok(())]),
            "{outcomes:?}"
        );
        write(&db, "PRAGMA max_page_count = 4294967294").await?;
        write(&db, "INSERT INTO kept (id, filling) VALUES (5, zeroblob(4000000))").await?;
        assert_eq!(kept(&db).await?, [1, 4, 5]);
        Ok(())
    });
}

/// `synchronous`, `foreign_keys` and `journal_mode` as they are in force on the connection.
async fn in_force(tx: &mut Tx) -> Result<(i64, i64, String), DbError> {
    let Tx::Sqlite(tx) = tx else { return Err(DbError::GivenUp("this is SQLite's alone")) };
    Ok((
        sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut **tx).await?,
        sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(&mut **tx).await?,
        sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut **tx).await?,
    ))
}

#[test]
fn unless_asked_otherwise_what_was_answered_survives_power_loss() {
    with_sqlite(async |url: String| {
        let db = Db::open(&url, Options::default()).await?;
        // 2 is FULL: each commit waits for the disk.
        let expected = (2, 1, "wal".to_owned());
        assert_eq!(db.write(|tx| Box::pin(in_force(tx))).await?, expected, "who writes");
        assert_eq!(db.read(|tx| Box::pin(in_force(tx))).await?, expected, "who reads");
        db.close().await;
        Ok(())
    });
}
