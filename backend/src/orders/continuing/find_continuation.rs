//! What going on with a license would be.

use super::rules::{self, Obstacle, Waiting};
use crate::billing::find_subscription_of_license;
use crate::billing::unpaid_changes::find_unpaid_change;
use crate::catalog::{self, Composition, Plan};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::handovers::find_open_handover;
use crate::ids::{AccountId, LicenseId};
use crate::money::{Currency, Money};
use crate::orders::rules::{ChoiceProblem, Quote, quote_at};
use crate::orders::{OrderPlacement, Purchase, store};
use crate::{invoices, licenses};

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
        change: paid.changing_until.is_some() || find_unpaid_change(tx, &cx.vendor_id, license_id).await?.is_some(),
        unpaid: invoices::store::has_open_invoice(tx, &cx.vendor_id, license_id, &paid.account_id).await?,
        handover: find_open_handover(tx, cx, license_id).await?.is_some(),
        order_id: store::find_open_continuation(tx, &cx.vendor_id, license_id).await?,
    };
    let had = license.composition(paid.billing_interval, currency);
    let quote = match rules::obstacle(&license, Some(&paid), &waiting, cx.now) {
        Some(why) => Err(ChoiceProblem::CannotContinue { why }),
        None if !plan.published => Err(ChoiceProblem::NotForSale),
        None => quote_at(&plan, &had, &[]).and_then(|quote| {
            let over_at = rules::over_at(&license, Some(&paid)).filter(|_| quote.total.amount_minor > 0);
            match over_at.filter(|at| rules::is_too_near(*at, cx.now)) {
                Some(from) => Err(ChoiceProblem::CannotContinue { why: Obstacle::NotYet { from } }),
                None => Ok(quote),
            }
        }),
    };
    Ok(Some((had, plan, quote)))
}

/// The first charge of a purchase of this price that goes on with a license; `None` where it is charged at once, or for nothing,
/// and for any other purchase. An error where that is not what the buyer was shown: nobody is charged at another time than
/// agreed to.
pub(in crate::orders) async fn agree_beginning(
    tx: &mut Tx,
    cx: &Cx,
    purchase: &Purchase,
    price: Money,
) -> Result<Result<Option<UnixMs>, OrderPlacement>, DbError> {
    let Purchase::Continuation { license_id, begins_at: shown, .. } = purchase else { return Ok(Ok(None)) };
    let view = licenses::find_license(tx, &cx.vendor_id, license_id).await?;
    let paid = find_subscription_of_license(tx, &cx.vendor_id, license_id).await?;
    let over_at = view.and_then(|view| rules::over_at(&view.license, paid.as_ref()));
    let begins_at = over_at.filter(|_| price.amount_minor > 0).and_then(|at| rules::begins_at(at, cx.now));
    Ok(if begins_at == *shown { Ok(begins_at) } else { Err(OrderPlacement::DiscountChanged) })
}
