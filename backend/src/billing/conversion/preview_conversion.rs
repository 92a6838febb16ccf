//! What it costs to turn a subscription into a perpetual license, to the cent.

use std::collections::BTreeSet;

use super::rules::{PaidInvoice, unused_minor, weighing};
use crate::billing::{
    Commerce, CommerceError, Subscription, find_subscription_of_license, may_change_payment, project_subscription,
    store,
};
use crate::catalog::{self, BillingInterval, Composition, LicenseType, Plan, PlanKind, PriceRole};
use crate::clock::{HOUR_MS, UnixMs};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{LicenseId, PlanId};
use crate::money::Money;
use crate::orders::checkout_items;
use crate::orders::rules::{QuoteLine, check_seats, quote};
use crate::stripe::{CheckoutItem, Stripe, StripeSubscription, SubscriptionState};
use crate::{accounts, licenses};

/// A renewal must not come between the page and its payment: the money it takes would not be in the credit.
const BEFORE_RENEWAL_MS: i64 = 2 * HOUR_MS;

/// Why a license cannot turn perpetual now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConversionRefusal {
    /// The user may not, or there is no such license.
    NotAllowed,
    /// It has no living subscription.
    NotASubscription,
    /// What paid for the license was given back: there is no unused money, and what is paid now would buy nothing.
    Revoked,
    /// Something is unpaid; that comes first.
    PaymentDue,
    /// The account that pays closes then, so nothing more is bought for it.
    AccountCloses {
        /// When.
        at: UnixMs,
    },
    /// No perpetual plan of this product takes its seats and is sold in its currency.
    NotOffered,
    /// The next renewal is near: it has to be over first.
    RenewsSoon {
        /// When.
        at: UnixMs,
    },
    /// More money is unused than the perpetual license costs.
    CreditTooLarge {
        /// What is unused.
        credit: Money,
    },
}

/// What it would cost.
#[derive(Clone, Debug, PartialEq)]
pub struct ConversionOffer {
    /// The perpetual plan.
    pub plan: Plan,
    /// The seats of the license, and those of its add-ons that the plan sells too.
    pub to: Composition,
    /// What it is made of at today's prices; the seats first.
    pub lines: Vec<QuoteLine>,
    /// The perpetual license, before tax.
    pub price: Money,
    /// Unused money of the subscription, before tax.
    pub credit: Money,
    /// `price − credit`, before tax.
    pub rest: Money,
    /// The second at which the credit is reckoned.
    pub reckoned_at: UnixMs,
    /// The same as Stripe is asked for it.
    pub(super) items: Vec<CheckoutItem>,
    /// Stripe's customer.
    pub(super) customer_id: String,
}

/// Tells what it would cost at `reckoned_at`. Changes nothing.
///
/// # Errors
/// [`CommerceError`].
pub async fn preview_conversion(
    commerce: &Commerce,
    cx: &Cx,
    license_id: &LicenseId,
    plan_id: Option<&PlanId>,
    reckoned_at: UnixMs,
) -> Result<Result<ConversionOffer, ConversionRefusal>, CommerceError> {
    let (row, plan) = match look_up(commerce, cx, license_id, plan_id).await? {
        Ok(found) => found,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let stripe = commerce.stripe(cx)?;
    let subscription = stripe.fetch_subscription(&row.stripe_subscription_id).await?;
    let (tx_cx, tx_row, tx_subscription) = (cx.clone(), row.clone(), subscription.clone());
    let is_current = commerce
        .db
        .read(|tx| Box::pin(async move { store::is_current(tx, &tx_cx, &tx_row, &tx_subscription).await }))
        .await?;
    let (row, plan) = if is_current {
        (row, plan)
    } else {
        // What is bought is what the subscription has now, also in the moments before a webhook arrives.
        project_subscription(commerce, cx, &subscription.id).await?;
        match look_up(commerce, cx, license_id, plan_id).await? {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        }
    };
    if let Err(refusal) = check(&subscription, &row, cx.now) {
        return Ok(Err(refusal));
    }
    if is_unpaid(stripe, &subscription, cx.now).await? {
        return Ok(Err(ConversionRefusal::PaymentDue));
    }
    let to = Composition::new(plan.id.clone(), BillingInterval::Once, row.seats, row.currency);
    let sold: BTreeSet<&str> = plan.addons_for_sale(&to).map(|(addon, _)| addon.code.as_str()).collect();
    // Packs have an end, so none are sold for ever: they end with the subscription.
    let addons = row.addons.0.iter().filter(|code| sold.contains(code.as_str())).cloned().collect();
    let to = to.with_addons(addons);
    let Ok(quote) = quote(&plan, &to) else { return Ok(Err(ConversionRefusal::NotOffered)) };
    let items = checkout_items(&quote)?;
    // A trial has paid nothing.
    let credit_minor = match subscription.state {
        SubscriptionState::Trialing => 0,
        _ => fetch_unused_minor(stripe, &subscription.id, reckoned_at).await?,
    };
    let credit = Money::new(credit_minor, row.currency);
    if credit_minor > quote.total.amount_minor {
        return Ok(Err(ConversionRefusal::CreditTooLarge { credit }));
    }
    Ok(Ok(ConversionOffer {
        to,
        lines: quote.lines,
        price: quote.total,
        credit,
        rest: Money::new(quote.total.amount_minor - credit_minor, row.currency),
        reckoned_at,
        items,
        customer_id: subscription.customer_id,
        plan,
    }))
}

async fn look_up(
    commerce: &Commerce,
    cx: &Cx,
    license_id: &LicenseId,
    plan_id: Option<&PlanId>,
) -> Result<Result<(Subscription, Plan), ConversionRefusal>, DbError> {
    let (cx, license_id, plan_id) = (cx.clone(), license_id.clone(), plan_id.cloned());
    commerce.db.read(|tx| Box::pin(async move { find(tx, &cx, &license_id, plan_id.as_ref()).await })).await
}

/// What is unused at a moment of what a subscription was paid with, as Stripe knows it now.
pub(super) async fn fetch_unused_minor(
    stripe: &Stripe,
    subscription_id: &str,
    at: UnixMs,
) -> Result<i64, CommerceError> {
    let mut paid = Vec::new();
    for invoice in weighing(stripe.list_paid_invoices(subscription_id).await?, at) {
        let given_back_minor = stripe.fetch_reversals(&invoice.id).await?.given_back_minor();
        paid.push(PaidInvoice::new(&invoice, given_back_minor));
    }
    Ok(unused_minor(&paid, at))
}

/// Unused time is worth something only where it is paid for. Stripe takes what is invoiced for active, and charges a card for
/// a period an hour after that has begun: what is cancelled before is never charged.
async fn is_unpaid(stripe: &Stripe, subscription: &StripeSubscription, now: UnixMs) -> Result<bool, CommerceError> {
    if let Some(invoice_id) = &subscription.latest_invoice_id
        && stripe.fetch_invoice(invoice_id).await?.is_unpaid()
    {
        return Ok(true);
    }
    // A change may have been charged since.
    Ok(stripe.has_draft_to_pay(&subscription.id, now).await?)
}

fn check(subscription: &StripeSubscription, row: &Subscription, now: UnixMs) -> Result<(), ConversionRefusal> {
    match subscription.state {
        SubscriptionState::Active | SubscriptionState::Trialing if !subscription.has_pending_update => {}
        SubscriptionState::Canceled | SubscriptionState::IncompleteExpired => {
            return Err(ConversionRefusal::NotASubscription);
        }
        _ => return Err(ConversionRefusal::PaymentDue),
    }
    let renews_soon = !subscription.cancel_at_period_end && row.period_end < now.plus(BEFORE_RENEWAL_MS);
    if renews_soon { Err(ConversionRefusal::RenewsSoon { at: row.period_end }) } else { Ok(()) }
}

async fn find(
    tx: &mut Tx,
    cx: &Cx,
    license_id: &LicenseId,
    plan_id: Option<&PlanId>,
) -> Result<Result<(Subscription, Plan), ConversionRefusal>, DbError> {
    let view = licenses::find_license(tx, &cx.vendor_id, license_id).await?;
    let Some(license) = view.map(|view| view.license) else { return Ok(Err(ConversionRefusal::NotAllowed)) };
    if !may_change_payment(tx, cx, &license).await? {
        return Ok(Err(ConversionRefusal::NotAllowed));
    }
    if licenses::rules::standing(&license, cx.now) == Err(licenses::rules::Inactive::Revoked) {
        return Ok(Err(ConversionRefusal::Revoked));
    }
    let row = find_subscription_of_license(tx, &cx.vendor_id, license_id).await?;
    let Some(row) = row.filter(|row| row.ended_at.is_none() && license.kind == PlanKind::Subscription) else {
        return Ok(Err(ConversionRefusal::NotASubscription));
    };
    if let Some(at) = accounts::find_closing(tx, &cx.vendor_id, &row.account_id).await? {
        return Ok(Err(ConversionRefusal::AccountCloses { at }));
    }
    let plans = catalog::list_plans(tx, &cx.vendor_id, &license.product_id).await?;
    let plans: Vec<Plan> = plans.into_iter().filter(|plan| plan_id.is_none_or(|wanted| *wanted == plan.id)).collect();
    let plan = perpetual_plan(&plans, license.license_type, &row).cloned();
    Ok(plan.map(|plan| (row, plan)).ok_or(ConversionRefusal::NotOffered))
}

/// Of a product's plans the perpetual one that a license with this subscription can turn to. Seats of users and seats
/// of instances do not turn into each other: what runs under one is refused under the other.
#[must_use]
pub fn perpetual_plan<'a>(plans: &'a [Plan], license_type: LicenseType, row: &Subscription) -> Option<&'a Plan> {
    plans.iter().find(|plan| {
        plan.kind == PlanKind::Perpetual
            && plan.published
            && (plan.license_type == LicenseType::User) == (license_type == LicenseType::User)
            && plan.price(PriceRole::Unit, BillingInterval::Once, row.currency).is_some()
            && check_seats(plan, row.seats).is_ok()
    })
}
