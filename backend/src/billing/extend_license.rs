//! Moving the last day of a license further away, by hand: of one that staff issued, or of a perpetual license's updates. What
//! a subscription pays ends with what it has paid.

use jiff::civil::Date;
use serde_json::json;

use super::store;
use crate::accounts::{Role, StaffAct, list_members, staff_may_act};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::LicenseId;
use crate::keys::MasterKey;
use crate::licenses::rules::by_hand::{self, Fault, NotExtendable, Term};
use crate::licenses::{self, LicenseView};
use crate::mail::{self, Sender};
use crate::text::en::by_hand as letters;

/// What became of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Extension {
    /// It goes on until then, and its owners are told by mail.
    Done(Date),
    /// What was typed cannot stay as it is: at least one fault.
    Refused(Vec<Fault>),
    /// Its end is not staff's to move.
    NotExtendable(NotExtendable),
    /// The vendor has no such license.
    NotFound,
    /// Whoever acts may not.
    NotAllowed,
}

/// Moves the last day of a license to `last`; `None` stands for what is no day.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn extend_license(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    id: &LicenseId,
    last: Option<Date>,
    reason: &str,
) -> Result<Extension, DbError> {
    if !staff_may_act(tx, cx, StaffAct::ManageLicenses).await? {
        return Ok(Extension::NotAllowed);
    }
    let Some(view) = licenses::lock_license(tx, &cx.vendor_id, id).await? else { return Ok(Extension::NotFound) };
    let has_subscription = store::find_subscription_of_license(tx, &cx.vendor_id, id).await?.is_some();
    let before = match by_hand::extendable(&view.license, has_subscription, cx.now) {
        Ok(before) => before,
        Err(why) => return Ok(Extension::NotExtendable(why)),
    };
    let day = last.ok_or(Fault::NoDay);
    let day = day.and_then(|last| by_hand::check_day(last, Some(before), cx.now.date()).map(|()| last));
    let (last, reason) = match (day, by_hand::check_reason(reason)) {
        (Ok(last), Ok(reason)) => (last, reason),
        (day, reason) => return Ok(Extension::Refused(day.err().into_iter().chain(reason.err()).collect())),
    };
    let term = Term::until(view.license.kind, last);
    licenses::set_term(tx, cx, view.license.clone(), term).await?;
    let after = json!({ "until": last.to_string(), "reason": reason });
    let was = json!({ "until": before.to_string() });
    let account_id = Some(&view.license.account_id);
    audit::record(tx, cx, account_id, "license.extend", id.as_str(), Some(&was), Some(&after)).await?;
    tell_owners(tx, cx, master, &view, last).await?;
    Ok(Extension::Done(last))
}

async fn tell_owners(tx: &mut Tx, cx: &Cx, master: &MasterKey, view: &LicenseView, last: Date) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let page = format!("{}/licenses/{}", sender.origin, view.license.id);
    for (user, role) in list_members(tx, &cx.vendor_id, &view.license.account_id).await? {
        if role == Role::Owner {
            let letter = letters::extended(&sender, view, last, &page);
            mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter)).await?;
        }
    }
    Ok(())
}
