//! Accepting an invitation with the login that one has.

use super::ground::{Ground, find_ground};
use super::rules::{Standing, is_for, standing};
use super::secret::hash_of;
use super::{Invitation, Joined, Position, store, tell};
use crate::accounts::rules::email_key;
use crate::accounts::{Role, User, store as people};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::keys::MasterKey;
use crate::partners;

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "made once per request and taken apart at once")]
pub enum Acceptance {
    /// The person is in.
    Joined(Joined),
    /// The invitation went to another address than the one that the person signs in with.
    OtherPerson,
    /// There is nothing to accept: used, taken back, too old, or never there.
    Spent,
    /// Nobody is signed in.
    NotAllowed,
}

/// Accepts an invitation for whoever is signed in. Of two who accept at once, and of accepting and withdrawing, one wins.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn accept_invitation(tx: &mut Tx, cx: &Cx, master: &MasterKey, secret: &str) -> Result<Acceptance, DbError> {
    let Some(user_id) = cx.actor.person() else { return Ok(Acceptance::NotAllowed) };
    let Some(user) = people::find_user(tx, &cx.vendor_id, user_id).await? else { return Ok(Acceptance::NotAllowed) };
    let Some(invitation) = lock_open(tx, cx, &hash_of(secret)).await? else { return Ok(Acceptance::Spent) };
    if !is_for(&invitation, &user.email) {
        return Ok(Acceptance::OtherPerson);
    }
    // The secret was in that mailbox, so the address is the person's own.
    if people::update_email_verified(tx, cx, &user.id, &email_key(&user.email)).await? {
        let after = serde_json::json!({ "email": user.email });
        audit::record(tx, cx, None, "user.verify_email", user.id.as_str(), audit::NOTHING, Some(&after)).await?;
    }
    Ok(settle(tx, cx, master, &invitation, user).await?.map_or(Acceptance::Spent, Acceptance::Joined))
}

/// The open invitation of this secret, locked until the transaction ends. The account that it is to is locked first, as by
/// whoever closes it: nobody joins an account that is closed.
pub(super) async fn lock_open(tx: &mut Tx, cx: &Cx, token_hash: &[u8]) -> Result<Option<Invitation>, DbError> {
    let known = store::find_by_token(tx, &cx.vendor_id, token_hash).await?;
    let Some(known) = known else { return Ok(None) };
    if let Some(account_id) = known.position.account_id() {
        let account = people::lock_account(tx, &cx.vendor_id, account_id).await?;
        if account.is_none_or(|account| account.closed_at.is_some()) {
            return Ok(None);
        }
    }
    let locked = store::lock_by_token(tx, &cx.vendor_id, token_hash).await?;
    Ok(locked.filter(|locked| standing(locked, cx.now) == Standing::Open))
}

/// Gives a person the position of an invitation that is locked and open. Whoever has one there already keeps its role.
pub(super) async fn settle(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    invitation: &Invitation,
    user: User,
) -> Result<Option<Joined>, DbError> {
    let Some(ground) = find_ground(tx, cx, &invitation.position).await? else { return Ok(None) };
    store::close_accepted(tx, cx, &invitation.id, &user.id).await?;
    let is_new = match &invitation.position {
        Position::Member { account_id, role } => store::insert_member(tx, cx, account_id, &user.id, *role).await?,
        Position::Staff(role) if user.staff_role.is_none() => {
            store::update_staff_role(tx, &cx.vendor_id, &user.id, Some(*role)).await?;
            true
        }
        Position::Staff(_) => false,
    };
    if is_new {
        let act = if invitation.position.account_id().is_some() { "member.join" } else { "staff.join" };
        let after = serde_json::json!({
            "email": user.email, "role": invitation.position.role_word(), "invitation_id": invitation.id,
        });
        audit::record(tx, cx, ground.account_id(), act, user.id.as_str(), audit::NOTHING, Some(&after)).await?;
        tell::joined(tx, cx, master, &ground, &invitation.position, &user).await?;
    }
    if let (true, Position::Member { account_id, role: Role::Owner }) = (is_new, &invitation.position) {
        partners::taken_over(tx, cx, master, account_id, &user.id).await?;
    }
    let account = match ground {
        Ground::Account(account) => Some(*account),
        Ground::Staff => None,
    };
    Ok(Some(Joined { user, account }))
}
