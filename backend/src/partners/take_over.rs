//! Taking over an account that a partner has made for its client: whoever was asked becomes its owner, or declines.
//!
//! Until then the relation lasts without anybody on the client's side ([`Relation::awaits_owner`]): the partner orders what
//! it pays itself, and nobody sees a key. Everything here locks the account's row before those of partner and relation, as
//! whoever accepts the invitation does.

use serde_json::json;

use super::end_relation::end_locked;
use super::invite_client::is_address_of_actor;
use super::{Partner, Relation, RelationStatus, client_store, store, tell};
use crate::accounts::members::{decline_first_owner, invite_first_owner, limit_invitations, lock_first_owner};
use crate::accounts::rules::{check_email, email_key};
use crate::accounts::{self, Act, Field, FieldProblem, lock_account, may_act};
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, RelationId, UserId, VendorId};
use crate::keys::MasterKey;
use crate::{audit, deletion};

/// What became of asking once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskedAgain {
    /// The mail is on its way; the links before it work no more.
    Done,
    /// The address cannot be this one.
    Refused(FieldProblem),
    /// It is the address of whoever acts.
    OwnAddress,
    /// Another client of the partner's has this address already.
    IsClient,
    /// Too many mails; seconds to wait.
    Limited(i64),
    /// There is no such client that nobody has taken over, or whoever acts may not: the same answer to both.
    NotFound,
}

/// What became of declining.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declining {
    /// The relation is over and the account is erased; the link works no more.
    Declined,
    /// The relation is over. Something was ordered for the account: it stays, and the link still takes it over.
    Stays,
    /// The link is worth nothing, or there is no relation any more that could end.
    Spent,
}

/// Asks whoever has the address to take the account over, and writes until when.
pub(super) async fn ask(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    relation: &Relation,
    partner: &str,
    name: &str,
) -> Result<(), DbError> {
    let Some(client_id) = &relation.client_id else { return Ok(()) };
    let (invitation, secret) = invite_first_owner(tx, cx, client_id, &relation.email).await?;
    store::update_expiry(tx, &cx.vendor_id, &relation.id, invitation.expires_at).await?;
    tell::asked_to_take_over(tx, cx, master, (relation, partner), name, (secret.as_str(), invitation.expires_at)).await
}

/// Asks once more, at the address as it is typed now: the one before may have been mistyped. What belongs to whoever has
/// that one goes along.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn ask_again(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    id: &RelationId,
    email: &str,
) -> Result<AskedAgain, DbError> {
    let found = store::find_relation(tx, &cx.vendor_id, id).await?.filter(Relation::awaits_owner);
    let Some(found) = found else { return Ok(AskedAgain::NotFound) };
    let partner_id = &found.partner_id;
    if !may_act(tx, cx, partner_id, Act::ManageRelations).await? {
        return Ok(AskedAgain::NotFound);
    }
    let Some(mut relation) = lock_awaiting(tx, &cx.vendor_id, &found).await? else { return Ok(AskedAgain::NotFound) };
    let account = accounts::find_account(tx, &cx.vendor_id, partner_id).await?;
    let Some(account) = account else { return Ok(AskedAgain::NotFound) };
    let email = match check_email(email) {
        Ok(email) => email,
        Err(problem) => return Ok(AskedAgain::Refused(FieldProblem { field: Field::Email, problem })),
    };
    let key = email_key(&email);
    if is_address_of_actor(tx, cx, &key).await? {
        return Ok(AskedAgain::OwnAddress);
    }
    let namesake = store::find_active_by_email(tx, &cx.vendor_id, partner_id, &key).await?;
    // Its own address it keeps, whoever else has come to have the same.
    if key != relation.email_key && namesake.is_some() {
        return Ok(AskedAgain::IsClient);
    }
    if let Some(retry_after_s) = limit_invitations(tx, cx, master, Some(partner_id), &email).await? {
        return Ok(AskedAgain::Limited(retry_after_s));
    }
    let before = json!({ "email": relation.email });
    let after = json!({ "email": email });
    let act = "relation.ask_again";
    audit::record(tx, cx, Some(partner_id), act, id.as_str(), Some(&before), Some(&after)).await?;
    if let Some(client_id) = relation.client_id.as_ref().filter(|_| email != relation.email) {
        accounts::replace_billing_email(tx, &cx.vendor_id, client_id, &relation.email, &email).await?;
    }
    (relation.email, relation.email_key) = (email, key);
    store::update_email(tx, &relation).await?;
    let neutral = Cx { actor: Actor::Job("partners.ask_again"), address: None, ..cx.clone() };
    ask(tx, &neutral, master, &relation, &account.company, "").await?;
    Ok(AskedAgain::Done)
}

/// The relation, locked, while nobody has taken its account over and its partner is one.
async fn lock_awaiting(tx: &mut Tx, vendor_id: &VendorId, found: &Relation) -> Result<Option<Relation>, DbError> {
    if let Some(client_id) = &found.client_id {
        lock_account(tx, vendor_id, client_id).await?;
    }
    let partner = store::lock_partner(tx, vendor_id, &found.partner_id).await?.filter(Partner::is_live);
    let relation = store::lock_relation(tx, vendor_id, &found.id).await?.filter(Relation::awaits_owner);
    Ok(partner.and(relation))
}

/// Which partner has made an account that nobody has taken over: its name. `None` for any other account.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_maker(tx: &mut Tx, vendor_id: &VendorId, account_id: &AccountId) -> Result<Option<String>, DbError> {
    let Some(relation) = store::find_awaiting(tx, vendor_id, account_id).await? else { return Ok(None) };
    let partner = accounts::find_account(tx, vendor_id, &relation.partner_id).await?;
    Ok(partner.map(|partner| partner.company))
}

/// Notes that an account has its first owner, where its partner has made it: the relation has two sides from then on. The
/// caller holds the account's lock.
pub(crate) async fn taken_over(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account_id: &AccountId,
    user_id: &UserId,
) -> Result<(), DbError> {
    let Some(found) = store::find_awaiting(tx, &cx.vendor_id, account_id).await? else { return Ok(()) };
    let Some(mut relation) = lock_awaiting(tx, &cx.vendor_id, &found).await? else { return Ok(()) };
    (relation.accepted_by, relation.accepted_at) = (Some(user_id.clone()), Some(cx.now));
    store::update_relation(tx, &relation).await?;
    let id = relation.id.as_str();
    let after = json!({ "partner_id": relation.partner_id, "client_id": relation.client_id });
    audit::record(tx, cx, Some(account_id), "relation.accept", id, audit::NOTHING, Some(&after)).await?;
    let neutral = Cx { actor: Actor::Job("partners.accept"), address: None, ..cx.clone() };
    let partner_id = Some(&relation.partner_id);
    audit::record(tx, &neutral, partner_id, "relation.begin", id, audit::NOTHING, Some(&after)).await?;
    tell::accepted(tx, cx, master, &relation).await
}

/// Declines an account, and ends the relation, for whoever holds the secret that was mailed. Where something was ordered for
/// the account, the link stays good: what is paid would have nobody for ever.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn decline_account(tx: &mut Tx, cx: &Cx, master: &MasterKey, secret: &str) -> Result<Declining, DbError> {
    // Nobody of the other side learns from where that was.
    let neutral = Cx { actor: Actor::Job("partners.decline"), address: None, ..cx.clone() };
    let Some((invitation, account_id)) = lock_first_owner(tx, &neutral, secret).await? else {
        return Ok(Declining::Spent);
    };
    let relation = match store::find_awaiting(tx, &cx.vendor_id, &account_id).await? {
        Some(found) => lock_awaiting(tx, &cx.vendor_id, &found).await?,
        None => None,
    };
    // Whoever orders for it at this moment has locked the relation.
    let stays = client_store::was_ordered_for(tx, &cx.vendor_id, &account_id).await?;
    if !stays {
        decline_first_owner(tx, &neutral, &invitation, &account_id).await?;
    }
    let Some(mut relation) = relation else { return Ok(if stays { Declining::Spent } else { Declining::Declined }) };
    relation.status = RelationStatus::Declined;
    end_locked(tx, &neutral, master, &mut relation, true).await?;
    tell::ended_for_partner(tx, &neutral, master, &relation).await?;
    if stays {
        return Ok(Declining::Stays);
    }
    remove_if_empty(tx, &neutral, &account_id).await?;
    Ok(Declining::Declined)
}

/// Erases an account that nobody has taken over, once its relation is over, unless something was ordered for it: then it
/// stays, and can still be taken over. Answers whether it is gone. The caller holds the locks.
pub(super) async fn remove_if_empty(tx: &mut Tx, cx: &Cx, account_id: &AccountId) -> Result<bool, DbError> {
    if client_store::was_ordered_for(tx, &cx.vendor_id, account_id).await? {
        return Ok(false);
    }
    let Some(account) = lock_account(tx, &cx.vendor_id, account_id).await? else { return Ok(false) };
    deletion::erase_empty(tx, cx, &account).await?;
    Ok(true)
}
