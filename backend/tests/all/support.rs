//! What contract tests stand on: fresh databases on both engines, a vendor, a context, a clock.

pub(crate) mod people;

use std::future::Future;
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Once, OnceLock};

use backend::clock::UnixMs;
use backend::cx::Entropy;
use backend::db::{Db, DbError, Options, Synchronous, Tx};
use backend::ids::{AccountId, VendorId};
use backend::jobs::{Handler, JobFuture, JobRun};
use backend::keys::MasterKey;
use backend::mail::{Mail, SendMail};
use backend::vendors::{NewVendor, Vendor, create_vendor};
use backend::{Actor, Cx};
use futures::FutureExt as _;
use sqlx::{Connection as _, PgConnection};

/// Where a PostgreSQL server listens on which tests may create databases.
const POSTGRES_URL: &str = "LEASEHOLD_TEST_POSTGRES_URL";

/// Unoptimised, the futures of a test, of what it stands on and of the product lie in each other on the stack.
pub(crate) const STACK_BYTES: usize = 16 << 20;

/// The moment at which tests begin: 2026-11-21T10:00:00Z.
pub(crate) const NOW: UnixMs = UnixMs(1_795_255_200_000);

/// Stamps tests onto both engines, as `name::on_sqlite` and `name::on_postgres`. A body gets a migrated,
/// empty database, ends in `Ok(())` and may use `?` on anything.
/// `#[ignore = "slow proof: …"]` before the name keeps one out of `test --quick`.
macro_rules! on_both_engines { ($($(#[$meta:meta])* async fn $name:ident($db:ident: Db) $body:block)*) => { $(
    mod $name {
        use super::*;

        async fn body($db: Db) -> anyhow::Result<()> $body

        #[test]
        $(#[$meta])*
        fn on_sqlite() {
            crate::support::with_room(|| crate::support::run_on_sqlite(body));
        }

        #[test]
        $(#[$meta])*
        fn on_postgres() {
            crate::support::with_room(|| crate::support::run_on_postgres(body).unwrap_or_default());
        }
    }
)* } }
pub(crate) use on_both_engines;

/// Runs a test where there is room for its future: the harness gives it less.
pub(crate) fn with_room<T: Send>(body: impl FnOnce() -> T + Send) -> T {
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    let thread = std::thread::Builder::new().name(name).stack_size(STACK_BYTES);
    let outcome = std::thread::scope(|scope| thread.spawn_scoped(scope, body).expect("a thread").join());
    outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Runs a test on a fresh SQLite file.
pub(crate) fn run_on_sqlite<T, F: Future<Output = anyhow::Result<T>>>(body: impl FnOnce(Db) -> F) -> T {
    with_sqlite(async |url: String| run(&url, body).await)
}

/// The same for a test that opens the database itself, by its URL.
pub(crate) fn with_sqlite<T>(body: impl AsyncFnOnce(String) -> anyhow::Result<T>) -> T {
    let folder = tempfile::tempdir().expect("a folder for the database");
    let file = folder.path().join("test.db");
    std::fs::write(&file, migrated_file()).expect("a copy of the migrated file");
    let url = format!("sqlite:{}", file.display());
    runtime().block_on(body(url)).unwrap_or_else(|error| panic!("{error:?}"))
}

/// A migrated, empty SQLite file: made once, and copied for every test.
fn migrated_file() -> &'static [u8] {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    FILE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder for the database");
        let file = folder.path().join("template.db");
        let url = format!("sqlite:{}", file.display());
        runtime().block_on(migrate(&url)).expect("a migrated file");
        std::fs::read(file).expect("the file")
    })
}

/// Runs a test on a fresh PostgreSQL database, or says loudly that it did not.
pub(crate) fn run_on_postgres<T, F: Future<Output = anyhow::Result<T>>>(body: impl FnOnce(Db) -> F) -> Option<T> {
    with_postgres(async |url: String| run(&url, body).await)
}

/// The same for a test that opens the database itself, by its URL.
pub(crate) fn with_postgres<T>(body: impl AsyncFnOnce(String) -> anyhow::Result<T>) -> Option<T> {
    let Ok(server) = std::env::var(POSTGRES_URL) else {
        static ONCE: Once = Once::new();
        // Not eprintln!, which the test harness swallows for tests that pass.
        ONCE.call_once(|| {
            let line = format!("\nSKIPPED: every contract test on PostgreSQL, because {POSTGRES_URL} is not set\n");
            drop(std::io::stderr().write_all(line.as_bytes()));
        });
        return None;
    };
    let name = format!("leasehold_test_{:032x}", u128::from_le_bytes(Entropy::system().bytes()));
    let (head, _) = server.rsplit_once('/').expect("a URL with a database");
    let url = format!("{head}/{name}");
    let template = migrated_database(&server, head);
    runtime().block_on(async {
        copy_database(&server, template, &name).await.expect("a fresh database");
        let outcome = std::panic::AssertUnwindSafe(body(url)).catch_unwind().await;
        drop_with_copies(&server, &name).await.expect("the database goes");
        match outcome {
            Ok(outcome) => Some(outcome.unwrap_or_else(|error| panic!("{error:?}"))),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Name of a migrated, empty PostgreSQL database: made once, and copied for every test.
fn migrated_database(server: &str, head: &str) -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let name = format!("leasehold_template_{:032x}", u128::from_le_bytes(Entropy::system().bytes()));
        runtime().block_on(async {
            administer(server, format!("CREATE DATABASE {name}")).await.expect("a database to copy");
            migrate(&format!("{head}/{name}")).await.expect("a migrated database");
        });
        name
    })
}

async fn migrate(url: &str) -> anyhow::Result<()> {
    let db = Db::open(url, Options { max_connections: 2, synchronous: Synchronous::Off }).await?;
    db.migrate().await?;
    db.close().await;
    Ok(())
}

fn runtime() -> tokio::runtime::Runtime {
    // Several threads, because concurrency is what many of these tests are about.
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

/// Runs a test on a copy of what was migrated.
async fn run<T, F: Future<Output = anyhow::Result<T>>>(url: &str, body: impl FnOnce(Db) -> F) -> anyhow::Result<T> {
    let db = Db::open(url, Options { max_connections: 8, synchronous: Synchronous::Off }).await?;
    let outcome = body(db.clone()).await;
    db.close().await;
    outcome
}

/// Copies a database of [`with_postgres`] to which nobody is connected. The copy's URL begins with the other one, with which
/// it goes at the latest.
pub(crate) async fn copy_on_postgres(url: &str, copy: &str) -> anyhow::Result<()> {
    Ok(copy_database(&std::env::var(POSTGRES_URL)?, name_of(url), name_of(copy)).await?)
}

/// Drops such a copy.
pub(crate) async fn drop_on_postgres(copy: &str) -> anyhow::Result<()> {
    let statement = format!("DROP DATABASE {} WITH (FORCE)", name_of(copy));
    Ok(administer(&std::env::var(POSTGRES_URL)?, statement).await?)
}

/// The name of the database, with which a URL ends.
fn name_of(url: &str) -> &str {
    url.rsplit_once('/').map_or(url, |(_, name)| name)
}

/// Copying files takes half the time of writing each of their pages to the log as well, which is the default.
async fn copy_database(server: &str, from: &str, to: &str) -> Result<(), sqlx::Error> {
    administer(server, format!("CREATE DATABASE {to} TEMPLATE {from} STRATEGY file_copy")).await
}

async fn drop_with_copies(server: &str, name: &str) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(server).await?;
    let named = "SELECT datname::TEXT FROM pg_database WHERE starts_with(datname::TEXT, $1)";
    let names: Vec<String> = sqlx::query_scalar(named).bind(name).fetch_all(&mut connection).await?;
    for name in names {
        let statement = sqlx::AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"));
        sqlx::query(statement).execute(&mut connection).await?;
    }
    connection.close().await
}

async fn administer(server: &str, statement: String) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(server).await?;
    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await?;
    connection.close().await
}

/// The master key of all tests.
pub(crate) fn master() -> MasterKey {
    MasterKey::new([42; 32])
}

/// Reproducible randomness that never repeats itself within a test run.
pub(crate) fn entropy() -> Entropy {
    static SEED: AtomicU64 = AtomicU64::new(1);
    Entropy::seeded(SEED.fetch_add(1, Ordering::Relaxed))
}

/// A context of this vendor in which the operator acts at `now`.
pub(crate) fn cx(vendor_id: &VendorId, now: UnixMs) -> Cx {
    Cx::new(vendor_id.clone(), Actor::Operator, now, entropy())
}

/// A vendor with signing keys; `code` also makes its origin, so that two fit into one database.
pub(crate) async fn vendor(db: &Db, code: &str) -> Result<Vendor, DbError> {
    let new = NewVendor {
        code: code.to_owned(),
        host: Some(format!("{code}.test")),
        origin: format!("https://{code}.test"),
        name: format!("{code} Software"),
    };
    let cx = cx(&VendorId::from_untrusted(""), NOW);
    db.write(move |tx| Box::pin(async move { create_vendor(tx, &cx, &master(), &new).await })).await
}

/// An account of the acting vendor that nobody in particular owns: licensing asks only that it exists.
pub(crate) async fn account(tx: &mut Tx, cx: &Cx) -> anyhow::Result<AccountId> {
    let id: AccountId = cx.id();
    let insert = "INSERT INTO accounts (id, vendor_id, kind, company, country, address, billing_email, created_at)
                  VALUES ($1, $2, 'customer', 'Example GmbH', 'DE', '{}', 'a@example.test', $3)";
    match tx {
        Tx::Sqlite(tx) => {
            sqlx::query(insert).bind(&id).bind(&cx.vendor_id).bind(cx.now).execute(&mut **tx).await?;
        }
        Tx::Postgres(tx) => {
            sqlx::query(insert).bind(&id).bind(&cx.vendor_id).bind(cx.now).execute(&mut **tx).await?;
        }
    }
    Ok(id)
}

/// Stands in for the mail server: keeps what it is given.
#[derive(Clone, Default)]
pub(crate) struct Outbox(Arc<Mutex<Vec<Mail>>>);

impl Outbox {
    /// Takes the mails sent since the last time, oldest first.
    pub(crate) fn take(&self) -> Vec<Mail> {
        std::mem::take(&mut *self.0.lock().expect("no test panics while it holds this"))
    }
}

impl Handler for Outbox {
    fn kind(&self) -> &'static str {
        SendMail::KIND
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            let mail = run.payload()?;
            self.0.lock().expect("no test panics while it holds this").push(mail);
            Ok(())
        })
    }
}
