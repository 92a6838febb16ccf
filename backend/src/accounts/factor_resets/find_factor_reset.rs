//! Looking at a person's second factor before it is reset.

use super::rules::Held;
use super::{PlannedReset, store};
use crate::accounts::{StaffAct, User, passkeys, second_factor, staff_may_act, store as people};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::UserId;

/// What an administrator sees of somebody before asking for a reset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetGround {
    /// The person.
    pub user: User,
    /// What the person has beside the password.
    pub held: Held,
    /// The reset that was asked for last.
    pub latest: Option<PlannedReset>,
    /// Who asked for it.
    pub asked_by: Option<User>,
}

/// What the one who acts sees of somebody before asking for a reset; `None` for whoever may not ask, and where the vendor
/// has no such person.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_reset_ground(tx: &mut Tx, cx: &Cx, user_id: &UserId) -> Result<Option<ResetGround>, DbError> {
    if !staff_may_act(tx, cx, StaffAct::ResetSecondFactors).await? {
        return Ok(None);
    }
    let user = people::find_user(tx, &cx.vendor_id, user_id).await?;
    let Some(user) = user.filter(|user| !user.is_deleted()) else { return Ok(None) };
    let held = find_held(tx, cx, user_id).await?;
    let latest = store::find_latest(tx, &cx.vendor_id, user_id).await?;
    let asked_by = match &latest {
        Some(reset) => people::find_user(tx, &cx.vendor_id, &reset.asked_by).await?,
        None => None,
    };
    Ok(Some(ResetGround { user, held, latest, asked_by }))
}

/// The reset of a person that waits; whoever calls it shows it to that person alone.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_waiting_reset(tx: &mut Tx, cx: &Cx, user_id: &UserId) -> Result<Option<PlannedReset>, DbError> {
    store::find_waiting(tx, &cx.vendor_id, user_id).await
}

/// What somebody has beside the password.
pub(super) async fn find_held(tx: &mut Tx, cx: &Cx, user_id: &UserId) -> Result<Held, DbError> {
    let factor = second_factor::find_second_factor(tx, cx, user_id).await?;
    let keys = passkeys::list_passkeys(tx, cx, user_id).await?;
    Ok(Held {
        factor_at: factor.map(|factor| factor.set_at),
        passkeys_at: keys.into_iter().map(|key| key.created_at).collect(),
    })
}
