//! `server migrate`.

use anyhow::Result;
use backend::db::migrations_pending;

use crate::config::Config;
use crate::parts;

pub(crate) async fn run(config: &Config) -> Result<()> {
    let db = parts::open_database(config).await?;
    let pending = migrations_pending(&db).await?;
    db.migrate().await?;
    db.close().await;
    for migration in &pending {
        println!("{:04} {}", migration.version, migration.name);
    }
    match pending.len() {
        0 => println!("The database is up to date."),
        count => println!("{count} migration(s) applied."),
    }
    Ok(())
}
