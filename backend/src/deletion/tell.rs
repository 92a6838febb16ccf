//! The letters about accounts that close and people who go.

use crate::accounts::{self, Account, Role, User};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::keys::MasterKey;
use crate::mail::{self, Letter, Sender};
use crate::text::en::{deletion as words, deletion_mail as letters};
use crate::{commissions, vouchers};

/// Where an account is closed, and kept.
const CLOSE_PATH: &str = "/account/close";

/// Tells every member that the account closes.
pub(super) async fn asked(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account: &Account,
    closes_at: UnixMs,
) -> Result<(), DbError> {
    let members = accounts::list_members(tx, &cx.vendor_id, &account.id).await?;
    let earned = commissions::list_owed(tx, &cx.vendor_id, &account.id).await?;
    let of_partner = words::of_partner(&earned, vouchers::count_open(tx, &cx.vendor_id, &account.id).await?);
    let letter = |sender: &Sender, role: Role| {
        let page = format!("{}{CLOSE_PATH}", sender.origin);
        let page = (role == Role::Owner).then_some(page);
        letters::asked(sender, &account.company, closes_at, &of_partner, page)
    };
    to_members(tx, cx, master, &members, letter).await
}

/// Tells every member that it stays.
pub(super) async fn kept(tx: &mut Tx, cx: &Cx, master: &MasterKey, account: &Account) -> Result<(), DbError> {
    let members = accounts::list_members(tx, &cx.vendor_id, &account.id).await?;
    to_members(tx, cx, master, &members, |sender, _| letters::kept(sender, &account.company)).await
}

/// Tells those who belonged to it that it is closed.
pub(super) async fn closed(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account: &Account,
    members: &[(User, Role)],
) -> Result<(), DbError> {
    to_members(tx, cx, master, members, |sender, _| letters::closed(sender, &account.company)).await
}

/// Says good-bye to a person, at the address that is about to be forgotten.
pub(super) async fn farewell(tx: &mut Tx, cx: &Cx, master: &MasterKey, user: &User) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letters::farewell(&sender))).await
}

async fn to_members(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    members: &[(User, Role)],
    letter: impl Fn(&Sender, Role) -> Letter + Send,
) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    for (user, role) in members {
        mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter(&sender, *role))).await?;
    }
    Ok(())
}
