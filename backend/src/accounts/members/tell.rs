//! The letters about people who come, change and go. Nobody is told of what it did itself.

use super::ground::Ground;
use super::{Invitation, JOIN_PATH, Position, store};
use crate::accounts::{Role, StaffRole, User, store as people};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::UserId;
use crate::keys::MasterKey;
use crate::mail::{self, Letter, Sender};
use crate::text::en::{member_mail as letters, members as words};

/// Mails the link of an invitation.
pub(super) async fn invited(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    ground: &Ground,
    invitation: &Invitation,
    secret: &str,
) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let inviter = match cx.actor.person() {
        Some(id) => people::find_user(tx, &cx.vendor_id, id).await?,
        None => None,
    };
    let inviter = inviter.map_or_else(|| sender.name.clone(), |user| words::called(&user));
    let link = format!("{}{JOIN_PATH}?token={secret}", sender.origin);
    let position = &invitation.position;
    let letter = letters::invitation(&sender, &inviter, ground.company(), position, &link, invitation.expires_at);
    mail::enqueue(tx, cx, master, &sender.mail(&invitation.email, "", letter)).await
}

/// Tells those who decide about the people that somebody has joined.
pub(super) async fn joined(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    ground: &Ground,
    position: &Position,
    user: &User,
) -> Result<(), DbError> {
    let letter = |sender: &Sender| letters::joined(sender, user, ground.company(), position);
    to_deciders(tx, cx, master, ground, &user.id, letter).await
}

/// Tells the owners that somebody has left.
pub(super) async fn left(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    ground: &Ground,
    user: &User,
) -> Result<(), DbError> {
    let letter = |sender: &Sender| letters::left(sender, user, ground.company());
    to_deciders(tx, cx, master, ground, &user.id, letter).await
}

/// Tells somebody what it may do from now on.
pub(super) async fn role_changed(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    ground: &Ground,
    position: &Position,
    user_id: &UserId,
) -> Result<(), DbError> {
    let letter = |sender: &Sender| letters::role_changed(sender, ground.company(), position);
    to_person(tx, cx, master, user_id, letter).await
}

/// Tells somebody that it is out.
pub(super) async fn removed(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    ground: &Ground,
    user_id: &UserId,
) -> Result<(), DbError> {
    let letter = |sender: &Sender| letters::removed(sender, ground.company());
    to_person(tx, cx, master, user_id, letter).await
}

async fn to_person(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user_id: &UserId,
    letter: impl Fn(&Sender) -> Letter,
) -> Result<(), DbError> {
    if cx.actor.person() == Some(user_id) {
        return Ok(());
    }
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let Some(user) = people::find_user(tx, &cx.vendor_id, user_id).await? else { return Ok(()) };
    mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter(&sender))).await
}

async fn to_deciders(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    ground: &Ground,
    but: &UserId,
    letter: impl Fn(&Sender) -> Letter,
) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let deciders: Vec<UserId> = match ground.account_id() {
        Some(id) => {
            let roles = store::list_roles(tx, &cx.vendor_id, id).await?;
            roles.into_iter().filter(|(_, role)| *role == Role::Owner).map(|(id, _)| id).collect()
        }
        None => {
            let roles = store::list_staff_roles(tx, &cx.vendor_id).await?;
            roles.into_iter().filter(|(_, role)| *role == StaffRole::Admin).map(|(id, _)| id).collect()
        }
    };
    for id in deciders.iter().filter(|id| *id != but) {
        if let Some(user) = people::find_user(tx, &cx.vendor_id, id).await? {
            mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter(&sender))).await?;
        }
    }
    Ok(())
}
