//! The client: connections that are kept open, each with one request under way, and as little work of its own as can
//! be, because it shares the cores with the server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use sdk::lease::Expect;
use sdk::trust::TrustBundle;
use sdk::wire::LeaseResponse;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use crate::stage::Stage;

/// One of so many leases is verified.
const SAMPLE: u64 = 97;

/// What is asked.
#[derive(Clone)]
pub(crate) enum Kind {
    Nothing,
    Sign,
    Commit,
    LogIn,
    Check(Arc<Checks>),
    Activate(Arc<Activations>),
}

/// Instances that check in turn.
pub(crate) struct Checks {
    instances: Vec<Mutex<(String, String)>>,
    next: AtomicU64,
    trust: TrustBundle,
    product: String,
}

/// Licenses under which instances come and go.
pub(crate) struct Activations {
    keys: Vec<String>,
    product: String,
    next: AtomicU64,
}

impl Kind {
    pub(crate) fn checks(stage: &Stage) -> Self {
        let instances = stage.instances.iter().cloned().map(Mutex::new).collect();
        let (trust, product) = (stage.trust.clone(), stage.product.clone());
        Self::Check(Arc::new(Checks { instances, next: AtomicU64::new(0), trust, product }))
    }

    pub(crate) fn activations(stage: &Stage) -> Self {
        let (keys, product) = (stage.spare_keys.clone(), stage.product.clone());
        Self::Activate(Arc::new(Activations { keys, product, next: AtomicU64::new(0) }))
    }
}

/// A number of connections that ask the same.
#[derive(Clone)]
pub(crate) struct Load {
    address: SocketAddr,
    kind: Kind,
    connections: usize,
}

impl Load {
    pub(crate) fn new(address: SocketAddr, kind: Kind, connections: usize) -> Self {
        Self { address, kind, connections }
    }

    /// Every instance checks once.
    pub(crate) async fn warm_up(&self) -> Result<()> {
        let Kind::Check(checks) = &self.kind else { return Ok(()) };
        let (until, each) = (Instant::now() + Duration::from_secs(600), checks.instances.len() / self.connections + 1);
        self.ask_all(until, each).await.map(drop)
    }

    /// Requests a second within the window.
    pub(crate) async fn run(&mut self, window: Duration) -> Result<f64> {
        self.run_shared(window).await
    }

    pub(crate) async fn run_shared(&self, window: Duration) -> Result<f64> {
        let began = Instant::now();
        let asked = self.ask_all(began + window, usize::MAX).await?;
        Ok(asked as f64 / began.elapsed().as_secs_f64())
    }

    async fn ask_all(&self, until: Instant, each: usize) -> Result<u64> {
        let mut asking = tokio::task::JoinSet::new();
        for _ in 0..self.connections {
            let load = self.clone();
            asking.spawn(async move {
                let mut connection = Connection::open(load.address).await?;
                let mut asked = 0;
                while asked < each as u64 && Instant::now() < until {
                    asked += load.kind.ask(&mut connection).await?;
                }
                anyhow::Ok(asked)
            });
        }
        let mut asked = 0;
        while let Some(one) = asking.join_next().await {
            asked += one??;
        }
        Ok(asked)
    }
}

impl Kind {
    /// Asks once and answers how many requests count.
    async fn ask(&self, connection: &mut Connection) -> Result<u64> {
        match self {
            Self::Nothing => connection.post("/nothing", "application/json", "{}").await.map(|()| 1),
            Self::Sign => connection.post("/sign", "application/json", "{}").await.map(|()| 1),
            Self::Commit => connection.post("/commit", "application/json", "{}").await.map(|()| 1),
            Self::LogIn => {
                let form = "email=nobody%40example.com&password=wrong-password-of-a-flood&next=%2F";
                connection.ask("/act/log-in", "application/x-www-form-urlencoded", form).await.map(|_| 1)
            }
            Self::Check(checks) => checks.ask(connection).await,
            Self::Activate(activations) => activations.ask(connection).await,
        }
    }
}

impl Checks {
    async fn ask(&self, connection: &mut Connection) -> Result<u64> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let at = usize::try_from(turn)? % self.instances.len();
        let mut instance = self.instances[at].lock().await;
        let (id, secret) = &*instance;
        let nonce = format!("{turn:032x}");
        let body = format!(r#"{{"instance_id":"{id}","secret":"{secret}","nonce":"{nonce}","version":"4.2.1"}}"#);
        connection.post("/api/v1/licenses/check", "application/json", &body).await?;
        let answer = std::str::from_utf8(&connection.body)?;
        if turn.is_multiple_of(SAMPLE) {
            let answer: LeaseResponse = serde_json::from_str(answer)?;
            let expect = Expect::of(&self.product, answer.server_time.as_second());
            let lease = sdk::lease::verify(&answer.lease, &self.trust, &expect)?;
            let claims = lease.claims();
            ensure!(claims.sub == *id, "a lease of another instance");
            ensure!(claims.nonce.as_ref().is_some_and(|it| it.as_str() == nonce), "a lease of another request");
        }
        let secret = between(answer, r#""secret":""#).context("an answer without a secret")?.to_owned();
        instance.1 = secret;
        Ok(1)
    }
}

impl Activations {
    /// One activation and its release count as one.
    async fn ask(&self, connection: &mut Connection) -> Result<u64> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let key = &self.keys[usize::try_from(turn)? % self.keys.len()];
        // A node that comes back, as most do.
        let (node, product) = (turn % (4 * self.keys.len() as u64), &self.product);
        let body = format!(
            r#"{{"license_key":"{key}","product":"{product}","version":"4.2.1","nonce":"{turn:032x}","identity":{{"kind":"instance","id":"bench-{node}"}}}}"#
        );
        connection.post("/api/v1/licenses/activate", "application/json", &body).await?;
        let answer = std::str::from_utf8(&connection.body)?;
        let id = between(answer, r#""instance_id":""#).context("an answer without an instance")?;
        let secret = between(answer, r#""secret":""#).context("an answer without a secret")?;
        let body = format!(r#"{{"instance_id":"{id}","secret":"{secret}"}}"#);
        connection.post("/api/v1/licenses/release", "application/json", &body).await?;
        Ok(1)
    }
}

fn between<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once('"').map(|(value, _)| value)
}

/// An HTTP/1.1 connection that is kept open.
struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    received: Vec<u8>,
    body: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, request: Vec::new(), received: Vec::new(), body: Vec::new() })
    }

    /// Posts, and insists on 200.
    async fn post(&mut self, path: &str, media_type: &str, body: &str) -> Result<()> {
        let status = self.ask(path, media_type, body).await?;
        ensure!(status == 200, "{path} answered {status}: {}", String::from_utf8_lossy(&self.body));
        Ok(())
    }

    async fn ask(&mut self, path: &str, media_type: &str, body: &str) -> Result<u16> {
        use std::io::Write as _;
        self.request.clear();
        write!(
            self.request,
            "POST {path} HTTP/1.1\r\nhost: bench\r\nsec-fetch-site: same-origin\r\ncontent-type: {media_type}\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        )?;
        self.stream.write_all(&self.request).await?;
        self.received.clear();
        let head = loop {
            if let Some(at) = self.received.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.fill().await?;
        };
        let text = std::str::from_utf8(&self.received[..head])?.to_ascii_lowercase();
        let status = text.get(9..12).context("no status")?.parse()?;
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(Ok(0), str::parse)?;
        while self.received.len() < head + length {
            self.fill().await?;
        }
        self.body.clear();
        self.body.extend_from_slice(&self.received[head..head + length]);
        Ok(status)
    }

    async fn fill(&mut self) -> Result<()> {
        ensure!(self.stream.read_buf(&mut self.received).await? > 0, "the server closed the connection");
        Ok(())
    }
}
