//! Deleting oneself.

use super::{mail_store, person_store, store, tell};
use crate::accounts::members::{self, MemberChange};
use crate::accounts::rules::email_key;
use crate::accounts::{self, Account, Role};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::UserId;
use crate::keys::MasterKey;
use crate::{audit, mail};

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonDeletion {
    /// The person is gone: logged out everywhere, out of every account, and its address free.
    Deleted,
    /// Nobody else owns these accounts: they are closed or handed over first.
    OwnedAlone(Vec<Account>),
    /// The vendor's staff are taken out by an administrator first.
    IsStaff,
    /// The address that was typed is another one.
    OtherAddress,
    /// Whoever acts is no person.
    NotAllowed,
}

/// Deletes whoever acts and types its own address, at once. Owners of the accounts that it leaves are told by mail, and so is
/// the person, by the last one to its address.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn delete_person(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    typed_email: &str,
) -> Result<PersonDeletion, DbError> {
    let Some(me) = cx.actor.person().cloned() else { return Ok(PersonDeletion::NotAllowed) };
    let Some(user) = accounts::find_user(tx, &cx.vendor_id, &me).await? else { return Ok(PersonDeletion::NotAllowed) };
    if user.staff_role.is_some() {
        return Ok(PersonDeletion::IsStaff);
    }
    if email_key(typed_email) != email_key(&user.email) {
        return Ok(PersonDeletion::OtherAddress);
    }
    let left = match lock_what_it_leaves(tx, cx, &me).await? {
        Ok(left) => left,
        Err(owned_alone) => return Ok(PersonDeletion::OwnedAlone(owned_alone)),
    };
    match person_store::lock_person(tx, &cx.vendor_id, &me).await? {
        None => return Ok(PersonDeletion::NotAllowed),
        Some(Some(_)) => return Ok(PersonDeletion::IsStaff),
        Some(None) => {}
    }
    for account in &left {
        match members::leave_account(tx, cx, master, &account.id).await? {
            MemberChange::Done | MemberChange::Unchanged | MemberChange::NotAllowed => {}
            MemberChange::LastOne => return Ok(PersonDeletion::OwnedAlone(vec![account.clone()])),
        }
    }
    let caused_by = only_own(tx, cx, &me, &user.email, user.email_verified_at.is_some()).await?;
    mail_store::forget_unsent(tx, &cx.vendor_id, &user.email, caused_by).await?;
    tell::farewell(tx, cx, master, &user).await?;
    mail::log::forget_recipient(tx, &cx.vendor_id, &user.email, caused_by).await?;
    for address in mail_store::list_former_addresses(tx, &cx.vendor_id, &me).await? {
        let caused_by = only_own(tx, cx, &me, &address, false).await?;
        mail_store::forget_unsent(tx, &cx.vendor_id, &address, caused_by).await?;
        mail::log::forget_recipient(tx, &cx.vendor_id, &address, caused_by).await?;
    }
    for name in [&user.name, &user.email] {
        mail_store::forget_name(tx, &cx.vendor_id, &me, name).await?;
    }
    person_store::erase(tx, cx, &user, &email_key(&user.email)).await?;
    audit::record(tx, cx, None, "user.delete", me.as_str(), audit::NOTHING, audit::NOTHING).await?;
    Ok(PersonDeletion::Deleted)
}

/// Whose mails to an address are forgotten: all, where it is proved to be the person's own, or where nobody else is written to
/// there; otherwise those that the person caused.
async fn only_own<'a>(
    tx: &mut Tx,
    cx: &Cx,
    me: &'a UserId,
    address: &str,
    is_proved: bool,
) -> Result<Option<&'a UserId>, DbError> {
    let is_own = is_proved || mail_store::is_nobody_elses(tx, &cx.vendor_id, me.as_str(), address).await?;
    Ok((!is_own).then_some(me))
}

/// The accounts of a person, locked in the order of their ids; or those that nobody else owns. Counted behind the locks, so
/// that of two owners who go at the same moment one is told that it is the last.
async fn lock_what_it_leaves(tx: &mut Tx, cx: &Cx, me: &UserId) -> Result<Result<Vec<Account>, Vec<Account>>, DbError> {
    let mut memberships = accounts::list_memberships(tx, &cx.vendor_id, me).await?;
    memberships.sort_by(|one, other| one.account.id.as_str().cmp(other.account.id.as_str()));
    let (mut owned_alone, mut left) = (Vec::new(), Vec::new());
    for membership in memberships {
        accounts::lock_account(tx, &cx.vendor_id, &membership.account.id).await?;
        let role = accounts::member_role(tx, &cx.vendor_id, &membership.account.id, me).await?;
        let others = store::count_other_owners(tx, &cx.vendor_id, &membership.account.id, me).await?;
        if role == Some(Role::Owner) && others == 0 {
            owned_alone.push(membership.account);
        } else {
            left.push(membership.account);
        }
    }
    Ok(if owned_alone.is_empty() { Ok(left) } else { Err(owned_alone) })
}
