//! Mails about instances, to the people of the account who look after them.

use sdk::wire::OverLimit;

use super::{Instance, Issuer};
use crate::accounts::{self, Act};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::licenses::LicenseView;
use crate::mail::{self, Letter, Sender};
use crate::text::en::instance_mail as letters;

/// Two copies run under one identity, and somebody must decide.
pub(super) async fn conflict_opened(
    tx: &mut Tx,
    cx: &Cx,
    issuer: &Issuer,
    view: &LicenseView,
    instance: &Instance,
) -> Result<(), DbError> {
    let who = instance.display_name();
    mail_people(tx, cx, issuer, view, |sender, page| letters::cloned(sender, &view.product_name, who, page)).await
}

/// A seat was freed through the API by somebody who is not signed in.
pub(super) async fn seat_freed(
    tx: &mut Tx,
    cx: &Cx,
    issuer: &Issuer,
    view: &LicenseView,
    instance: &Instance,
    by: Option<&Instance>,
) -> Result<(), DbError> {
    let (who, by) = (instance.display_name(), by.map(Instance::display_name));
    mail_people(tx, cx, issuer, view, |sender, page| letters::seat_freed(sender, &view.product_name, who, by, page))
        .await
}

/// Use exceeds a limit.
pub(super) async fn limit_exceeded(
    tx: &mut Tx,
    cx: &Cx,
    issuer: &Issuer,
    view: &LicenseView,
    exceeded: &OverLimit,
) -> Result<(), DbError> {
    mail_people(tx, cx, issuer, view, |sender, page| {
        letters::limit_exceeded(sender, &view.product_name, exceeded, page)
    })
    .await
}

async fn mail_people(
    tx: &mut Tx,
    cx: &Cx,
    issuer: &Issuer,
    view: &LicenseView,
    letter: impl Fn(&Sender, &str) -> Letter + Send,
) -> Result<(), DbError> {
    let license = &view.license;
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let page = format!("{}/licenses/{}", sender.origin, license.id);
    for (user, role) in accounts::list_members(tx, &cx.vendor_id, &license.account_id).await? {
        if accounts::may(role, Act::ManageInstances) {
            let mail = sender.mail(&user.email, &user.name, letter(&sender, &page));
            mail::enqueue(tx, cx, &issuer.master, &mail).await?;
        }
    }
    Ok(())
}
