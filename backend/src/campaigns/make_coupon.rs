//! A campaign's coupon at Stripe, made when the first order needs it.

use super::store;
use crate::audit;
use crate::billing::{Commerce, CommerceError};
use crate::cx::{Actor, Cx};
use crate::db::DbError;
use crate::ids::CampaignId;
use crate::stripe::NewCoupon;

/// Stripe's id of the campaign's coupon. It is the campaign's own id, so that a run which dies in between, and one that
/// runs at the same time, end at the same coupon, however late they are.
///
/// # Errors
/// [`CommerceError`]; calling it again is safe.
pub(crate) async fn make_coupon(
    commerce: &Commerce,
    cx: &Cx,
    campaign_id: &CampaignId,
) -> Result<String, CommerceError> {
    let (vendor_id, id) = (cx.vendor_id.clone(), campaign_id.clone());
    let found = commerce.db.read(|tx| Box::pin(async move { store::find_campaign(tx, &vendor_id, &id).await })).await?;
    let campaign =
        found.ok_or_else(|| CommerceError::Contradiction(format!("there is no campaign {campaign_id} any more")))?;
    if let Some(coupon_id) = campaign.stripe_coupon_id {
        return Ok(coupon_id);
    }
    let new = NewCoupon {
        id: campaign.id.to_string(),
        name: campaign.name.clone(),
        amount_off: campaign.amount_off(),
        duration: campaign.lasts(),
        product_ids: campaign.product_ids.0.clone(),
    };
    commerce.stripe(cx)?.create_coupon(&new).await?;
    let cx = Cx { actor: Actor::Stripe(new.id.clone()), ..cx.clone() };
    let coupon_id = new.id;
    let answer = coupon_id.clone();
    commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                if store::set_coupon(tx, &cx.vendor_id, &campaign.id, &coupon_id).await? {
                    let after = serde_json::json!({ "stripe_coupon_id": coupon_id });
                    let (act, object) = ("campaign.make_coupon", campaign.id.as_str());
                    audit::record(tx, &cx, None, act, object, audit::NOTHING, Some(&after)).await?;
                }
                Ok::<_, DbError>(())
            })
        })
        .await?;
    Ok(answer)
}
