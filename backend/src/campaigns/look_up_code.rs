//! What a code of ours would do for a choice now, without taking anything.

use super::reserve_redemption::judge;
use super::rules::Asked;
use super::store;
use crate::accounts::Account;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::orders::promotion::{Discount, PromotionProblem};

/// What the code takes off, or why not; `None` where it is none of ours. What the account itself has open on a payment
/// page does not stand in its way: a new order takes its place.
pub(crate) async fn look_up_code(
    tx: &mut Tx,
    cx: &Cx,
    account: &Account,
    asked: Asked<'_>,
    code: &str,
) -> Result<Option<Result<Discount, PromotionProblem>>, DbError> {
    let Some(code) = store::find_code(tx, &cx.vendor_id, code).await? else { return Ok(None) };
    let Some(campaign) = store::find_campaign(tx, &cx.vendor_id, &code.campaign_id).await? else { return Ok(None) };
    Ok(Some(judge(tx, cx, &campaign, &code, account, asked).await?.0))
}
