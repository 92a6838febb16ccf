//! Previewing a change of plan, interval or seats: what it costs, to the cent, and when it takes effect.

use super::rules::{self, Shape, Timing};
use super::{Commerce, CommerceError, Subscription, project_subscription, store};
use crate::accounts::{self, Act};
use crate::catalog::{self, BillingInterval, Plan, Price, PriceRole};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{LicenseId, PlanId};
use crate::money::Money;
use crate::orders::rules::{ChoiceProblem, check_seats};
use crate::stripe::{
    ItemChange, PlannedItems, StripeInvoice, StripeInvoiceLine, StripeSubscription, SubscriptionState,
};
use crate::{leases, licenses};

/// What a license shall become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRequest {
    /// Which license.
    pub license_id: LicenseId,
    /// The plan.
    pub plan_id: PlanId,
    /// How often it is charged.
    pub interval: BillingInterval,
    /// Seats.
    pub seats: i64,
}

/// Why a change cannot be made.
#[derive(Clone, Debug, PartialEq)]
pub enum ChangeRefusal {
    /// The user may not change it, or there is no such license.
    NotAllowed,
    /// The license has no subscription: a perpetual one.
    NotASubscription,
    /// The subscription is over.
    Over,
    /// What paid for the license was given back: whatever is paid now would buy nothing.
    Revoked,
    /// Something is unpaid; that comes first.
    PaymentDue,
    /// It is cancelled, so nothing follows the period for which the change would wait.
    Cancelled {
        /// When it ends.
        ends_at: UnixMs,
    },
    /// The choice cannot be bought.
    Choice(ChoiceProblem),
    /// More seats are in use than would remain.
    SeatsInUse {
        /// How many would remain.
        seats: i64,
        /// Who holds seats now.
        holders: Vec<sdk::wire::Holder>,
    },
    /// Instances report more than the limits that the change lowers would allow.
    LimitsInUse(Vec<sdk::wire::OverLimit>),
}

/// A change that is charged at once.
#[derive(Clone, Debug, PartialEq)]
pub struct ChargeNow {
    /// The second at which the difference is reckoned; sent back with the consent, so that what is charged
    /// is what was shown.
    pub proration_date: UnixMs,
    /// The invoice, line by line.
    pub lines: Vec<StripeInvoiceLine>,
    /// Sum of the lines.
    pub subtotal: Money,
    /// What discounts take off, positive.
    pub discount: Money,
    /// Tax.
    pub tax: Money,
    /// `subtotal − discount + tax`.
    pub total: Money,
    /// What is charged: the total less any credit.
    pub amount_due: Money,
    /// What each interval costs from then on, before tax and discounts.
    pub recurring: Money,
    /// A planned change falls away.
    pub drops_planned_change: bool,
    /// The cancellation that is set stays set.
    pub still_cancelling: bool,
}

/// A change that waits for the end of what is paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedForLater {
    /// When.
    pub at: UnixMs,
    /// What each interval costs from then on, before tax and discounts.
    pub recurring: Money,
    /// It replaces a planned change.
    pub drops_planned_change: bool,
}

/// What a change would bring.
#[derive(Clone, Debug, PartialEq)]
pub enum ChangePreview {
    /// It is charged at once.
    Now(Box<ChargeNow>),
    /// It waits for the end of what is paid; nothing is charged.
    Later(PlannedForLater),
    /// Nothing would change.
    Unchanged,
    /// It cannot be made.
    Refused(ChangeRefusal),
}

/// What preview and change both start from.
pub(super) struct Prepared {
    pub(super) row: Subscription,
    pub(super) subscription: StripeSubscription,
    pub(super) items: PlannedItems,
    pub(super) timing: Timing,
    pub(super) recurring: Money,
}

/// Tells what a change would cost and when it would take effect. Changes nothing.
///
/// # Errors
/// [`CommerceError`].
pub async fn preview_change(
    commerce: &Commerce,
    cx: &Cx,
    request: &ChangeRequest,
) -> Result<ChangePreview, CommerceError> {
    let prepared = match prepare(commerce, cx, request).await? {
        Ok(prepared) => prepared,
        Err(refusal) => return Ok(ChangePreview::Refused(refusal)),
    };
    preview_prepared(commerce, cx, &prepared, UnixMs::from_seconds(cx.now.seconds())).await
}

pub(super) async fn preview_prepared(
    commerce: &Commerce,
    cx: &Cx,
    prepared: &Prepared,
    proration_date: UnixMs,
) -> Result<ChangePreview, CommerceError> {
    let drops_planned_change = prepared.subscription.schedule_id.is_some();
    Ok(match prepared.timing {
        Timing::Unchanged => ChangePreview::Unchanged,
        Timing::AtPeriodEnd => ChangePreview::Later(PlannedForLater {
            at: prepared.row.period_end,
            recurring: prepared.recurring,
            drops_planned_change,
        }),
        Timing::Now => {
            let stripe = commerce.stripe(cx)?;
            let invoice = stripe.preview_change(&prepared.subscription.id, &prepared.items, proration_date).await?;
            ChangePreview::Now(Box::new(ChargeNow {
                drops_planned_change,
                still_cancelling: prepared.subscription.cancel_at_period_end,
                ..charge(invoice, proration_date, prepared.recurring)
            }))
        }
    })
}

fn charge(invoice: StripeInvoice, proration_date: UnixMs, recurring: Money) -> ChargeNow {
    let money = |minor| Money::new(minor, invoice.currency);
    ChargeNow {
        proration_date,
        subtotal: money(invoice.subtotal_minor),
        discount: money(invoice.discount_minor),
        tax: money(invoice.tax_minor),
        total: money(invoice.total_minor),
        amount_due: money(invoice.amount_due_minor),
        lines: invoice.lines,
        recurring,
        drops_planned_change: false,
        still_cancelling: false,
    }
}

struct Found {
    row: Subscription,
    current: Plan,
    wanted: Plan,
    base_price: Option<Price>,
    extra_price: Option<Price>,
}

pub(super) async fn prepare(
    commerce: &Commerce,
    cx: &Cx,
    request: &ChangeRequest,
) -> Result<Result<Prepared, ChangeRefusal>, CommerceError> {
    let (tx_cx, license_id) = (cx.clone(), request.license_id.clone());
    let row = commerce.db.read(|tx| Box::pin(async move { find_changeable(tx, &tx_cx, &license_id).await })).await?;
    let (row, is_revoked) = match row {
        Ok(found) => found,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let subscription = commerce.stripe(cx)?.fetch_subscription(&row.stripe_subscription_id).await?;
    let (row, is_revoked) = match bring_up_to_date(commerce, cx, (row, is_revoked), &subscription).await? {
        Ok(found) => found,
        Err(refusal) => return Ok(Err(refusal)),
    };
    match subscription.state {
        SubscriptionState::Canceled | SubscriptionState::IncompleteExpired => return Ok(Err(ChangeRefusal::Over)),
        _ if is_revoked => return Ok(Err(ChangeRefusal::Revoked)),
        SubscriptionState::Active | SubscriptionState::Trialing if !subscription.has_pending_update => {}
        _ => return Ok(Err(ChangeRefusal::PaymentDue)),
    }
    let (tx_cx, tx_request, items) = (cx.clone(), request.clone(), subscription.items.clone());
    let found =
        commerce.db.read(|tx| Box::pin(async move { find_choice(tx, &tx_cx, row, &tx_request, &items).await })).await?;
    let found = match found {
        Ok(found) => found,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let prepared = plan_items(request, found, subscription)?;
    Ok(prepared.and_then(|prepared| {
        if prepared.timing == Timing::AtPeriodEnd && prepared.subscription.cancel_at_period_end {
            return Err(ChangeRefusal::Cancelled { ends_at: prepared.row.period_end });
        }
        Ok(prepared)
    }))
}

/// The row again, projected anew where Stripe has moved on since: what is agreed to must start from what is there, also
/// in the moments before a webhook arrives.
async fn bring_up_to_date(
    commerce: &Commerce,
    cx: &Cx,
    (row, is_revoked): (Subscription, bool),
    subscription: &StripeSubscription,
) -> Result<Result<(Subscription, bool), ChangeRefusal>, CommerceError> {
    let (tx_cx, tx_row, tx_subscription) = (cx.clone(), row.clone(), subscription.clone());
    let is_current = commerce
        .db
        .read(|tx| Box::pin(async move { store::is_current(tx, &tx_cx, &tx_row, &tx_subscription).await }))
        .await?;
    if is_current {
        return Ok(Ok((row, is_revoked)));
    }
    project_subscription(commerce, cx, &subscription.id).await?;
    let (cx, license_id) = (cx.clone(), row.license_id);
    Ok(commerce.db.read(|tx| Box::pin(async move { find_changeable(tx, &cx, &license_id).await })).await?)
}

/// The subscription, and whether its license is revoked.
async fn find_changeable(
    tx: &mut Tx,
    cx: &Cx,
    license_id: &LicenseId,
) -> Result<Result<(Subscription, bool), ChangeRefusal>, DbError> {
    let license = licenses::find_license(tx, &cx.vendor_id, license_id).await?.map(|view| view.license);
    let Some(license) = license else { return Ok(Err(ChangeRefusal::NotAllowed)) };
    if !accounts::may_act(tx, cx, &license.account_id, Act::Buy).await? {
        return Ok(Err(ChangeRefusal::NotAllowed));
    }
    let is_revoked = licenses::rules::standing(&license, cx.now) == Err(licenses::rules::Inactive::Revoked);
    let row = store::find_subscription_of_license(tx, &cx.vendor_id, license_id).await?;
    Ok(row.map(|row| (row, is_revoked)).ok_or(ChangeRefusal::NotASubscription))
}

async fn find_choice(
    tx: &mut Tx,
    cx: &Cx,
    row: Subscription,
    request: &ChangeRequest,
    items: &[crate::stripe::SubscriptionItem],
) -> Result<Result<Found, ChangeRefusal>, DbError> {
    let missing = || Ok(Err(ChangeRefusal::Choice(ChoiceProblem::NotForSale)));
    let Some(current) = catalog::find_plan(tx, &cx.vendor_id, &row.plan_id).await? else { return missing() };
    let Some(wanted) = catalog::find_plan(tx, &cx.vendor_id, &request.plan_id).await? else { return missing() };
    if wanted.product_id != current.product_id || (!wanted.published && wanted.id != current.id) {
        return missing();
    }
    if let Err(problem) = check_seats(&wanted, request.seats) {
        return Ok(Err(ChangeRefusal::Choice(problem)));
    }
    if request.seats < row.seats {
        let held = leases::count_seats(tx, &row.license_id, current.license_type, cx.now).await?;
        if held > request.seats {
            let holders = leases::list_holders(tx, &cx.vendor_id, &row.license_id, cx.now).await?;
            return Ok(Err(ChangeRefusal::SeatsInUse { seats: request.seats, holders }));
        }
    }
    let lowered = limits_in_use(tx, cx, &row, &wanted).await?;
    if !lowered.is_empty() {
        return Ok(Err(ChangeRefusal::LimitsInUse(lowered)));
    }
    // Who stays on plan and interval keeps the prices bought at, also for further seats; a change to another
    // plan or interval is at today's.
    let (mut base_price, mut extra_price) = (None, None);
    if wanted.id == current.id && request.interval == row.billing_interval {
        for item in items {
            match catalog::find_price_by_stripe_id(tx, &cx.vendor_id, &item.price_id).await? {
                Some((_, price)) if price.role == PriceRole::Base => base_price = Some(price),
                Some((_, price)) if price.role == PriceRole::ExtraSeat => extra_price = Some(price),
                _ => {}
            }
        }
    }
    let today = |role| wanted.price(role, request.interval, row.currency).cloned();
    base_price = base_price.or_else(|| today(PriceRole::Base));
    extra_price = extra_price.or_else(|| today(PriceRole::ExtraSeat));
    Ok(Ok(Found { row, current, wanted, base_price, extra_price }))
}

/// What is in use beyond the limits that a change to `wanted` would lower.
async fn limits_in_use(
    tx: &mut Tx,
    cx: &Cx,
    row: &Subscription,
    wanted: &Plan,
) -> Result<Vec<sdk::wire::OverLimit>, DbError> {
    let Some(view) = licenses::find_license(tx, &cx.vendor_id, &row.license_id).await? else { return Ok(Vec::new()) };
    let used = leases::license_usage(tx, &cx.vendor_id, &view, cx.now).await?;
    let then = view.license.overrides.apply(&wanted.terms).limits;
    let over_then = leases::rules::over_limit(&then, &used);
    // Whoever is over a limit already is not kept from a change that does not lower it.
    let over_now = leases::rules::over_limit(&view.license.terms.limits, &used);
    let is_lowered = |it: &sdk::wire::OverLimit| over_now.iter().all(|now| now.name != it.name || it.limit < now.limit);
    Ok(over_then.into_iter().filter(is_lowered).collect())
}

fn plan_items(
    request: &ChangeRequest,
    found: Found,
    subscription: StripeSubscription,
) -> Result<Result<Prepared, ChangeRefusal>, CommerceError> {
    let Found { row, current, wanted, base_price, extra_price } = found;
    let extra_seats = request.seats - wanted.included_seats;
    let Some(base_price) = base_price else {
        return Ok(Err(ChangeRefusal::Choice(ChoiceProblem::NotOffered)));
    };
    if extra_seats > 0 && extra_price.is_none() {
        return Ok(Err(ChangeRefusal::Choice(ChoiceProblem::NotOffered)));
    }
    let pushed = |price: &Price| {
        price.stripe_price_id.clone().ok_or_else(|| CommerceError::PriceNotPushed(price.lookup_key.clone()))
    };
    let item = |id: &str| subscription.items.iter().find(|item| item.id == id);
    let extra_item = row.extra_item_id.as_deref().and_then(item).map(|item| item.id.clone());
    let extra = match (&extra_price, extra_item) {
        (Some(price), item_id) if extra_seats > 0 => {
            Some(ItemChange { item_id, price_id: pushed(price)?, quantity: extra_seats })
        }
        (_, Some(item_id)) => Some(ItemChange { item_id: Some(item_id), price_id: String::new(), quantity: 0 }),
        (_, None) => None,
    };
    let items = PlannedItems {
        base: ItemChange { item_id: Some(row.base_item_id.clone()), price_id: pushed(&base_price)?, quantity: 1 },
        extra,
    };
    let extra_minor = extra_price.as_ref().map_or(0, |price| price.unit_amount.amount_minor);
    let recurring_minor = extra_minor
        .checked_mul(extra_seats.max(0))
        .and_then(|extra| extra.checked_add(base_price.unit_amount.amount_minor));
    let Some(recurring_minor) = recurring_minor else {
        return Ok(Err(ChangeRefusal::Choice(ChoiceProblem::AmountTooLarge)));
    };
    let from = Shape {
        interval: row.billing_interval,
        // What the plan itself costs; a plan with no price any more counts with all that recurs.
        base_minor: current
            .price(PriceRole::Base, row.billing_interval, row.currency)
            .map_or(row.recurring_minor, |price| price.unit_amount.amount_minor),
        seats: row.seats,
        same_plan: true,
    };
    let to = Shape {
        interval: request.interval,
        base_minor: base_price.unit_amount.amount_minor,
        seats: request.seats,
        same_plan: wanted.id == current.id,
    };
    let recurring = Money::new(recurring_minor, row.currency);
    Ok(Ok(Prepared { timing: rules::timing(&from, &to), row, subscription, items, recurring }))
}
