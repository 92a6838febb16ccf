//! Where log lines go: standard error, for people or for machines.

use anyhow::{Context, Result};
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Starts logging for the rest of the process. A command that is not a service says what it does on its own;
/// only its warnings are logged.
///
/// # Errors
/// When `log.filter` is malformed.
pub(crate) fn start(log: &Log, is_service: bool) -> Result<()> {
    let filter = EnvFilter::try_new(&log.filter).context("log.filter cannot be read")?;
    let filter = if is_service { filter } else { EnvFilter::new("warn") };
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match log.format {
        LogFormat::Pretty => lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
    Ok(())
}
