//! Whose work needs a second factor, and what somebody still has to show or to set up before it.

use super::has_second_factor;
use crate::accounts::{AccountKind, Membership, User, membership_store, passkeys};
use crate::db::{DbError, Tx};

/// What comes before the work of somebody who is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorDue {
    /// Nothing: a second factor was shown, or none is needed.
    Nothing,
    /// There is none yet: it has to be set up.
    SetUp,
    /// The passkey has to be shown: it is the only second factor, and the session began with less.
    ShowPasskey,
}

/// Whether somebody's work needs a second factor: that of the vendor's staff, and of whoever acts for a partner. Both see what
/// others have.
#[must_use]
pub fn needs_second_factor(user: &User, memberships: &[Membership]) -> bool {
    user.staff_role.is_some() || memberships.iter().any(|it| it.account.kind == AccountKind::Partner)
}

/// What is due of somebody who is signed in, by a session in which a passkey was shown or not. A passkey is both factors at
/// once, because its device makes sure of its owner; where there is an app, nobody gets signed in without its code.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn factor_due(
    tx: &mut Tx,
    user: &User,
    memberships: &[Membership],
    passkey_shown: bool,
) -> Result<FactorDue, DbError> {
    if !needs_second_factor(user, memberships) || has_second_factor(tx, &user.vendor_id, &user.id).await? {
        return Ok(FactorDue::Nothing);
    }
    Ok(match (passkeys::has_passkey(tx, &user.vendor_id, &user.id).await?, passkey_shown) {
        (true, true) => FactorDue::Nothing,
        (true, false) => FactorDue::ShowPasskey,
        (false, _) => FactorDue::SetUp,
    })
}

/// Whether passkeys are the only second factor of somebody who needs one: then whoever reads the mail must not be rid of them
/// by a new password.
pub(in crate::accounts) async fn rests_on_passkeys(tx: &mut Tx, user: &User) -> Result<bool, DbError> {
    let memberships = membership_store::list_memberships(tx, &user.vendor_id, &user.id).await?;
    Ok(needs_second_factor(user, &memberships) && !has_second_factor(tx, &user.vendor_id, &user.id).await?)
}

/// Whether somebody who is signed in shows again who it is by a passkey alone: the work needs a second factor, and there is no
/// other. Whoever sat down at the session and knows the password gets no further by that.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn confirms_by_passkey(tx: &mut Tx, user: &User) -> Result<bool, DbError> {
    Ok(passkeys::has_passkey(tx, &user.vendor_id, &user.id).await? && rests_on_passkeys(tx, user).await?)
}
