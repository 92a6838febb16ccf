//! Who pays for an order and who gets the license: one account, or a partner and its client.

use super::place_order::{PlaceOrder, Purchase};
use super::terms::TransferTerms;
use crate::accounts::{self, Account, Act};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, RelationId};
use crate::partners::{self, Clientele};

/// That a partner orders for its client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForClient {
    /// The relation of the two.
    pub relation_id: RelationId,
    /// What the partner was shown that its discount takes off, in minor units.
    pub takes_off_minor: i64,
}

/// The accounts of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parties {
    /// Who pays: whose customer at Stripe, and whose invoices.
    pub(super) payer: Account,
    /// Who gets the license.
    pub(super) licensee: Account,
    /// Where a partner orders: the relation, and what is agreed.
    pub(super) clientele: Option<Clientele>,
}

impl Parties {
    /// What an order stores of who gets the license: nothing where that is who pays.
    pub(super) fn licensee_id(&self) -> Option<AccountId> {
        (self.licensee.id != self.payer.id).then(|| self.licensee.id.clone())
    }

    /// What the partner that orders has taken off, in hundredths of a percent; `None` where that is nothing.
    pub(super) fn discount_bp(&self) -> Option<i64> {
        self.clientele.as_ref().map(|clientele| clientele.terms.discount_bp).filter(|bp| *bp > 0)
    }

    /// The terms of a transfer, as they are for who pays.
    pub(super) fn transfer_terms(&self, usual: TransferTerms) -> TransferTerms {
        match self.clientele.as_ref().filter(|clientele| clientele.partner.id == self.payer.id) {
            Some(clientele) => partners::rules::transfer_terms(usual, clientele.terms),
            None => usual,
        }
    }
}

/// The accounts of an order that the one who acts may place; `None` for any other. Nothing of a relation changes before
/// the transaction ends.
pub(super) async fn lock_parties(tx: &mut Tx, cx: &Cx, place: &PlaceOrder) -> Result<Option<Parties>, DbError> {
    let clientele = match &place.for_client {
        None => return own_account(tx, cx, place).await,
        Some(client) => partners::lock_clientele(tx, cx, &client.relation_id, Act::Buy).await?,
    };
    Ok(clientele.and_then(|clientele| of_clientele(clientele, place)))
}

/// The same, to look before the transaction that writes the order.
pub(super) async fn find_parties(tx: &mut Tx, cx: &Cx, place: &PlaceOrder) -> Result<Option<Parties>, DbError> {
    let clientele = match &place.for_client {
        None => return own_account(tx, cx, place).await,
        Some(client) => partners::find_clientele(tx, cx, &client.relation_id, Act::Buy).await?,
    };
    Ok(clientele.and_then(|clientele| of_clientele(clientele, place)))
}

async fn own_account(tx: &mut Tx, cx: &Cx, place: &PlaceOrder) -> Result<Option<Parties>, DbError> {
    let account = accounts::find_account(tx, &cx.vendor_id, &place.account_id).await?;
    // An account that closes buys nothing; its pages say so.
    let Some(account) = account.filter(|account| account.closes_at.is_none()) else { return Ok(None) };
    let may = accounts::may_act(tx, cx, &account.id, Act::Buy).await?;
    Ok(may.then(|| Parties { payer: account.clone(), licensee: account, clientele: None }))
}

/// A partner orders new licenses; what is added to a license is bought by who has it.
fn of_clientele(clientele: Clientele, place: &PlaceOrder) -> Option<Parties> {
    if !matches!(place.purchase, Purchase::Plan(_)) {
        return None;
    }
    if clientele.partner.closes_at.is_some() || clientele.client.closes_at.is_some() {
        return None;
    }
    let licensee = clientele.client.clone();
    let payer = [&clientele.partner, &licensee].into_iter().find(|account| account.id == place.account_id)?.clone();
    Some(Parties { payer, licensee, clientele: Some(clientele) })
}
