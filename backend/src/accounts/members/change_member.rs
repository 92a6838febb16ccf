//! Giving a member another role, or taking it out of the account.

use super::ground::lock_ground;
use super::rules::leaves_one;
use super::withdraw_invitation::withdraw_all_of;
use super::{MemberChange, Position, store, tell};
use crate::accounts::Role;
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, UserId};
use crate::keys::MasterKey;

/// Gives a member another role. The person is told by mail, and has it from the next request on.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn change_role(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account_id: &AccountId,
    user_id: &UserId,
    role: Role,
) -> Result<MemberChange, DbError> {
    let Some(ground) = lock_ground(tx, cx, Some(account_id)).await? else { return Ok(MemberChange::NotAllowed) };
    let before = match judge(tx, cx, account_id, user_id, Some(role)).await? {
        Ok(before) => before,
        Err(change) => return Ok(change),
    };
    store::update_role(tx, &cx.vendor_id, account_id, user_id, role).await?;
    if before == Role::Owner {
        // What only owners may do must not outlast the ownership in links that are out.
        withdraw_all_of(tx, cx, Some(account_id), user_id).await?;
    }
    let (was, is) = (serde_json::json!({ "role": before }), serde_json::json!({ "role": role }));
    let id = user_id.as_str();
    audit::record(tx, cx, Some(account_id), "member.change_role", id, Some(&was), Some(&is)).await?;
    let position = Position::Member { account_id: account_id.clone(), role };
    tell::role_changed(tx, cx, master, &ground, &position, user_id).await?;
    Ok(MemberChange::Done)
}

/// Takes a member out of the account, with the invitations that it made and nobody answered. The person is told by mail,
/// and acts for the account no more from the next request on.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn remove_member(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account_id: &AccountId,
    user_id: &UserId,
) -> Result<MemberChange, DbError> {
    let Some(ground) = lock_ground(tx, cx, Some(account_id)).await? else { return Ok(MemberChange::NotAllowed) };
    let before = match judge(tx, cx, account_id, user_id, None).await? {
        Ok(before) => before,
        Err(change) => return Ok(change),
    };
    take_out(tx, cx, account_id, user_id, before, "member.remove").await?;
    tell::removed(tx, cx, master, &ground, user_id).await?;
    Ok(MemberChange::Done)
}

/// The role that somebody has, if the change can be made; else what there is to say. Behind the account's lock.
pub(super) async fn judge(
    tx: &mut Tx,
    cx: &Cx,
    account_id: &AccountId,
    user_id: &UserId,
    becomes: Option<Role>,
) -> Result<Result<Role, MemberChange>, DbError> {
    let roles = store::list_roles(tx, &cx.vendor_id, account_id).await?;
    let Some((_, before)) = roles.iter().find(|(id, _)| id == user_id) else {
        return Ok(Err(MemberChange::NotAllowed));
    };
    Ok(if becomes == Some(*before) {
        Err(MemberChange::Unchanged)
    } else if leaves_one(&roles, Role::Owner, user_id, becomes) {
        Ok(*before)
    } else {
        Err(MemberChange::LastOne)
    })
}

/// Ends a membership, and what would outlast it.
pub(super) async fn take_out(
    tx: &mut Tx,
    cx: &Cx,
    account_id: &AccountId,
    user_id: &UserId,
    before: Role,
    act: &str,
) -> Result<(), DbError> {
    store::delete_member(tx, &cx.vendor_id, account_id, user_id).await?;
    withdraw_all_of(tx, cx, Some(account_id), user_id).await?;
    let was = serde_json::json!({ "role": before });
    audit::record(tx, cx, Some(account_id), act, user_id.as_str(), Some(&was), audit::NOTHING).await
}
