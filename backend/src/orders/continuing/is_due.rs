//! Whether what somebody else pays for is paid, by Stripe's word.

use super::rules;
use crate::accounts::{self, Act};
use crate::billing::{Commerce, CommerceError, Subscription, find_subscription_of_license};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, LicenseId};
use crate::licenses;
use crate::orders::{PlaceOrder, Purchase};

/// Whether a license would be gone on with after a time that is not paid. A renewal is a draft for an hour, and its event may be
/// late, so our rows alone do not say. `false` where nothing runs any more, and where whoever acts may not buy.
pub(in crate::orders) async fn is_due(commerce: &Commerce, cx: &Cx, place: &PlaceOrder) -> Result<bool, CommerceError> {
    let Purchase::Continuation { license_id, .. } = &place.purchase else { return Ok(false) };
    let (tx_cx, account_id, license_id) = (cx.clone(), place.account_id.clone(), license_id.clone());
    let running =
        commerce.db.read(|tx| Box::pin(async move { find_running(tx, &tx_cx, &account_id, &license_id).await }));
    let Some(running) = running.await? else { return Ok(false) };
    let stripe = commerce.stripe(cx)?;
    match stripe.fetch_subscription(&running.stripe_subscription_id).await?.latest_invoice_id {
        Some(invoice_id) => Ok(stripe.fetch_invoice(&invoice_id).await?.is_unpaid()),
        None => Ok(false),
    }
}

/// What somebody else pays for a license of the account, and goes on running.
async fn find_running(
    tx: &mut Tx,
    cx: &Cx,
    account_id: &AccountId,
    license_id: &LicenseId,
) -> Result<Option<Subscription>, DbError> {
    if !accounts::may_act(tx, cx, account_id, Act::Buy).await? {
        return Ok(None);
    }
    let license = licenses::find_license(tx, &cx.vendor_id, license_id).await?.map(|view| view.license);
    let Some(license) = license.filter(|license| license.account_id == *account_id) else { return Ok(None) };
    let paid = find_subscription_of_license(tx, &cx.vendor_id, license_id).await?;
    let runs = rules::over_at(&license, paid.as_ref()).is_some_and(|at| at > cx.now);
    Ok(paid.filter(|_| runs))
}
