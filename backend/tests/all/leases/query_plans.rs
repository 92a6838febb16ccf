//! How SQLite finds the rows of what is asked most: by an index that leads to them, however many there are of others.

use backend::db::{Db, Tx};

use crate::support::run_on_sqlite;

const STORE: &str = include_str!("../../../src/leases/store.rs");
const LIVE_STORE: &str = include_str!("../../../src/leases/live/store.rs");

/// Of these there are as many as there are customers and what they run.
const TABLES: [&str; 3] = ["instances", "leases", "licenses"];

/// The statements in the source of a function that begin with one of these.
fn statements(source: &'static str, function: &str, beginnings: &[&str]) -> Vec<&'static str> {
    let begin = format!("fn {function}(");
    let (_, body) = source.split_once(begin.as_str()).unwrap_or_else(|| panic!("no function {function}"));
    let (body, _) = body.split_once("\n}\n").unwrap_or((body, ""));
    // Every second piece is what stands between quotes.
    let texts = body.split('"').skip(1).step_by(2);
    let all = texts.flat_map(|text| text.split(';')).map(str::trim);
    all.filter(|text| beginnings.iter().any(|beginning| text.starts_with(beginning))).collect()
}

/// The steps in which SQLite carries out a query.
async fn steps(db: &Db, query: &'static str) -> anyhow::Result<Vec<String>> {
    let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}"));
    let steps = db.read(move |tx| {
        Box::pin(async move {
            let Tx::Sqlite(tx) = tx else { anyhow::bail!("another engine") };
            // What is written from memory is read from there.
            for table in statements(LIVE_STORE, "write_some", &["CREATE TEMP"]) {
                sqlx::query(table).execute(&mut **tx).await?;
            }
            let rows: Vec<(i64, i64, i64, String)> = sqlx::query_as(explain).fetch_all(&mut **tx).await?;
            Ok::<_, anyhow::Error>(rows.into_iter().map(|(.., step)| step).collect())
        })
    });
    steps.await
}

/// Whether a step goes through rows of other licenses too: all of a table, or all of a vendor.
fn goes_through_many(step: &str) -> bool {
    let scans = TABLES.iter().any(|table| step.starts_with(&format!("SCAN {table}")));
    let of_vendor = step
        .split_once("(vendor_id=?")
        .is_some_and(|(_, rest)| !rest.starts_with(" AND id=?") && !rest.starts_with(" AND license_id=?"));
    scans || of_vendor || step.contains("AUTOMATIC")
}

#[test]
fn what_is_asked_most_finds_its_rows_by_an_index_of_their_own() {
    run_on_sqlite(|db| async move {
        for (source, function, count) in [
            (LIVE_STORE, "write_some", 3),
            (STORE, "list_holdings", 1),
            (STORE, "list_levels", 1),
            (STORE, "find_by_identity", 1),
            (STORE, "count_early_returns", 1),
        ] {
            let queries = statements(source, function, &["SELECT", "UPDATE"]);
            assert_eq!(queries.len(), count, "{function}: {queries:?}");
            for query in queries {
                let steps = steps(&db, query).await?;
                let searches = |step: &String| TABLES.iter().any(|table| step.starts_with(&format!("SEARCH {table}")));
                assert!(steps.iter().any(searches), "{query}: {steps:?}");
                assert!(!steps.iter().any(|step| goes_through_many(step)), "{query}: {steps:?}");
            }
        }
        // What is looked for is seen where it is.
        for query in ["UPDATE instances SET epoch = 0 WHERE vendor_id = $1", "SELECT id FROM leases WHERE issued = $1"]
        {
            let steps = steps(&db, query).await?;
            assert!(steps.iter().any(|step| goes_through_many(step)), "{query}: {steps:?}");
        }
        Ok(())
    });
}
