//! Becoming a partner's client.

use serde_json::json;

use super::{Partner, RelationStatus, rules, store, tell};
use crate::accounts::rules::email_key;
use crate::accounts::{self, Act, may_act};
use crate::audit;
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, RelationId};
use crate::keys::MasterKey;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// The account is the partner's client.
    Done,
    /// Nobody waits for an answer any more.
    Over(RelationStatus),
    /// Whoever acts has to confirm the e-mail address first.
    Unconfirmed,
    /// The account is the partner's own.
    OwnAccount,
    /// The account is this partner's client already.
    IsClient,
    /// There is no such invitation for whoever acts, or that person may not decide for the account.
    NotFound,
}

/// Accepts an invitation for an account: by whoever has the address that it went to, and owns the account.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn accept_relation(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    id: &RelationId,
    account_id: &AccountId,
) -> Result<Acceptance, DbError> {
    let Some(user_id) = cx.actor.person() else { return Ok(Acceptance::NotFound) };
    let Some(user) = accounts::find_user(tx, &cx.vendor_id, user_id).await? else { return Ok(Acceptance::NotFound) };
    let found = store::find_relation(tx, &cx.vendor_id, id).await?;
    let found = found.filter(|relation| relation.email_key == email_key(&user.email));
    let Some(found) = found else { return Ok(Acceptance::NotFound) };
    if !may_act(tx, cx, account_id, Act::ManageRelations).await? {
        return Ok(Acceptance::NotFound);
    }
    let partner = store::lock_partner(tx, &cx.vendor_id, &found.partner_id).await?.filter(Partner::is_live);
    let Some(mut relation) = store::lock_relation(tx, &cx.vendor_id, id).await? else {
        return Ok(Acceptance::NotFound);
    };
    let status = rules::status(&relation, cx.now);
    if status != RelationStatus::Invited || partner.is_none() {
        return Ok(Acceptance::Over(status));
    }
    if user.email_verified_at.is_none() {
        return Ok(Acceptance::Unconfirmed);
    }
    if *account_id == relation.partner_id {
        return Ok(Acceptance::OwnAccount);
    }
    // Under the partner's lock, so that of two invitations that are accepted at once the second finds the first.
    if store::find_active(tx, &cx.vendor_id, &relation.partner_id, account_id).await?.is_some() {
        return Ok(Acceptance::IsClient);
    }
    relation.status = RelationStatus::Active;
    relation.client_id = Some(account_id.clone());
    (relation.accepted_by, relation.accepted_at) = (Some(user.id), Some(cx.now));
    store::update_relation(tx, &relation).await?;
    let after = json!({ "partner_id": relation.partner_id, "client_id": relation.client_id });
    audit::record(tx, cx, Some(account_id), "relation.accept", id.as_str(), audit::NOTHING, Some(&after)).await?;
    // Who decided on the other side is nobody's business: the partner's row names no person.
    let neutral = Cx { actor: Actor::Job("partners.accept"), address: None, ..cx.clone() };
    let partner_id = Some(&relation.partner_id);
    audit::record(tx, &neutral, partner_id, "relation.begin", id.as_str(), audit::NOTHING, Some(&after)).await?;
    tell::accepted(tx, cx, master, &relation).await?;
    Ok(Acceptance::Done)
}
