//! Server processes on one database, which are killed and started again.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use backend::catalog::{
    CatalogApplication, Plan, apply_catalog, find_plan_by_code, find_product_by_code, load_catalog,
};
use backend::clock::{Clock, DAY_MS, UnixMs};
use backend::cx::Entropy;
use backend::db::{Db, Options, Synchronous, Tx};
use backend::ids::{AccountId, InstanceId, LicenseId, VendorId};
use backend::keys::MasterKey;
use backend::leases::{Acted, Decision, resolve_conflict};
use backend::licenses::{LicenseStatus, NewLicense, PlanChange, apply_plan, create_license, set_standing};
use backend::{Actor, Cx};
use sqlx::{Connection as _, PgConnection};

use crate::history::Terms;

const MASTER_KEY: [u8; 32] = [42; 32];
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Which database the processes share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    /// One process on a file.
    Sqlite,
    /// Two processes.
    Postgres,
}

/// A license.
pub(crate) struct License {
    pub id: LicenseId,
    pub key: String,
    plan: Plan,
}

/// The processes, the database, and a connection of the operator's own to it.
pub(crate) struct Cluster {
    pub engine: Engine,
    pub ports: Vec<u16>,
    pub licenses: Vec<License>,
    nodes: Vec<Mutex<Option<Child>>>,
    /// When each node has died, in this order.
    deaths: Vec<Mutex<Vec<i64>>>,
    db: Db,
    vendor_id: VendorId,
    url: String,
    administered: Option<(String, String)>,
    folder: tempfile::TempDir,
    clock: Clock,
    shift_s: AtomicI64,
}

impl Cluster {
    /// Starts so many processes for licenses of these terms; `None` where there is no PostgreSQL to use.
    pub(crate) async fn start(engine: Engine, sold: &[Terms]) -> Result<Option<Self>> {
        let folder = tempfile::tempdir()?;
        let (url, administered, processes) = match engine {
            Engine::Sqlite => (format!("sqlite:{}", folder.path().join("race.db").display()), None, 1),
            Engine::Postgres => {
                let Ok(server) = std::env::var("LEASEHOLD_TEST_POSTGRES_URL") else { return Ok(None) };
                let name = format!("leasehold_race_{:032x}", u128::from_le_bytes(Entropy::system().bytes()));
                administer(&server, format!("CREATE DATABASE {name}")).await?;
                let (head, _) = server.rsplit_once('/').context("a URL with a database")?;
                (format!("{head}/{name}"), Some((server, name)), 2)
            }
        };
        let clock_file = folder.path().join("clock");
        std::fs::write(&clock_file, "+0")?;
        let clock = Clock::from_file(clock_file);
        let db = Db::open(&url, Options { max_connections: 4, synchronous: Synchronous::Full }).await?;
        db.migrate().await?;
        let (vendor_id, licenses) = seed(&db, &clock, sold).await?;
        let ports = (0..processes).map(|_| free_port()).collect::<Result<Vec<_>>>()?;
        let nodes = ports.iter().map(|_| Mutex::new(None)).collect();
        let deaths = ports.iter().map(|_| Mutex::default()).collect();
        let shift_s = AtomicI64::new(0);
        let cluster =
            Self { engine, ports, licenses, nodes, deaths, db, vendor_id, url, administered, folder, clock, shift_s };
        for node in 0..processes {
            cluster.start_node(node)?;
        }
        Ok(Some(cluster))
    }

    /// The servers' time.
    pub(crate) fn now(&self) -> i64 {
        self.clock.now().0
    }

    /// Lets time pass. Nobody may be in the middle of a call.
    pub(crate) fn pass(&self, seconds: i64) -> Result<()> {
        let shift_s = self.shift_s.fetch_add(seconds, Ordering::SeqCst) + seconds;
        // Renamed into place: a reader must never find half a number.
        let fresh = self.folder.path().join("clock.new");
        std::fs::write(&fresh, format!("+{shift_s}"))?;
        Ok(std::fs::rename(fresh, self.folder.path().join("clock"))?)
    }

    /// Kills a process as a power failure would, and starts it again.
    pub(crate) fn crash(&self, node: usize) -> Result<()> {
        self.kill(node)?;
        self.start_node(node)
    }

    fn kill(&self, node: usize) -> Result<()> {
        let child = self.nodes[node].lock().ok().and_then(|mut child| child.take());
        if let Some(mut child) = child {
            child.kill()?;
            child.wait()?;
            if let Ok(mut deaths) = self.deaths[node].lock() {
                deaths.push(self.now());
            }
        }
        Ok(())
    }

    /// When a node died for the first time after this moment: nothing that it was asked before happens later. Not on
    /// PostgreSQL, which may still do what it was told last.
    pub(crate) fn death_after(&self, node: usize, moment: i64) -> Option<i64> {
        let deaths = self.deaths[node].lock().ok().filter(|_| self.engine == Engine::Sqlite)?;
        deaths.iter().copied().find(|death| *death >= moment)
    }

    fn start_node(&self, node: usize) -> Result<()> {
        let log = std::fs::File::options().create(true).append(true).open(self.log(node))?;
        let master: String = MASTER_KEY.iter().map(|byte| format!("{byte:02x}")).collect();
        let child = Command::new(env!("CARGO_BIN_EXE_server"))
            .arg("serve")
            .current_dir(self.folder.path())
            .env("LEASEHOLD_TEST_CLOCK", self.folder.path().join("clock"))
            .env("LEASEHOLD__SERVER__LISTEN", format!("127.0.0.1:{}", self.ports[node]))
            .env("LEASEHOLD__DATABASE__URL", &self.url)
            .env("LEASEHOLD__DATABASE__MIGRATE_ON_START", "false")
            .env("LEASEHOLD__KEYS__MASTER_KEY", master)
            .env("LEASEHOLD__LIMITS__INSTANCE_PER_S", "0")
            .env("LEASEHOLD__LIMITS__KEY_PER_S", "0")
            .env("LEASEHOLD__LIMITS__LICENSE_PER_S", "0")
            .env("LEASEHOLD__LIMITS__FAILURES_PER_S", "0")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        if let Ok(mut running) = self.nodes[node].lock() {
            *running = Some(child);
        }
        let started = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.ports[node])).is_err() {
            if started.elapsed() > READY_WITHIN {
                let log = std::fs::read_to_string(self.log(node)).unwrap_or_default();
                bail!("the server did not start:\n{log}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn log(&self, node: usize) -> PathBuf {
        self.folder.path().join(format!("node-{node}.log"))
    }

    /// What the processes logged last.
    pub(crate) fn logs(&self) -> String {
        let tail = |node| {
            let text = std::fs::read_to_string(self.log(node)).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            lines[lines.len().saturating_sub(20)..].join("\n")
        };
        (0..self.ports.len()).map(tail).collect::<Vec<_>>().join("\n──\n")
    }

    fn cx(&self) -> Cx {
        operator(&self.vendor_id, self.clock.now())
    }

    /// Changes the seats of a license, from outside the processes, as the command line does.
    pub(crate) async fn set_seats(&self, license: usize, seats: usize) -> Result<()> {
        let License { id, plan, .. } = &self.licenses[license];
        let (cx, id, plan) = (self.cx(), id.clone(), plan.clone());
        let ends_at = Some(cx.now.plus(300 * DAY_MS));
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let change = PlanChange { plan: &plan, seats: seats as i64, ends_at };
                    apply_plan(tx, &cx, &id, &change).await
                })
            })
            .await?;
        Ok(())
    }

    /// Suspends or reinstates a license, likewise.
    pub(crate) async fn set_standing(&self, license: usize, status: LicenseStatus) -> Result<()> {
        let (cx, id) = (self.cx(), self.licenses[license].id.clone());
        self.db.write(move |tx| Box::pin(async move { set_standing(tx, &cx, &id, status, "").await })).await?;
        Ok(())
    }

    /// Decides the conflict of an instance as its owner, likewise.
    pub(crate) async fn decide(&self, instance_id: &str, decision: Decision) -> Result<Acted> {
        let (cx, id) = (self.cx(), InstanceId::from_untrusted(instance_id));
        let acted =
            self.db.write(move |tx| Box::pin(async move { resolve_conflict(tx, &cx, &id, decision).await })).await?;
        anyhow::ensure!(acted != Acted::NotFound, "instance {instance_id} does not exist");
        Ok(acted)
    }

    /// Ends everything.
    pub(crate) async fn stop(self) -> Result<()> {
        for node in 0..self.ports.len() {
            self.kill(node)?;
        }
        self.db.close().await;
        if let Some((server, name)) = &self.administered {
            administer(server, format!("DROP DATABASE {name} WITH (FORCE)")).await?;
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for node in 0..self.ports.len() {
            if let Err(error) = self.kill(node) {
                eprintln!("node {node} was not killed: {error}");
            }
        }
    }
}

async fn seed(db: &Db, clock: &Clock, sold: &[Terms]) -> Result<(VendorId, Vec<License>)> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/concurrent/catalog.toml");
    let catalog = load_catalog(&file).map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let master = MasterKey::new(MASTER_KEY);
    let (cx, sealing, now) = (operator(&VendorId::from_untrusted(""), clock.now()), master.clone(), clock.now());
    let applied = db
        .write(move |tx| Box::pin(async move { apply_catalog(tx, &cx, &sealing, &catalog, "https://race.test").await }))
        .await?;
    let CatalogApplication::Applied { vendor, .. } = applied else { bail!("the catalog is refused") };
    let (cx, sold) = (operator(&vendor.id, now), sold.to_vec());
    let licenses = db
        .write(move |tx| {
            Box::pin(async move {
                let account_id = account(tx, &cx).await?;
                let product = find_product_by_code(tx, &cx.vendor_id, "engine").await?.context("no product")?;
                let mut licenses = Vec::new();
                for Terms { seats, surge_seats } in sold {
                    let code = if surge_seats > 0 { "cluster-surge" } else { "cluster" };
                    let plan = find_plan_by_code(tx, &cx.vendor_id, &product.id, code).await?.context("no plan")?;
                    let new = NewLicense {
                        account_id: &account_id,
                        plan: &plan,
                        seats: seats as i64,
                        status: LicenseStatus::Active,
                        starts_at: UnixMs(0),
                        ends_at: Some(cx.now.plus(300 * DAY_MS)),
                        updates_until: None,
                        name: "",
                    };
                    let (license, key) = create_license(tx, &cx, &master, &new).await?;
                    licenses.push(License { id: license.id, key: key.expose().to_owned(), plan });
                }
                Ok::<_, anyhow::Error>(licenses)
            })
        })
        .await?;
    Ok((vendor.id.clone(), licenses))
}

/// An account that nobody in particular owns.
async fn account(tx: &mut Tx, cx: &Cx) -> Result<AccountId> {
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

fn operator(vendor_id: &VendorId, now: UnixMs) -> Cx {
    Cx::new(vendor_id.clone(), Actor::Operator, now, Entropy::system())
}

async fn administer(server: &str, statement: String) -> Result<()> {
    let mut connection = PgConnection::connect(server).await?;
    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await?;
    Ok(connection.close().await?)
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
