//! Reminding an account that updates of a license end.

use super::{rules, store};
use crate::catalog::{self, PriceRole};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::LicenseId;
use crate::keys::MasterKey;
use crate::mail::{self, Sender};
use crate::text::en::renewal_mail as words;
use crate::{accounts, events, licenses};

/// Queues the reminder that is due, once for each end and each of its days; answers whether it was this time.
/// Where updates are not sold any more, nobody is reminded of what cannot be bought.
pub(crate) async fn remind_of_end(tx: &mut Tx, cx: &Cx, master: &MasterKey, id: &LicenseId) -> Result<bool, DbError> {
    let Some(view) = licenses::find_license(tx, &cx.vendor_id, id).await? else { return Ok(false) };
    let license = &view.license;
    let Some(until) = license.updates_until else { return Ok(false) };
    let Some(days) = rules::reminder_due(until, cx.now) else { return Ok(false) };
    if licenses::rules::standing(license, cx.now).is_err() {
        return Ok(false);
    }
    let plan = catalog::find_plan(tx, &cx.vendor_id, &license.plan_id).await?;
    let is_sold = |plan: catalog::Plan| plan.prices.iter().any(|price| price.role == PriceRole::Maintenance);
    if !plan.is_some_and(is_sold) {
        return Ok(false);
    }
    // Who lets them renew has nothing to do, unless a charge has failed.
    if store::find_auto_renewal(tx, &cx.vendor_id, id).await?.is_some_and(|renewal| !renewal.is_behind) {
        return Ok(false);
    }
    let about =
        events::About { account_id: Some(&license.account_id), license_id: Some(&license.id), instance_id: None };
    let key = format!("{}/{days}", until.date());
    let data = serde_json::json!({ "updates_until": until.timestamp().to_string(), "days": days });
    if !events::record_once(tx, cx, "license.updates_ending", about, &key, &data).await? {
        return Ok(false);
    }
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(false) };
    let Some(account) = accounts::find_account(tx, &cx.vendor_id, &license.account_id).await? else {
        return Ok(false);
    };
    let page = format!("{}/licenses/{}/updates", sender.origin, license.id);
    let letter = words::updates_end(&sender, &view, until, &page);
    mail::enqueue(tx, cx, master, &sender.mail(&account.billing_email, &account.company, letter)).await?;
    Ok(true)
}
