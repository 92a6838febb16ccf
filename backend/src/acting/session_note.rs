//! For which customer somebody of the staff acts, as its session remembers it.

use tower_sessions::Session;
use tower_sessions::session::Error;

use crate::ids::ActingId;

/// The session's note. It is gone after log-out like everything else in a session.
const ACTING: &str = "acting";

/// Notes it. The session gets a new id, because it may do other things from now on. Whether it goes on is asked with every
/// act: the note outlives it.
///
/// # Errors
/// The store's.
pub async fn begin_acting_session(session: &Session, id: &ActingId) -> Result<(), Error> {
    session.insert(ACTING, id).await?;
    session.cycle_id().await?;
    session.save().await
}

/// Forgets it, under a new id again.
///
/// # Errors
/// The store's.
pub async fn end_acting_session(session: &Session) -> Result<(), Error> {
    session.remove_value(ACTING).await?;
    session.cycle_id().await?;
    session.save().await
}

/// What was noted last, if anything was.
///
/// # Errors
/// The store's.
pub async fn acting_of(session: &Session) -> Result<Option<ActingId>, Error> {
    session.get(ACTING).await
}
