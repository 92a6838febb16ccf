//! Which of its accounts a person acts for, as its session remembers it.

use tower_sessions::Session;
use tower_sessions::session::Error;

use crate::ids::AccountId;

/// The session's note. It is gone after sign-in like everything else in a session.
const CHOSEN: &str = "account";

/// Notes for which account the person of this session acts from now on. Whether it may is asked with every act: the note
/// outlives memberships.
///
/// # Errors
/// The store's.
pub async fn choose_account(session: &Session, account_id: &AccountId) -> Result<(), Error> {
    session.insert(CHOSEN, account_id).await
}

/// The account that was chosen last, if any was.
///
/// # Errors
/// The store's.
pub async fn chosen_account(session: &Session) -> Result<Option<AccountId>, Error> {
    session.get(CHOSEN).await
}
