//! Inviting somebody by mail.

use super::ground::lock_ground;
use super::rules::{INVITATION_MS, OPEN_INVITATIONS_MAX, Standing, is_for, standing};
use super::secret::new_secret;
use super::{Invitation, Position, store, tell};
use crate::accounts::rules::{Field, FieldProblem, check_email, email_key};
use crate::accounts::{Limit, RateVerdict, hit, member_role, store as people};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, InvitationId, UserId};
use crate::keys::MasterKey;

/// Who is invited to what.
#[derive(Clone, Debug)]
pub struct Invite {
    /// To what.
    pub position: Position,
    /// E-mail address as typed.
    pub email: String,
}

/// What became of an invitation that was to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvitationSent {
    /// The mail is on its way.
    Sent(Invitation),
    /// The address cannot stay as it is.
    Refused(FieldProblem),
    /// Whoever invites has not confirmed the own address.
    Unconfirmed,
    /// Who has this address belongs to it already.
    AlreadyIn,
    /// An invitation to this address waits for its answer.
    AlreadyInvited,
    /// [`OPEN_INVITATIONS_MAX`] of them wait for an answer.
    TooManyOpen,
    /// Too many mails in a short time.
    Limited {
        /// Seconds to wait.
        retry_after_s: i64,
    },
    /// It was answered or taken back meanwhile.
    Gone,
    /// The one who acts may not, or there is nothing of the kind: the same answer to both.
    NotAllowed,
}

/// Invites somebody to act for an account, or to the staff. An invitation to the same address that nobody answered in
/// time is replaced.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn invite(tx: &mut Tx, cx: &Cx, master: &MasterKey, request: &Invite) -> Result<InvitationSent, DbError> {
    let position = &request.position;
    let Some(ground) = lock_ground(tx, cx, position.account_id()).await? else {
        return Ok(InvitationSent::NotAllowed);
    };
    if !is_proven(tx, cx, position.account_id()).await? {
        return Ok(InvitationSent::Unconfirmed);
    }
    let email = match check_email(&request.email) {
        Ok(email) => email,
        Err(problem) => return Ok(InvitationSent::Refused(FieldProblem { field: Field::Email, problem })),
    };
    if is_in(tx, cx, position, &email).await? {
        return Ok(InvitationSent::AlreadyIn);
    }
    let open = store::list_invitations(tx, &cx.vendor_id, position.account_id()).await?;
    if let Some(before) = open.iter().find(|open| is_for(open, &email)) {
        if standing(before, cx.now) == Standing::Open {
            return Ok(InvitationSent::AlreadyInvited);
        }
        store::close_withdrawn(tx, cx, &before.id).await?;
    }
    if store::count_open(tx, &cx.vendor_id, position.account_id()).await? >= OPEN_INVITATIONS_MAX {
        return Ok(InvitationSent::TooManyOpen);
    }
    if let Some(retry_after_s) = limit(tx, cx, master, position.account_id(), &email).await? {
        return Ok(InvitationSent::Limited { retry_after_s });
    }
    let (secret, hash) = new_secret(cx);
    let invitation = Invitation {
        id: cx.id::<InvitationId>(),
        position: position.clone(),
        invited_by: cx.actor.person().cloned(),
        created_at: cx.now,
        sent_at: cx.now,
        expires_at: cx.now.plus(INVITATION_MS),
        accepted_at: None,
        withdrawn_at: None,
        email,
    };
    if !store::insert_invitation(tx, cx, &invitation, &email_key(&invitation.email), &hash).await? {
        return Ok(InvitationSent::AlreadyInvited);
    }
    let after = serde_json::json!({ "email": invitation.email, "role": position.role_word() });
    let id = invitation.id.as_str();
    audit::record(tx, cx, ground.account_id(), "invitation.create", id, audit::NOTHING, Some(&after)).await?;
    tell::invited(tx, cx, master, &ground, &invitation, &secret).await?;
    Ok(InvitationSent::Sent(invitation))
}

/// Whether who has this address has such a position already.
async fn is_in(tx: &mut Tx, cx: &Cx, position: &Position, email: &str) -> Result<bool, DbError> {
    let Some(user) = people::find_user_by_email(tx, &cx.vendor_id, email).await? else { return Ok(false) };
    Ok(match position.account_id() {
        Some(id) => member_role(tx, &cx.vendor_id, id, &user.id).await?.is_some(),
        None => user.staff_role.is_some(),
    })
}

/// Whether mails may be sent for the one who acts: a stranger with an address that nobody has proven would have the vendor
/// write to whom it likes. Staff are known to the vendor.
pub(super) async fn is_proven(tx: &mut Tx, cx: &Cx, account_id: Option<&AccountId>) -> Result<bool, DbError> {
    let (Some(user_id), Some(_)) = (cx.actor.person(), account_id) else { return Ok(true) };
    let user = people::find_user(tx, &cx.vendor_id, user_id).await?;
    Ok(user.is_some_and(|user| user.email_verified_at.is_some()))
}

/// Counts one more mail; answers the seconds to wait where it must not be sent. Of the address all senders of a vendor
/// count together, because it is one mailbox that they fill; but one of them alone does not use that up for the others.
pub(crate) async fn limit(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account_id: Option<&AccountId>,
    email: &str,
) -> Result<Option<i64>, DbError> {
    let sender = account_id.map_or("staff", AccountId::as_str);
    let mailbox = email_key(email);
    // By person as well: whoever makes many accounts sends no more for it.
    let person = cx.actor.person().map(|person| (Limit::InviteUser, person.as_str()));
    let pair = format!("{mailbox}\0{}", cx.actor.person().map_or(sender, UserId::as_str));
    let first = [(Limit::InviteAccount, sender)].into_iter().chain(person);
    for (limit, subject) in first.chain([(Limit::InvitePair, pair.as_str()), (Limit::InviteEmail, mailbox.as_str())]) {
        if let RateVerdict::Limited { retry_after_s } = hit(tx, cx, master, limit, subject).await? {
            return Ok(Some(retry_after_s));
        }
    }
    Ok(None)
}
