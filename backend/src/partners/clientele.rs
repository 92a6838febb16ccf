//! A relation as it is used: the partner, its client, and what is agreed.

use super::{PartnerTerms, Relation, RelationStatus, store};
use crate::accounts::{self, Account, Act};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, RelationId, VendorId};

/// A relation that lasts, with both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clientele {
    /// The relation.
    pub relation: Relation,
    /// The partner.
    pub partner: Account,
    /// The client.
    pub client: Account,
    /// What is agreed with the partner.
    pub terms: PartnerTerms,
}

/// The relation, while it lasts, for whoever may do this in the partner's account; for others it does not exist.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_clientele(tx: &mut Tx, cx: &Cx, id: &RelationId, act: Act) -> Result<Option<Clientele>, DbError> {
    let Some(relation) = store::find_relation(tx, &cx.vendor_id, id).await? else { return Ok(None) };
    if !accounts::may_act(tx, cx, &relation.partner_id, act).await? {
        return Ok(None);
    }
    read(tx, &cx.vendor_id, relation).await
}

/// The same, so that neither relation nor terms change before the transaction ends.
pub(crate) async fn lock_clientele(
    tx: &mut Tx,
    cx: &Cx,
    id: &RelationId,
    act: Act,
) -> Result<Option<Clientele>, DbError> {
    // Asked before the lock as well, so that strangers hold nobody up.
    let Some(found) = find_clientele(tx, cx, id, act).await? else { return Ok(None) };
    store::lock_partner(tx, &cx.vendor_id, &found.relation.partner_id).await?;
    let Some(relation) = store::lock_relation(tx, &cx.vendor_id, id).await? else { return Ok(None) };
    read(tx, &cx.vendor_id, relation).await
}

async fn read(tx: &mut Tx, vendor_id: &VendorId, relation: Relation) -> Result<Option<Clientele>, DbError> {
    let (RelationStatus::Active, Some(client_id)) = (relation.status, relation.client_id.clone()) else {
        return Ok(None);
    };
    let terms = store::find_partner(tx, vendor_id, &relation.partner_id).await?;
    let Some(terms) = terms.filter(super::Partner::is_live).map(|partner| partner.terms()) else { return Ok(None) };
    let partner = accounts::find_account(tx, vendor_id, &relation.partner_id).await?;
    let client = accounts::find_account(tx, vendor_id, &client_id).await?;
    Ok(partner.zip(client).map(|(partner, client)| Clientele { relation, partner, client, terms }))
}

/// Whether an account is a partner now, its row locked: the partnership does not end before the transaction does.
pub(crate) async fn lock_live_partner(tx: &mut Tx, vendor_id: &VendorId, id: &AccountId) -> Result<bool, DbError> {
    let partner = store::lock_partner(tx, vendor_id, id).await?;
    Ok(partner.is_some_and(|partner| partner.is_live()))
}

/// Whether the one account is the other's partner now.
pub(crate) async fn are_related(
    tx: &mut Tx,
    vendor_id: &VendorId,
    partner_id: &AccountId,
    client_id: &AccountId,
) -> Result<bool, DbError> {
    Ok(store::find_active(tx, vendor_id, partner_id, client_id).await?.is_some())
}

/// The relation of the one account with the other while it lasts; who may know of it is asked by the caller.
pub(crate) async fn find_relation_with(
    tx: &mut Tx,
    vendor_id: &VendorId,
    partner_id: &AccountId,
    client_id: &AccountId,
) -> Result<Option<Relation>, DbError> {
    store::find_active(tx, vendor_id, partner_id, client_id).await
}

/// A partner's relation with a client while it lasts, for members of the partner.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_clientele_of(
    tx: &mut Tx,
    cx: &Cx,
    partner_id: &AccountId,
    client_id: &AccountId,
) -> Result<Option<Clientele>, DbError> {
    let Some(relation) = store::find_active(tx, &cx.vendor_id, partner_id, client_id).await? else { return Ok(None) };
    find_clientele(tx, cx, &relation.id, Act::See).await
}
