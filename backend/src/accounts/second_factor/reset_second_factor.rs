//! Taking away the second factor of somebody who has lost app and recovery codes, and the passkeys: whoever has to be helped in
//! this way is in doubt about who else gets in.

use super::super::{known_browsers, passkeys, sessions, store as people};
use super::store;
use super::tell::tell;
use crate::accounts::factor_resets::{ResetStatus, settle_waiting};
use crate::audit;
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::UserId;
use crate::keys::MasterKey;
use crate::text::en::passkey_mail::{TakenPasskeys, passkeys_reset};
use crate::text::en::sign_in_mail as text;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorReset {
    /// It is gone with all passkeys, every session of the user has ended, and the user was told by mail.
    Reset,
    /// There was none, and no passkey.
    NoFactor,
    /// There is no such user.
    NotFound,
    /// Only the operator may do this.
    NotAllowed,
}

/// Takes away a user's second factor and passkeys, whichever there are. The operator has made sure, by other means than
/// mail, who asks for it.
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
    let had_factor = store::delete_factor(tx, cx, user_id).await?;
    let had_passkeys = passkeys::remove_all(tx, cx, user_id).await? > 0;
    if !had_factor && !had_passkeys {
        return Ok(FactorReset::NoFactor);
    }
    // Nothing of it is left to be done by one that an administrator asked for.
    settle_waiting(tx, cx, user_id, ResetStatus::Lapsed).await?;
    sessions::end_other_sessions(tx, cx, user_id, None).await?;
    known_browsers::forget_browsers(tx, cx, user_id).await?;
    if had_factor {
        let act = "user.reset_second_factor";
        audit::record(tx, cx, None, act, user_id.as_str(), audit::NOTHING, audit::NOTHING).await?;
    }
    tell(tx, cx, master, &user, |sender| {
        if had_factor {
            text::factor_reset(sender, cx.now, had_passkeys.then_some(TakenPasskeys::All))
        } else {
            passkeys_reset(sender, cx.now, TakenPasskeys::All)
        }
    })
    .await?;
    Ok(FactorReset::Reset)
}
