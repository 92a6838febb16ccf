//! Campaigns of partners.
//!
//! The vendor's staff make a campaign for a partner, and what it takes off, for whom and how often is theirs alone to
//! say, as for any other. The partner gives it codes, lets them rest and sees what they sold. What the vendor's staff let
//! rest, the partner cannot let work again.
//!
//! Of the partner's members, those who may see invoices look ([`Act::SeeInvoices`]), because what is sold is money, and
//! those who may buy look after the codes ([`Act::Buy`]). To everybody else, and to all of them once the partnership is
//! over, there is no such campaign. Who has bought is named only where it is a client of the partner's own.

mod add_own_codes;
mod export_own_codes;
mod look_at_own;
mod pause_own_code;
mod store;

use super::{Campaign, find_campaign};
use crate::accounts::{Act, may_act};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, CampaignId};
use crate::partners;

pub use add_own_codes::add_own_codes;
pub use export_own_codes::export_own_codes;
pub use look_at_own::{CampaignView, OwnedCampaign, Sale, list_own_campaigns, look_at_own_campaign};
pub use pause_own_code::{pause_own_code, resume_own_code};

/// Most codes of one campaign of a partner.
pub const MOST_CODES: i64 = 1_000;
/// Most codes that a partner draws at once.
pub const MOST_AT_ONCE: i64 = 200;

/// The campaign, for whoever may do this for the partner whose it is, as long as that is one.
pub(super) async fn find_owned(tx: &mut Tx, cx: &Cx, id: &CampaignId, act: Act) -> Result<Option<Campaign>, DbError> {
    let Some(campaign) = find_campaign(tx, &cx.vendor_id, id).await? else { return Ok(None) };
    let Some(owner_id) = &campaign.owner_account_id else { return Ok(None) };
    let may = may_for_partner(tx, cx, owner_id, act).await?;
    Ok(may.then_some(campaign))
}

/// Whether the account is a partner now, and the one who acts may do this in it.
async fn may_for_partner(tx: &mut Tx, cx: &Cx, account_id: &AccountId, act: Act) -> Result<bool, DbError> {
    if !may_act(tx, cx, account_id, act).await? {
        return Ok(false);
    }
    let partner = partners::find_partner(tx, &cx.vendor_id, account_id).await?;
    Ok(partner.is_some_and(|partner| partner.is_live()))
}
