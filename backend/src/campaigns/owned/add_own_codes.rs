//! A partner adds codes to a campaign of its own: one with a name, or some that are drawn.

use super::super::add_codes::add;
use super::super::keeper::{Keeper, Kept};
use super::super::rules::Fault;
use super::super::{CodesAdded, CodesWanted};
use crate::accounts::{Limit, RateVerdict, give_back, hit};
use crate::cx::Cx;
use crate::db::{Db, DbError};
use crate::ids::{AccountId, CampaignId};
use crate::keys::MasterKey;

/// Redemptions of a code that is drawn: it is for one customer.
const OF_A_DRAWN_CODE: i64 = 1;

/// Adds codes. One with a name works as often as the campaign, a drawn one once: limits are the vendor's to set.
///
/// A name that is taken tells that there is a code of that name, so such tries count as guesses at codes do, before they are
/// judged.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn add_own_codes(
    db: &Db,
    cx: &Cx,
    master: &MasterKey,
    campaign_id: &CampaignId,
    wanted: &CodesWanted,
) -> Result<CodesAdded, DbError> {
    if matches!(wanted, CodesWanted::Drawn { .. }) {
        return add(db, cx, Keeper::Owner, campaign_id, wanted, Some(OF_A_DRAWN_CODE)).await;
    }
    let (tx_cx, id) = (cx.clone(), campaign_id.clone());
    let kept: Result<Kept, DbError> =
        db.read(|tx| Box::pin(async move { Keeper::Owner.find(tx, &tx_cx, &id).await })).await;
    let Kept::Campaign(campaign) = kept? else { return Ok(CodesAdded::NotFound) };
    let Some(owner_id) = campaign.owner_account_id else { return Ok(CodesAdded::NotFound) };
    if let RateVerdict::Limited { retry_after_s } = count(db, cx, master, &owner_id).await? {
        return Ok(CodesAdded::Refused(Fault::TooManyTries(retry_after_s)));
    }
    let added = add(db, cx, Keeper::Owner, campaign_id, wanted, None).await?;
    if added != CodesAdded::Refused(Fault::CodeTaken) {
        let (tx_cx, master) = (cx.clone(), master.clone());
        db.write(move |tx| {
            Box::pin(
                async move { give_back(tx, &tx_cx, &master, Limit::PromotionCodeAccount, owner_id.as_str()).await },
            )
        })
        .await?;
    }
    Ok(added)
}

async fn count(db: &Db, cx: &Cx, master: &MasterKey, owner_id: &AccountId) -> Result<RateVerdict, DbError> {
    let (cx, master, owner_id) = (cx.clone(), master.clone(), owner_id.clone());
    db.write(move |tx| {
        Box::pin(async move { hit(tx, &cx, &master, Limit::PromotionCodeAccount, owner_id.as_str()).await })
    })
    .await
}
