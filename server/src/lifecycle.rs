//! From configuration to a running process, and back to nothing.
//!
//! Starting refuses with a sentence whatever could not work later. Stopping (SIGTERM, Ctrl-C) takes no new
//! connections, lets requests and jobs under way end within `server.drain_s`, and closes the database.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use app::api::limits::Limits;
use app::proxies::TrustedProxies;
use app::state::{AppState, Parts};
use backend::accounts::{MailedLink, Passwords, SendLink, factor_resets};
use backend::billing;
use backend::catalog;
use backend::cx::Entropy;
use backend::db::{ClockWatch, Db, DbError, migrations_pending};
use backend::jobs::{Handlers, Runner, Worker};
use backend::leases::live::LiveTable;
use backend::mail::{Mailer, SendMail};
use backend::vendors::list_vendors;
use backend::{deletion, feedback, leases, licenses, tokens};
use leptos::config::{Env, LeptosOptions};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::{parts, rounds, router};

/// Runs the service until it is told to stop.
///
/// # Errors
/// When it cannot start, or the listener fails.
pub(crate) async fn serve(config: &Config) -> Result<()> {
    let (clock, entropy) = (parts::clock(), Entropy::system());
    let master = parts::master_key(config, &entropy)?;
    let db = open_ready_database(config).await?;
    let master = parts::open_master(&master, &db).await?;
    let vendors = db.read(|tx| Box::pin(list_vendors(tx))).await?;
    let mailer = parts::mailer(config, &vendors)?;
    let stripe = parts::stripe_accounts(config, &vendors, &clock, &entropy)?;
    if stripe.is_empty() {
        tracing::warn!("no Stripe key is set: licenses are served, nothing can be sold");
    }
    if clock.is_test() {
        tracing::warn!("a test clock is in force");
    }
    let _serving = parts::claim_database(config)?;
    let live = match config.licensing.instances_in_memory {
        0 => None,
        _ => LiveTable::start(&db, clock.clone(), entropy.clone(), config.licensing.settings()),
    };
    let (live, writing) = live.unzip();
    let clock_watch = ClockWatch::of(&db, &clock);
    let watching = clock_watch.start(&db).await;
    let state = AppState::new(Parts {
        db: db.clone(),
        master: master.clone(),
        clock: clock.clone(),
        clock_watch,
        entropy: entropy.clone(),
        passwords: Passwords::default(),
        stripe,
        leptos: leptos_options(config),
        checkout_origin: parts::checkout_origin(&config.stripe),
        limits: Limits::new(config.limits.rates()),
        live: live.clone(),
        proxies: TrustedProxies::new(config.server.trusted_proxies.clone()),
        tls: config.is_tls(),
    });
    start_rounds(&state).await?;
    let handlers = handlers(&state, mailer);
    let runner = Runner::new(db.clone(), clock, entropy, master, handlers).watched_by(state.clock_watch.clone());
    let worker = Worker::start(runner);
    let served = listen(config, &state).await;
    let drain = Duration::from_secs(config.server.drain_s);
    if tokio::time::timeout(drain, worker.stop()).await.is_err() {
        tracing::warn!("jobs under way did not end in time; they run again after the next start");
    }
    if let Some(watching) = watching {
        watching.abort();
    }
    if let (Some(live), Some(writing)) = (live, writing) {
        writing.abort();
        if let Err(error) = live.write().await {
            tracing::warn!(%error, "the last contacts of the last second could not be written");
        }
    }
    db.close().await;
    tracing::info!("stopped");
    served
}

/// Begins every vendor's rounds.
async fn start_rounds(state: &AppState) -> Result<()> {
    for vendor in state.db.read(|tx| Box::pin(list_vendors(tx))).await? {
        let sells = state.stripe.of(&vendor.id).is_some();
        let (cx, master) = (parts::operator_cx(vendor.id, &state.clock), state.master.clone());
        let queued: Result<_, DbError> =
            state.db.write(move |tx| Box::pin(async move { rounds::start(tx, &cx, &master, sells).await })).await;
        queued?;
    }
    Ok(())
}

/// Every kind of job that this process does.
fn handlers(state: &AppState, mailer: Mailer) -> Handlers {
    let handlers = Handlers::new()
        .with(SendMail::new(mailer))
        .with(SendLink::new(MailedLink::PasswordReset, state.db.clone(), state.master.clone()))
        .with(SendLink::new(MailedLink::SignIn, state.db.clone(), state.master.clone()));
    let handlers = factor_resets::handlers::register(handlers, &state.db, &state.master);
    let handlers = catalog::handlers::register(handlers, &state.commerce());
    let handlers = deletion::handlers::register(handlers, &state.commerce());
    let handlers = feedback::handlers::register(handlers, &state.db, &state.master);
    let handlers = leases::handlers::register(handlers, &state.db, &state.master);
    let handlers = licenses::handlers::register(handlers, &state.db, &state.master);
    let handlers = tokens::handlers::register(handlers, &state.db, &state.master);
    billing::handlers::register(handlers, &state.commerce())
}

/// The database, migrated or complete already; refused when it is behind or ahead.
async fn open_ready_database(config: &Config) -> Result<Db> {
    if !config.database.migrate_on_start {
        return parts::open_migrated_database(config).await;
    }
    let db = parts::open_database(config).await?;
    for migration in migrations_pending(&db).await? {
        tracing::info!(number = migration.version, name = migration.name, "migrating");
    }
    db.migrate().await?;
    Ok(db)
}

fn leptos_options(config: &Config) -> LeptosOptions {
    let site_root: Arc<str> = config.server.site_root.display().to_string().into();
    LeptosOptions::builder()
        .output_name("leasehold")
        .site_root(site_root)
        .site_pkg_dir("pkg")
        .site_addr(config.server.listen)
        // There is no reload server: DEV would make every page look for one.
        .env(Env::PROD)
        .hash_files(has_hashed_files())
        .build()
}

/// Whether `hash.txt`, which the build puts beside the program, is there: leptos panics without it.
fn has_hashed_files() -> bool {
    std::env::current_exe().is_ok_and(|program| program.with_file_name("hash.txt").is_file())
}

async fn listen(config: &Config, state: &AppState) -> Result<()> {
    let address: SocketAddr = config.server.listen;
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .with_context(|| format!("{address} of server.listen cannot be listened on"))?;
    tracing::info!(%address, origin = config.server.public_origin, database = state.db.engine_name(), "serving");
    let stopping = CancellationToken::new();
    let stopped = stopping.clone();
    let serving = axum::serve(listener, router::make_service(state)).with_graceful_shutdown(async move {
        told_to_stop().await;
        tracing::info!("stopping: no new requests");
        stopped.cancel();
    });
    let drained = async {
        stopping.cancelled().await;
        tokio::time::sleep(Duration::from_secs(config.server.drain_s)).await;
    };
    tokio::select! {
        served = serving => served.context("The listener failed"),
        () = drained => {
            tracing::warn!("requests under way did not end in time");
            Ok(())
        }
    }
}

async fn told_to_stop() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
