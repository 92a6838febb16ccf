//! Handing an account over: somebody else becomes its owner, and oneself something less.

use super::ground::lock_ground;
use super::withdraw_invitation::withdraw_all_of;
use super::{MemberChange, Position, store, tell};
use crate::accounts::Role;
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, UserId};
use crate::keys::MasterKey;

/// Makes another member an owner in one's own place; oneself becomes `becomes`. The new owner is told by mail.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn hand_over(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account_id: &AccountId,
    to: &UserId,
    becomes: Role,
) -> Result<MemberChange, DbError> {
    let Some(me) = cx.actor.person() else { return Ok(MemberChange::NotAllowed) };
    let Some(ground) = lock_ground(tx, cx, Some(account_id)).await? else { return Ok(MemberChange::NotAllowed) };
    let roles = store::list_roles(tx, &cx.vendor_id, account_id).await?;
    let Some((_, before)) = roles.iter().find(|(id, _)| id == to && id != me) else {
        return Ok(MemberChange::NotAllowed);
    };
    if becomes == Role::Owner {
        return Ok(MemberChange::Unchanged);
    }
    store::update_role(tx, &cx.vendor_id, account_id, to, Role::Owner).await?;
    store::update_role(tx, &cx.vendor_id, account_id, me, becomes).await?;
    withdraw_all_of(tx, cx, Some(account_id), me).await?;
    let was = serde_json::json!({ "role": before, "former_owner": me });
    let is = serde_json::json!({ "role": Role::Owner, "former_owner_becomes": becomes });
    audit::record(tx, cx, Some(account_id), "member.hand_over", to.as_str(), Some(&was), Some(&is)).await?;
    let position = Position::Member { account_id: account_id.clone(), role: Role::Owner };
    tell::role_changed(tx, cx, master, &ground, &position, to).await?;
    Ok(MemberChange::Done)
}
