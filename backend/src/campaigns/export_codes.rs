//! The codes of a campaign as a table to take along.

use super::{csv, store};
use crate::accounts::{StaffAct, staff_may_act};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::CampaignId;

/// As many as a campaign can have, and some.
const MOST: i64 = 200_000;

/// A campaign's codes as CSV; `None` for whoever may not see them, and where there is no such campaign.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn export_codes(tx: &mut Tx, cx: &Cx, campaign_id: &CampaignId) -> Result<Option<String>, DbError> {
    if !staff_may_act(tx, cx, StaffAct::See).await?
        || store::find_campaign(tx, &cx.vendor_id, campaign_id).await?.is_none()
    {
        return Ok(None);
    }
    let codes = store::list_codes(tx, &cx.vendor_id, campaign_id, None, MOST).await?;
    Ok(Some(csv::codes(&codes)))
}
