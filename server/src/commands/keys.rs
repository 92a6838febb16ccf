//! `server keys …`.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use backend::cx::Entropy;
use backend::db::Db;
use backend::ids::VendorId;
use backend::keys::{MasterKey, MasterRotation, rotate_master as rotate};
use backend::text::en::master_key as text;
use clap::Subcommand;

use crate::config::Config;
use crate::parts;

/// Work on keys.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a master key: into a new file that only its owner can read, or printed without one.
    GenerateMaster {
        /// The file; must not exist yet.
        file: Option<PathBuf>,
    },
    /// Seal everything anew with the present master key that another of the configured ones has sealed. The service may
    /// run meanwhile; what was interrupted goes on when it is run again.
    RotateMaster,
}

pub(crate) fn generate_master(file: Option<&Path>) -> Result<()> {
    let entropy = Entropy::system();
    match file {
        Some(file) => {
            parts::create_master_key(file, &entropy)?;
            println!("{} holds a new master key. Keep a copy apart from the database's backups.", file.display());
        }
        None => println!("{}", MasterKey::generate(&entropy).1.as_str()),
    }
    Ok(())
}

pub(crate) async fn rotate_master(config: &Config) -> Result<()> {
    let master = parts::master_key(config, &Entropy::system())?;
    let db = parts::open_migrated_database(config).await?;
    let rotated = run_rotation(&db, &master).await;
    db.close().await;
    rotated
}

async fn run_rotation(db: &Db, master: &MasterKey) -> Result<()> {
    let master = parts::open_master(master, db).await?;
    let cx = parts::operator_cx(VendorId::from_untrusted(""), &parts::clock());
    let tell = |table: &'static str, resealed| println!("{}", text::progress(table, resealed));
    let rotation = rotate(db, &cx, &master, tell).await?;
    let said = text::rotation(&rotation, &master.id().to_string());
    match rotation {
        MasterRotation::Done { .. } => println!("{said}"),
        MasterRotation::Unopened { .. } | MasterRotation::StillUsed | MasterRotation::NotAllowed => bail!("{said}"),
    }
    Ok(())
}
