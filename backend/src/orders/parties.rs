//! Who pays for an order and who gets the license: one account, or a partner and its client.

use super::order_for_client::OrderRequest;
use super::place_order::PlaceOrder;
use super::quote_purchase::Purchase;
use super::terms::TransferTerms;
use crate::accounts::{self, Account, Act};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, RelationId};
use crate::partners::{self, Clientele, PartnerTerms};

/// That a partner orders for its client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForClient {
    /// The relation of the two.
    pub relation_id: RelationId,
    /// What the partner was shown that its discount takes off, in minor units.
    pub takes_off_minor: i64,
    /// The request of a program that orders; `None` where a person does.
    pub request: Option<OrderRequest>,
}

impl PlaceOrder {
    /// Makes an order of a partner's one for its client. No code is used with it, and nobody of the partner's gets to see the
    /// client's key.
    pub fn order_for(&mut self, clientele: &Clientele, client_pays: bool, takes_off_minor: i64) {
        let payer = if client_pays { &clientele.client } else { &clientele.partner };
        self.account_id = payer.id.clone();
        (self.session_hash, self.promotion) = (None, None);
        self.for_client =
            Some(ForClient { relation_id: clientele.relation.id.clone(), takes_off_minor, request: None });
    }
}

/// The accounts of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parties {
    /// Who pays: whose customer at Stripe, and whose invoices.
    pub(super) payer: Account,
    /// Who gets the license.
    pub(super) licensee: Account,
    /// Where a partner orders for its client: the relation, and what is agreed.
    pub(super) clientele: Option<Clientele>,
    /// Where a partner buys vouchers: what is agreed.
    partnership: Option<PartnerTerms>,
}

impl Parties {
    /// What an order stores of who gets the license: nothing where that is who pays.
    pub(super) fn licensee_id(&self) -> Option<AccountId> {
        (self.licensee.id != self.payer.id).then(|| self.licensee.id.clone())
    }

    /// The partner that orders, for a client or for itself, and what is agreed with it.
    pub(super) fn partner(&self) -> Option<(&AccountId, PartnerTerms)> {
        let for_client = self.clientele.as_ref().map(|clientele| (&clientele.partner.id, clientele.terms));
        for_client.or_else(|| self.partnership.map(|terms| (&self.payer.id, terms)))
    }

    /// What the partner that orders has taken off, in hundredths of a percent; `None` where that is nothing.
    pub(super) fn discount_bp(&self) -> Option<i64> {
        self.partner().map(|(_, terms)| terms.discount_bp).filter(|bp| *bp > 0)
    }

    /// The terms of a transfer, as they are for who pays.
    pub(super) fn transfer_terms(&self, usual: TransferTerms) -> TransferTerms {
        match self.partner().filter(|(partner_id, _)| **partner_id == self.payer.id) {
            Some((_, terms)) => partners::rules::transfer_terms(usual, terms),
            None => usual,
        }
    }
}

/// The accounts of an order that the one who acts may place; `None` for any other. Nothing of a relation changes before
/// the transaction ends.
pub(super) async fn lock_parties(tx: &mut Tx, cx: &Cx, place: &PlaceOrder) -> Result<Option<Parties>, DbError> {
    let clientele = match &place.for_client {
        None if matches!(place.purchase, Purchase::Vouchers(_)) => {
            let found = partners::lock_partnership(tx, cx, &place.account_id, Act::Buy).await?;
            return Ok(found.and_then(of_partner));
        }
        None => return own_account(tx, cx, place).await,
        Some(client) => partners::lock_clientele(tx, cx, &client.relation_id, Act::Buy).await?,
    };
    Ok(clientele.and_then(|clientele| of_clientele(clientele, place)))
}

/// The same, to look before the transaction that writes the order.
pub(super) async fn find_parties(tx: &mut Tx, cx: &Cx, place: &PlaceOrder) -> Result<Option<Parties>, DbError> {
    let clientele = match &place.for_client {
        None if matches!(place.purchase, Purchase::Vouchers(_)) => {
            let found = partners::find_partnership(tx, cx, &place.account_id, Act::Buy).await?;
            return Ok(found.and_then(of_partner));
        }
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
    Ok(may.then(|| Parties { payer: account.clone(), licensee: account, clientele: None, partnership: None }))
}

/// A partner that buys vouchers pays them; who gets their licenses is told by who redeems them.
fn of_partner((account, terms): (Account, PartnerTerms)) -> Option<Parties> {
    let is_open = account.closes_at.is_none();
    is_open.then(|| Parties { payer: account.clone(), licensee: account, clientele: None, partnership: Some(terms) })
}

/// A partner orders new licenses for its client, and what is added to those that it has; vouchers it buys for itself.
fn of_clientele(clientele: Clientele, place: &PlaceOrder) -> Option<Parties> {
    if matches!(place.purchase, Purchase::Vouchers(_) | Purchase::Continuation { .. }) {
        return None;
    }
    if clientele.partner.closes_at.is_some() || clientele.client.closes_at.is_some() {
        return None;
    }
    // Nobody is there yet who could agree to pay.
    if clientele.relation.awaits_owner() && place.account_id == clientele.client.id {
        return None;
    }
    let licensee = clientele.client.clone();
    let payer = [&clientele.partner, &licensee].into_iter().find(|account| account.id == place.account_id)?.clone();
    Some(Parties { payer, licensee, clientele: Some(clientele), partnership: None })
}

/// When the account closes that would pay, for whoever may buy for it: such an account buys nothing.
pub(super) async fn find_closing_payer(tx: &mut Tx, cx: &Cx, place: &PlaceOrder) -> Result<Option<UnixMs>, DbError> {
    if !accounts::may_act(tx, cx, &place.account_id, Act::Buy).await? {
        return Ok(None);
    }
    accounts::find_closing(tx, &cx.vendor_id, &place.account_id).await
}
