//! Leaving an account.

use super::change_member::{judge, take_out};
use super::ground::Ground;
use super::{MemberChange, tell};
use crate::accounts::{Act, may_act, store as people};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::AccountId;
use crate::keys::MasterKey;

/// Takes whoever acts out of the account, whatever the role; only the last owner cannot leave. The owners who stay are
/// told by mail.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn leave_account(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account_id: &AccountId,
) -> Result<MemberChange, DbError> {
    let Some(me) = cx.actor.person() else { return Ok(MemberChange::NotAllowed) };
    // To belong to it is all that it takes to leave.
    if !may_act(tx, cx, account_id, Act::See).await? {
        return Ok(MemberChange::NotAllowed);
    }
    let Some(account) = people::lock_account(tx, &cx.vendor_id, account_id).await? else {
        return Ok(MemberChange::NotAllowed);
    };
    let before = match judge(tx, cx, account_id, me, None).await? {
        Ok(before) => before,
        Err(change) => return Ok(change),
    };
    take_out(tx, cx, account_id, me, before, "member.leave").await?;
    if let Some(user) = people::find_user(tx, &cx.vendor_id, me).await? {
        tell::left(tx, cx, master, &Ground::Account(Box::new(account)), &user).await?;
    }
    Ok(MemberChange::Done)
}
