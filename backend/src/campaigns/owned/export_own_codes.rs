//! The codes of a partner's campaign as a table to take along.

use super::super::{csv, list_codes};
use super::find_owned;
use crate::accounts::Act;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::CampaignId;

/// As many as a campaign can have, and some: staff may add more codes than a partner does.
const MOST: i64 = 200_000;

/// The codes as CSV; `None` for whoever does not look after them.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn export_own_codes(tx: &mut Tx, cx: &Cx, campaign_id: &CampaignId) -> Result<Option<String>, DbError> {
    if find_owned(tx, cx, campaign_id, Act::SeeInvoices).await?.is_none() {
        return Ok(None);
    }
    let codes = list_codes(tx, &cx.vendor_id, campaign_id, None, MOST).await?;
    Ok(Some(csv::codes(&codes)))
}
