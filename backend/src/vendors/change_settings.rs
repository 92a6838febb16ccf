//! Changing what the console can change about a vendor.

use super::Vendor;
use super::rules::{self, SettingProblem, SettingsChange};
use super::store;
use crate::accounts::{StaffAct, staff_may_act};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};

/// What became of a change.
#[derive(Clone, Debug, PartialEq)]
pub enum SettingsUpdate {
    /// It is so from now on; documents that were issued stay as they are.
    Saved,
    /// Nothing was different.
    Unchanged,
    /// Somebody else has changed something since the form was opened; nothing was written.
    Stale,
    /// What cannot stay as it is.
    Refused(Vec<SettingProblem>),
    /// Whoever acts may not.
    NotAllowed,
}

/// Changes one card of the vendor's settings. `seen` is [`Vendor::settings_no`] as the form was shown with.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn change_settings(
    tx: &mut Tx,
    cx: &Cx,
    seen: i64,
    change: &SettingsChange,
) -> Result<SettingsUpdate, DbError> {
    if !staff_may_act(tx, cx, StaffAct::EditSettings).await? {
        return Ok(SettingsUpdate::NotAllowed);
    }
    let Some(before) = store::lock_vendor(tx, &cx.vendor_id).await? else { return Ok(SettingsUpdate::NotAllowed) };
    if rules::is_stale(&before, seen) {
        return Ok(SettingsUpdate::Stale);
    }
    let after = match rules::apply(change, &before) {
        Ok(after) => after,
        Err(problems) => return Ok(SettingsUpdate::Refused(problems)),
    };
    if after == before {
        return Ok(SettingsUpdate::Unchanged);
    }
    let after = Vendor { settings_no: before.settings_no + 1, ..after };
    store::update_settings(tx, &after).await?;
    let (was, is) = (rules::state(change, &before), rules::state(change, &after));
    audit::record(tx, cx, None, "vendor.change_settings", cx.vendor_id.as_str(), Some(&was), Some(&is)).await?;
    Ok(SettingsUpdate::Saved)
}
