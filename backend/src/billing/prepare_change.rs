//! What a change of plan, interval or seats starts from, for its preview and for making it: whether it can be made, what
//! becomes of each of Stripe's items, and when.

use std::collections::BTreeMap;

use super::rules::{self, Shape, Timing};
use super::{Commerce, CommerceError, Subscription, may_change_payment, project_subscription, store, unpaid_changes};
use crate::catalog::{self, Composition, Plan, Price, PriceRole, Terms};
use crate::clock::{DAY_MS, UnixMs};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::LicenseId;
use crate::licenses::LicenseView;
use crate::money::Money;
use crate::orders::rules::{ChoiceProblem, Quote, check_packs, check_seats, quote_at};
use crate::stripe::{ItemChange, StripeSubscription, SubscriptionState};
use crate::{accounts, leases, licenses};

/// What a license shall become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRequest {
    /// Which license.
    pub license_id: LicenseId,
    /// What shall be paid; in the currency that is paid now, since Stripe takes no other.
    pub to: Composition,
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
    /// Another change waits for its transfer; that comes first, or is taken back.
    ChangeAwaited,
    /// What somebody else has paid runs still: until then nothing is charged, so nothing more is given.
    NotBegun {
        /// The first charge.
        begins_at: UnixMs,
    },
    /// It is cancelled, so nothing follows the period for which the change would wait.
    Cancelled {
        /// When it ends.
        ends_at: UnixMs,
    },
    /// The account that pays closes then, so nothing more is bought for it.
    AccountCloses {
        /// When.
        at: UnixMs,
    },
    /// The plan counts seats otherwise than the license does.
    OtherLicenseType,
    /// The choice cannot be bought.
    Choice(ChoiceProblem),
    /// More seats are in use than would remain.
    SeatsInUse {
        /// How many would remain.
        seats: i64,
        /// How many are in use.
        held: i64,
        /// Who holds them now.
        holders: leases::Holders,
    },
    /// Instances report more than the limits that the change lowers would allow.
    LimitsInUse(Vec<sdk::wire::OverLimit>),
}

/// What preview and change both start from.
pub(super) struct Prepared {
    pub(super) row: Subscription,
    pub(super) subscription: StripeSubscription,
    /// Every item that there is or shall be.
    pub(super) items: Vec<ItemChange>,
    pub(super) timing: Timing,
    pub(super) recurring: Money,
}

impl Prepared {
    /// When a change that is agreed to now is given up, unless its transfer has arrived; `None` where a card is charged.
    pub(super) fn give_up_at(&self, now: UnixMs) -> Option<UnixMs> {
        let due_at = now.plus(self.subscription.days_until_due.unwrap_or(0) * DAY_MS);
        self.subscription.is_invoiced.then(|| rules::give_up_change_at(due_at, self.row.period_end))
    }
}

struct Found {
    row: Subscription,
    current: Plan,
    wanted: Plan,
    /// Each item that there is, and what its price is for.
    items: Vec<(String, Price)>,
    quote: Quote,
    /// When the account that pays closes.
    closes_at: Option<UnixMs>,
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
    let is_trial = subscription.state == SubscriptionState::Trialing;
    if let Some(begins_at) = row.begins_at.filter(|at| is_trial && *at > cx.now) {
        return Ok(Err(ChangeRefusal::NotBegun { begins_at }));
    }
    let by_transfer = match &subscription.latest_invoice_id {
        Some(invoice_id) if subscription.is_invoiced => {
            // Unused time is worth something only where it is paid for.
            if commerce.stripe(cx)?.fetch_invoice(invoice_id).await?.is_unpaid() {
                return Ok(Err(ChangeRefusal::PaymentDue));
            }
            true
        }
        _ => subscription.is_invoiced,
    };
    let (tx_cx, tx_request, items) = (cx.clone(), request.clone(), subscription.items.clone());
    let found =
        commerce.db.read(|tx| Box::pin(async move { find_choice(tx, &tx_cx, row, &tx_request, &items).await })).await?;
    let found = match found {
        Ok(found) => found,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let closes_at = found.closes_at;
    let mut prepared = plan_items(request, found, subscription)?;
    if by_transfer {
        let keeps_interval = prepared.row.billing_interval == request.to.interval;
        prepared.timing = rules::timing_by_transfer(prepared.timing, keeps_interval, prepared.row.period_end, cx.now);
    }
    // What is planned can be dropped still.
    if let Some(at) = closes_at.filter(|_| prepared.timing != Timing::Unchanged) {
        return Ok(Err(ChangeRefusal::AccountCloses { at }));
    }
    if prepared.timing == Timing::AtPeriodEnd && prepared.subscription.cancel_at_period_end {
        return Ok(Err(ChangeRefusal::Cancelled { ends_at: prepared.row.period_end }));
    }
    Ok(Ok(prepared))
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
    if !may_change_payment(tx, cx, &license).await? {
        return Ok(Err(ChangeRefusal::NotAllowed));
    }
    let is_revoked = licenses::rules::standing(&license, cx.now) == Err(licenses::rules::Inactive::Revoked);
    if unpaid_changes::find_unpaid_change(tx, &cx.vendor_id, license_id).await?.is_some() {
        return Ok(Err(ChangeRefusal::ChangeAwaited));
    }
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
    let Some(view) = licenses::find_license(tx, &cx.vendor_id, &row.license_id).await? else { return missing() };
    let held = view.license.sold_as();
    let found = catalog::find_plan_as_held(tx, &cx.vendor_id, &row.plan_id, Some(&held)).await?;
    let Some(current) = found else { return missing() };
    let found = catalog::find_plan_as_held(tx, &cx.vendor_id, &request.to.plan_id, Some(&held)).await?;
    let Some(wanted) = found else { return missing() };
    if wanted.product_id != current.product_id || (!wanted.published && wanted.id != current.id) {
        return missing();
    }
    if !rules::keeps_license_type(view.license.license_type, &current.id, &wanted) {
        return Ok(Err(ChangeRefusal::OtherLicenseType));
    }
    if request.to.currency != row.currency {
        return Ok(Err(ChangeRefusal::Choice(ChoiceProblem::NotOffered)));
    }
    if let Err(problem) = check_seats(&wanted, request.to.seats) {
        return Ok(Err(ChangeRefusal::Choice(problem)));
    }
    let nothing = BTreeMap::new();
    let had = if wanted.id == current.id { &row.packs.0 } else { &nothing };
    if let Err(problem) = check_packs(&wanted, &request.to, had) {
        return Ok(Err(ChangeRefusal::Choice(problem)));
    }
    if request.to.seats < row.seats {
        let held = leases::count_seats(tx, &row.license_id, current.license_type, cx.now).await?;
        if held > request.to.seats {
            let holders = leases::list_holders(tx, &cx.vendor_id, &row.license_id, cx.now, None).await?;
            return Ok(Err(ChangeRefusal::SeatsInUse { seats: request.to.seats, held, holders }));
        }
    }
    let lowered = limits_in_use(tx, cx, &view, &wanted.as_bought(&request.to).terms).await?;
    if !lowered.is_empty() {
        return Ok(Err(ChangeRefusal::LimitsInUse(lowered)));
    }
    let mut priced = Vec::with_capacity(items.len());
    for item in items {
        if let Some((_, price)) = catalog::find_price_by_stripe_id(tx, &cx.vendor_id, &item.price_id).await? {
            priced.push((item.id.clone(), price));
        }
    }
    // Who stays on plan and interval keeps the prices bought at, also for further seats; a change to another
    // plan or interval is at today's.
    let stays = wanted.id == current.id && request.to.interval == row.billing_interval;
    let kept: Vec<Price> = priced.iter().filter(|_| stays).map(|(_, price)| price.clone()).collect();
    let closes_at = accounts::find_closing(tx, &cx.vendor_id, &row.account_id).await?;
    Ok(match quote_at(&wanted, &request.to, &kept) {
        Ok(quote) => Ok(Found { row, current, wanted, items: priced, quote, closes_at }),
        Err(problem) => Err(ChangeRefusal::Choice(problem)),
    })
}

/// What is in use beyond the limits that the terms `wanted` would lower.
pub(super) async fn limits_in_use(
    tx: &mut Tx,
    cx: &Cx,
    view: &LicenseView,
    wanted: &Terms,
) -> Result<Vec<sdk::wire::OverLimit>, DbError> {
    let used = leases::license_usage(tx, &cx.vendor_id, view, cx.now).await?;
    let then = view.license.overrides.apply(wanted).limits;
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
) -> Result<Prepared, CommerceError> {
    let Found { row, current, wanted, items, quote, .. } = found;
    let items = item_changes(&items, &quote)?;
    let present_price = current.price(PriceRole::Base, row.billing_interval, row.currency);
    let (had, gets) = (current.as_bought(&row.composition()).terms, wanted.as_bought(&request.to).terms);
    let from = Shape {
        interval: row.billing_interval,
        // What the plan itself costs; a plan with no price any more counts with all that recurs.
        base_minor: present_price.map_or(row.recurring_minor, |price| price.unit_amount.amount_minor),
        seats: row.seats,
        same_plan: true,
        addons: &row.addons.0,
        packs: &row.packs.0,
        terms: &had,
    };
    let to = Shape {
        interval: request.to.interval,
        base_minor: quote.lines.first().map_or(0, |line| line.price.unit_amount.amount_minor),
        seats: request.to.seats,
        same_plan: wanted.id == current.id,
        addons: &request.to.addons,
        packs: &request.to.packs,
        terms: &gets,
    };
    let timing = rules::timing(&from, &to);
    Ok(Prepared { timing, row, subscription, items, recurring: quote.total })
}

/// What becomes of each item: those of a quoted price keep their place, those of no such price are removed.
fn item_changes(present: &[(String, Price)], quote: &Quote) -> Result<Vec<ItemChange>, CommerceError> {
    let mut changes = Vec::with_capacity(present.len().max(quote.lines.len()));
    for line in &quote.lines {
        let item = present.iter().find(|(_, price)| is_for_the_same(price, &line.price));
        let price_id = line.price.stripe_price_id.clone();
        let price_id = price_id.ok_or_else(|| CommerceError::PriceNotPushed(line.price.lookup_key.clone()))?;
        changes.push(ItemChange { item_id: item.map(|(id, _)| id.clone()), price_id, quantity: line.quantity });
    }
    for (id, price) in present {
        if !quote.lines.iter().any(|line| is_for_the_same(price, &line.price)) {
            changes.push(ItemChange { item_id: Some(id.clone()), price_id: String::new(), quantity: 0 });
        }
    }
    Ok(changes)
}

/// Whether the one takes the other's place: seats those of seats, an add-on that of the same code, packs those of the same
/// limit.
fn is_for_the_same(a: &Price, b: &Price) -> bool {
    (a.role, &a.option) == (b.role, &b.option)
}
