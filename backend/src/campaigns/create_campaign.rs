//! Making a campaign. What it takes off, for whom and for how long never changes afterwards.

use super::rules::{self, Fault, is_duration, is_limit, is_name, is_sum};
use super::{Campaign, Duration, store};
use crate::accounts::{StaffAct, staff_may_act};
use crate::audit;
use crate::catalog::{self, stripe_product_id};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, JsonText, Tx};
use crate::ids::{AccountId, PlanId};
use crate::money::Money;
use crate::orders::promotion::read_code;
use crate::partners;
use crate::stripe::AmountOff;

/// A campaign to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCampaign {
    /// The partner whose campaign it is; the vendor's own without.
    pub owner_id: Option<AccountId>,
    /// What it is called.
    pub name: String,
    /// Its first code, or nothing.
    pub code: String,
    /// What it takes off; a share is a whole number of hundredths of a percent.
    pub amount_off: AmountOff,
    /// For how long.
    pub duration: Duration,
    /// How many months, where it repeats.
    pub duration_months: Option<i64>,
    /// The plans that it is for; all where empty.
    pub plan_ids: Vec<PlanId>,
    /// The least that an order comes to, before tax and discounts.
    pub minimum: Option<Money>,
    /// Only for accounts that have never paid anything.
    pub first_purchase_only: bool,
    /// How often it can be redeemed in all.
    pub max_redemptions: Option<i64>,
    /// How often one account can redeem it.
    pub max_per_account: Option<i64>,
    /// From when on.
    pub starts_at: UnixMs,
    /// First moment at which it is over.
    pub ends_at: Option<UnixMs>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CampaignCreation {
    /// It is made.
    Created(Box<Campaign>),
    /// It cannot be so.
    Refused(Vec<Fault>),
    /// The one who acts may not.
    NotAllowed,
}

/// Makes a campaign, with its first code where it names one.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn create_campaign(tx: &mut Tx, cx: &Cx, new: &NewCampaign) -> Result<CampaignCreation, DbError> {
    if !staff_may_act(tx, cx, StaffAct::ManageCampaigns).await? {
        return Ok(CampaignCreation::NotAllowed);
    }
    let mut faults = faults(new);
    let products = products_of(tx, cx, &new.plan_ids).await?;
    if products.is_none() {
        faults.push(Fault::Plans);
    }
    // Locked, so that the partnership does not end without this campaign.
    if let Some(owner_id) = &new.owner_id
        && !partners::lock_live_partner(tx, &cx.vendor_id, owner_id).await?
    {
        faults.push(Fault::Owner);
    }
    let code = new.code.trim();
    let is_taken = !code.is_empty() && store::find_code(tx, &cx.vendor_id, code).await?.is_some();
    if is_taken {
        faults.push(Fault::CodeTaken);
    }
    let (Some(product_ids), true) = (products, faults.is_empty()) else {
        return Ok(CampaignCreation::Refused(faults));
    };
    let (percent_bp, sum) = match new.amount_off {
        AmountOff::Share(millionths) => (Some(millionths / rules::MILLIONTHS_IN_A_BP), None),
        AmountOff::Sum { amount_minor, currency } => (None, Some(Money::new(amount_minor, currency))),
    };
    let campaign = Campaign {
        id: cx.id(),
        vendor_id: cx.vendor_id.clone(),
        owner_account_id: new.owner_id.clone(),
        name: new.name.trim().to_owned(),
        percent_bp,
        amount_minor: sum.map(|sum| sum.amount_minor),
        currency: sum.map(|sum| sum.currency),
        duration: new.duration,
        duration_months: new.duration_months,
        plan_ids: JsonText(new.plan_ids.clone()),
        product_ids: JsonText(product_ids),
        minimum_minor: new.minimum.map(|least| least.amount_minor),
        minimum_currency: new.minimum.map(|least| least.currency),
        first_purchase_only: new.first_purchase_only,
        max_redemptions: new.max_redemptions,
        max_per_account: new.max_per_account,
        starts_at: new.starts_at,
        ends_at: new.ends_at,
        paused_at: None,
        stripe_coupon_id: None,
        created_by: cx.actor.person().cloned(),
        created_at: cx.now,
    };
    store::insert_campaign(tx, &campaign).await?;
    if !code.is_empty() && !store::insert_code(tx, cx, &campaign.id, code, None).await? {
        // Made by somebody else since it was looked for: the error takes the campaign back with it.
        return Err(DbError::GivenUp("a code of this name was made at the same moment"));
    }
    let after = serde_json::json!({
        "owner_account_id": campaign.owner_account_id,
        "name": campaign.name, "percent_bp": campaign.percent_bp, "amount_minor": campaign.amount_minor,
        "currency": campaign.currency, "duration": campaign.duration, "duration_months": campaign.duration_months,
        "plan_ids": campaign.plan_ids.0, "minimum": new.minimum, "first_purchase_only": campaign.first_purchase_only,
        "max_redemptions": campaign.max_redemptions, "max_per_account": campaign.max_per_account,
        "starts_at": campaign.starts_at, "ends_at": campaign.ends_at, "code": code,
    });
    audit::record(tx, cx, None, "campaign.create", campaign.id.as_str(), audit::NOTHING, Some(&after)).await?;
    Ok(CampaignCreation::Created(Box::new(campaign)))
}

fn faults(new: &NewCampaign) -> Vec<Fault> {
    let whole = rules::WHOLE_BP * rules::MILLIONTHS_IN_A_BP;
    let off = match new.amount_off {
        AmountOff::Share(millionths) => {
            let is_exact = millionths % rules::MILLIONTHS_IN_A_BP == 0;
            (!(is_exact && (1..=whole).contains(&millionths))).then_some(Fault::Percent)
        }
        AmountOff::Sum { amount_minor, currency } => {
            (!is_sum(Money::new(amount_minor, currency))).then_some(Fault::Amount)
        }
    };
    let code = new.code.trim();
    [
        (!is_name(&new.name)).then_some(Fault::Name),
        off,
        (!is_duration(new.duration, new.duration_months)).then_some(Fault::Months),
        new.minimum.is_some_and(|least| least.amount_minor <= 0).then_some(Fault::Minimum),
        (!is_limit(new.max_redemptions)).then_some(Fault::MaxRedemptions),
        (!is_limit(new.max_per_account)).then_some(Fault::MaxPerAccount),
        new.ends_at.is_some_and(|ends_at| ends_at <= new.starts_at).then_some(Fault::EndsAt),
        (!code.is_empty() && read_code(code).is_none()).then_some(Fault::Code),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Stripe's products of these plans, to which the coupon is bound, so that a discount that goes on does not move to
/// another plan with the subscription; `None` where one is no plan of the vendor's.
async fn products_of(tx: &mut Tx, cx: &Cx, plan_ids: &[PlanId]) -> Result<Option<Vec<String>>, DbError> {
    let mut ids = Vec::new();
    for plan_id in plan_ids {
        let Some(plan) = catalog::find_plan(tx, &cx.vendor_id, plan_id).await? else { return Ok(None) };
        let pushed = plan.prices.iter().filter(|price| price.stripe_price_id.is_some());
        ids.extend(pushed.map(|price| stripe_product_id(plan_id, price.role, &price.option)));
    }
    ids.sort();
    ids.dedup();
    // A plan that Stripe does not know cannot be bought; without this the coupon would be for everything.
    Ok((plan_ids.is_empty() || !ids.is_empty()).then_some(ids))
}
