//! Ending a partnership, and with it every relation. Its campaigns rest from then on.

use serde_json::json;

use super::end_relation::end_locked;
use super::{Partner, RelationStatus, store, take_over, tell};
use crate::accounts::{self, AccountKind, StaffAct, lock_account, staff_may_act};
use crate::audit;
use crate::campaigns;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::AccountId;
use crate::keys::MasterKey;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartnershipEnd {
    /// The account is a customer like any other, and keeps what is its own.
    Ended,
    /// It was no partner.
    Unchanged,
    /// There is no such account, or whoever acts may not: the same answer to both.
    NotAllowed,
}

/// Ends a partnership. Clients keep their licenses; what the partner pays for them does not renew any more; none of its
/// codes works. An account that it has made, that nobody has taken over and for which nothing was ordered, is erased.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn end_partnership(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account_id: &AccountId,
) -> Result<PartnershipEnd, DbError> {
    if !staff_may_act(tx, cx, StaffAct::ManagePartners).await? {
        return Ok(PartnershipEnd::NotAllowed);
    }
    let Some(account) = lock_account(tx, &cx.vendor_id, account_id).await? else {
        return Ok(PartnershipEnd::NotAllowed);
    };
    // Whoever takes one of those over at this moment has locked that first as well.
    for found in store::list_living(tx, &cx.vendor_id, account_id).await?.iter().filter(|it| it.awaits_owner()) {
        if let Some(client_id) = &found.client_id {
            lock_account(tx, &cx.vendor_id, client_id).await?;
        }
    }
    let partner = store::lock_partner(tx, &cx.vendor_id, account_id).await?.filter(Partner::is_live);
    let Some(partner) = partner else { return Ok(PartnershipEnd::Unchanged) };
    let relations = store::list_living(tx, &cx.vendor_id, account_id).await?;
    for found in &relations {
        let Some(mut relation) = store::lock_relation(tx, &cx.vendor_id, &found.id).await? else { continue };
        let was_active = relation.status == RelationStatus::Active;
        let awaited = relation.client_id.clone().filter(|_| relation.awaits_owner());
        relation.status = if was_active { RelationStatus::Ended } else { RelationStatus::Withdrawn };
        end_locked(tx, cx, master, &mut relation, was_active).await?;
        let is_removed = match &awaited {
            Some(client_id) => take_over::remove_if_empty(tx, cx, client_id).await?,
            None => false,
        };
        // An account that stays can still be taken over by whoever was asked to.
        if is_removed || awaited.is_none() {
            let is_clients = was_active && awaited.is_none();
            tell::ended_for_client(tx, cx, master, &relation, &account.company, is_clients).await?;
        }
    }
    let paused = campaigns::pause_owned(tx, cx, account_id).await?;
    store::set_partner_ended(tx, cx, account_id).await?;
    accounts::set_kind(tx, &cx.vendor_id, account_id, AccountKind::Customer).await?;
    let before = json!({ "since": partner.since.timestamp().to_string() });
    let after = json!({ "relations": relations.len(), "campaigns": paused });
    let id = account_id.as_str();
    audit::record(tx, cx, Some(account_id), "partner.end", id, Some(&before), Some(&after)).await?;
    tell::partnership_ended(tx, cx, master, &account).await?;
    Ok(PartnershipEnd::Ended)
}
