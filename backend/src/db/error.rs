//! What can go wrong in the database, sorted by what a caller can do about it.

/// A surprise from the database. Refusals of the business are outcomes, not errors.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A uniqueness rule of the schema was broken; the caller may turn it into a refusal.
    #[error("a row with the same key exists already: {0}")]
    Duplicate(#[source] sqlx::Error),
    /// A row refers to one that does not exist or belongs to another vendor.
    #[error("a row refers to one that does not exist: {0}")]
    Reference(#[source] sqlx::Error),
    /// No connection, a lock not had in time, or a full disk: trying again later may help.
    #[error("the database cannot take this now: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// The writer stopped, or the use case panicked; nothing was written.
    #[error("the write was given up: {0}")]
    GivenUp(&'static str),
    /// The database's migrations and this program do not match.
    #[error("{0}")]
    Migration(String),
    /// Anything else.
    #[error(transparent)]
    Other(sqlx::Error),
}

impl DbError {
    /// Whether a uniqueness rule was broken.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Duplicate(_))
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::error::ErrorKind;
        match &error {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => Self::Unavailable(error),
            sqlx::Error::Database(database) => match database.kind() {
                ErrorKind::UniqueViolation => Self::Duplicate(error),
                ErrorKind::ForeignKeyViolation => Self::Reference(error),
                // SQLite: 5 busy, 6 locked, 13 full. PostgreSQL: 40001 serialization, 40P01 deadlock, 53100 disk full.
                _ if matches!(database.code().as_deref(), Some("5" | "6" | "13" | "40001" | "40P01" | "53100")) => {
                    Self::Unavailable(error)
                }
                _ => Self::Other(error),
            },
            _ => Self::Other(error),
        }
    }
}
