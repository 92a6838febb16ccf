//! Taking a redemption for an order, in the order's transaction: the one place where limits are held.

use super::rules::{self, Asked};
use super::store::{self, NewRedemption};
use super::{Campaign, Holding, PromotionCode};
use crate::accounts::Account;
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, OrderId};
use crate::orders::promotion::{Discount, PromotionProblem};

/// What became of asking for a redemption.
pub(crate) enum Reservation {
    /// There is one for the order: [`record_reservation`] takes it, in the same transaction.
    Free(Box<Wanted>),
    /// There would be, were it not for these orders of the account's own, which wait on a payment page.
    HeldBy(Vec<Holding>),
    /// There is none.
    Refused(PromotionProblem),
}

/// A redemption that can be taken while the campaign's row is locked.
pub(crate) struct Wanted {
    code: PromotionCode,
    /// What it takes off.
    pub(crate) discount: Discount,
    /// The partner whose campaign it is.
    pub(crate) owner_id: Option<AccountId>,
}

/// Locks the campaign of a code and says whether an order may have a redemption of it.
pub(crate) async fn reserve_redemption(
    tx: &mut Tx,
    cx: &Cx,
    account: &Account,
    asked: Asked<'_>,
    code: &str,
) -> Result<Reservation, DbError> {
    let Some(code) = store::find_code(tx, &cx.vendor_id, code).await? else {
        return Ok(Reservation::Refused(PromotionProblem::Unknown));
    };
    let Some(campaign) = store::lock_campaign(tx, &cx.vendor_id, &code.campaign_id).await? else {
        return Ok(Reservation::Refused(PromotionProblem::Unknown));
    };
    let (answer, held) = judge(tx, cx, &campaign, &code, account, asked).await?;
    Ok(match answer {
        Err(problem) => Reservation::Refused(problem),
        Ok(_) if !held.is_empty() => Reservation::HeldBy(held),
        Ok(discount) => Reservation::Free(Box::new(Wanted { code, discount, owner_id: campaign.owner_account_id })),
    })
}

/// What a code takes off once the account's orders that are left on a payment page have made room, and these orders.
pub(super) async fn judge(
    tx: &mut Tx,
    cx: &Cx,
    campaign: &Campaign,
    code: &PromotionCode,
    account: &Account,
    asked: Asked<'_>,
) -> Result<(Result<Discount, PromotionProblem>, Vec<Holding>), DbError> {
    let held = store::list_held(tx, &cx.vendor_id, &campaign.id, &account.id).await?;
    let taken = store::count_taken(tx, campaign, code, &account.id).await?;
    let answer = rules::check(campaign, code, rules::without(taken, &held, code), asked, cx.now);
    let (left, stays): (Vec<_>, Vec<_>) = held.into_iter().partition(Holding::is_replaceable);
    let answer = match (answer, stays.first()) {
        (Ok(_), Some(order)) => Err(PromotionProblem::HeldByOrder { placed_at: order.placed_at }),
        (answer, _) => answer,
    };
    Ok((answer, left))
}

/// Takes the redemption for an order that is written by now.
pub(crate) async fn record_reservation(
    tx: &mut Tx,
    cx: &Cx,
    account: &Account,
    order_id: &OrderId,
    wanted: &Wanted,
) -> Result<(), DbError> {
    let (code, takes_off) = (&wanted.code, wanted.discount.takes_off);
    let new = NewRedemption { code, account_id: &account.id, order_id, takes_off };
    store::insert_redemption(tx, cx, &new).await?;
    let after = serde_json::json!({
        "campaign_id": code.campaign_id, "code": code.code, "takes_off_minor": takes_off.amount_minor,
        "currency": takes_off.currency,
    });
    audit::record(tx, cx, Some(&account.id), "redemption.reserve", order_id.as_str(), audit::NOTHING, Some(&after))
        .await
}
