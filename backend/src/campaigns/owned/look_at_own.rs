//! What a partner sees of its campaigns: codes, redemptions, and what they sold.

use super::super::statistics::list_takings_of;
use super::super::{
    ListedCampaign, PromotionCode, Takings, Whose, find_campaign_with_counts, list_campaigns, list_codes,
};
use super::{find_owned, may_for_partner, store};
use crate::accounts::{Act, may_act};
use crate::catalog::find_plan;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, CampaignId, PromotionCodeId};
use crate::listing::TimePlace;

pub use super::store::Sale;

/// A campaign in its partner's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedCampaign {
    /// The campaign with its counts.
    pub listed: ListedCampaign,
    /// What it brought in, by currency.
    pub takings: Vec<Takings>,
}

/// A partner's campaigns, newest first, at most `limit` of those older than `before`; `None` for whoever may not see them.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_own_campaigns(
    tx: &mut Tx,
    cx: &Cx,
    partner_id: &AccountId,
    before: Option<(UnixMs, &CampaignId)>,
    limit: i64,
) -> Result<Option<Vec<OwnedCampaign>>, DbError> {
    if !may_for_partner(tx, cx, partner_id, Act::SeeInvoices).await? {
        return Ok(None);
    }
    let whose = Whose::Partners(partner_id.clone());
    let campaigns = list_campaigns(tx, &cx.vendor_id, &whose, before, limit).await?;
    let made = |listed: &ListedCampaign| listed.campaign.created_at;
    let (Some(newest), Some(oldest)) = (campaigns.first().map(made), campaigns.last().map(made)) else {
        return Ok(Some(Vec::new()));
    };
    let takings = list_takings_of(tx, &cx.vendor_id, partner_id, oldest, newest).await?;
    let with_takings = |listed: ListedCampaign| {
        let own = takings.iter().filter(|it| it.campaign_id == listed.campaign.id).cloned().collect();
        OwnedCampaign { listed, takings: own }
    };
    Ok(Some(campaigns.into_iter().map(with_takings).collect()))
}

/// A campaign as its partner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignView {
    /// The campaign with its counts.
    pub listed: ListedCampaign,
    /// The names of the plans that it is for; all where empty.
    pub plans: Vec<String>,
    /// What it brought in, by currency.
    pub takings: Vec<Takings>,
    /// Its codes, newest first.
    pub codes: Vec<PromotionCode>,
    /// What was bought with them, newest first.
    pub sales: Vec<Sale>,
    /// Whether the one who looks may look after the codes.
    pub may_manage: bool,
}

/// A campaign with its codes older than `codes_before` and its sales after `sales_after`, at most `limit` of each; for
/// whoever may not see it there is no such campaign.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn look_at_own_campaign(
    tx: &mut Tx,
    cx: &Cx,
    id: &CampaignId,
    codes_before: Option<(UnixMs, &PromotionCodeId)>,
    sales_after: Option<&TimePlace>,
    limit: i64,
) -> Result<Option<CampaignView>, DbError> {
    let Some(campaign) = find_owned(tx, cx, id, Act::SeeInvoices).await? else { return Ok(None) };
    let Some(owner_id) = campaign.owner_account_id else { return Ok(None) };
    let Some(listed) = find_campaign_with_counts(tx, &cx.vendor_id, id).await? else { return Ok(None) };
    let mut plans = Vec::new();
    for plan_id in &listed.campaign.plan_ids.0 {
        plans.extend(find_plan(tx, &cx.vendor_id, plan_id).await?.map(|plan| plan.name));
    }
    let made = listed.campaign.created_at;
    let mut takings = list_takings_of(tx, &cx.vendor_id, &owner_id, made, made).await?;
    takings.retain(|it| it.campaign_id == *id);
    let codes = list_codes(tx, &cx.vendor_id, id, codes_before, limit).await?;
    let sales = store::list_sales(tx, &cx.vendor_id, id, &owner_id, sales_after, limit).await?;
    let may_manage = may_act(tx, cx, &owner_id, Act::Buy).await?;
    Ok(Some(CampaignView { listed, plans, takings, codes, sales, may_manage }))
}
