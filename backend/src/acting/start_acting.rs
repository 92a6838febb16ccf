//! Beginning to act for a customer.

use serde_json::json;

use super::rules::{self, ReasonFault};
use super::stop_acting::end;
use super::{Acting, store};
use crate::accounts::{self, Account, Role, StaffAct, staff_may_act};
use crate::audit;
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::AccountId;
use crate::keys::MasterKey;
use crate::mail::{self, Sender};
use crate::text::en::acting as letters;

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActingStart {
    /// It has begun, and the account's owners are told by mail.
    Started(Box<Acting>),
    /// The reason will not do.
    Refused(ReasonFault),
    /// The vendor has no such account.
    NotFound,
    /// Whoever acts may not.
    NotAllowed,
}

/// Lets one of the staff act for a customer for [`rules::LONGEST_MS`]. The person acts for one customer at a time: what it
/// had begun before ends.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn start_acting(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account_id: &AccountId,
    reason: &str,
) -> Result<ActingStart, DbError> {
    // A person: programs and the operator have no portal to look at.
    let Some(staff_id) = cx.actor.person().cloned() else { return Ok(ActingStart::NotAllowed) };
    if !staff_may_act(tx, cx, StaffAct::ActAsCustomer).await? {
        return Ok(ActingStart::NotAllowed);
    }
    // Under its lock, so that nobody begins to act for an account that is being closed.
    let account = accounts::lock_account(tx, &cx.vendor_id, account_id).await?;
    let Some(account) = account.filter(|account| account.closed_at.is_none()) else {
        return Ok(ActingStart::NotFound);
    };
    let reason = match rules::check_reason(reason) {
        Ok(reason) => reason,
        Err(fault) => return Ok(ActingStart::Refused(fault)),
    };
    // Whatever else the person is: here it acts for the vendor.
    let cx = &Cx { actor: Actor::Staff(staff_id.clone()), ..cx.clone() };
    for open in store::list_open_of_staff(tx, &cx.vendor_id, &staff_id, cx.now).await? {
        end(tx, cx, &open).await?;
    }
    let acting = Acting {
        id: cx.id(),
        vendor_id: cx.vendor_id.clone(),
        staff_id,
        account_id: account.id.clone(),
        reason,
        started_at: cx.now,
        ends_at: cx.now.plus(rules::LONGEST_MS),
        ended_at: None,
    };
    store::insert_acting(tx, &acting).await?;
    // Not called `reason`: that is what the vendor's people note for themselves, and customers do not see it.
    let after = json!({ "told_reason": acting.reason, "ends_at": acting.ends_at.timestamp().to_string() });
    let id = acting.id.as_str();
    audit::record(tx, cx, Some(&account.id), "acting.start", id, audit::NOTHING, Some(&after)).await?;
    tell_owners(tx, cx, master, &account, &acting).await?;
    Ok(ActingStart::Started(Box::new(acting)))
}

async fn tell_owners(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account: &Account,
    acting: &Acting,
) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let page = format!("{}/account", sender.origin);
    for (user, role) in accounts::list_members(tx, &cx.vendor_id, &account.id).await? {
        if role == Role::Owner {
            let letter = letters::started(&sender, &account.company, acting, &page);
            mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter)).await?;
        }
    }
    Ok(())
}
