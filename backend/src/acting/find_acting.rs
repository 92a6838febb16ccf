//! Whether somebody acts for a customer now.

use super::{Acting, rules, store};
use crate::accounts::{self, Act, StaffAct, staff_may};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, ActingId, VendorId};

/// The one of this id, as long as it goes on: time has not ended it, nobody has, and whoever acts is still one of the staff
/// who may.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_live_acting(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &ActingId,
    now: UnixMs,
) -> Result<Option<Acting>, DbError> {
    let Some(acting) = store::find_acting(tx, vendor_id, id).await? else { return Ok(None) };
    if !rules::is_live(&acting, now) {
        return Ok(None);
    }
    let staff = accounts::find_user(tx, vendor_id, &acting.staff_id).await?;
    let role = staff.and_then(|user| user.staff_role);
    Ok(role.is_some_and(|role| staff_may(role, StaffAct::ActAsCustomer)).then_some(acting))
}

/// Who of the staff acts for an account now, for those who may end it; nobody for all others.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_live_for_account(tx: &mut Tx, cx: &Cx, account_id: &AccountId) -> Result<Vec<Acting>, DbError> {
    if !accounts::may_act(tx, cx, account_id, Act::ManageMembers).await? {
        return Ok(Vec::new());
    }
    let mut live = Vec::new();
    for open in store::list_open_for_account(tx, &cx.vendor_id, account_id, cx.now).await? {
        live.extend(find_live_acting(tx, &cx.vendor_id, &open.id, cx.now).await?);
    }
    Ok(live)
}
