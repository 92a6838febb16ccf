//! `server config …`.

use std::path::Path;

use anyhow::Result;
use clap::Subcommand;

use crate::config::{Config, DEFAULTS};

/// Look at the configuration.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Check it, and print what is in force with secrets redacted.
    Check,
    /// Print the commented defaults: every setting and what it means.
    Default,
}

pub(crate) fn run(command: Command, file: Option<&Path>) -> Result<()> {
    match command {
        Command::Default => print!("{DEFAULTS}"),
        Command::Check => {
            let program = crate::program_folder();
            let (config, file) = Config::load_beside(program.as_deref(), file, crate::environment())?;
            match file {
                Some(file) => println!("# Configured by {} and the environment.\n", file.display()),
                None => println!("# There is no configuration file: these are the defaults and the environment.\n"),
            }
            print!("{}", config.show());
        }
    }
    Ok(())
}
