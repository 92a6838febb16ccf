//! Orders that a program of a partner's places for a client, as the partner's people do by the form. A request has a key of
//! its own, and the same key is the same order, however often it is sent and to however many nodes at once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use tracing::Instrument as _;

use super::account_orders::{AccountOrder, find_account_order};
use super::give_up_order::{End, GivenUp, cancel_session, close_as};
use super::open_checkout::CheckoutUrls;
use super::place_order::{OrderPlacement, PlaceOrder, place_order};
use super::quote_purchase::Purchase;
use super::record_order::as_payer_sees;
use super::{Order, OrderStatus, Payment, rules, store};
use crate::accounts::{self, Act};
use crate::billing::{Commerce, CommerceError};
use crate::catalog::{self, BillingInterval, Composition};
use crate::clock::{MINUTE_MS, UnixMs};
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, OrderId, RelationId, UserId};
use crate::keys::sha256;
use crate::money::{Currency, Money};
use crate::{partners, tokens};

/// A page that was not noted in this time never is: longer than any call of Stripe with its retries.
const PAGE_WITHIN_MS: i64 = 2 * MINUTE_MS;

/// So often it is looked whether a request has an order before whoever sent it has to come again.
const TRIES: usize = 3;

/// What a program asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderForClient {
    /// The partner.
    pub partner_id: AccountId,
    /// Its relation with the client.
    pub relation_id: RelationId,
    /// Whether the client pays; otherwise the partner does.
    pub client_pays: bool,
    /// The product's code; needed where several products have such a plan.
    pub product: Option<String>,
    /// The plan's code.
    pub plan: String,
    /// How often it is charged.
    pub interval: BillingInterval,
    /// Seats.
    pub seats: i64,
    /// In which currency.
    pub currency: Currency,
    /// Codes of the add-ons.
    pub addons: BTreeSet<String>,
    /// How many packs of which limit.
    pub packs: BTreeMap<String, i64>,
    /// How it is paid.
    pub payment: Payment,
    /// What the program expects it to cost, before tax and discounts, in minor units of `currency`; then nothing is ordered
    /// that costs something else.
    pub agreed_minor: Option<i64>,
    /// By which the program knows this request when it sends it again.
    pub key: String,
    /// Where Checkout sends whoever pays.
    pub urls: CheckoutUrls,
}

/// By what one request is told from another, and the id that its order gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRequest {
    order_id: OrderId,
    key: Vec<u8>,
    hash: Vec<u8>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientOrdering {
    /// There is an order.
    Ordered {
        /// The order as it is now.
        order: Box<AccountOrder>,
        /// Whether this call placed it; otherwise the same request did before.
        created: bool,
    },
    /// The key was used for another request.
    OtherRequest,
    /// No such client, or whoever acts may not order for it.
    NoSuchClient,
    /// The client is to pay, and nobody has taken its account over yet who could.
    NotTakenOver,
    /// No plan has this code.
    NoSuchPlan,
    /// It costs this instead.
    Costs(Money),
    /// It cannot be placed; never that it was.
    Refused(OrderPlacement),
}

impl OrderForClient {
    fn request(&self, cx: &Cx) -> OrderRequest {
        let asked = json!({
            "client": self.relation_id, "client_pays": self.client_pays, "product": self.product, "plan": self.plan,
            "interval": self.interval, "seats": self.seats, "currency": self.currency.as_str(), "addons": self.addons,
            "packs": self.packs, "payment": self.payment, "agreed_minor": self.agreed_minor,
        });
        let key = format!("{}\n{}", self.partner_id, self.key);
        OrderRequest { order_id: cx.id(), key: sha256(key.as_bytes()), hash: sha256(asked.to_string().as_bytes()) }
    }
}

impl PlaceOrder {
    fn request(&self) -> Option<&OrderRequest> {
        self.for_client.as_ref()?.request.as_ref()
    }

    /// The id that the order gets.
    pub(super) fn order_id(&self, cx: &Cx) -> OrderId {
        self.request().map_or_else(|| cx.id(), |request| request.order_id.clone())
    }
}

/// Places an order for a client, once for each key. Where Stripe cannot be reached, nothing is left of a payment by card, and
/// the same request may be sent again; so it may where the process has died in between. It goes on also where nobody waits for
/// it any more: a program that hangs up leaves no order that cannot be paid.
///
/// # Errors
/// [`CommerceError`].
pub async fn order_for_client(
    commerce: &Commerce,
    cx: &Cx,
    wanted: &OrderForClient,
) -> Result<ClientOrdering, CommerceError> {
    let (commerce, cx, wanted) = (commerce.clone(), cx.clone(), wanted.clone());
    let placing = tokio::spawn(async move { place(&commerce, &cx, &wanted).await }.in_current_span());
    placing.await.unwrap_or_else(|error| Err(CommerceError::Contradiction(format!("an order was not placed: {error}"))))
}

async fn place(commerce: &Commerce, cx: &Cx, wanted: &OrderForClient) -> Result<ClientOrdering, CommerceError> {
    for _ in 0..TRIES {
        if let Some(answer) = try_to_place(commerce, cx, wanted).await? {
            return Ok(answer);
        }
    }
    Err(DbError::GivenUp("orders of other calls with the same key came and went").into())
}

/// `None` where there was an order, of this call or of another one with the same key, and it let the key go before it could be
/// answered: its page could not be made, or it had to give way.
async fn try_to_place(
    commerce: &Commerce,
    cx: &Cx,
    wanted: &OrderForClient,
) -> Result<Option<ClientOrdering>, CommerceError> {
    // Each try has an order of its own: what has let its key go stays closed.
    let request = wanted.request(cx);
    let mut looked = look(commerce, cx, wanted, &request).await?;
    if let Err(ClientOrdering::Ordered { order, .. }) = &looked
        && is_stranded(&order.order, cx.now)
        && give_way(commerce, cx, &order.order).await?
    {
        looked = look(commerce, cx, wanted, &request).await?;
    }
    let place = match looked {
        Ok(place) => place,
        Err(answer) => return Ok(Some(answer)),
    };
    match place_order(commerce, cx, &place).await {
        // Withdrawn is one that somebody has cancelled while its page was made: an order all the same.
        Ok(OrderPlacement::Placed { .. } | OrderPlacement::Made { .. } | OrderPlacement::Withdrawn) => {}
        Ok(OrderPlacement::NotAllowed) => return Ok(Some(ClientOrdering::NoSuchClient)),
        Ok(refused) => return Ok(Some(ClientOrdering::Refused(refused))),
        Err(error) => {
            if let Err(failed) = let_go(commerce, cx, &request.order_id).await {
                tracing::warn!(error = %failed, order_id = %request.order_id, "an order that failed keeps its key");
            }
            return Err(error);
        }
    }
    let (tx_cx, partner_id) = (cx.clone(), wanted.partner_id.clone());
    let placed = commerce.db.read(|tx| Box::pin(async move { find_answer(tx, &tx_cx, &partner_id, &request).await }));
    Ok(placed.await?)
}

async fn look(
    commerce: &Commerce,
    cx: &Cx,
    wanted: &OrderForClient,
    request: &OrderRequest,
) -> Result<Result<PlaceOrder, ClientOrdering>, DbError> {
    let (cx, wanted, request) = (cx.clone(), wanted.clone(), request.clone());
    commerce.db.read(|tx| Box::pin(async move { find_request(tx, &cx, &wanted, request).await })).await
}

/// What is to be placed, or the answer that there is without placing anything.
async fn find_request(
    tx: &mut Tx,
    cx: &Cx,
    wanted: &OrderForClient,
    request: OrderRequest,
) -> Result<Result<PlaceOrder, ClientOrdering>, DbError> {
    let clientele = partners::find_clientele(tx, cx, &wanted.relation_id, Act::Buy).await?;
    let Some(clientele) = clientele.filter(|clientele| clientele.partner.id == wanted.partner_id) else {
        return Ok(Err(ClientOrdering::NoSuchClient));
    };
    if let Some(answer) = find_answer(tx, cx, &wanted.partner_id, &request).await? {
        return Ok(Err(answer));
    }
    if wanted.client_pays && clientele.relation.awaits_owner() {
        return Ok(Err(ClientOrdering::NotTakenOver));
    }
    let found = catalog::find_offer(tx, &cx.vendor_id, wanted.product.as_deref(), &wanted.plan).await?;
    let Some((_, plan)) = found else { return Ok(Err(ClientOrdering::NoSuchPlan)) };
    let composition = Composition::new(plan.id.clone(), wanted.interval, wanted.seats, wanted.currency);
    let composition = composition.with_addons(wanted.addons.clone()).with_packs(wanted.packs.clone());
    let quote = match rules::quote(&plan, &composition) {
        Ok(quote) => quote,
        Err(problem) => return Ok(Err(ClientOrdering::Refused(OrderPlacement::Refused(problem)))),
    };
    if wanted.agreed_minor.is_some_and(|agreed| agreed != quote.total.amount_minor) {
        return Ok(Err(ClientOrdering::Costs(quote.total)));
    }
    let Some(user_id) = who_orders(tx, cx, &wanted.partner_id).await? else {
        return Ok(Err(ClientOrdering::NoSuchClient));
    };
    let takes_off = partners::rules::discount(clientele.terms, &quote, &plan.id).map_or(0, |off| off.amount_minor);
    let mut place = PlaceOrder {
        account_id: wanted.partner_id.clone(),
        user_id,
        session_hash: None,
        purchase: Purchase::Plan(composition),
        payment: wanted.payment,
        promotion: None,
        for_client: None,
        urls: wanted.urls.clone(),
    };
    place.order_for(&clientele, wanted.client_pays, takes_off);
    if let Some(for_client) = &mut place.for_client {
        for_client.request = Some(request);
    }
    Ok(Ok(place))
}

/// The answer to a request whose key was used before. An order that whoever asks does not see any more is as good as none.
async fn find_answer(
    tx: &mut Tx,
    cx: &Cx,
    partner_id: &AccountId,
    request: &OrderRequest,
) -> Result<Option<ClientOrdering>, DbError> {
    let Some((order_id, hash)) = store::find_by_request(tx, &cx.vendor_id, &request.key).await? else {
        return Ok(None);
    };
    if hash != request.hash {
        return Ok(Some(ClientOrdering::OtherRequest));
    }
    let order = find_account_order(tx, cx, partner_id, &order_id).await?;
    let created = order_id == request.order_id;
    Ok(Some(
        order.map_or(ClientOrdering::NoSuchClient, |order| ClientOrdering::Ordered { order: Box::new(order), created }),
    ))
}

/// Whether nobody will ever pay an order, because whoever placed it died before its page was noted.
fn is_stranded(order: &Order, now: UnixMs) -> bool {
    waits_for_its_page(order) && order.created_at.plus(PAGE_WITHIN_MS) <= now
}

/// Without a page nobody can pay it.
fn waits_for_its_page(order: &Order) -> bool {
    order.status == OrderStatus::Open && order.payment == Payment::Card && order.stripe_session_id.is_none()
}

/// Gives a stranded order up, with a page that is noted at this moment after all, and lets its key go; `false` where it is being
/// paid.
async fn give_way(commerce: &Commerce, cx: &Cx, order: &Order) -> Result<bool, CommerceError> {
    let given_up = cancel_session(commerce, &as_payer_sees(cx, order), order, End::as_if_not_placed()).await?;
    Ok(matches!(given_up, GivenUp::Closed(_)))
}

/// In whose name it is ordered, who is told by mail what becomes of it: whoever acts, or whoever made the token, while they
/// may order; else who has been with the partner for the longest time and may.
async fn who_orders(tx: &mut Tx, cx: &Cx, partner_id: &AccountId) -> Result<Option<UserId>, DbError> {
    let acts = match &cx.actor {
        Actor::Token(id) => tokens::find_token(tx, &cx.vendor_id, id).await?.and_then(|token| token.created_by),
        actor => actor.person().cloned(),
    };
    let members = accounts::list_members(tx, &cx.vendor_id, partner_id).await?;
    let mut may: Vec<UserId> =
        members.into_iter().filter(|(_, role)| accounts::may(*role, Act::Buy)).map(|(user, _)| user.id).collect();
    let place = may.iter().position(|id| Some(id) == acts.as_ref()).unwrap_or(0);
    Ok((place < may.len()).then(|| may.swap_remove(place)))
}

/// The order that the same request has placed before. Asked under the lock of the parties, so that of several calls at once
/// one places it.
pub(super) async fn placed_before(tx: &mut Tx, cx: &Cx, place: &PlaceOrder) -> Result<Option<Order>, DbError> {
    let Some(request) = place.request() else { return Ok(None) };
    match store::find_by_request(tx, &cx.vendor_id, &request.key).await? {
        Some((order_id, _)) => store::find_order(tx, &cx.vendor_id, &order_id).await,
        None => Ok(None),
    }
}

/// Notes by which request an order was placed. No two orders have one key.
pub(super) async fn note_request(tx: &mut Tx, order: &Order, place: &PlaceOrder) -> Result<(), DbError> {
    match place.request() {
        Some(request) => store::set_request(tx, &order.vendor_id, &order.id, &request.key, &request.hash).await,
        None => Ok(()),
    }
}

/// Lets go of an order that came to nothing, and of its key, so that the next try orders anew.
async fn let_go(commerce: &Commerce, cx: &Cx, order_id: &OrderId) -> Result<(), CommerceError> {
    let (vendor_id, id) = (cx.vendor_id.clone(), order_id.clone());
    let order = commerce.db.read(|tx| Box::pin(async move { store::find_order(tx, &vendor_id, &id).await })).await?;
    let Some(order) = order else { return Ok(()) };
    if waits_for_its_page(&order) {
        close_as(commerce, &as_payer_sees(cx, &order), order.id.clone(), End::as_if_not_placed()).await?;
    }
    Ok(())
}
