//! Mails to the owners of a license about what the vendor has decided.

use crate::accounts::{Role, list_members};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::keys::MasterKey;
use crate::licenses::LicenseView;
use crate::mail::{self, Letter, Sender};

/// Mails every owner of the license's account the letter, which is given the sender and the address of the license's page.
pub(super) async fn owners(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    view: &LicenseView,
    letter: impl Fn(&Sender, &str) -> Letter + Send,
) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let page = format!("{}/licenses/{}", sender.origin, view.license.id);
    for (user, role) in list_members(tx, &cx.vendor_id, &view.license.account_id).await? {
        if role == Role::Owner {
            mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter(&sender, &page))).await?;
        }
    }
    Ok(())
}
