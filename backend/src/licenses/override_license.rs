//! Giving one license other limits and features than its plan has.

use super::change_license::edit_locked;
use super::{OverrideFault, Overrides, store};
use crate::accounts::{StaffAct, staff_may_act};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::LicenseId;

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LicenseOverride {
    /// The license has them; running instances hear of it at their next check.
    Set,
    /// They cannot be granted; nothing was changed.
    Refused(OverrideFault),
    /// The vendor has no such license.
    NotFound,
    /// Whoever acts may not.
    NotAllowed,
}

/// Puts `overrides` in the place of those that the license has. They outlive changes of plan.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn override_license(
    tx: &mut Tx,
    cx: &Cx,
    id: &LicenseId,
    overrides: &Overrides,
) -> Result<LicenseOverride, DbError> {
    if !staff_may_act(tx, cx, StaffAct::ManageLicenses).await? {
        return Ok(LicenseOverride::NotAllowed);
    }
    if let Err(fault) = overrides.check() {
        return Ok(LicenseOverride::Refused(fault));
    }
    let Some(view) = store::lock_license(tx, &cx.vendor_id, id).await? else { return Ok(LicenseOverride::NotFound) };
    edit_locked(tx, cx, view.license, "license.override", "license.changed", |license| {
        license.overrides = overrides.clone();
    })
    .await?;
    Ok(LicenseOverride::Set)
}
