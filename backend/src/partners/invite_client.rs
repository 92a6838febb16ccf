//! Inviting a client.

use serde_json::json;

use super::{Partner, Relation, RelationStatus, rules, store, tell};
use crate::accounts::rules::{check_email, check_name, email_key};
use crate::accounts::{self, Account, Act, may_act, members};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, RelationId};
use crate::keys::MasterKey;

/// Who is invited.
#[derive(Clone, Debug)]
pub struct InviteClient {
    /// The partner's account.
    pub partner_id: AccountId,
    /// What the partner calls the client.
    pub company: String,
    /// Address of an owner of the client's account, or of who will be one.
    pub email: String,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invited {
    /// The mail is on its way, whoever has the address.
    Done(RelationId),
    /// What was typed is no name.
    NoCompany,
    /// What was typed is no address.
    NoAddress,
    /// It is the address of whoever invites.
    OwnAddress,
    /// An invitation to this address waits for its answer.
    InvitedBefore,
    /// The invitation to this address was accepted, and the relation lasts.
    IsClient,
    /// Too many invitations; seconds to wait.
    Limited(i64),
    /// Whoever acts may not invite for this account, or it is no partner: the same answer to both.
    NotAllowed,
}

/// Invites whoever has an address to become the partner's client.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn invite_client(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    request: &InviteClient,
) -> Result<Invited, DbError> {
    let partner_id = &request.partner_id;
    let Some(account) = lock_managed(tx, cx, partner_id).await? else { return Ok(Invited::NotAllowed) };
    let company = check_name(&request.company).ok().filter(|name| !name.is_empty());
    let Some(company) = company else { return Ok(Invited::NoCompany) };
    let Ok(email) = check_email(&request.email) else { return Ok(Invited::NoAddress) };
    let key = email_key(&email);
    if is_address_of_actor(tx, cx, &key).await? {
        return Ok(Invited::OwnAddress);
    }
    if store::find_active_by_email(tx, &cx.vendor_id, partner_id, &key).await?.is_some() {
        return Ok(Invited::IsClient);
    }
    store::close_overdue(tx, cx, partner_id, &key).await?;
    let relation = Relation::begun(cx, partner_id, RelationStatus::Invited, company, email);
    // Each invitation is a mail to an address that somebody has typed, in an inbox that all senders fill together.
    if let Some(retry_after_s) = members::limit_invitations(tx, cx, master, Some(partner_id), &relation.email).await? {
        return Ok(Invited::Limited(retry_after_s));
    }
    if !store::insert_relation(tx, &relation).await? {
        return Ok(Invited::InvitedBefore);
    }
    let (id, after) = (relation.id.as_str(), json!({ "company": relation.company, "email": relation.email }));
    audit::record(tx, cx, Some(partner_id), "relation.invite", id, audit::NOTHING, Some(&after)).await?;
    tell::invited(tx, cx, master, &relation, &account.company).await?;
    Ok(Invited::Done(relation.id))
}

/// The account of a partner whose relations whoever acts manages, locked as a partner.
pub(super) async fn lock_managed(tx: &mut Tx, cx: &Cx, partner_id: &AccountId) -> Result<Option<Account>, DbError> {
    if !may_act(tx, cx, partner_id, Act::ManageRelations).await? {
        return Ok(None);
    }
    let partner = store::lock_partner(tx, &cx.vendor_id, partner_id).await?.filter(Partner::is_live);
    let account = accounts::find_account(tx, &cx.vendor_id, partner_id).await?;
    Ok(partner.and(account))
}

impl Relation {
    /// A relation that begins now, with whoever has this address and no account yet.
    pub(super) fn begun(
        cx: &Cx,
        partner_id: &AccountId,
        status: RelationStatus,
        company: String,
        email: String,
    ) -> Self {
        Self {
            id: cx.id(),
            vendor_id: cx.vendor_id.clone(),
            partner_id: partner_id.clone(),
            client_id: None,
            company,
            email_key: email_key(&email),
            email,
            status,
            invited_by: cx.actor.person().cloned(),
            accepted_by: None,
            created_at: cx.now,
            expires_at: rules::expires_at(cx.now),
            accepted_at: None,
            ended_at: None,
        }
    }
}

pub(super) async fn is_address_of_actor(tx: &mut Tx, cx: &Cx, key: &str) -> Result<bool, DbError> {
    let Some(user_id) = cx.actor.person() else { return Ok(false) };
    let user = accounts::find_user(tx, &cx.vendor_id, user_id).await?;
    Ok(user.is_some_and(|user| email_key(&user.email) == key))
}
