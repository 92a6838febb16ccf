//! Who is told of partnerships and relations by mail.

use super::{PartnerTerms, Relation};
use crate::accounts::members::JOIN_PATH;
use crate::accounts::{self, Account, Role};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, LicenseId};
use crate::keys::MasterKey;
use crate::licenses;
use crate::mail::{self, Letter, Sender};
use crate::text::en::{continuing, partner_mail as letters};

/// Tells the owners of an account that it is a partner.
pub(super) async fn made(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account: &Account,
    terms: PartnerTerms,
) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let letter = letters::made(&sender, &account.company, terms);
    to_owners(tx, cx, master, &sender, &account.id, &letter).await
}

/// Tells them that something else is agreed.
pub(super) async fn terms_changed(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account: &Account,
    terms: PartnerTerms,
) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let letter = letters::terms_changed(&sender, &account.company, terms);
    to_owners(tx, cx, master, &sender, &account.id, &letter).await
}

/// Tells them that it is over.
pub(super) async fn partnership_ended(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account: &Account,
) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let letter = letters::partnership_ended(&sender, &account.company);
    to_owners(tx, cx, master, &sender, &account.id, &letter).await
}

/// Asks whoever has the address.
pub(super) async fn invited(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    relation: &Relation,
    partner: &str,
) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let page = format!("{}/relations/{}", sender.origin, relation.id);
    let letter = letters::invited(&sender, partner, relation.expires_at, &page);
    mail::enqueue(tx, cx, master, &sender.mail(&relation.email, "", letter)).await
}

/// Asks whoever has the address to take over the account that `partner` has made.
pub(super) async fn asked_to_take_over(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    (relation, partner): (&Relation, &str),
    name: &str,
    (secret, until): (&str, UnixMs),
) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let link = format!("{}{JOIN_PATH}?token={secret}", sender.origin);
    let letter = letters::take_over(&sender, partner, &company_of_client(tx, cx, relation).await?, &link, until);
    mail::enqueue(tx, cx, master, &sender.mail(&relation.email, name, letter)).await
}

/// Tells the partner that its invitation was accepted.
pub(super) async fn accepted(tx: &mut Tx, cx: &Cx, master: &MasterKey, relation: &Relation) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let page = format!("{}/partner/clients/{}", sender.origin, relation.id);
    let letter = letters::accepted(&sender, &company_of_client(tx, cx, relation).await?, &page);
    to_owners(tx, cx, master, &sender, &relation.partner_id, &letter).await
}

/// Tells the client that the partner, or the vendor, has ended it; before it was accepted, whoever has the address.
pub(super) async fn ended_for_client(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    relation: &Relation,
    partner: &str,
    was_active: bool,
) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    match relation.client_id.as_ref().filter(|_| was_active) {
        Some(client_id) => {
            let letter = letters::ended_for_client(&sender, partner);
            to_owners(tx, cx, master, &sender, client_id, &letter).await
        }
        None => {
            let letter = letters::invitation_withdrawn(&sender, partner);
            mail::enqueue(tx, cx, master, &sender.mail(&relation.email, "", letter)).await
        }
    }
}

/// Tells the partner that the client declined or has ended it.
pub(super) async fn ended_for_partner(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    relation: &Relation,
) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let company = company_of_client(tx, cx, relation).await?;
    let letter = letters::ended_for_partner(&sender, &company, relation.client_id.is_some());
    to_owners(tx, cx, master, &sender, &relation.partner_id, &letter).await
}

/// Tells the account that has paid for a license that the client continues it at its own expense.
pub(crate) async fn tell_of_continuation(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    payer_id: &AccountId,
    license_id: &LicenseId,
) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let Some(view) = licenses::find_license(tx, &cx.vendor_id, license_id).await? else { return Ok(()) };
    let client = accounts::find_account(tx, &cx.vendor_id, &view.license.account_id).await?;
    let client = client.map(|account| account.company).unwrap_or_default();
    let letter = continuing::continued_by_client(&sender, &client, &view.product_name, &view.plan_name);
    to_owners(tx, cx, master, &sender, payer_id, &letter).await
}

/// The client's name for itself; where it has not accepted, the partner's for it.
async fn company_of_client(tx: &mut Tx, cx: &Cx, relation: &Relation) -> Result<String, DbError> {
    let client = match &relation.client_id {
        Some(id) => accounts::find_account(tx, &cx.vendor_id, id).await?,
        None => None,
    };
    Ok(client.map_or_else(|| relation.company.clone(), |client| client.company))
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
