//! Ending a relation, or an invitation to one: by either side, at any time.

use serde_json::json;

use super::find_relation::{Side, side_of};
use super::{Relation, RelationStatus, handlers, rules, store, take_over, tell};
use crate::accounts::{Act, lock_account, may_act};
use crate::audit;
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, RelationId};
use crate::keys::MasterKey;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelationEnd {
    /// It is over: declined, withdrawn or ended.
    Ended(RelationStatus),
    /// It was over before.
    Over(RelationStatus),
    /// There is no such relation, or whoever acts may not end it: the same answer to both.
    NotFound,
}

/// Ends a relation for the side on which the one who acts decides: the partner withdraws or ends, the client declines or
/// ends. The client keeps its licenses; what the partner pays for them does not renew any more.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn end_relation(tx: &mut Tx, cx: &Cx, master: &MasterKey, id: &RelationId) -> Result<RelationEnd, DbError> {
    let Some(found) = store::find_relation(tx, &cx.vendor_id, id).await? else { return Ok(RelationEnd::NotFound) };
    if decides(tx, cx, &found).await?.is_none() {
        return Ok(RelationEnd::NotFound);
    }
    // Whoever takes its account over at this moment has locked that first as well.
    if let (true, Some(client_id)) = (found.awaits_owner(), &found.client_id) {
        lock_account(tx, &cx.vendor_id, client_id).await?;
    }
    store::lock_partner(tx, &cx.vendor_id, &found.partner_id).await?;
    let Some(mut relation) = store::lock_relation(tx, &cx.vendor_id, id).await? else {
        return Ok(RelationEnd::NotFound);
    };
    let Some(side) = decides(tx, cx, &relation).await? else { return Ok(RelationEnd::NotFound) };
    let status = rules::status(&relation, cx.now);
    let was_active = status == RelationStatus::Active;
    let awaited_owner = relation.awaits_owner();
    relation.status = match (status, side) {
        (RelationStatus::Active, _) => RelationStatus::Ended,
        (RelationStatus::Invited, Side::Partner) => RelationStatus::Withdrawn,
        (RelationStatus::Invited, Side::Client) => RelationStatus::Declined,
        (over, _) => return Ok(RelationEnd::Over(over)),
    };
    end_locked(tx, cx, master, &mut relation, was_active).await?;
    match side {
        Side::Partner => {
            let partner = crate::accounts::find_account(tx, &cx.vendor_id, &relation.partner_id).await?;
            let company = partner.map(|account| account.company).unwrap_or_default();
            let is_removed = match relation.client_id.as_ref().filter(|_| awaited_owner) {
                Some(client_id) => take_over::remove_if_empty(tx, &neutral(cx), client_id).await?,
                None => false,
            };
            // An account that stays can still be taken over by whoever was asked to.
            if is_removed || !awaited_owner {
                tell::ended_for_client(tx, cx, master, &relation, &company, was_active && !awaited_owner).await?;
            }
        }
        Side::Client => tell::ended_for_partner(tx, cx, master, &relation).await?,
    }
    Ok(RelationEnd::Ended(relation.status))
}

/// Ends every relation of a client whose account closes; its partners are told. What they pay for it does not renew any more.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(crate) async fn end_all_of_client(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    client_id: &AccountId,
) -> Result<(), DbError> {
    for found in store::list_partners_of(tx, &cx.vendor_id, client_id).await? {
        store::lock_partner(tx, &cx.vendor_id, &found.partner_id).await?;
        let relation = store::lock_relation(tx, &cx.vendor_id, &found.id).await?;
        let Some(mut relation) = relation.filter(|it| it.status == RelationStatus::Active) else { continue };
        relation.status = RelationStatus::Ended;
        end_locked(tx, cx, master, &mut relation, true).await?;
        tell::ended_for_partner(tx, cx, master, &relation).await?;
    }
    Ok(())
}

/// The side of who acts, where the person decides for it.
async fn decides(tx: &mut Tx, cx: &Cx, relation: &Relation) -> Result<Option<Side>, DbError> {
    let Some(side) = side_of(tx, cx, relation).await?.map(|(side, _)| side) else { return Ok(None) };
    let account: Option<&AccountId> = match side {
        Side::Partner => Some(&relation.partner_id),
        // Before it is accepted, whoever has the address declines it, with or without an account.
        Side::Client => relation.client_id.as_ref(),
    };
    let may = match account {
        Some(id) => may_act(tx, cx, id, Act::ManageRelations).await?,
        None => true,
    };
    Ok(may.then_some(side))
}

/// Writes the end that `relation.status` says, with a row for each side, and sees to it that nothing renews. The caller
/// holds the locks of partner and relation.
pub(super) async fn end_locked(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    relation: &mut Relation,
    was_active: bool,
) -> Result<(), DbError> {
    relation.ended_at = Some(cx.now);
    store::update_relation(tx, relation).await?;
    // Each side reads that it is over, not who of the other side ended it.
    let by_client = match (relation.client_id.as_ref(), cx.actor.person()) {
        (_, None) => false,
        (Some(client_id), Some(_)) => may_act(tx, cx, client_id, Act::ManageRelations).await?,
        (None, Some(_)) => relation.status == RelationStatus::Declined,
    };
    let neutral = neutral(cx);
    let after = json!({ "status": relation.status });
    let (id, partner_cx) = (relation.id.as_str(), if by_client { &neutral } else { cx });
    let before = json!({ "status": if was_active { RelationStatus::Active } else { RelationStatus::Invited } });
    let partner_id = Some(&relation.partner_id);
    audit::record(tx, partner_cx, partner_id, "relation.end", id, Some(&before), Some(&after)).await?;
    if let (true, Some(client_id)) = (was_active, &relation.client_id) {
        let client_cx = if by_client { cx } else { &neutral };
        audit::record(tx, client_cx, Some(client_id), "relation.end", id, Some(&before), Some(&after)).await?;
        handlers::enqueue_stop_renewals(tx, cx, master, &relation.id).await?;
    }
    Ok(())
}

/// As what the other side reads it.
fn neutral(cx: &Cx) -> Cx {
    Cx { actor: Actor::Job("partners.end"), address: None, ..cx.clone() }
}
