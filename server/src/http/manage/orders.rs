//! Orders: lists, one, what a partner orders for its clients, and giving an order up. And the clients.

use app::api::management::endpoints::{
    CANCEL_ORDER, IDEMPOTENCY_KEY, LIST_CLIENTS, LIST_ORDERS, MOST_CHARS, PLACE_ORDER, SHOW_ORDER,
};
use app::api::management::wire::Page;
use app::api::management::wire_orders::{
    CancelledOrderResponse, ClientResponse, OrderResponse, PlaceOrderRequest, PlacedOrderResponse,
};
use app::api::orders::checkout_urls;
use axum::Json;
use axum::body::Body;
use axum::extract::Path;
use backend::billing::CommerceError;
use backend::catalog::BillingInterval;
use backend::db::Tx;
use backend::ids::{AccountId, OrderId, RelationId};
use backend::listing::TimePlace;
use backend::money::Currency;
use backend::orders::{
    AccountOrder, AccountOrderFilter, CheckoutUrls, ClientOrdering, GivenUp, OrderForClient, OrderPlacement,
    OrderStatus, Payment, cancel_order, find_account_order, list_account_orders, order_for_client,
};
use backend::partners::{self, ClientPlace};
use backend::text::en::management_docs::refused as text;
use sdk::error::{Code, Problem};

use super::Refused;
use super::call::{Call, Caller};
use super::instances::cut;
use super::query::named;

/// Seconds after which what failed for the moment may be tried again.
const TRY_AGAIN_S: i64 = 5;

/// `GET /orders`.
pub(super) async fn list(call: Call) -> Result<Json<Page<OrderResponse>>, Refused> {
    let asked = call.query(&LIST_ORDERS).and_then(|query| {
        let filter = AccountOrderFilter {
            status: query.read("status", OrderStatus::parse)?,
            client: query.read("client_id", |text| (!text.is_empty()).then(|| RelationId::from_untrusted(text)))?,
        };
        Ok((filter, query.limit()?, query.cursor(TimePlace::parse)?))
    });
    let found = call.read(&LIST_ORDERS, move |tx, caller| {
        Box::pin(async move {
            let (filter, limit, after) = asked?;
            let account_id = account_of(&caller)?;
            let found = list_account_orders(tx, &caller.cx, account_id, &filter, after.as_ref(), limit + 1).await?;
            let found = found.ok_or_else(Refused::nothing)?;
            let (found, next_cursor) = cut(found, limit, |last| last.place().to_string());
            let items = found.iter().map(|it| OrderResponse::of(it, account_id));
            Ok::<_, Refused>(Page { items: items.collect(), next_cursor })
        })
    });
    Ok(Json(found.await?))
}

/// The account that the token acts for; the vendor has no orders of its own.
fn account_of(caller: &Caller) -> Result<&AccountId, Refused> {
    caller.account_id().ok_or_else(Refused::nothing)
}

async fn find(tx: &mut Tx, caller: &Caller, id: &str) -> Result<AccountOrder, Refused> {
    let id = OrderId::from_untrusted(named(id)?);
    let found = find_account_order(tx, &caller.cx, account_of(caller)?, &id).await?;
    found.ok_or_else(Refused::nothing)
}

/// `GET /orders/{order_id}`.
pub(super) async fn show(call: Call, Path(id): Path<String>) -> Result<Json<OrderResponse>, Refused> {
    let found = call.read(&SHOW_ORDER, move |tx, caller| {
        Box::pin(async move {
            let order = find(tx, &caller, &id).await?;
            Ok::<_, Refused>(OrderResponse::of(&order, account_of(&caller)?))
        })
    });
    Ok(Json(found.await?))
}

/// `POST /orders`.
pub(super) async fn place(call: Call, body: Body) -> Result<Json<PlacedOrderResponse>, Refused> {
    let (key, asked) = (call.idempotency_key(), call.json::<PlaceOrderRequest>(body).await);
    let urls = checkout_urls(call.visit());
    // Stripe is asked between transactions, and the use case asks in each whether the token may.
    let opened = call.read(&PLACE_ORDER, move |_, caller| {
        Box::pin(async move {
            // A stranger hears what is wrong with the token, not with the body.
            let partner_id = account_of(&caller)?.clone();
            let wanted = read_request(asked?, key?, partner_id, urls)?;
            Ok::<_, Refused>((caller, wanted))
        })
    });
    let (caller, wanted) = opened.await?;
    let ordered = order_for_client(&call.visit().state.commerce(), &caller.cx, &wanted).await;
    match ordered.map_err(|error| failed(&error))? {
        ClientOrdering::Ordered { order, created } => {
            let order = OrderResponse::of(&order, &wanted.partner_id);
            Ok(Json(PlacedOrderResponse { created, order }))
        }
        ClientOrdering::OtherRequest => Err(Refused::invalid(IDEMPOTENCY_KEY, text::OTHER_REQUEST)),
        ClientOrdering::NoSuchClient => Err(Refused::nothing()),
        ClientOrdering::NotTakenOver => Err(Refused::invalid("payer", text::NOT_TAKEN_OVER)),
        ClientOrdering::NoSuchPlan => Err(Refused::invalid("plan", text::NO_SUCH_PLAN)),
        ClientOrdering::Costs(price) => Err(Refused::invalid("agreed_minor", &text::costs(price))),
        ClientOrdering::Refused(placement) => Err(refusal(&placement)),
    }
}

/// The order that a body asks for.
fn read_request(
    asked: PlaceOrderRequest,
    key: String,
    partner_id: AccountId,
    urls: CheckoutUrls,
) -> Result<OrderForClient, Refused> {
    let unknown = |member: &str| Refused::invalid(member, text::UNKNOWN_VALUE);
    for (member, value) in
        [("client_id", Some(&asked.client_id)), ("plan", Some(&asked.plan)), ("product", asked.product.as_ref())]
    {
        // Neither engine keeps NUL in text.
        if value.is_some_and(|value| value.chars().count() > MOST_CHARS || value.contains('\0')) {
            return Err(Refused::invalid(member, text::TOO_LONG));
        }
    }
    let client_pays = match asked.payer.as_str() {
        "partner" => false,
        "client" => true,
        _ => return Err(unknown("payer")),
    };
    let payment = asked.payment.as_deref().map_or(Some(Payment::Card), Payment::parse);
    Ok(OrderForClient {
        partner_id,
        relation_id: RelationId::from_untrusted(&asked.client_id),
        client_pays,
        product: asked.product,
        plan: asked.plan,
        interval: BillingInterval::parse(&asked.interval).ok_or_else(|| unknown("interval"))?,
        seats: asked.seats,
        currency: Currency::parse(&asked.currency).ok_or_else(|| unknown("currency"))?,
        addons: asked.addons.into_iter().collect(),
        packs: asked.packs,
        payment: payment.ok_or_else(|| unknown("payment"))?,
        agreed_minor: asked.agreed_minor,
        key,
        urls,
    })
}

/// Why an order cannot be placed.
fn refusal(placement: &OrderPlacement) -> Refused {
    match placement {
        OrderPlacement::Refused(problem) => {
            let (member, reason) = text::choice(problem);
            Refused::invalid(member, &reason)
        }
        OrderPlacement::PaymentNotOffered => Refused::invalid("payment", text::PAYMENT_NOT_OFFERED),
        OrderPlacement::AccountCloses { at } => Refused::invalid("payer", &text::payer_closes(*at)),
        // What is agreed with the partner has changed in the meantime.
        OrderPlacement::DiscountChanged | OrderPlacement::CodeRefused(_) | OrderPlacement::Withdrawn => later(),
        OrderPlacement::NotAllowed | OrderPlacement::Placed { .. } | OrderPlacement::Made { .. } => Refused::nothing(),
    }
}

fn later() -> Refused {
    Problem::of(Code::NotReady).with_retry_after_s(TRY_AGAIN_S).into()
}

fn failed(error: &CommerceError) -> Refused {
    tracing::error!(%error, "an order of a call of the management API failed");
    if error.may_pass() { later() } else { Refused::of(Code::ServerError) }
}

/// `POST /orders/{order_id}/cancel`.
pub(super) async fn cancel(call: Call, Path(id): Path<String>) -> Result<Json<CancelledOrderResponse>, Refused> {
    let opened = call.read(&CANCEL_ORDER, move |tx, caller| {
        Box::pin(async move { Ok::<_, Refused>((find(tx, &caller, &id).await?, caller)) })
    });
    let (before, caller) = opened.await?;
    let account_id = account_of(&caller)?;
    // What the client is to pay is the client's to give up.
    if !before.is_paid_by(account_id) {
        return Err(Refused::nothing());
    }
    let (state, id) = (&call.visit().state, before.order.id.clone());
    let given_up = cancel_order(&state.commerce(), &caller.cx, &id).await.map_err(|error| failed(&error))?;
    // Not allowed is also what cannot be stopped any more: its money is on the way.
    let changed = before.order.status == OrderStatus::Open && matches!(given_up, GivenUp::Closed(_));
    let (cx, of) = (caller.cx.clone(), account_id.clone());
    let now = state.db.read(|tx| Box::pin(async move { find_account_order(tx, &cx, &of, &id).await })).await?;
    let order = now.ok_or_else(Refused::nothing)?;
    Ok(Json(CancelledOrderResponse { changed, order: OrderResponse::of(&order, account_id) }))
}

/// `GET /clients`.
pub(super) async fn clients(call: Call) -> Result<Json<Page<ClientResponse>>, Refused> {
    let asked = call.query(&LIST_CLIENTS).and_then(|query| Ok((query.limit()?, query.cursor(ClientPlace::parse)?)));
    let found = call.read(&LIST_CLIENTS, move |tx, caller| {
        Box::pin(async move {
            let (limit, after) = asked?;
            let account_id = account_of(&caller)?;
            let found = partners::list_clients(tx, &caller.cx, account_id, after.as_ref(), limit + 1).await?;
            let found = found.ok_or_else(Refused::nothing)?;
            let (found, next_cursor) = cut(found, limit, |last| ClientPlace::of(last).to_string());
            Ok::<_, Refused>(Page { items: found.into_iter().map(ClientResponse::from).collect(), next_cursor })
        })
    });
    Ok(Json(found.await?))
}
