//! Placing an order: the choice is priced, written down, and a page to pay it on is opened, or, where there is nothing to
//! pay now, what it is for is made at once.

use std::net::IpAddr;

use super::earner::find_earner;
use super::give_up_order::{End, close_as, give_up_as};
use super::open_checkout::{CheckoutUrls, open_checkout, set_session};
use super::order_for_client::{note_request, placed_before};
use super::parties::{ForClient, Parties, find_closing_payer, lock_parties};
use super::promotion::PromotionProblem;
use super::quote_purchase::{Purchase, find_choice};
use super::record_order::{as_payer_sees, record_order};
use super::rules::ChoiceProblem;
use super::take_code::{Agreed, agree, reserve};
use super::{
    Order, OrderKind, OrderStatus, Payment, cancel_order, continuing, currency, ensure_customer, fulfil_order, store,
    terms,
};
use crate::billing::{Commerce, CommerceError};
use crate::campaigns::Holding;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{JsonText, Tx};
use crate::ids::{AccountId, UserId};
use crate::keys::MasterKey;
use crate::stripe::{Stripe, StripeErrorKind};
use crate::{campaigns, licenses, tax, vendors};

/// An order to be placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceOrder {
    /// Who pays; and who gets the license, unless it is ordered for a client.
    pub account_id: AccountId,
    /// Who orders.
    pub user_id: UserId,
    /// Hash of the browser session, so that the success page in it may show the key.
    pub session_hash: Option<Vec<u8>>,
    /// What is bought.
    pub purchase: Purchase,
    /// How it is paid.
    pub payment: Payment,
    /// A promotion code, with what the buyer was shown of it; passed over where it is ordered for a client.
    pub promotion: Option<ShownCode>,
    /// Where a partner orders for its client; then `account_id` is one of the two.
    pub for_client: Option<ForClient>,
    /// Where Checkout sends the buyer.
    pub urls: CheckoutUrls,
}

/// A promotion code as the buyer orders with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownCode {
    /// The code.
    pub code: String,
    /// What the buyer was shown that it takes off, in minor units.
    pub takes_off_minor: i64,
    /// Network address of the browser: guesses are limited by it.
    pub address: IpAddr,
}

/// What came of placing an order.
#[derive(Clone, Debug, PartialEq)]
pub enum OrderPlacement {
    /// It waits to be paid at this address.
    Placed {
        /// The order.
        order: Box<Order>,
        /// Stripe's page.
        checkout_url: String,
    },
    /// There is nothing to pay on a page: the license is there, and works at once, or once the transfer arrives. Or the same
    /// request of a program has placed it before.
    Made {
        /// The order.
        order: Box<Order>,
    },
    /// The code does not apply.
    CodeRefused(PromotionProblem),
    /// The code takes off something else than the buyer was shown; or vouchers cost something else by now; or the first charge
    /// would be at another time.
    DiscountChanged,
    /// It was given up from elsewhere while its payment page was made; nothing can be paid.
    Withdrawn,
    /// The account that would pay closes then: it has to be kept first.
    AccountCloses {
        /// When.
        at: UnixMs,
    },
    /// It is not sold for this kind of payment.
    PaymentNotOffered,
    /// The choice cannot be bought.
    Refused(ChoiceProblem),
    /// The user may not buy for the account, or there is no such account or license.
    NotAllowed,
}

/// An order that is written.
pub(super) struct Priced {
    pub(super) order: Order,
    pub(super) parties: Parties,
    pub(super) trial_without_card: bool,
    /// The first charge of what somebody else has paid for until then.
    pub(super) begins_at: Option<UnixMs>,
}

/// Places an order. The row is committed before Stripe hears of it; if Stripe then cannot be reached, the
/// error says so and the open order expires by itself, or, where nothing is paid on a page, is made by the reconciler.
///
/// # Errors
/// [`CommerceError`].
pub async fn place_order(commerce: &Commerce, cx: &Cx, place: &PlaceOrder) -> Result<OrderPlacement, CommerceError> {
    let stripe = commerce.stripe(cx)?;
    let (tx_cx, tx_place) = (cx.clone(), place.clone());
    let closing = commerce.db.read(|tx| Box::pin(async move { find_closing_payer(tx, &tx_cx, &tx_place).await }));
    if let Some(at) = closing.await? {
        return Ok(OrderPlacement::AccountCloses { at });
    }
    if continuing::is_due(commerce, cx, place).await? {
        let why = continuing::rules::Obstacle::PaymentDue;
        return Ok(OrderPlacement::Refused(ChoiceProblem::CannotContinue { why }));
    }
    let agreed = match agree(commerce, cx, place).await? {
        Ok(agreed) => agreed,
        Err(refused) => return Ok(refused),
    };
    let written = match write(commerce, cx, place, &agreed).await? {
        Err(NotWritten::HeldBy(orders)) => {
            // The buyer begins anew: what was left on a payment page makes room for it, at Stripe first.
            for held in &orders {
                cancel_order(commerce, cx, &held.order_id).await?;
            }
            write(commerce, cx, place, &agreed).await?
        }
        written => written,
    };
    let priced = match written {
        Ok(priced) => priced,
        Err(NotWritten::Refused(refused)) => return Ok(*refused),
        // Its money is on the way, or another window has just begun anew as well.
        Err(NotWritten::HeldBy(orders)) => {
            let problem = orders.first().map_or(PromotionProblem::UsedByYou, |held| PromotionProblem::HeldByOrder {
                placed_at: held.placed_at,
            });
            return Ok(OrderPlacement::CodeRefused(problem));
        }
    };
    if priced.order.payment != Payment::Card {
        return make(commerce, stripe, cx, priced).await;
    }
    let session = match open_checkout(commerce, stripe, cx, &priced, &place.urls).await {
        // Nobody will ever pay it: its code is not held back for it. And who is to pay it, and has not ordered it, is not
        // asked to before there is a page for that.
        Err(error) if !error.may_pass() || priced.order.is_for_client_to_pay() => {
            let cx = as_payer_sees(cx, &priced.order);
            close_as(commerce, &cx, priced.order.id.clone(), End::as_if_not_placed()).await?;
            return Err(error);
        }
        session => session?,
    };
    let url = session
        .url
        .clone()
        .ok_or_else(|| CommerceError::Contradiction(format!("the new session {} has no address", session.id)))?;
    let Priced { mut order, parties, .. } = priced;
    order.stripe_session_id = Some(session.id.clone());
    order.checkout_url = Some(url.clone());
    if !set_session(commerce, cx, &order, &parties).await? {
        // Given up while its page was made, so its code may be another order's by now: nobody shall pay it.
        match stripe.expire_checkout_session(&session.id).await {
            Ok(_) => {}
            Err(error) if error.kind == StripeErrorKind::Refused => {}
            Err(error) => return Err(error.into()),
        }
        return Ok(OrderPlacement::Withdrawn);
    }
    Ok(OrderPlacement::Placed { order: Box::new(order), checkout_url: url })
}

/// Makes at once what an order is for that is not paid on a page. Where Stripe does not answer, the order stands all the
/// same: its page and the reconciler go on with it, under the same keys. Where Stripe refuses, it is given up, so that
/// who tries again does not order twice.
async fn make(commerce: &Commerce, stripe: &Stripe, cx: &Cx, priced: Priced) -> Result<OrderPlacement, CommerceError> {
    let order_id = &priced.order.id;
    if let Err(error) = ensure_customer(commerce, stripe, cx, &priced.parties.payer).await {
        close_as(commerce, cx, order_id.clone(), End::as_if_not_placed()).await?;
        return Err(error);
    }
    match fulfil_order(commerce, cx, order_id).await {
        Ok(_) => {}
        Err(error) if error.may_pass() => {
            tracing::warn!(%error, %order_id, "an order could not be made at once; its page goes on with it");
        }
        Err(error) => {
            let (vendor_id, id) = (cx.vendor_id.clone(), order_id.clone());
            let standing =
                commerce.db.read(|tx| Box::pin(async move { store::find_order(tx, &vendor_id, &id).await })).await?;
            if let Some(order) = standing.filter(|order| order.status == OrderStatus::Open) {
                give_up_as(commerce, cx, &order, End::as_if_not_placed()).await?;
            }
            return Err(error);
        }
    }
    Ok(OrderPlacement::Made { order: Box::new(priced.order) })
}

/// Why an order was not written.
pub(super) enum NotWritten {
    /// It cannot be placed.
    Refused(Box<OrderPlacement>),
    /// These orders of the account's own hold redemptions, and have to make room first.
    HeldBy(Vec<Holding>),
}

impl From<OrderPlacement> for NotWritten {
    fn from(refused: OrderPlacement) -> Self {
        Self::Refused(Box::new(refused))
    }
}

async fn write(
    commerce: &Commerce,
    cx: &Cx,
    place: &PlaceOrder,
    agreed: &Agreed,
) -> Result<Result<Priced, NotWritten>, CommerceError> {
    let (cx, place, agreed, master) = (cx.clone(), place.clone(), agreed.clone(), commerce.master.clone());
    commerce.db.write(move |tx| Box::pin(async move { write_order(tx, &cx, &master, &place, agreed).await })).await
}

async fn write_order(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    place: &PlaceOrder,
    agreed: Agreed,
) -> Result<Result<Priced, NotWritten>, CommerceError> {
    let Some(parties) = lock_parties(tx, cx, place).await? else {
        return Ok(Err(OrderPlacement::NotAllowed.into()));
    };
    if let Some(order) = placed_before(tx, cx, place).await? {
        return Ok(Err(OrderPlacement::Made { order: Box::new(order) }.into()));
    }
    if !agreed.holds(&parties) {
        return Ok(Err(OrderPlacement::DiscountChanged.into()));
    }
    if let Some(license_id) = place.purchase.license_id() {
        // A license does not go over to another account while something for it is being ordered.
        licenses::lock_license(tx, &cx.vendor_id, license_id).await?;
    }
    let Some(choice) = find_choice(tx, cx, &parties.licensee.id, &place.purchase).await? else {
        return Ok(Err(OrderPlacement::NotAllowed.into()));
    };
    let quote = match choice.quote {
        Ok(quote) => quote,
        Err(problem) => return Ok(Err(OrderPlacement::Refused(problem).into())),
    };
    let is_bound = place.for_client.is_some()
        || matches!(place.purchase, Purchase::Plan(_) | Purchase::Vouchers(_) | Purchase::Continuation { .. });
    if is_bound
        && let Some(fixed) = currency::fixed_currency(tx, &cx.vendor_id, &parties.payer.id).await?
        && fixed.currency != quote.total.currency
    {
        return Ok(Err(OrderPlacement::Refused(ChoiceProblem::CurrencyFixed(fixed)).into()));
    }
    let Some(items) = agreed.items(&quote)? else { return Ok(Err(OrderPlacement::DiscountChanged.into())) };
    let trial_days = match choice.kind {
        OrderKind::Vouchers | OrderKind::Continuation => 0,
        _ => terms::trial_days(tx, cx, &parties.licensee, &choice.plan).await?,
    };
    let vendor = vendors::find_vendor(tx, &cx.vendor_id).await?;
    let is_taxed = vendor.as_ref().is_none_or(tax::rules::is_taxed);
    let transfer = vendor.and_then(|vendor| terms::transfer_terms(&vendor.profile, &choice.plan, &quote, trial_days));
    let transfer = transfer.filter(|_| choice.kind != OrderKind::Continuation);
    let transfer = transfer.map(|usual| parties.transfer_terms(usual));
    let begins_at = match continuing::agree_beginning(tx, cx, &place.purchase, quote.total).await? {
        Ok(begins_at) => begins_at,
        Err(outdated) => return Ok(Err(outdated.into())),
    };
    if !terms::offers(place.payment, terms::is_free(&choice.plan, &quote), transfer) {
        return Ok(Err(OrderPlacement::PaymentNotOffered.into()));
    }
    let reservation = match reserve(tx, cx, &parties.payer, (&quote, &choice.plan.id), &agreed).await? {
        Ok(reservation) => reservation,
        Err(refused) => return Ok(Err(refused)),
    };
    let earner = find_earner(tx, cx, &parties, reservation.as_deref()).await?;
    let trial_without_card = choice.plan.terms.trial_without_card;
    let order = Order {
        id: place.order_id(cx),
        vendor_id: cx.vendor_id.clone(),
        account_id: parties.payer.id.clone(),
        licensee_id: parties.licensee_id(),
        relation_id: place.for_client.as_ref().map(|client| client.relation_id.clone()),
        user_id: place.user_id.clone(),
        session_hash: place.session_hash.clone(),
        kind: choice.kind,
        plan_version: choice.plan.version,
        plan_id: choice.plan.id,
        license_id: choice.license_id,
        billing_interval: quote.interval,
        seats: choice.seats,
        years: i64::from(choice.years),
        currency: quote.total.currency,
        amount_minor: quote.total.amount_minor,
        status: OrderStatus::Open,
        payment: place.payment,
        items: JsonText(items),
        trial_days: i64::from(trial_days),
        days_until_due: transfer
            .filter(|_| place.payment == Payment::Transfer)
            .map(|terms| i64::from(terms.days_until_due)),
        is_taxed,
        promotion_code: agreed.code(),
        promotion_code_id: agreed.promotion_code_id(),
        stripe_coupon_id: agreed.coupon_id(),
        discount_bp: parties.discount_bp(),
        commission_bp: earner.as_ref().map(|earner| earner.commission_bp),
        partner_id: earner.map(|earner| earner.partner_id),
        stripe_session_id: None,
        stripe_subscription_id: None,
        stripe_invoice_id: None,
        checkout_url: None,
        created_at: cx.now,
        paid_at: None,
    };
    store::insert_order(tx, &order).await?;
    note_request(tx, &order, place).await?;
    if let Some(reservation) = &reservation {
        campaigns::record_reservation(tx, cx, &parties.payer, &order.id, reservation).await?;
    }
    record_order(tx, cx, master, &order, &parties).await?;
    Ok(Ok(Priced { order, parties, trial_without_card, begins_at }))
}
