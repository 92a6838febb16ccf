//! For which customer somebody of the staff acts, as its session remembers it.

use tower_sessions::Session;
use tower_sessions::session::Error;

use crate::accounts::change_session_id;
use crate::ids::ActingId;

/// The session's note. It is gone after log-out like everything else in a session.
const ACTING: &str = "acting";

/// Notes it. The session gets a new id, because it may do other things from now on. Whether it goes on is asked with every
/// act: the note outlives it. `false` where the session was ended elsewhere meanwhile, and stays so.
///
/// # Errors
/// The store's.
pub async fn begin_acting_session(session: &Session, id: &ActingId) -> Result<bool, Error> {
    session.insert(ACTING, id).await?;
    change_session_id(session).await
}

/// Forgets it, under a new id again. `false` where the session was ended elsewhere meanwhile, and stays so.
///
/// # Errors
/// The store's.
pub async fn end_acting_session(session: &Session) -> Result<bool, Error> {
    session.remove_value(ACTING).await?;
    change_session_id(session).await
}

/// What was noted last, if anything was.
///
/// # Errors
/// The store's.
pub async fn acting_of(session: &Session) -> Result<Option<ActingId>, Error> {
    session.get(ACTING).await
}
