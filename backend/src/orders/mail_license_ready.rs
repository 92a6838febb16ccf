//! Telling the buyer that the license is there. The key is not in the mail: it is shown in the portal.

use crate::accounts;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{LicenseId, UserId};
use crate::keys::MasterKey;
use crate::licenses;
use crate::mail::{self, Sender};
use crate::text::en::mail as letters;

/// Queues the mail to whoever ordered; none when user or license are gone by then.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(crate) async fn mail_license_ready(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user_id: &UserId,
    license_id: &LicenseId,
) -> Result<(), DbError> {
    let Some(user) = accounts::find_user(tx, &cx.vendor_id, user_id).await? else { return Ok(()) };
    let Some(view) = licenses::find_license(tx, &cx.vendor_id, license_id).await? else { return Ok(()) };
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let page = format!("{}/licenses/{license_id}", sender.origin);
    let letter = letters::license_ready(&sender, &view.product_name, &view.plan_name, view.license.seats, &page);
    mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter)).await
}
