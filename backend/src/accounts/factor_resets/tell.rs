//! The letters about a reset: to the person, and to the administrator who asked for it.

use super::rules::Takes;
use super::{PlannedReset, REFUSE_PATH};
use crate::accounts::second_factor::tell;
use crate::accounts::{User, store as people};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::keys::MasterKey;
use crate::text::en::passkey_mail::{TakenPasskeys, passkeys_reset};
use crate::text::en::{factor_reset_mail as letters, sign_in_mail};

/// Tells the person what was asked for, with the link that refuses it.
pub(super) async fn asked(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user: &User,
    reset: &PlannedReset,
    secret: &str,
) -> Result<(), DbError> {
    tell(tx, cx, master, user, |sender| {
        letters::asked(sender, reset, &format!("{}{REFUSE_PATH}?token={secret}", sender.origin))
    })
    .await
}

/// Tells the person that it has happened.
pub(super) async fn done(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user: &User,
    reset: &PlannedReset,
    takes: Takes,
) -> Result<(), DbError> {
    let passkeys = TakenPasskeys::Until(reset.created_at);
    tell(tx, cx, master, user, |sender| {
        if takes.factor {
            sign_in_mail::factor_reset(sender, cx.now, takes.passkeys.then_some(passkeys))
        } else {
            passkeys_reset(sender, cx.now, passkeys)
        }
    })
    .await
}

/// Tells the person that it was due and did not happen, because whoever asked may not any more.
pub(super) async fn void(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user: &User,
    reset: &PlannedReset,
) -> Result<(), DbError> {
    tell(tx, cx, master, user, |sender| letters::void(sender, reset.due_at)).await
}

/// Tells the person that an administrator took it back.
pub(super) async fn withdrawn(tx: &mut Tx, cx: &Cx, master: &MasterKey, user: &User) -> Result<(), DbError> {
    tell(tx, cx, master, user, |sender| letters::withdrawn(sender, cx.now)).await
}

/// Tells whoever asked that the person refused it.
pub(super) async fn refused(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user: &User,
    reset: &PlannedReset,
) -> Result<(), DbError> {
    let Some(asker) = find_asker(tx, cx, reset).await? else { return Ok(()) };
    tell(tx, cx, master, &asker, |sender| letters::refused(sender, &user.email, cx.now)).await
}

/// Tells both that the person has what was said to be lost.
pub(super) async fn disproved(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user: &User,
    reset: &PlannedReset,
) -> Result<(), DbError> {
    tell(tx, cx, master, user, |sender| letters::called_off(sender, cx.now)).await?;
    let Some(asker) = find_asker(tx, cx, reset).await? else { return Ok(()) };
    tell(tx, cx, master, &asker, |sender| letters::disproved(sender, &user.email, cx.now)).await
}

/// Who asked for it, as long as that is one of the staff.
async fn find_asker(tx: &mut Tx, cx: &Cx, reset: &PlannedReset) -> Result<Option<User>, DbError> {
    let asker = people::find_user(tx, &cx.vendor_id, &reset.asked_by).await?;
    Ok(asker.filter(|asker| asker.staff_role.is_some() && !asker.is_deleted()))
}
