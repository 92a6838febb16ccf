//! Looking at a relation, from either side.

use super::{Relation, RelationStatus, rules, store};
use crate::accounts::rules::email_key;
use crate::accounts::{self, Account, Act, may_act};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, RelationId};

pub use super::store::PartnerOf;

/// Whose part in a relation somebody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A member of the partner's account.
    Partner,
    /// A member of the client's account; before there is one, whoever has the address.
    Client,
}

/// A relation as one of its sides sees it.
#[derive(Clone, Debug)]
pub struct RelationView {
    /// The relation.
    pub relation: Relation,
    /// Where it stands now.
    pub status: RelationStatus,
    /// The partner.
    pub partner: Account,
    /// Which side looks.
    pub side: Side,
    /// Whether the address of whoever looks is confirmed; nothing begins with one that is not.
    pub is_confirmed: bool,
}

/// A relation for members of either account, and its invitation for whoever has the address; for others it does not exist.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_relation(tx: &mut Tx, cx: &Cx, id: &RelationId) -> Result<Option<RelationView>, DbError> {
    let Some(relation) = store::find_relation(tx, &cx.vendor_id, id).await? else { return Ok(None) };
    let Some((side, is_confirmed)) = side_of(tx, cx, &relation).await? else { return Ok(None) };
    let partner = accounts::find_account(tx, &cx.vendor_id, &relation.partner_id).await?;
    let status = rules::status(&relation, cx.now);
    Ok(partner.map(|partner| RelationView { relation, status, partner, side, is_confirmed }))
}

/// Which side of a relation the one who acts is on, and whether the person's address is confirmed. Who is on both is the
/// client, who has more to decide. A partner sees what lasts or waits, and as long as it is a partner.
pub(super) async fn side_of(tx: &mut Tx, cx: &Cx, relation: &Relation) -> Result<Option<(Side, bool)>, DbError> {
    let Some(user_id) = cx.actor.person() else { return Ok(None) };
    let Some(user) = accounts::find_user(tx, &cx.vendor_id, user_id).await? else { return Ok(None) };
    let is_confirmed = user.email_verified_at.is_some();
    let is_client = match &relation.client_id {
        Some(client_id) => may_act(tx, cx, client_id, Act::See).await?,
        None => email_key(&user.email) == relation.email_key,
    };
    if is_client {
        return Ok(Some((Side::Client, is_confirmed)));
    }
    let is_living = matches!(rules::status(relation, cx.now), RelationStatus::Invited | RelationStatus::Active);
    if !is_living || !may_act(tx, cx, &relation.partner_id, Act::See).await? {
        return Ok(None);
    }
    let partner = store::find_partner(tx, &cx.vendor_id, &relation.partner_id).await?;
    Ok(partner.is_some_and(|partner| partner.is_live()).then_some((Side::Partner, is_confirmed)))
}

/// The partners that a client has, for its members; the oldest first.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_partners_of(tx: &mut Tx, cx: &Cx, client_id: &AccountId) -> Result<Vec<PartnerOf>, DbError> {
    if !may_act(tx, cx, client_id, Act::See).await? {
        return Ok(Vec::new());
    }
    store::list_partners_of(tx, &cx.vendor_id, client_id).await
}
