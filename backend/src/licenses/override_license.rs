//! Giving one license other limits and features than its plan has.

use serde_json::json;

use super::change_license::edit_locked;
use super::overrides::losses;
use super::rules::by_hand::check_reason;
use super::{OverrideFault, Overrides, store, tell};
use crate::accounts::{StaffAct, staff_may_act};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::LicenseId;
use crate::keys::MasterKey;
use crate::text::en::standing_mail as letters;

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LicenseOverride {
    /// The license has them; running instances hear of it at their next check.
    Set,
    /// They cannot be granted; nothing was changed.
    Refused(OverrideFault),
    /// Nobody said why; nothing was changed.
    NoReason,
    /// The vendor has no such license.
    NotFound,
    /// Whoever acts may not.
    NotAllowed,
}

/// Puts `overrides` in the place of those that the license has. They outlive changes of plan. Where it allows less than
/// before, its owners are told by mail; `reason` is for colleagues.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn override_license(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    id: &LicenseId,
    overrides: &Overrides,
    reason: &str,
) -> Result<LicenseOverride, DbError> {
    if !staff_may_act(tx, cx, StaffAct::ManageLicenses).await? {
        return Ok(LicenseOverride::NotAllowed);
    }
    if let Err(fault) = overrides.check() {
        return Ok(LicenseOverride::Refused(fault));
    }
    let Ok(reason) = check_reason(reason) else { return Ok(LicenseOverride::NoReason) };
    let Some(view) = store::lock_license(tx, &cx.vendor_id, id).await? else { return Ok(LicenseOverride::NotFound) };
    let before = view.license.clone();
    if before.overrides == *overrides {
        return Ok(LicenseOverride::Set);
    }
    let less = losses(&before.terms, &overrides.apply(&before.plan_terms));
    let account_id = before.account_id.clone();
    edit_locked(tx, cx, before, "license.set_overrides", "license.changed", |license| {
        license.overrides = overrides.clone();
    })
    .await?;
    let after = json!({ "reason": reason });
    audit::record(tx, cx, Some(&account_id), "license.override", id.as_str(), audit::NOTHING, Some(&after)).await?;
    if !less.is_empty() {
        tell::owners(tx, cx, master, &view, |sender, page| letters::reduced(sender, &view, &less, page)).await?;
    }
    Ok(LicenseOverride::Set)
}
