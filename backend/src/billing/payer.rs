//! Who pays for a license, where that is not who has it: a partner that has ordered it for its client.

use super::{Subscription, store};
use crate::accounts::{self, Act};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, VendorId};
use crate::licenses::License;
use crate::partners;

/// Who pays for a license: whoever pays the subscription that keeps it running, else who has it.
#[must_use]
pub fn payer<'a>(license: &'a License, subscription: Option<&'a Subscription>) -> &'a AccountId {
    subscription.filter(|it| it.ended_at.is_none()).map_or(&license.account_id, |it| &it.account_id)
}

/// The same, as the database has it.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn payer_of(tx: &mut Tx, vendor_id: &VendorId, license: &License) -> Result<AccountId, DbError> {
    let subscription = store::find_subscription_of_license(tx, vendor_id, &license.id).await?;
    Ok(payer(license, subscription.as_ref()).clone())
}

/// Whether the one who acts may change what is paid for a license. Who pays for a client may as long as both are related:
/// afterwards what is paid runs out, and what the client has is none of the payer's business.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn may_change_payment(tx: &mut Tx, cx: &Cx, license: &License) -> Result<bool, DbError> {
    let payer_id = payer_of(tx, &cx.vendor_id, license).await?;
    if !accounts::may_act(tx, cx, &payer_id, Act::Buy).await? {
        return Ok(false);
    }
    if payer_id == license.account_id || cx.actor.person().is_none() {
        return Ok(true);
    }
    partners::are_related(tx, &cx.vendor_id, &payer_id, &license.account_id).await
}
