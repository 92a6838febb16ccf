//! What a partner sees of the vouchers that it has bought. A former partner still sees them: they are paid.

use super::{Batch, ListedVoucher, store};
use crate::accounts::{Act, may_act};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, OrderId, VoucherId};
use crate::listing::TimePlace;
use crate::partners;

/// A partner's batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchView {
    /// Newest first.
    pub batches: Vec<Batch>,
    /// Whether more can be bought: the account is a partner now.
    pub is_partner: bool,
}

/// The batches of an account for its members; `None` for everybody else, and for an account that never was a partner.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_batches(
    tx: &mut Tx,
    cx: &Cx,
    partner_id: &AccountId,
    after: Option<&TimePlace>,
    limit: i64,
) -> Result<Option<BatchView>, DbError> {
    if !may_act(tx, cx, partner_id, Act::See).await? {
        return Ok(None);
    }
    let Some(partner) = partners::find_partner(tx, &cx.vendor_id, partner_id).await? else { return Ok(None) };
    let batches = store::list_batches(tx, &cx.vendor_id, partner_id, after, limit).await?;
    Ok(Some(BatchView { batches, is_partner: partner.is_live() }))
}

/// A batch, for members of the account that bought it; for others there is no such batch.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_batch(tx: &mut Tx, cx: &Cx, order_id: &OrderId) -> Result<Option<Batch>, DbError> {
    let Some(batch) = store::find_batch(tx, &cx.vendor_id, order_id).await? else { return Ok(None) };
    let may = may_act(tx, cx, &batch.partner_id, Act::See).await?;
    Ok(may.then_some(batch))
}

/// The vouchers of a batch behind the place `after`, at most `limit`, for members of the account that bought it.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_vouchers(
    tx: &mut Tx,
    cx: &Cx,
    order_id: &OrderId,
    after: i64,
    limit: i64,
) -> Result<Option<(Batch, Vec<ListedVoucher>)>, DbError> {
    let Some(batch) = find_batch(tx, cx, order_id).await? else { return Ok(None) };
    let vouchers = store::list_of_batch(tx, &cx.vendor_id, order_id, after, limit).await?;
    Ok(Some((batch, vouchers)))
}

/// A voucher with its batch, for members of the account that bought it; for others there is no such voucher.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_batch_voucher(
    tx: &mut Tx,
    cx: &Cx,
    id: &VoucherId,
) -> Result<Option<(Batch, ListedVoucher)>, DbError> {
    let Some(listed) = store::find_listed(tx, &cx.vendor_id, id).await? else { return Ok(None) };
    let batch = find_batch(tx, cx, &listed.voucher.order_id).await?;
    Ok(batch.map(|batch| (batch, listed)))
}
