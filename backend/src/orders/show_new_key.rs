//! Showing the key of a new license on the page to which the buyer comes back from paying.

use sdk::license_key::LicenseKey;

use super::{Order, rules};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::keys::MasterKey;
use crate::licenses::{self, KeyReveal};

/// The key that an order made, for the very session that placed the order, soon after it was paid, and only
/// where the buyer's role may see keys; recorded like every look at a key. `None` for anyone else, who finds
/// the key on the license's own page.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn show_new_key(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    order: &Order,
    session_hash: &[u8],
) -> Result<Option<LicenseKey>, DbError> {
    let Some(user_id) = cx.actor.person() else { return Ok(None) };
    if !rules::may_see_new_key(order, user_id, session_hash, cx.now) {
        return Ok(None);
    }
    let Some(license_id) = &order.license_id else { return Ok(None) };
    let Some(view) = licenses::find_license(tx, &cx.vendor_id, license_id).await? else { return Ok(None) };
    Ok(match licenses::reveal_key(tx, cx, master, &view.license).await? {
        KeyReveal::Shown(key) => Some(key),
        KeyReveal::Lost | KeyReveal::NotAllowed => None,
    })
}
