//! Asking somebody on behalf of the vendor to become the first owner of an account that nobody belongs to: its partner is
//! gone, and the link that it had sent as well.

use super::first_owner::invite_first_owner;
use super::ground::Ground;
use super::invite::limit;
use super::{store, tell};
use crate::accounts::rules::{Field, FieldProblem, check_email};
use crate::accounts::{StaffAct, staff_may_act, store as people};
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::AccountId;
use crate::keys::MasterKey;

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FirstOwnerAsked {
    /// The mail is on its way; the links before it work no more.
    Done,
    /// The address cannot be this one.
    Refused(FieldProblem),
    /// Too many mails; seconds to wait.
    Limited(i64),
    /// Somebody belongs to the account.
    HasMembers,
    /// There is no such account that is open, or whoever acts may not: the same answer to both.
    NotAllowed,
}

/// Asks whoever has the address to become the first owner of an account. Whoever calls it has made sure that the person of
/// the staff showed a moment ago who it is: with the account go its licenses and keys.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn ask_first_owner(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account_id: &AccountId,
    email: &str,
) -> Result<FirstOwnerAsked, DbError> {
    if !staff_may_act(tx, cx, StaffAct::ManageLicenses).await? {
        return Ok(FirstOwnerAsked::NotAllowed);
    }
    // Whoever takes it over at this moment has locked it as well.
    let account = people::lock_account(tx, &cx.vendor_id, account_id).await?;
    let Some(account) = account.filter(|it| it.closed_at.is_none() && it.closes_at.is_none()) else {
        return Ok(FirstOwnerAsked::NotAllowed);
    };
    if !store::list_roles(tx, &cx.vendor_id, account_id).await?.is_empty() {
        return Ok(FirstOwnerAsked::HasMembers);
    }
    let email = match check_email(email) {
        Ok(email) => email,
        Err(problem) => return Ok(FirstOwnerAsked::Refused(FieldProblem { field: Field::Email, problem })),
    };
    if let Some(retry_after_s) = limit(tx, cx, master, None, &email).await? {
        return Ok(FirstOwnerAsked::Limited(retry_after_s));
    }
    let (invitation, secret) = invite_first_owner(tx, cx, account_id, &email).await?;
    // The vendor asks, whoever of its people does it.
    let neutral = Cx { actor: Actor::Job("members.ask_first_owner"), address: None, ..cx.clone() };
    let ground = Ground::Account(Box::new(account));
    tell::invited(tx, &neutral, master, &ground, &invitation, &secret).await?;
    Ok(FirstOwnerAsked::Done)
}
