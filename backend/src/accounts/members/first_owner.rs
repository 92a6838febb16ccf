//! Asking somebody to become the first owner of an account that was made for a company by another one: by its partner.
//! Until that is accepted nobody acts for the account.

use super::accept_invitation::lock_open;
use super::rules::INVITATION_MS;
use super::secret::{hash_of, new_secret};
use super::{Invitation, Position, store};
use crate::accounts::Role;
use crate::accounts::rules::email_key;
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, InvitationId};

/// Makes the invitation, with the secret of its link; those before it work no more. The caller holds the account's lock, has
/// asked whether the one who acts may, and sends the mail.
pub(crate) async fn invite_first_owner(
    tx: &mut Tx,
    cx: &Cx,
    account_id: &AccountId,
    email: &str,
) -> Result<(Invitation, String), DbError> {
    for before in store::list_invitations(tx, &cx.vendor_id, Some(account_id)).await? {
        store::close_withdrawn(tx, cx, &before.id).await?;
    }
    let (secret, hash) = new_secret(cx);
    let invitation = Invitation {
        id: cx.id::<InvitationId>(),
        position: Position::Member { account_id: account_id.clone(), role: Role::Owner },
        email: email.to_owned(),
        // Who of the other company asked is its own business.
        invited_by: None,
        created_at: cx.now,
        sent_at: cx.now,
        expires_at: cx.now.plus(INVITATION_MS),
        accepted_at: None,
        withdrawn_at: None,
    };
    store::insert_invitation(tx, cx, &invitation, &email_key(email), &hash).await?;
    let after = serde_json::json!({ "email": invitation.email, "role": invitation.position.role_word() });
    let id = invitation.id.as_str();
    audit::record(tx, cx, Some(account_id), "invitation.create", id, audit::NOTHING, Some(&after)).await?;
    Ok((invitation, secret))
}

/// The invitation of this secret, locked, while the account that it is to has nobody, with that account. `None` where the link
/// is worth nothing. The account's row is locked from here on.
pub(crate) async fn lock_first_owner(
    tx: &mut Tx,
    cx: &Cx,
    secret: &str,
) -> Result<Option<(Invitation, AccountId)>, DbError> {
    let Some(invitation) = lock_open(tx, cx, &hash_of(secret)).await? else { return Ok(None) };
    let Some(account_id) = invitation.position.account_id().cloned() else { return Ok(None) };
    if !store::list_roles(tx, &cx.vendor_id, &account_id).await?.is_empty() {
        return Ok(None);
    }
    Ok(Some((invitation, account_id)))
}

/// Whoever was asked does not want the account: the invitation, which the caller has locked, is over.
pub(crate) async fn decline_first_owner(
    tx: &mut Tx,
    cx: &Cx,
    invitation: &Invitation,
    account_id: &AccountId,
) -> Result<(), DbError> {
    store::close_withdrawn(tx, cx, &invitation.id).await?;
    let before = serde_json::json!({ "email": invitation.email, "role": invitation.position.role_word() });
    let id = invitation.id.as_str();
    audit::record(tx, cx, Some(account_id), "invitation.decline", id, Some(&before), audit::NOTHING).await
}
