//! Taking an invitation back.

use super::ground::may_manage;
use super::rules::{Standing, standing};
use super::store;
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, InvitationId, UserId};

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawal {
    /// Its link works no more.
    Withdrawn,
    /// It was accepted or taken back before.
    Gone,
    /// The one who acts may not, or there is no such invitation: the same answer to both.
    NotAllowed,
}

/// Takes an invitation back.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn withdraw_invitation(tx: &mut Tx, cx: &Cx, id: &InvitationId) -> Result<Withdrawal, DbError> {
    let Some(known) = store::find_invitation(tx, &cx.vendor_id, id).await? else { return Ok(Withdrawal::NotAllowed) };
    let account_id = known.position.account_id();
    if !may_manage(tx, cx, account_id).await? {
        return Ok(Withdrawal::NotAllowed);
    }
    let locked = store::lock_invitation(tx, &cx.vendor_id, id).await?;
    if locked.is_none_or(|locked| standing(&locked, cx.now) == Standing::Over) {
        return Ok(Withdrawal::Gone);
    }
    store::close_withdrawn(tx, cx, id).await?;
    let before = serde_json::json!({ "email": known.email, "role": known.position.role_word() });
    audit::record(tx, cx, account_id, "invitation.withdraw", id.as_str(), Some(&before), audit::NOTHING).await?;
    Ok(Withdrawal::Withdrawn)
}

/// Takes back what somebody has invited to an account, or to the staff, and nobody has answered: what only the powerful may
/// do must not outlast the power in links that are out. Each has its audit row.
pub(super) async fn withdraw_all_of(
    tx: &mut Tx,
    cx: &Cx,
    account_id: Option<&AccountId>,
    invited_by: &UserId,
) -> Result<(), DbError> {
    for (id, email, role) in store::close_all_of(tx, cx, account_id, invited_by).await? {
        let before = serde_json::json!({ "email": email, "role": role });
        audit::record(tx, cx, account_id, "invitation.withdraw", id.as_str(), Some(&before), audit::NOTHING).await?;
    }
    Ok(())
}
