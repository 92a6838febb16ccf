//! Showing the key of a new license on the page to which whoever redeemed a voucher comes.

use sdk::license_key::LicenseKey;

use super::{rules, store};
use crate::accounts::{Act, may_act};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::VoucherId;
use crate::keys::MasterKey;
use crate::licenses::{self, KeyReveal, LicenseView};

/// A redeemed voucher, as its new owner sees it.
#[derive(Debug)]
pub struct Redeemed {
    /// What came of it.
    pub view: LicenseView,
    /// Its key, for the very session that redeemed it, soon after that, and only where the role may see keys. For anyone
    /// else it is on the license's own page.
    pub key: Option<LicenseKey>,
}

/// The license that came of a voucher, for members of the account that redeemed it and has the license still; for others
/// there is no such voucher. A key that is shown is recorded like every look at one.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_redeemed(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    id: &VoucherId,
    session_hash: &[u8],
) -> Result<Option<Redeemed>, DbError> {
    let Some(voucher) = store::find_voucher(tx, &cx.vendor_id, id).await? else { return Ok(None) };
    let (Some(account_id), Some(license_id)) = (&voucher.account_id, &voucher.license_id) else { return Ok(None) };
    if !may_act(tx, cx, account_id, Act::See).await? {
        return Ok(None);
    }
    let view = licenses::find_license(tx, &cx.vendor_id, license_id).await?;
    let Some(view) = view.filter(|view| view.license.account_id == *account_id) else { return Ok(None) };
    let is_fresh =
        cx.actor.person().is_some_and(|user_id| rules::may_see_new_key(&voucher, user_id, session_hash, cx.now));
    if !is_fresh {
        return Ok(Some(Redeemed { view, key: None }));
    }
    let key = match licenses::reveal_key(tx, cx, master, &view.license).await? {
        KeyReveal::Shown(key) => Some(key),
        KeyReveal::Lost | KeyReveal::NotAllowed => None,
    };
    Ok(Some(Redeemed { view, key }))
}
