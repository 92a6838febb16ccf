//! What going on with a license would be.

use super::rules::{self, Waiting};
use crate::billing::find_subscription_of_license;
use crate::billing::unpaid_changes::find_unpaid_change;
use crate::catalog::{self, Composition, Plan};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::handovers::find_open_handover;
use crate::ids::{AccountId, LicenseId};
use crate::licenses;
use crate::money::{Currency, Money};
use crate::orders::rules::{ChoiceProblem, Quote, quote_at};
use crate::orders::{Purchase, store};

/// What goes on, its plan as the account has it, and what it costs at today's prices; `None` where the account has no such
/// license, or nothing has ever paid for it.
pub(in crate::orders) async fn find_continuation(
    tx: &mut Tx,
    cx: &Cx,
    account_id: &AccountId,
    license_id: &LicenseId,
    currency: Currency,
) -> Result<Option<(Composition, Plan, Result<Quote, ChoiceProblem>)>, DbError> {
    let license = licenses::find_license(tx, &cx.vendor_id, license_id).await?.map(|view| view.license);
    let Some(license) = license.filter(|license| license.account_id == *account_id) else { return Ok(None) };
    let Some(paid) = find_subscription_of_license(tx, &cx.vendor_id, license_id).await? else { return Ok(None) };
    let Some(plan) = catalog::find_plan_version(tx, &cx.vendor_id, &license.sold_as()).await? else { return Ok(None) };
    let waiting = Waiting {
        change: find_unpaid_change(tx, &cx.vendor_id, license_id).await?.is_some(),
        handover: find_open_handover(tx, cx, license_id).await?.is_some(),
        order_id: store::find_open_continuation(tx, &cx.vendor_id, license_id).await?,
    };
    let had = license.composition(paid.billing_interval, currency);
    let quote = match rules::obstacle(&license, Some(&paid), &waiting, cx.now) {
        Some(why) => Err(ChoiceProblem::CannotContinue { why }),
        None if !plan.published => Err(ChoiceProblem::NotForSale),
        None => quote_at(&plan, &had, &[]),
    };
    Ok(Some((had, plan, quote)))
}

/// The first charge of a purchase of this price that goes on with a license; `None` where it is charged at once, or for nothing,
/// and for any other purchase.
pub(in crate::orders) async fn find_beginning(
    tx: &mut Tx,
    cx: &Cx,
    purchase: &Purchase,
    price: Money,
) -> Result<Option<UnixMs>, DbError> {
    let Purchase::Continuation { license_id, .. } = purchase else { return Ok(None) };
    let Some(view) = licenses::find_license(tx, &cx.vendor_id, license_id).await? else { return Ok(None) };
    let paid = find_subscription_of_license(tx, &cx.vendor_id, license_id).await?;
    let over_at = rules::over_at(&view.license, paid.as_ref()).filter(|_| price.amount_minor > 0);
    Ok(over_at.and_then(|at| rules::begins_at(at, cx.now)))
}
