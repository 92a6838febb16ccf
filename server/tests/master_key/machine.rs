//! The machine of an operator: the program, a database, and master keys in files.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use backend::catalog::{find_plan_by_code, find_product_by_code};
use backend::clock::{Clock, DAY_MS, UnixMs};
use backend::cx::Entropy;
use backend::db::{Db, DbError, Options};
use backend::ids::AccountId;
use backend::jobs::{Enqueued, Job, enqueue};
use backend::keys::{MasterKey, SEALED_COLUMNS};
use backend::licenses::{LicenseStatus, NewLicense, create_license};
use backend::vendors::list_vendors;
use backend::{Actor, Cx};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

use crate::http::Connection;

const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// The files that are configured: the key that seals, and one that only opens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keys {
    pub(crate) present: &'static str,
    pub(crate) other: Option<&'static str>,
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) well: bool,
    pub(crate) printed: String,
    pub(crate) complained: String,
}

/// What the doctor says about what is sealed: the line, and whether it is among the checks that failed.
#[derive(Debug)]
pub(crate) struct Diagnosis {
    pub(crate) line: String,
    pub(crate) fails: bool,
}

/// A server that runs, until it is dropped.
pub(crate) struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        if let Err(error) = self.0.kill().and_then(|()| self.0.wait()) {
            eprintln!("the server was not ended: {error}");
        }
    }
}

/// The machine, with a database of its own in a folder of its own.
pub(crate) struct Machine {
    folder: tempfile::TempDir,
    port: u16,
}

impl Machine {
    pub(crate) fn new() -> Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        Ok(Self { folder: tempfile::tempdir()?, port })
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn url(&self) -> String {
        format!("sqlite:{}", self.file("machine.db").display())
    }

    fn command(&self, keys: Keys, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("LEASEHOLD__SERVER__LISTEN", format!("127.0.0.1:{}", self.port))
            .env("LEASEHOLD__DATABASE__URL", self.url())
            .env("LEASEHOLD__KEYS__MASTER_KEY_FILE", keys.present)
            .stdin(Stdio::null());
        if let Some(other) = keys.other {
            command.env("LEASEHOLD__KEYS__OTHER_MASTER_KEY_FILES", other);
        }
        command
    }

    /// Runs `server ARGUMENTS…` to its end.
    pub(crate) fn run(&self, keys: Keys, arguments: &[&str]) -> Result<Ended> {
        let output = self.command(keys, arguments).output()?;
        Ok(Ended {
            well: output.status.success(),
            printed: String::from_utf8(output.stdout)?,
            complained: String::from_utf8(output.stderr)?,
        })
    }

    /// The same, which must end well; answers what it printed.
    pub(crate) fn done(&self, keys: Keys, arguments: &[&str]) -> Result<String> {
        let ended = self.run(keys, arguments)?;
        ensure!(ended.well, "server {} with {keys:?}: {ended:?}", arguments.join(" "));
        Ok(ended.printed)
    }

    /// The same, which must not end well; answers what it complained of.
    pub(crate) fn refused(&self, keys: Keys, arguments: &[&str]) -> Result<String> {
        let ended = self.run(keys, arguments)?;
        ensure!(!ended.well, "server {} with {keys:?}: {ended:?}", arguments.join(" "));
        Ok(ended.complained)
    }

    pub(crate) fn serve(&self, keys: Keys) -> Result<Serving> {
        let log = File::options().create(true).append(true).open(self.file("log"))?;
        Ok(Serving(self.command(keys, &["serve"]).stdout(log.try_clone()?).stderr(log).spawn()?))
    }

    /// Starts a server that must end by itself at once; answers what it complained of.
    pub(crate) fn refuses_to_serve(&self, keys: Keys) -> Result<String> {
        let log = self.file("refused.log");
        let mut command = self.command(keys, &["serve"]);
        let mut server = Serving(command.stdout(Stdio::null()).stderr(File::create(&log)?).spawn()?);
        let started = Instant::now();
        loop {
            if let Some(status) = server.0.try_wait()? {
                ensure!(!status.success(), "it ended well");
                return Ok(std::fs::read_to_string(log)?);
            }
            ensure!(started.elapsed() < PATIENCE, "it serves");
            std::thread::sleep(PAUSE);
        }
    }

    /// Calls the licensing API of the server that was started; answers what it granted.
    pub(crate) fn call(&self, endpoint: &str, body: &Value) -> Result<Value> {
        let started = Instant::now();
        loop {
            match Connection::to(self.port).post(&format!("/api/v1/licenses/{endpoint}"), &body.to_string()) {
                Ok((200, answer)) => return Ok(serde_json::from_str(&answer)?),
                // It is starting.
                Ok((503, _)) | Err(_) if started.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
                failed => {
                    let log = std::fs::read_to_string(self.file("log")).unwrap_or_default();
                    bail!("{endpoint} was answered {failed:?}:\n{log}");
                }
            }
        }
    }

    pub(crate) fn doctor(&self, keys: Keys) -> Result<Diagnosis> {
        let ended = self.run(keys, &["doctor"])?;
        let failed = ended.printed.lines().filter(|line| line.starts_with('✗')).count();
        // There is no site here, so it never ends well; what matters is that every failure counts.
        ensure!(!ended.well && ended.complained.contains(&format!("{failed} of ")), "{ended:?}");
        let line = ended.printed.lines().find_map(|line| line.split_once(" Sealed values: "));
        let (sign, said) = line.with_context(|| format!("{ended:?}"))?;
        Ok(Diagnosis { line: said.to_owned(), fails: sign == "✗" })
    }

    /// The key that a file holds.
    pub(crate) fn key(&self, file: &str) -> Result<MasterKey> {
        MasterKey::from_hex(&std::fs::read_to_string(self.file(file))?).context("no master key")
    }

    async fn open(&self) -> Result<(Db, Cx)> {
        let db = Db::open(&self.url(), Options { max_connections: 2, ..Options::default() }).await?;
        let vendor = db.read(|tx| Box::pin(list_vendors(tx))).await?.pop().context("no vendor")?;
        let cx = Cx::new(vendor.id, Actor::Operator, Clock::system().now(), Entropy::system());
        Ok((db, cx))
    }

    /// Makes a license of one seat; answers its key.
    pub(crate) async fn license(&self, master: MasterKey) -> Result<String> {
        let (db, cx) = self.open().await?;
        let account_id: AccountId = cx.id();
        let mut raw = SqliteConnection::connect(&self.url()).await?;
        let insert = "INSERT INTO accounts (id, vendor_id, kind, company, country, address, billing_email, created_at)
                      VALUES ($1, $2, 'customer', 'Example GmbH', 'DE', '{}', 'a@example.test', $3)";
        sqlx::query(insert).bind(&account_id).bind(&cx.vendor_id).bind(cx.now).execute(&mut raw).await?;
        raw.close().await?;
        let key = db
            .write(move |tx| {
                Box::pin(async move {
                    let product = find_product_by_code(tx, &cx.vendor_id, "engine").await?.context("no product")?;
                    let plan =
                        find_plan_by_code(tx, &cx.vendor_id, &product.id, "cluster").await?.context("no plan")?;
                    let new = NewLicense {
                        account_id: &account_id,
                        plan: &plan,
                        seats: 1,
                        status: LicenseStatus::Active,
                        starts_at: UnixMs(0),
                        ends_at: Some(cx.now.plus(300 * DAY_MS)),
                        updates_until: None,
                        name: "",
                    };
                    let (_, key) = create_license(tx, &cx, &master, &new).await?;
                    Ok::<_, anyhow::Error>(key.expose().to_owned())
                })
            })
            .await?;
        db.close().await;
        Ok(key)
    }

    /// Seals something with this key, as a node does that has not heard of another yet.
    pub(crate) async fn seal_late(&self, master: MasterKey) -> Result<()> {
        let (db, cx) = self.open().await?;
        let queued: Result<Enqueued, DbError> = db
            .write(move |tx| {
                Box::pin(async move {
                    let job = Job::new("test.late", &()).not_before(cx.now.plus(1_000 * DAY_MS));
                    enqueue(tx, &cx, &master, job).await
                })
            })
            .await;
        queued?;
        db.close().await;
        Ok(())
    }

    /// Everything sealed, as it stands in the database.
    pub(crate) async fn sealed(&self) -> Result<Vec<String>> {
        let mut raw = SqliteConnection::connect(&self.url()).await?;
        let mut all = Vec::new();
        for column in SEALED_COLUMNS {
            let (table, key, column) = (column.table, column.key, column.column);
            let sql = format!("SELECT '{table} ' || {key} || ' ' || hex({column}) FROM {table} ORDER BY {key}");
            let values: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut raw).await?;
            all.extend(values);
        }
        raw.close().await?;
        Ok(all)
    }
}

/// The catalog of what is sold here.
pub(crate) fn catalog() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/concurrent/catalog.toml")
}
