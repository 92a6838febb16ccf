//! The whole database, looked through for something that must not be in it.

use std::collections::BTreeSet;

use backend::db::{Db, Tx};

/// The columns that hold text, of either engine, as table and column.
const SQLITE: &str = "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c
                      WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND c.type LIKE 'TEXT%'";
const POSTGRES: &str = "SELECT c.table_name::TEXT, c.column_name::TEXT FROM information_schema.columns c
                        JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
                        WHERE c.table_schema = 'public' AND c.data_type = 'text' AND t.table_type = 'BASE TABLE'";

/// The columns, as `table.column`, of which some row holds `planted` somewhere in its text.
pub(crate) async fn where_is(db: &Db, planted: &str) -> anyhow::Result<BTreeSet<String>> {
    let pattern = format!("%{planted}%");
    let looked: Result<(usize, BTreeSet<String>), anyhow::Error> = db
        .read(|tx| {
            Box::pin(async move {
                let columns: Vec<(String, String)> = match tx {
                    Tx::Sqlite(tx) => sqlx::query_as(SQLITE).fetch_all(&mut **tx).await?,
                    Tx::Postgres(tx) => sqlx::query_as(POSTGRES).fetch_all(&mut **tx).await?,
                };
                let mut found = BTreeSet::new();
                for (table, column) in &columns {
                    let sql = format!("SELECT COUNT(*) FROM \"{table}\" WHERE \"{column}\" LIKE $1");
                    let sql = sqlx::AssertSqlSafe(sql);
                    let rows: i64 = match tx {
                        Tx::Sqlite(tx) => sqlx::query_scalar(sql).bind(&pattern).fetch_one(&mut **tx).await?,
                        Tx::Postgres(tx) => sqlx::query_scalar(sql).bind(&pattern).fetch_one(&mut **tx).await?,
                    };
                    if rows > 0 {
                        found.insert(format!("{table}.{column}"));
                    }
                }
                Ok((columns.len(), found))
            })
        })
        .await;
    let (columns, found) = looked?;
    anyhow::ensure!(columns > 100, "only {columns} columns were looked through");
    Ok(found)
}

/// Fails when `planted` is anywhere but in these columns.
pub(crate) async fn is_only_in(db: &Db, planted: &str, columns: &[&str]) -> anyhow::Result<()> {
    let mut found = where_is(db, planted).await?;
    found.retain(|column| !columns.contains(&column.as_str()));
    anyhow::ensure!(found.is_empty(), "{planted} is still in {found:?}");
    Ok(())
}
