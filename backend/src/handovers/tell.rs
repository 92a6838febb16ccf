//! Who is told of a handover by mail.

use super::{Handover, Side};
use crate::accounts::{self, Role, rules::email_key};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::AccountId;
use crate::keys::MasterKey;
use crate::licenses::LicenseView;
use crate::mail::{self, Letter, Sender};
use crate::text::en::handover_mail as letters;

/// Whether an address is that of whoever acts.
pub(super) async fn is_address_of_actor(tx: &mut Tx, cx: &Cx, email: &str) -> Result<bool, DbError> {
    let Some(user_id) = cx.actor.person() else { return Ok(false) };
    let user = accounts::find_user(tx, &cx.vendor_id, user_id).await?;
    Ok(user.is_some_and(|user| email_key(&user.email) == email_key(email)))
}

/// Asks the receiver, and the giver's owners where staff asked.
pub(super) async fn asked(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    handover: &Handover,
    view: &LicenseView,
) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let Some(giver) = accounts::find_account(tx, &cx.vendor_id, &handover.from_account_id).await? else {
        return Ok(());
    };
    let page = page(&sender, handover);
    let offer = letters::offered(&sender, &giver.company, view, handover, &page);
    mail::enqueue(tx, cx, master, &sender.mail(&handover.to_email, "", offer)).await?;
    if handover.by_staff {
        let letter = letters::consent_asked(&sender, view, handover, &page);
        to_owners(tx, cx, master, &sender, &giver.id, &letter).await?;
    }
    Ok(())
}

/// Tells both sides that the license has gone over.
pub(super) async fn done(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    handover: &Handover,
    view: &LicenseView,
) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let letter = letters::handed_over(&sender, view);
    to_owners(tx, cx, master, &sender, &handover.from_account_id, &letter).await?;
    if let Some(to) = &handover.to_account_id {
        let letter = letters::taken_over(&sender, view, &format!("{}/licenses/{}#key", sender.origin, view.license.id));
        to_owners(tx, cx, master, &sender, to, &letter).await?;
    }
    Ok(())
}

/// Tells the side that did not end it; both where staff did.
pub(super) async fn ended(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    handover: &Handover,
    view: &LicenseView,
    by: Option<Side>,
) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    if by != Some(Side::Receiver) {
        let letter = letters::offer_ended(&sender, view);
        mail::enqueue(tx, cx, master, &sender.mail(&handover.to_email, "", letter)).await?;
    }
    if by != Some(Side::Giver) {
        let page = format!("{}/licenses/{}", sender.origin, view.license.id);
        let letter = letters::stays(&sender, view, &page);
        to_owners(tx, cx, master, &sender, &handover.from_account_id, &letter).await?;
    }
    Ok(())
}

fn page(sender: &Sender, handover: &Handover) -> String {
    format!("{}/handovers/{}", sender.origin, handover.id)
}

async fn to_owners(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    sender: &Sender,
    account_id: &AccountId,
    letter: &Letter,
) -> Result<(), DbError> {
    for (user, role) in accounts::list_members(tx, &cx.vendor_id, account_id).await? {
        if role == Role::Owner {
            mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter.clone())).await?;
        }
    }
    Ok(())
}
