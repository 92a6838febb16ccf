//! Secrets are nowhere in clear: not in what the server and its commands log at their most talkative, not in the database,
//! its files and copies of it, and not on any page, whoever opens it.
//!
//! `walk.rs` hands over, gets and uses a secret of every kind, against the program as it is run (`product.rs`), with a
//! browser of its own (`browser.rs`); `hunt.rs` looks for them in every way in which they can be written. Mails are where
//! links belong, and those in the folder of mails are sent: they are not looked through.

mod browser;
mod hunt;
mod product;
mod walk;

use std::collections::BTreeSet;
use std::io::Write as _;

use anyhow::{Result, ensure};
use backend::keys::SEALED_COLUMNS;
use data_encoding::HEXUPPER;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};

use self::browser::Browser;
use self::hunt::Hunt;
use self::product::{Engine, Product};
use self::walk::Walk;

/// Where each of them begins to look around.
const CUSTOMERS: [&str; 6] = ["/", "/overview", "/licenses", "/invoices", "/account", "/messages"];
const STAFF: [&str; 4] = ["/staff", "/staff/settings", "/staff/audit", "/account"];
const VISITORS: [&str; 5] = ["/", "/log-in", "/sign-up", "/docs/api", "/.well-known/keys.json"];

/// What the owner, who is a partner, gets to by links.
const OF_PARTNERS: [&str; 5] =
    ["/partner/clients", "/partner/codes", "/partner/commissions", "/partner/vouchers", "/partner/vouchers/ord_"];

/// Every row of every table.
async fn rows(product: &Product) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    match product.engine {
        Engine::Sqlite => {
            let mut raw = SqliteConnection::connect(&product.url).await?;
            let tables: Vec<String> =
                sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table'").fetch_all(&mut raw).await?;
            for table in &tables {
                let named = "SELECT name FROM pragma_table_info($1)";
                let columns: Vec<String> = sqlx::query_scalar(named).bind(table).fetch_all(&mut raw).await?;
                for column in columns {
                    let sql = format!("SELECT coalesce(hex(CAST(\"{column}\" AS BLOB)), '') FROM \"{table}\"");
                    let values: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut raw).await?;
                    for value in values {
                        all.extend(HEXUPPER.decode(value.as_bytes())?);
                        all.push(b'\n');
                    }
                }
            }
            raw.close().await?;
        }
        Engine::Postgres => {
            let mut raw = PgConnection::connect(&product.url).await?;
            let named = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'";
            let tables: Vec<String> = sqlx::query_scalar(named).fetch_all(&mut raw).await?;
            for table in &tables {
                // Bytes stand there in hexadecimal.
                let sql = format!("SELECT row_to_json(t)::text FROM \"{table}\" t");
                let values: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut raw).await?;
                all.extend(values.join("\n").into_bytes());
            }
            raw.close().await?;
        }
    }
    Ok(all)
}

/// The database's files, and a copy of them as operators take it for a backup.
async fn files(product: &Product) -> Result<Vec<u8>> {
    if product.engine == Engine::Postgres {
        return Ok(Vec::new());
    }
    let file = product.database();
    let copy = file.with_extension("backup");
    let mut raw = SqliteConnection::connect(&product.url).await?;
    let sql = format!("VACUUM INTO '{}'", copy.display());
    sqlx::query(AssertSqlSafe(sql)).execute(&mut raw).await?;
    raw.close().await?;
    let mut all = Vec::new();
    for file in [file.clone(), file.with_extension("db-wal"), copy.clone()] {
        all.extend(std::fs::read(file).unwrap_or_default());
    }
    std::fs::remove_file(copy)?;
    Ok(all)
}

/// What is found on all pages that somebody gets to, and how many they are.
async fn seen(who: &str, browser: &mut Browser, starts: &[&str], hunt: &Hunt) -> Result<(BTreeSet<String>, usize)> {
    let pages = browser.walk(starts).await?;
    if who == "the owner" {
        let opened = |page: &str| pages.iter().any(|(path, answer)| answer.status == 200 && path.starts_with(page));
        let missed: Vec<_> = OF_PARTNERS.iter().filter(|page| !opened(page)).collect();
        ensure!(missed.is_empty(), "the owner did not get to {missed:?}");
    }
    let mut found = BTreeSet::new();
    for (path, page) in &pages {
        found.extend(hunt.find(&format!("{path} for {who}"), &page.body));
        found.extend(hunt.find(&format!("the address after {path} for {who}"), page.location().as_bytes()));
    }
    Ok((found, pages.len()))
}

/// The columns, as `table.column`, of which some value was sealed with the product's master key.
async fn sealed_columns(product: &Product) -> Result<BTreeSet<String>> {
    let head = product.master().seal_head();
    let mut found = BTreeSet::new();
    match product.engine {
        Engine::Sqlite => {
            let mut raw = SqliteConnection::connect(&product.url).await?;
            let named =
                "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'";
            let columns: Vec<(String, String)> = sqlx::query_as(named).fetch_all(&mut raw).await?;
            for (table, column) in columns {
                let sql =
                    format!("SELECT COUNT(*) FROM \"{table}\" WHERE substr(CAST(\"{column}\" AS BLOB), 1, 9) = $1");
                let rows: i64 =
                    sqlx::query_scalar(AssertSqlSafe(sql)).bind(head.as_slice()).fetch_one(&mut raw).await?;
                if rows > 0 {
                    found.insert(format!("{table}.{column}"));
                }
            }
            raw.close().await?;
        }
        Engine::Postgres => {
            let mut raw = PgConnection::connect(&product.url).await?;
            let named = "SELECT table_name::text, column_name::text FROM information_schema.columns
                         WHERE table_schema = 'public' AND data_type = 'bytea'";
            let columns: Vec<(String, String)> = sqlx::query_as(named).fetch_all(&mut raw).await?;
            for (table, column) in columns {
                let sql = format!("SELECT COUNT(*) FROM \"{table}\" WHERE substr(\"{column}\", 1, 9) = $1");
                let rows: i64 =
                    sqlx::query_scalar(AssertSqlSafe(sql)).bind(head.as_slice()).fetch_one(&mut raw).await?;
                if rows > 0 {
                    found.insert(format!("{table}.{column}"));
                }
            }
            raw.close().await?;
        }
    }
    Ok(found)
}

/// Whatever the walk has left sealed is in a column that a rotation of the master key knows.
async fn rotation_knows_all_that_is_sealed(product: &Product) -> Result<()> {
    let found = sealed_columns(product).await?;
    let known: BTreeSet<String> =
        SEALED_COLUMNS.iter().map(|column| format!("{}.{}", column.table, column.column)).collect();
    ensure!(found.is_subset(&known), "{found:?} have something sealed, and only {known:?} are rotated");
    ensure!(found.contains("licenses.key_sealed") && found.len() >= 4, "only {found:?} have something sealed");
    Ok(())
}

async fn look_everywhere(product: &Product, walk: &mut Walk<'_>, hunt: &Hunt) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for (who, browser, starts, at_least) in [
        ("a visitor", &mut walk.visitor, VISITORS.as_slice(), 8),
        ("the owner", &mut walk.owner, CUSTOMERS.as_slice(), 20),
        ("staff", &mut walk.staff, STAFF.as_slice(), 30),
    ] {
        let (there, count) = seen(who, browser, starts, hunt).await?;
        ensure!(count >= at_least, "{who} got to {count} pages only");
        found.extend(there);
    }
    let (rows, files, log) = (rows(product).await?, files(product).await?, product.log()?);
    for (place, text, must_have) in [
        ("the tables", &rows, "ada@people.test"),
        ("the files of the database", &files, if files.is_empty() { "" } else { "ada@people.test" }),
        ("the log", &log, "/act/sign-up"),
    ] {
        // It is what it is thought to be.
        ensure!(String::from_utf8_lossy(text).contains(must_have), "{place} have no {must_have}");
        found.extend(hunt.find(place, text));
    }
    Ok(found)
}

/// Puts a secret where it does not belong.
async fn plant(product: &Product, secret: &str) -> Result<()> {
    let sql = "UPDATE accounts SET company = $1";
    match product.engine {
        Engine::Sqlite => {
            let mut raw = SqliteConnection::connect(&product.url).await?;
            sqlx::query(sql).bind(secret).execute(&mut raw).await?;
            raw.close().await?;
        }
        Engine::Postgres => {
            let mut raw = PgConnection::connect(&product.url).await?;
            sqlx::query(sql).bind(secret).execute(&mut raw).await?;
            raw.close().await?;
        }
    }
    Ok(())
}

async fn nothing_is_found_but_what_is_planted(engine: Engine) -> Result<()> {
    let Some(product) = Product::start(engine).await? else {
        ensure!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "there is no PostgreSQL to look into");
        // Not eprintln!, which the test harness swallows for tests that pass.
        std::io::stderr().write_all(b"\nSKIPPED: there is no PostgreSQL to look into\n")?;
        return Ok(());
    };
    let mut walk = Walk::through(&product).await?;
    let names: BTreeSet<_> = walk.secrets.iter().map(|secret| secret.name.clone()).collect();
    assert!(names.len() >= 20 && names.len() == walk.secrets.len(), "{names:?}");
    let hunt = Hunt::of(&walk.secrets);
    let found = look_everywhere(&product, &mut walk, &hunt).await?;
    assert!(
        found.is_empty(),
        "{} secrets are in clear:\n{}",
        found.len(),
        found.into_iter().collect::<Vec<_>>().join("\n")
    );

    rotation_knows_all_that_is_sealed(&product).await?;

    // And it would be found: one that the database has, which pages of the customer and of staff show.
    plant(&product, product::STRIPE_KEY).await?;
    let found = look_everywhere(&product, &mut walk, &hunt).await?;
    for place in ["the tables", "for the owner", "for staff"] {
        assert!(found.iter().any(|it| it.starts_with("Stripe's key") && it.contains(place)), "{place}: {found:?}");
    }
    assert!(engine == Engine::Postgres || found.iter().any(|it| it.contains("the files of the database")), "{found:?}");
    product.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_logs_pages_or_a_sqlite_database() -> Result<()> {
    nothing_is_found_but_what_is_planted(Engine::Sqlite).await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_logs_pages_or_a_postgresql_database() -> Result<()> {
    nothing_is_found_but_what_is_planted(Engine::Postgres).await
}
