//! Calling one of one's own passkeys otherwise.

use serde_json::json;

use super::rules::check_name;
use super::store;
use crate::accounts::rules::Problem;
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::PasskeyId;

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasskeyRenaming {
    /// It is called so.
    Renamed,
    /// The name cannot stay as it is.
    BadName(Problem),
    /// Whoever acts has no such passkey.
    NotFound,
}

/// Names a passkey of whoever acts.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn rename_passkey(tx: &mut Tx, cx: &Cx, id: &PasskeyId, name: &str) -> Result<PasskeyRenaming, DbError> {
    let Some(user_id) = cx.actor.person() else { return Ok(PasskeyRenaming::NotFound) };
    if !store::list_rows(tx, cx, user_id).await?.iter().any(|row| row.id == *id) {
        return Ok(PasskeyRenaming::NotFound);
    }
    let name = match check_name(name) {
        Ok(name) => name,
        Err(problem) => return Ok(PasskeyRenaming::BadName(problem)),
    };
    let Some(before) = store::update_name(tx, cx, user_id, id, &name).await? else {
        return Ok(PasskeyRenaming::NotFound);
    };
    if before != name {
        let (before, after) = (json!({ "passkey": id, "name": before }), json!({ "passkey": id, "name": name }));
        audit::record(tx, cx, None, "user.rename_passkey", user_id.as_str(), Some(&before), Some(&after)).await?;
    }
    Ok(PasskeyRenaming::Renamed)
}
