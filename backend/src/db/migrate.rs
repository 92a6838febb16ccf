//! Migrations: the same numbers and names for both engines, compiled in.

use sqlx::migrate::{MigrateError, Migrator};

use super::open::Engine;
use super::{Db, DbError};

static SQLITE: Migrator = sqlx::migrate!("../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../migrations/postgres");

/// A migration that the database does not have yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Its number.
    pub version: i64,
    /// Its name.
    pub name: String,
}

impl Db {
    /// Applies what is missing.
    ///
    /// # Errors
    /// [`DbError::Migration`] with a sentence when the database is newer than this program, or was left
    /// half migrated; nothing is changed then.
    pub async fn migrate(&self) -> Result<(), DbError> {
        let done = match self.engine() {
            Engine::Sqlite { readers, .. } => SQLITE.run(readers).await,
            Engine::Postgres(pool) => POSTGRES.run(pool).await,
        };
        done.map_err(explain)
    }

    fn migrator(&self) -> &'static Migrator {
        match self.engine() {
            Engine::Sqlite { .. } => &SQLITE,
            Engine::Postgres(_) => &POSTGRES,
        }
    }
}

/// The migrations that `db` still needs; an error when it has some that this program does not know.
///
/// # Errors
/// [`DbError::Migration`] as [`Db::migrate`].
pub async fn migrations_pending(db: &Db) -> Result<Vec<Migration>, DbError> {
    const APPLIED: &str = "SELECT version, success FROM _sqlx_migrations ORDER BY version";
    let rows: Result<Vec<(i64, bool)>, sqlx::Error> = match db.engine() {
        Engine::Sqlite { readers, .. } => sqlx::query_as(APPLIED).fetch_all(readers).await,
        Engine::Postgres(pool) => sqlx::query_as(APPLIED).fetch_all(pool).await,
    };
    let applied = match rows {
        Ok(applied) => applied,
        Err(sqlx::Error::Database(_)) => Vec::new(), // no such table: a new database
        Err(error) => return Err(error.into()),
    };
    if let Some((version, _)) = applied.iter().find(|(_, success)| !success) {
        return Err(explain(MigrateError::Dirty(*version)));
    }
    let known = db.migrator();
    if let Some((version, _)) = applied.iter().find(|(version, _)| !known.version_exists(*version)) {
        return Err(explain(MigrateError::VersionMissing(*version)));
    }
    Ok(known
        .iter()
        .filter(|migration| !applied.iter().any(|(version, _)| *version == migration.version))
        .map(|migration| Migration { version: migration.version, name: migration.description.to_string() })
        .collect())
}

fn explain(error: MigrateError) -> DbError {
    DbError::Migration(match error {
        MigrateError::VersionMissing(version) => format!(
            "The database has migration {version}, which this program does not know: it was last used by a newer \
             release. Start that release, or restore a backup taken before the upgrade."
        ),
        MigrateError::VersionMismatch(version) => format!(
            "Migration {version} was changed after it was applied to this database. Start the release that applied \
             it, or restore a backup."
        ),
        MigrateError::Dirty(version) => format!(
            "Migration {version} was begun and not finished. Restore the backup taken before the upgrade and run \
             `server migrate` again."
        ),
        other => format!("The database could not be migrated: {other}"),
    })
}
