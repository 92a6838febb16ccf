//! A local Stripe for development, demo and tests: loopback only, state in memory or in a file.
//!
//! It answers the API version that the portal's client library is pinned to, keeps Stripe's rules where they matter
//! (nested forms, `expand`, idempotency, declines and 3-D Secure by test number, prorations to the second, month-end
//! anchors, signed webhooks), and refuses everything it does not know the way Stripe does. The portal's code path is
//! the production one; only base URL, key and webhook secret differ.
//!
//! Where is what: [`start`] brings it up · `api` is the front of every call · `resources/` has one file per
//! resource with its routes · `billing/` decides amounts, periods and states · `payments` charges test cards ·
//! `webhooks` delivers events · `state` keeps it all in a file · `hosted/` has the pages for people · `console` is the control page and control API.

// Stripe's objects are wide, and `json!` recurses once per member.
#![recursion_limit = "512"]

mod amend;
mod api;
mod billing;
mod checkout;
mod clock;
mod console;
mod drive;
mod error;
mod expand;
mod form;
mod hosted;
mod idempotency;
mod object;
mod payments;
mod resources;
mod state;
mod webhooks;
mod world;

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use axum::{Router, routing};
use tokio::sync::Notify;

pub use crate::drive::{Cut, Memory};
use crate::{clock::Clock, world::World};

/// How often time passes when nobody asks.
const TICK: Duration = Duration::from_millis(200);

/// How to start a sandbox. The default listens on a free loopback port and takes any `sk_test_` key.
#[derive(Debug, Clone)]
pub struct Config {
    /// Loopback address to listen on; port 0 chooses a free one.
    pub listen: SocketAddr,
    /// Origin of the hosted pages as browsers see it; the listening address when `None`.
    pub public_url: Option<String>,
    /// Accepted API keys. Empty accepts any that begins with `sk_test_` or `rk_test_`.
    pub api_keys: Vec<String>,
    /// A webhook endpoint that exists from the start: its URL and its `whsec_…` secret.
    pub webhook: Option<(String, String)>,
    /// File in which the state survives a restart; in memory only when `None`.
    pub state: Option<PathBuf>,
    /// Test clock file; the environment's `LEASEHOLD_TEST_CLOCK` when `None`.
    pub clock: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            public_url: None,
            api_keys: Vec::new(),
            webhook: None,
            state: None,
            clock: None,
        }
    }
}

/// A sandbox that answers. Dropping it stops it as well.
#[derive(Debug)]
pub struct Running {
    /// Base URL, without a slash at the end: `http://127.0.0.1:12111`. The API is below `/v1/`.
    pub url: String,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    sandbox: Arc<Sandbox>,
    state: Option<PathBuf>,
}

impl Running {
    /// Stops the sandbox and waits until its port is free.
    pub async fn shutdown(mut self) {
        for task in std::mem::take(&mut self.tasks) {
            task.abort();
            let _ = task.await;
        }
        if let Some(file) = &self.state {
            state::save(&self.sandbox, file, &mut None);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// What requests and tasks share.
#[derive(Debug)]
pub(crate) struct Sandbox {
    pub(crate) clock: Clock,
    pub(crate) api_keys: Vec<String>,
    pub(crate) http: reqwest::Client,
    /// Rung when deliveries may be waiting.
    pub(crate) wake: Notify,
    /// A call that is held.
    held: Mutex<Option<drive::Held>>,
    /// Rung when it goes on.
    released: Notify,
    world: Mutex<World>,
}

impl Sandbox {
    /// The state, locked. A step that panicked leaves the state as it was reached: a sandbox goes on.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets everything happen that was due up to now.
    pub(crate) fn catch_up(&self, world: &mut World) {
        billing::passage::advance_to(world, self.clock.now());
    }
}

/// Starts a sandbox.
///
/// # Errors
/// An address that is not loopback, a live key, a webhook secret without `whsec_`, or a port in use.
pub async fn start(config: Config) -> anyhow::Result<Running> {
    anyhow::ensure!(config.listen.ip().is_loopback(), "the sandbox listens on loopback only, not on {}", config.listen);
    anyhow::ensure!(
        config.api_keys.iter().all(|key| key.starts_with("sk_test_") || key.starts_with("rk_test_")),
        "the sandbox takes test keys only"
    );
    let listener = tokio::net::TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    let url = format!("http://{}", listener.local_addr()?);
    let public_url = config.public_url.unwrap_or_else(|| url.clone()).trim_end_matches('/').to_owned();
    let clock = Clock::new(config.clock);
    let mut world = World::new(public_url, clock.now());
    if let Some(file) = &config.state {
        state::load(&mut world, file)?;
    }
    if let Some((endpoint, secret)) = config.webhook {
        anyhow::ensure!(secret.starts_with("whsec_"), "a webhook secret begins with whsec_");
        resources::webhook_endpoints::ensure(&mut world, &endpoint, &secret);
    }
    let sandbox = Arc::new(Sandbox {
        clock,
        api_keys: config.api_keys,
        http: http_client()?,
        wake: Notify::new(),
        held: Mutex::new(None),
        released: Notify::new(),
        world: Mutex::new(world),
    });
    let router = router(Arc::clone(&sandbox));
    let served = async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the sandbox stopped serving");
        }
    };
    let mut tasks = vec![
        tokio::spawn(served),
        tokio::spawn(webhooks::deliver_forever(Arc::clone(&sandbox))),
        tokio::spawn(tick_forever(Arc::clone(&sandbox))),
    ];
    if let Some(file) = config.state.clone() {
        tasks.push(tokio::spawn(state::save_forever(Arc::clone(&sandbox), file)));
    }
    Ok(Running { url, tasks, sandbox, state: config.state })
}

fn router(sandbox: Arc<Sandbox>) -> Router {
    Router::new()
        .route("/v1/{*path}", routing::any(api::handle))
        .merge(hosted::router())
        .merge(console::router())
        .fallback(routing::any(api::handle))
        .with_state(sandbox)
}

async fn tick_forever(sandbox: Arc<Sandbox>) {
    let mut ticks = tokio::time::interval(TICK);
    loop {
        ticks.tick().await;
        sandbox.catch_up(&mut sandbox.world());
    }
}

/// Webhooks may go to `https` endpoints as well; no redirect is followed, as at Stripe.
fn http_client() -> anyhow::Result<reqwest::Client> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(Duration::from_secs(20))
        .build()?)
}
