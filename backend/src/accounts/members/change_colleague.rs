//! Giving one of the vendor's staff another role, or none.

use super::ground::{Ground, lock_ground};
use super::rules::leaves_one;
use super::withdraw_invitation::withdraw_all_of;
use super::{MemberChange, Position, store, tell};
use crate::accounts::StaffRole;
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::UserId;
use crate::keys::MasterKey;

/// Gives a colleague another role. The person is told by mail, and has it from the next request on.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn change_staff_role(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user_id: &UserId,
    role: StaffRole,
) -> Result<MemberChange, DbError> {
    change(tx, cx, master, user_id, Some(role)).await
}

/// Makes a colleague an ordinary user, for whom the console does not exist from the next request on. Open invitations
/// that the person made are taken back. The person is told by mail.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn remove_colleague(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user_id: &UserId,
) -> Result<MemberChange, DbError> {
    change(tx, cx, master, user_id, None).await
}

async fn change(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user_id: &UserId,
    becomes: Option<StaffRole>,
) -> Result<MemberChange, DbError> {
    if lock_ground(tx, cx, None).await?.is_none() {
        return Ok(MemberChange::NotAllowed);
    }
    let roles = store::list_staff_roles(tx, &cx.vendor_id).await?;
    let Some((_, before)) = roles.iter().find(|(id, _)| id == user_id) else { return Ok(MemberChange::NotAllowed) };
    if becomes == Some(*before) {
        return Ok(MemberChange::Unchanged);
    }
    if !leaves_one(&roles, StaffRole::Admin, user_id, becomes) {
        return Ok(MemberChange::LastOne);
    }
    store::update_staff_role(tx, &cx.vendor_id, user_id, becomes).await?;
    if *before == StaffRole::Admin {
        withdraw_all_of(tx, cx, None, user_id).await?;
    }
    let act = if becomes.is_some() { "staff.change_role" } else { "staff.remove" };
    let (was, is) = (serde_json::json!({ "staff_role": before }), serde_json::json!({ "staff_role": becomes }));
    audit::record(tx, cx, None, act, user_id.as_str(), Some(&was), Some(&is)).await?;
    match becomes {
        Some(role) => {
            tell::role_changed(tx, cx, master, &Ground::Staff, &Position::Staff(role), user_id).await?;
        }
        None => tell::removed(tx, cx, master, &Ground::Staff, user_id).await?,
    }
    Ok(MemberChange::Done)
}
