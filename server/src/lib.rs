//! The process: commands, configuration, router, middleware and life cycle.
//!
//! `lib.rs` reads the command line; what a command does is in `commands/`. `serve` is `lifecycle.rs`. It is a library so
//! that benchmarks and tests can start the very service that the program starts.

mod commands;
mod config;
mod http;
mod lifecycle;
mod logging;
mod middleware;
mod parts;
mod rounds;
pub mod router;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::commands::{admin, config as config_command, doctor, keys, migrate, stripe_check};
use crate::config::Config;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// License server and self-service portal.
#[derive(Parser)]
#[command(version, about, max_term_width = 100)]
struct Cli {
    /// Configuration file, else `leasehold.toml` beside the program where there is one; what it leaves out has its default
    /// (see `server config default`).
    #[arg(long, global = true, env = "LEASEHOLD_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service until SIGTERM or Ctrl-C.
    Serve,
    /// Apply what is missing to the database.
    Migrate,
    /// Look at the configuration.
    #[command(subcommand)]
    Config(config_command::Command),
    /// Try out everything the service depends on.
    Doctor,
    /// Try out in a Stripe test account whether Stripe behaves as assumed.
    StripeCheck(stripe_check::Arguments),
    /// Work on vendors, catalogs and staff.
    #[command(subcommand)]
    Admin(admin::Command),
    /// Work on keys.
    #[command(subcommand)]
    Keys(keys::Command),
}

/// Does what the command line says.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // Address space, not memory: unoptimised, a page's future is larger than what threads have by default.
    let runtime = match tokio::runtime::Builder::new_multi_thread().thread_stack_size(8 << 20).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    match runtime.block_on(run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn fail(error: &anyhow::Error) -> ExitCode {
    // With its causes, on one line.
    eprintln!("server: {error:#}");
    ExitCode::FAILURE
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    // These do not need a configuration, or must work while it is broken.
    let command = match cli.command {
        Command::Config(command) => return config_command::run(command, cli.config.as_deref()),
        Command::Keys(keys::Command::GenerateMaster { file }) => return keys::generate_master(file.as_deref()),
        command => command,
    };
    let (config, _) = Config::load_beside(program_folder().as_deref(), cli.config.as_deref(), environment())?;
    logging::start(&config.log, matches!(command, Command::Serve))?;
    match command {
        Command::Serve => lifecycle::serve(&config).await,
        Command::Migrate => migrate::run(&config).await,
        Command::Doctor => doctor::run(&config).await,
        Command::StripeCheck(arguments) => stripe_check::run(arguments, &config).await,
        Command::Admin(command) => admin::run(command, &config).await,
        Command::Keys(keys::Command::RotateMaster) => keys::rotate_master(&config).await,
        Command::Config(_) | Command::Keys(keys::Command::GenerateMaster { .. }) => Ok(()),
    }
}

/// Where the program lies.
fn program_folder() -> Option<PathBuf> {
    Some(std::env::current_exe().ok()?.parent()?.to_owned())
}

/// The environment, without values that are not text.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}
