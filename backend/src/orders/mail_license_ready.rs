//! Telling the buyer that what was ordered is there. A key is not in the mail: it is shown in the portal.

use super::{OrderKind, store};
use crate::accounts;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{LicenseId, OrderId};
use crate::keys::MasterKey;
use crate::licenses;
use crate::mail::{self, Sender};
use crate::text::en::{additions, mail as letters};

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
    let Some(user) = accounts::find_user(tx, &cx.vendor_id, &order.user_id).await? else { return Ok(()) };
    let Some(view) = licenses::find_license(tx, &cx.vendor_id, license_id).await? else { return Ok(()) };
    // Handed over since: what it has now is its new owner's business.
    if view.license.account_id != order.account_id {
        return Ok(());
    }
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let page = format!("{}/licenses/{license_id}", sender.origin);
    let (license, product, plan) = (&view.license, view.product_name.as_str(), view.plan_name.as_str());
    let letter = match order.kind {
        OrderKind::Subscription | OrderKind::Perpetual => {
            letters::license_ready(&sender, product, plan, license.seats, &page)
        }
        OrderKind::Maintenance => {
            let until = license.updates_until.map(|until| until.date());
            additions::updates_renewed(&sender, product, plan, until, &page)
        }
        OrderKind::Seats => {
            let (more, now) = (order.seats, license.seats);
            additions::seats_added(&sender, product, plan, license.license_type, (more, now), &page)
        }
    };
    mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter)).await
}
