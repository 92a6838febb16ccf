//! The product as it is run: its commands, its server with everything in the log, a Stripe, a folder of mails.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use backend::clock::Clock;
use backend::cx::Entropy;
use backend::db::{Db, Options, Synchronous};
use backend::keys::MasterKey;
use backend::vendors::{Vendor, list_vendors};
use backend::{Actor, Cx};
use sqlx::{Connection as _, PgConnection};

use super::browser::send;

/// What the operator hands over. All of them are made up, and none is a word of anything else.
pub(crate) const STRIPE_KEY: &str = "sk_test_Kb7wQ2ZpLm9XvT4sRn6yJd3h";
pub(crate) const WEBHOOK_SECRET: &str = "whsec_Hc8vN1bYx5Gt2Wq7Pz4Ke9Mj";
pub(crate) const SMTP_PASSWORD: &str = "umber & \"ochre\" <sienna> grün";
/// How long something that a job does may take.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// Which database it uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// One running copy.
pub(crate) struct Product {
    pub(crate) engine: Engine,
    pub(crate) port: u16,
    /// URL of its database.
    pub(crate) url: String,
    pub(crate) db: Db,
    pub(crate) vendor: Vendor,
    pub(crate) clock: Clock,
    folder: tempfile::TempDir,
    server: Server,
    administered: Option<(String, String)>,
    stripe: stripe_sandbox::Running,
}

/// The process that serves, which ends with its owner.
struct Server(Child);

impl Server {
    fn end(&mut self) {
        let ended = self.0.kill().and_then(|()| self.0.wait());
        if let Err(error) = ended {
            eprintln!("the server was not ended: {error}");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// The master key: bytes that nothing else has.
pub(crate) fn master_key() -> [u8; 32] {
    std::array::from_fn(|at| u8::try_from((at * 89 + 41) % 251).unwrap_or_default())
}

impl Product {
    /// Starts one on an empty database; `None` where there is no such database to use.
    pub(crate) async fn start(engine: Engine) -> Result<Option<Self>> {
        let folder = tempfile::tempdir()?;
        let (url, administered) = match engine {
            Engine::Sqlite => (format!("sqlite:{}", database(folder.path()).display()), None),
            Engine::Postgres => {
                let Ok(server) = std::env::var("LEASEHOLD_TEST_POSTGRES_URL") else { return Ok(None) };
                let name = format!("leasehold_secrets_{:032x}", u128::from_le_bytes(Entropy::system().bytes()));
                administer(&server, format!("CREATE DATABASE {name}")).await?;
                let (head, _) = server.rsplit_once('/').context("a URL with a database")?;
                (format!("{head}/{name}"), Some((server, name)))
            }
        };
        let sandbox = stripe_sandbox::Config { api_keys: vec![STRIPE_KEY.to_owned()], ..Default::default() };
        let stripe = stripe_sandbox::start(sandbox).await?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let catalog = Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/iot-platform.toml");
        let program = Program { folder: folder.path(), url: &url, port, stripe: &stripe.url };
        program.run(&["config", "check"], "")?;
        program.run(&["migrate"], "")?;
        program.run(&["admin", "apply-catalog", &catalog.display().to_string(), "--yes"], "")?;
        let server = Server(program.command(&["serve"])?.spawn()?);
        let db = Db::open(&url, Options { max_connections: 2, synchronous: Synchronous::Full }).await?;
        let vendor = db.read(|tx| Box::pin(list_vendors(tx))).await?.pop().context("no vendor")?;
        let clock = Clock::system();
        let product = Self { engine, port, url, db, vendor, clock, folder, server, administered, stripe };
        product.wait_until_ready().await?;
        Ok(Some(product))
    }

    /// Runs a command of the program, with this on its standard input.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Result<()> {
        let (folder, url, port) = (self.folder.path(), self.url.as_str(), self.port);
        Program { folder, url, port, stripe: &self.stripe.url }.run(arguments, input)
    }

    async fn wait_until_ready(&self) -> Result<()> {
        let ready = async {
            while !send(self.port, "GET", "/readyz", &[], "").await.is_ok_and(|answer| answer.status == 200) {
                tokio::time::sleep(PAUSE).await;
            }
        };
        match tokio::time::timeout(PATIENCE, ready).await {
            Ok(()) => Ok(()),
            Err(_) => bail!("the server did not start: {}", String::from_utf8_lossy(&self.log()?)),
        }
    }

    pub(crate) fn cx(&self) -> Cx {
        Cx::new(self.vendor.id.clone(), Actor::Operator, self.clock.now(), Entropy::system())
    }

    pub(crate) fn master(&self) -> MasterKey {
        MasterKey::new(master_key())
    }

    /// Pays on this page of Stripe's; answers the path of the portal to which it leads.
    pub(crate) async fn pay(&self, page: &str) -> Result<String> {
        let place = self.stripe.press(page, "4242").await?;
        let path = place.strip_prefix(&self.vendor.origin).with_context(|| format!("paying leads to {place}"))?;
        Ok(path.to_owned())
    }

    /// All that server and commands have printed.
    pub(crate) fn log(&self) -> Result<Vec<u8>> {
        Ok(std::fs::read(log(self.folder.path()))?)
    }

    /// The file of a SQLite database.
    pub(crate) fn database(&self) -> PathBuf {
        database(self.folder.path())
    }

    /// Waits for the mail to this address that has a link to this page of the portal, and answers the link's secret.
    pub(crate) async fn mailed(&self, address: &str, page: &str) -> Result<String> {
        let wanted = async {
            loop {
                if let Some(secret) = self.find_mailed(address, page) {
                    return secret;
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        tokio::time::timeout(PATIENCE, wanted).await.with_context(|| format!("no mail to {address} leads to {page}"))
    }

    fn find_mailed(&self, address: &str, page: &str) -> Option<String> {
        let link = format!("{page}?token=");
        let files = std::fs::read_dir(self.folder.path().join("mail")).ok()?.filter_map(|file| Some(file.ok()?.path()));
        // One that is being written has another ending.
        let whole = files.filter(|file| file.extension().is_some_and(|ending| ending == "eml"));
        let mails = whole.filter_map(|file| std::fs::read_to_string(file).ok());
        let receivers = [format!("{address}\r\n"), format!("<{address}>\r\n")];
        let mut mails = mails.filter(|mail| receivers.iter().any(|receiver| mail.contains(receiver)));
        mails.find_map(|mail| {
            let text = decoded(&mail);
            let (_, rest) = text.split_once(&link)?;
            Some(rest.chars().take_while(char::is_ascii_alphanumeric).collect())
        })
    }

    /// Ends everything.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.server.end();
        self.db.close().await;
        if let Some((server, name)) = &self.administered {
            administer(server, format!("DROP DATABASE {name} WITH (FORCE)")).await?;
        }
        Ok(())
    }
}

/// How the program is run.
struct Program<'a> {
    folder: &'a Path,
    url: &'a str,
    port: u16,
    stripe: &'a str,
}

impl Program<'_> {
    fn command(&self, arguments: &[&str]) -> Result<Command> {
        let log = std::fs::File::options().create(true).append(true).open(log(self.folder))?;
        let master: String = master_key().iter().map(|byte| format!("{byte:02x}")).collect();
        let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
        command
            .args(arguments)
            .current_dir(self.folder)
            .env("LEASEHOLD__SERVER__LISTEN", format!("127.0.0.1:{}", self.port))
            .env("LEASEHOLD__SERVER__PUBLIC_ORIGIN", format!("http://127.0.0.1:{}", self.port))
            .env("LEASEHOLD__DATABASE__URL", self.url)
            .env("LEASEHOLD__KEYS__MASTER_KEY", master)
            .env("LEASEHOLD__STRIPE__API_BASE", self.stripe)
            .env("LEASEHOLD__STRIPE__SECRET_KEY", STRIPE_KEY)
            .env("LEASEHOLD__STRIPE__WEBHOOK_SECRET", WEBHOOK_SECRET)
            .env("LEASEHOLD__MAIL__USERNAME", "postmaster")
            .env("LEASEHOLD__MAIL__PASSWORD", SMTP_PASSWORD)
            .env("LEASEHOLD__LOG__FILTER", "trace")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        Ok(command)
    }

    fn run(&self, arguments: &[&str], input: &str) -> Result<()> {
        let mut child = self.command(arguments)?.stdin(Stdio::piped()).spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // A command that reads nothing has closed it already.
            let _unread = stdin.write_all(input.as_bytes());
        }
        // It may call the Stripe of this very process.
        let status = tokio::task::block_in_place(|| child.wait())?;
        if status.success() {
            return Ok(());
        }
        let printed = std::fs::read_to_string(log(self.folder)).unwrap_or_default();
        bail!("server {} ended with {status}:\n{printed}", arguments.join(" "))
    }
}

fn database(folder: &Path) -> PathBuf {
    folder.join("secrets.db")
}

fn log(folder: &Path) -> PathBuf {
    folder.join("log")
}

/// A mail with all its parts as text: quoted-printable (RFC 2045 §6.7) where it is, and what is in base64 behind that.
fn decoded(mail: &str) -> String {
    let mut text = mail.replace("=\r\n", "").replace("=3D", "=");
    for part in mail.split("Content-Transfer-Encoding: base64\r\n").skip(1) {
        let body = part.split_once("\r\n\r\n").map_or("", |(_, body)| body).split("\r\n--").next().unwrap_or_default();
        let packed: String = body.split_whitespace().collect();
        if let Ok(bytes) = data_encoding::BASE64.decode(packed.as_bytes()) {
            text.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
    text
}

async fn administer(server: &str, statement: String) -> Result<()> {
    let mut connection = PgConnection::connect(server).await?;
    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await?;
    Ok(connection.close().await?)
}
