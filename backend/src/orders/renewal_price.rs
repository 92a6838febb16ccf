//! What one more year of updates costs, as an instance with a build that is too new is told: what the license's own page
//! asks for.

use super::currency;
use super::rules::quote_maintenance;
use super::store;
use crate::catalog::{self, BillingInterval};
use crate::db::{DbError, Tx};
use crate::ids::VendorId;
use crate::licenses::License;
use crate::money::Money;
use crate::{accounts, vendors};

/// What a year of updates of a license costs before tax, for the plan as the license has it. In the currency in which the
/// license was last paid for, unless its account is bound to another one. `None` where updates are not sold.
pub(crate) async fn renewal_price(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license: &License,
) -> Result<Option<Money>, DbError> {
    let Some(plan) = catalog::find_plan_version(tx, vendor_id, &license.sold_as()).await? else { return Ok(None) };
    let vendors_order = vendors::find_vendor(tx, vendor_id).await?.map(|vendor| vendor.profile.currencies);
    let offered = currency::offered([&plan], &vendors_order.unwrap_or_default());
    let paid = store::find_paid_currency(tx, vendor_id, &license.id).await?;
    let fixed = currency::fixed_currency(tx, vendor_id, &license.account_id).await?;
    let country = accounts::find_account(tx, vendor_id, &license.account_id).await?.map(|account| account.country);
    let Some(currency) = currency::shown(&offered, paid, fixed, country.as_deref()) else { return Ok(None) };
    let bought = license.composition(BillingInterval::Once, currency);
    Ok(quote_maintenance(&plan, &bought, 1).ok().map(|quote| quote.total))
}
