//! Telling people about vouchers. No code is in a mail: codes are shown in the portal.

use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::UserId;
use crate::keys::MasterKey;
use crate::licenses::LicenseView;
use crate::mail::{self, Sender};
use crate::orders::Order;
use crate::text::en::vouchers as letters;
use crate::{accounts, catalog};

/// Tells whoever ordered that the vouchers are there; nobody when that person is gone.
pub(super) async fn ready(tx: &mut Tx, cx: &Cx, master: &MasterKey, order: &Order) -> Result<(), DbError> {
    let Some(user) = accounts::find_user(tx, &cx.vendor_id, &order.user_id).await? else { return Ok(()) };
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let Some(plan) = catalog::find_plan(tx, &cx.vendor_id, &order.plan_id).await? else { return Ok(()) };
    let Some(product) = catalog::find_product(tx, &cx.vendor_id, &plan.product_id).await? else { return Ok(()) };
    let page = format!("{}/partner/vouchers/{}", sender.origin, order.id);
    let letter = letters::ready(&sender, &product.name, &plan.name, order.seats, &page);
    mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter)).await
}

/// Tells whoever ordered that vouchers were taken back; nobody when that person is gone.
pub(super) async fn returned(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    order: &Order,
    count: i64,
) -> Result<(), DbError> {
    let Some(user) = accounts::find_user(tx, &cx.vendor_id, &order.user_id).await? else { return Ok(()) };
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let page = format!("{}/partner/vouchers/{}", sender.origin, order.id);
    let letter = letters::returned(&sender, count, &page);
    mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter)).await
}

/// Tells whoever redeemed a voucher where its license is.
pub(super) async fn redeemed(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user_id: &UserId,
    view: &LicenseView,
) -> Result<(), DbError> {
    let Some(user) = accounts::find_user(tx, &cx.vendor_id, user_id).await? else { return Ok(()) };
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let page = format!("{}/licenses/{}", sender.origin, view.license.id);
    let letter = letters::redeemed(&sender, view, &page);
    mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter)).await
}
