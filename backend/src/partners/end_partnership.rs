//! Ending a partnership, and with it every relation. Its campaigns rest from then on.

use serde_json::json;

use super::end_relation::end_locked;
use super::{Partner, RelationStatus, store, tell};
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
/// codes works.
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
    let partner = store::lock_partner(tx, &cx.vendor_id, account_id).await?.filter(Partner::is_live);
    let Some(partner) = partner else { return Ok(PartnershipEnd::Unchanged) };
    let relations = store::list_living(tx, &cx.vendor_id, account_id).await?;
    for found in &relations {
        let Some(mut relation) = store::lock_relation(tx, &cx.vendor_id, &found.id).await? else { continue };
        let was_active = relation.status == RelationStatus::Active;
        relation.status = if was_active { RelationStatus::Ended } else { RelationStatus::Withdrawn };
        end_locked(tx, cx, master, &mut relation, was_active).await?;
        tell::ended_for_client(tx, cx, master, &relation, &account.company, was_active).await?;
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
