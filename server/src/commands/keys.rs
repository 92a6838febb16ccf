//! `server keys …`.

use std::path::PathBuf;

use anyhow::Result;
use backend::cx::Entropy;
use backend::keys::MasterKey;
use clap::Subcommand;

use crate::parts;

/// Work on keys.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a master key: into a new file that only its owner can read, or printed without one.
    GenerateMaster {
        /// The file; must not exist yet.
        file: Option<PathBuf>,
    },
}

pub(crate) fn run(command: Command) -> Result<()> {
    let Command::GenerateMaster { file } = command;
    let entropy = Entropy::system();
    match file {
        Some(file) => {
            parts::create_master_key(&file, &entropy)?;
            println!("{} holds a new master key. Keep a copy apart from the database's backups.", file.display());
        }
        None => println!("{}", MasterKey::generate(&entropy).1.as_str()),
    }
    Ok(())
}
