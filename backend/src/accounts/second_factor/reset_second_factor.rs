//! Taking away the second factor of somebody who has lost app and recovery codes.

use super::super::{known_browsers, sessions, store as people};
use super::store;
use super::tell::tell;
use crate::audit;
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::UserId;
use crate::keys::MasterKey;
use crate::text::en::sign_in_mail as text;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorReset {
    /// It is gone, every session of the user has ended, and the user was told by mail.
    Reset,
    /// There was none.
    NoFactor,
    /// There is no such user.
    NotFound,
    /// Only the operator may do this.
    NotAllowed,
}

/// Takes away a user's second factor. The operator has made sure, by other means than mail, who asks for it.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn reset_second_factor(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user_id: &UserId,
) -> Result<FactorReset, DbError> {
    if cx.actor != Actor::Operator {
        return Ok(FactorReset::NotAllowed);
    }
    let Some(user) = people::find_user(tx, &cx.vendor_id, user_id).await? else { return Ok(FactorReset::NotFound) };
    if !store::delete_factor(tx, cx, user_id).await? {
        return Ok(FactorReset::NoFactor);
    }
    sessions::end_other_sessions(tx, cx, user_id, None).await?;
    known_browsers::forget_browsers(tx, cx, user_id).await?;
    audit::record(tx, cx, None, "user.reset_second_factor", user_id.as_str(), audit::NOTHING, audit::NOTHING).await?;
    tell(tx, cx, master, &user, |sender| text::factor_reset(sender, cx.now)).await?;
    Ok(FactorReset::Reset)
}
