//! Telling the buyer that what was ordered is there. A key is not in the mail: it is shown in the portal. What a partner
//! has ordered is told to its client, who has the license.

use super::{Order, OrderKind, store};
use crate::accounts::{self, Role};
use crate::billing;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{LicenseId, OrderId};
use crate::keys::MasterKey;
use crate::licenses::{self, LicenseView};
use crate::mail::{self, Letter, Sender};
use crate::text::en::{additions, continuing, mail as letters, partner_mail};

/// Queues the mail to whoever ordered; none when user or license are gone by then.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(crate) async fn mail_license_ready(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    order_id: &OrderId,
    license_id: &LicenseId,
) -> Result<(), DbError> {
    let Some(order) = store::find_order(tx, &cx.vendor_id, order_id).await? else { return Ok(()) };
    let Some(view) = licenses::find_license(tx, &cx.vendor_id, license_id).await? else { return Ok(()) };
    // Handed over since: what it has now is its new owner's business.
    if view.license.account_id != *order.licensee() {
        return Ok(());
    }
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let page = format!("{}/licenses/{license_id}", sender.origin);
    if order.relation_id.is_some() {
        return mail_client(tx, cx, master, &sender, (&order, &view), &page).await;
    }
    let Some(user) = accounts::find_user(tx, &cx.vendor_id, &order.user_id).await? else { return Ok(()) };
    let letter = letter_to_payer(tx, cx, &sender, (&order, &view), &page).await?;
    let Some(letter) = letter else { return Ok(()) };
    mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter)).await
}

/// What is told to whoever has the license and paid; vouchers are told of when they are made.
async fn letter_to_payer(
    tx: &mut Tx,
    cx: &Cx,
    sender: &Sender,
    (order, view): (&Order, &LicenseView),
    page: &str,
) -> Result<Option<Letter>, DbError> {
    let (license, product, plan) = (&view.license, view.product_name.as_str(), view.plan_name.as_str());
    Ok(match order.kind {
        OrderKind::Subscription | OrderKind::Perpetual => {
            Some(letters::license_ready(sender, product, plan, license.seats, page))
        }
        OrderKind::Maintenance => {
            let until = license.updates_until.map(|until| until.date());
            Some(additions::updates_renewed(sender, product, plan, until, page))
        }
        OrderKind::Seats => {
            let (more, now) = (order.seats, license.seats);
            Some(additions::seats_added(sender, product, plan, license.license_type, (more, now), page))
        }
        OrderKind::Continuation => {
            let subscription = billing::find_subscription_of_license(tx, &cx.vendor_id, &license.id).await?;
            let begins_at = subscription.and_then(|it| it.begins_at).filter(|at| *at > cx.now);
            Some(continuing::continued(sender, product, plan, order.amount(), begins_at, page))
        }
        OrderKind::Vouchers => None,
    })
}

/// Tells the owners of the client's account.
async fn mail_client(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    sender: &Sender,
    (order, view): (&Order, &LicenseView),
    page: &str,
) -> Result<(), DbError> {
    let license = &view.license;
    let letter = match &order.licensee_id {
        Some(_) => {
            let partner = accounts::find_account(tx, &cx.vendor_id, &order.account_id).await?;
            let partner = partner.map(|account| account.company).unwrap_or_default();
            if order.kind.adds() {
                Some(partner_mail::added_by_partner(sender, &partner, order.kind, view, page))
            } else {
                Some(partner_mail::license_from_partner(sender, &partner, view, page))
            }
        }
        None => letter_to_payer(tx, cx, sender, (order, view), page).await?,
    };
    let Some(letter) = letter else { return Ok(()) };
    for (user, role) in accounts::list_members(tx, &cx.vendor_id, &license.account_id).await? {
        if role == Role::Owner {
            mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter.clone())).await?;
        }
    }
    Ok(())
}
