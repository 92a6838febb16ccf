//! `stripe-sandbox`: a local Stripe on one loopback port.

use std::net::SocketAddr;

use clap::Parser;

/// A local Stripe for development, demo and tests.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Loopback address to listen on.
    #[arg(long, default_value = "127.0.0.1:12111")]
    listen: SocketAddr,
    /// Origin of the hosted pages as browsers see it.
    #[arg(long)]
    public_url: Option<String>,
    /// Accepted API key; may be repeated. Without one, any `sk_test_…` is accepted.
    #[arg(long = "api-key")]
    api_keys: Vec<String>,
    /// File in which the state survives a restart. Without one it is in memory only.
    #[arg(long)]
    state: Option<std::path::PathBuf>,
    /// Webhook endpoint that exists from the start.
    #[arg(long, requires = "webhook_secret")]
    webhook_url: Option<String>,
    /// Its signing secret, `whsec_…`.
    #[arg(long, requires = "webhook_url")]
    webhook_secret: Option<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let arguments = Arguments::parse();
    let running = stripe_sandbox::start(stripe_sandbox::Config {
        listen: arguments.listen,
        public_url: arguments.public_url,
        api_keys: arguments.api_keys,
        webhook: arguments.webhook_url.zip(arguments.webhook_secret),
        state: arguments.state,
        clock: None,
    })
    .await?;
    tracing::info!(url = running.url, "Stripe sandbox is up; its console is at /");
    tokio::signal::ctrl_c().await?;
    running.shutdown().await;
    Ok(())
}
