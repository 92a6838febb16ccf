//! The customer's owner ends it.

use super::stop_acting::{ActingEnd, end};
use super::store;
use crate::accounts::{Act, may_act};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::ActingId;

/// Ends it from the account's side: whoever acts for the vendor there can do nothing more from this commit on.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn withdraw_acting(tx: &mut Tx, cx: &Cx, id: &ActingId) -> Result<ActingEnd, DbError> {
    let Some(acting) = store::find_acting(tx, &cx.vendor_id, id).await? else { return Ok(ActingEnd::NotFound) };
    if !may_act(tx, cx, &acting.account_id, Act::ManageMembers).await? {
        return Ok(ActingEnd::NotFound);
    }
    end(tx, cx, &acting).await
}
