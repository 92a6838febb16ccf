//! Granting what an order is for, in one transaction under the lock of its row.

use super::fulfil_order::{Fulfilment, done};
use super::{Order, OrderKind, OrderStatus, Payment, store};
use crate::billing::store::{SubscriptionFacts, read_composition};
use crate::billing::{self, Commerce, CommerceError, TakeOver, handlers, maintenance, rules as billing_rules};
use crate::catalog::{self, Plan};
use crate::cx::Cx;
use crate::db::Tx;
use crate::ids::{LicenseId, OrderId};
use crate::licenses::{self, LicenseStatus, NewLicense};
use crate::stripe::StripeSubscription;
use crate::{accounts, audit, campaigns, events, invoices, partners, refunds, vouchers};

/// What Stripe has made for an order.
pub(super) struct Made {
    /// Stripe's id of it, by which audit and events name who says so.
    pub(super) source: String,
    /// The Checkout Session, by card.
    pub(super) session_id: Option<String>,
    /// Who pays.
    pub(super) customer_id: Option<String>,
    /// The subscription.
    pub(super) subscription: Option<StripeSubscription>,
    /// The first invoice.
    pub(super) invoice_id: Option<String>,
    /// Id and text of the promotion code that was used.
    pub(super) promotion: Option<(String, String)>,
    /// Whether everything due now is paid. Where it is not, the license waits for a transfer.
    pub(super) is_paid: bool,
    /// Where the first invoice is not paid, and a later one is: Stripe's id of that.
    pub(super) kept_by: Option<String>,
}

/// Grants the license, once: active where it is paid, else pending, to be activated by a later call. Vouchers are made only
/// when they are paid.
pub(super) async fn grant(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    order_id: &OrderId,
    made: &Made,
) -> Result<Fulfilment, CommerceError> {
    let Some(order) = store::lock_order(tx, &cx.vendor_id, order_id).await? else { return Ok(Fulfilment::NotFound) };
    // An order that expired here while its payment came through is paid all the same.
    if let Some(done) = done(&order) {
        return Ok(done);
    }
    // One that was given up while it was made is not begun again; by card, the money may be there all the same.
    if order.payment != Payment::Card && order.status != OrderStatus::Open {
        return Ok(Fulfilment::Closed(order.status));
    }
    check_customer(tx, cx, &order, made).await?;
    if is_to_wait(tx, cx, &order, made).await? {
        return Ok(Fulfilment::AwaitingPayment);
    }
    let license_id =
        if order.kind == OrderKind::Vouchers { None } else { Some(license(tx, commerce, cx, &order, made).await?) };
    store::set_made(
        tx,
        &cx.vendor_id,
        &order.id,
        store::MadeIds {
            session: made.session_id.as_deref(),
            subscription: made.subscription.as_ref().filter(|_| made.session_id.is_none()).map(|it| it.id.as_str()),
            invoice: made.invoice_id.as_deref().filter(|_| order.payment == Payment::Transfer),
            license: license_id.as_ref(),
            promotion: made.promotion.as_ref().map(|(id, code)| (id.as_str(), code.as_str())),
        },
    )
    .await?;
    if !made.is_paid {
        return Ok(Fulfilment::AwaitingPayment);
    }
    store::set_paid(tx, &cx.vendor_id, &order.id, license_id.as_ref(), cx.now).await?;
    campaigns::redeem(tx, cx, &order).await?;
    let after = serde_json::json!({
        "order_id": order.id, "license_id": license_id, "kind": order.kind, "amount_minor": order.amount_minor,
        "currency": order.currency, "payment": order.payment, "stripe_session_id": made.session_id,
        "stripe_invoice_id": made.invoice_id,
        "promotion_code": made.promotion.as_ref().map(|(_, code)| code).or(order.promotion_code.as_ref()),
    });
    let about =
        events::About { account_id: Some(&order.account_id), license_id: license_id.as_ref(), instance_id: None };
    events::record(tx, cx, "order.paid", about, &after).await?;
    let (account_id, before) = (Some(&order.account_id), Some(&order.status));
    audit::record(tx, cx, account_id, "order.fulfil", order.id.as_str(), before, Some(&after)).await?;
    if let Some(paid_by) = &made.kept_by {
        // For staff: what becomes of its first invoice is theirs to decide.
        let kept = serde_json::json!({ "unpaid": made.invoice_id, "paid": paid_by });
        audit::record(tx, cx, account_id, "order.keep", order.id.as_str(), audit::NOTHING, Some(&kept)).await?;
    }
    if let Some(invoice_id) = &made.invoice_id {
        handlers::enqueue_invoice(tx, cx, &commerce.master, invoice_id, made.customer_id.as_deref()).await?;
    }
    // Events of renewals may have come before those of the purchase.
    for invoice_id in invoices::store::list_unattached_invoices(tx, &cx.vendor_id, &order.account_id).await? {
        handlers::enqueue_invoice(tx, cx, &commerce.master, &invoice_id, made.customer_id.as_deref()).await?;
    }
    let Some(license_id) = license_id else {
        vouchers::make_vouchers(tx, cx, &commerce.master, &order).await?;
        // That its money went back may have been heard of first.
        refunds::settle_vouchers(tx, commerce, cx, &order.id).await?;
        return Ok(Fulfilment::Delivered { newly: true });
    };
    handlers::enqueue_license_ready(tx, cx, &commerce.master, &order, &license_id).await?;
    partners::check_relation_of(tx, cx, &commerce.master, &order).await?;
    Ok(Fulfilment::Fulfilled { license_id, newly: true })
}

/// Whether who has paid until now is just changing what goes on: then it is looked at when that is decided, since the reconciler
/// asks about open orders again. An error where the order is not open any more, and only whoever has called asks again.
async fn is_to_wait(tx: &mut Tx, cx: &Cx, order: &Order, made: &Made) -> Result<bool, CommerceError> {
    let going_on = order.license_id.as_ref().filter(|_| made.is_paid && order.kind == OrderKind::Continuation);
    let Some(license_id) = going_on else { return Ok(false) };
    let is_changing = billing::is_being_changed(tx, cx, license_id).await?;
    if is_changing && order.status != OrderStatus::Open {
        let text = format!("order {} was closed and is paid, and license {license_id} is being changed", order.id);
        return Err(CommerceError::Contradiction(text));
    }
    Ok(is_changing)
}

async fn check_customer(tx: &mut Tx, cx: &Cx, order: &Order, made: &Made) -> Result<(), CommerceError> {
    let Some(customer_id) = &made.customer_id else { return Ok(()) };
    let account = accounts::find_account(tx, &cx.vendor_id, &order.account_id).await?;
    let standing = account.and_then(|account| account.stripe_customer_id);
    if standing.as_ref() == Some(customer_id) {
        return Ok(());
    }
    let text = format!("{} was paid by {customer_id}, not by {standing:?}", made.source);
    Err(CommerceError::Contradiction(text))
}

/// The license that the order makes, activates or renews.
async fn license(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    order: &Order,
    made: &Made,
) -> Result<LicenseId, CommerceError> {
    if let Some(license_id) = order.license_id.as_ref().filter(|_| order.kind.adds()) {
        if made.is_paid && order.kind == OrderKind::Continuation {
            go_on(tx, commerce, cx, order, license_id, made).await?;
        } else if made.is_paid {
            add(tx, commerce, cx, order, license_id).await?;
        }
        return Ok(license_id.clone());
    }
    if let Some(license_id) = &order.license_id {
        if made.is_paid && order.kind == OrderKind::Perpetual {
            // The year of updates begins with the payment, not with the order.
            let updates_until = licenses::rules::add_years(cx.now, 1);
            licenses::begin_updates(tx, cx, license_id, updates_until).await?;
            licenses::set_standing(tx, cx, license_id, LicenseStatus::Active, "").await?;
        }
        // That of a subscription is activated by its projection, which asks whether its first invoice is paid.
        return Ok(license_id.clone());
    }
    let plan = catalog::find_plan_version(tx, &cx.vendor_id, &order.sold_as())
        .await?
        .ok_or_else(|| CommerceError::Contradiction(format!("order {} has no plan", order.id)))?;
    match (&made.subscription, order.kind) {
        (Some(subscription), OrderKind::Subscription) => {
            create_subscribed(tx, commerce, cx, order, plan, subscription, !made.is_paid).await
        }
        _ => {
            let bought = read_composition(tx, cx, order.id.as_str(), &order.items.0, Some(&order.sold_as())).await?;
            create_perpetual(tx, commerce, cx, order, &plan.as_bought(&bought), made.is_paid).await
        }
    }
}

/// A license that goes on by a subscription of who has it.
async fn go_on(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    order: &Order,
    license_id: &LicenseId,
    made: &Made,
) -> Result<(), CommerceError> {
    let Some(subscription) = &made.subscription else {
        return Err(CommerceError::Contradiction(format!("order {} is paid without a subscription", order.id)));
    };
    let sold_as = order.sold_as();
    let taking = TakeOver { account_id: &order.account_id, license_id, sold_as: &sold_as, seats: order.seats };
    billing::take_over(tx, commerce, cx, taking, subscription).await
}

/// What a paid order adds to a license that is there.
async fn add(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    order: &Order,
    license_id: &LicenseId,
) -> Result<(), CommerceError> {
    // While the order was open it could not be handed over, unless somebody else pays by transfer. Such an order, and one that
    // was closed here, may be paid after all, and must not give to another account what was paid for this one; a person has
    // to decide.
    let license = licenses::lock_license(tx, &cx.vendor_id, license_id).await?;
    if license.is_none_or(|view| view.license.account_id != *order.licensee()) {
        let text = format!("order {} is paid, and license {license_id} is another account's by now", order.id);
        return Err(CommerceError::Contradiction(text));
    }
    if order.kind == OrderKind::Maintenance {
        let years = i16::try_from(order.years).unwrap_or(i16::MAX);
        return Ok(licenses::extend_updates(tx, cx, license_id, years).await?);
    }
    let plan = catalog::find_plan_version(tx, &cx.vendor_id, &order.sold_as())
        .await?
        .ok_or_else(|| CommerceError::Contradiction(format!("order {} has no plan", order.id)))?;
    licenses::add_seats(tx, cx, license_id, &plan, order.seats).await?;
    // Agreed to for fewer seats: it is not for us to charge more than was agreed to, nor to renew all for the price of some.
    if maintenance::find_auto_renewal(tx, &cx.vendor_id, license_id).await?.is_some() {
        handlers::enqueue_end_auto_renewal(tx, cx, &commerce.master, license_id).await?;
    }
    Ok(())
}

async fn create_perpetual(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    order: &Order,
    plan: &Plan,
    is_paid: bool,
) -> Result<LicenseId, CommerceError> {
    let new = NewLicense {
        account_id: order.licensee(),
        plan,
        seats: order.seats,
        status: if is_paid { LicenseStatus::Active } else { LicenseStatus::Pending },
        starts_at: cx.now,
        ends_at: None,
        updates_until: Some(licenses::rules::add_years(cx.now, 1)),
        name: "",
    };
    let (license, _key) = licenses::create_license(tx, cx, &commerce.master, &new).await?;
    Ok(license.id)
}

async fn create_subscribed(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    order: &Order,
    ordered: Plan,
    subscription: &StripeSubscription,
    awaits_first_payment: bool,
) -> Result<LicenseId, CommerceError> {
    // What is paid counts, and that is what Stripe has; it is what was ordered unless somebody changed it since.
    let facts = SubscriptionFacts::resolve(tx, cx, subscription, None, Some(&order.sold_as())).await?;
    let bought = &facts.composition;
    let plan = if bought.plan_id == ordered.id {
        ordered
    } else {
        catalog::find_plan(tx, &cx.vendor_id, &bought.plan_id)
            .await?
            .ok_or_else(|| CommerceError::Contradiction(format!("subscription {} has no plan", subscription.id)))?
    };
    let plan = plan.as_bought(bought);
    let condition = facts.condition(subscription, &plan, None, awaits_first_payment);
    let standing = billing_rules::standing(&condition, cx.now);
    let new = NewLicense {
        account_id: order.licensee(),
        plan: &plan,
        seats: bought.seats,
        status: standing.status,
        starts_at: cx.now,
        ends_at: standing.ends_at,
        updates_until: None,
        name: "",
    };
    let (license, _key) = licenses::create_license(tx, cx, &commerce.master, &new).await?;
    if subscription.trial_end.is_some() {
        licenses::set_trial(tx, cx, &license.id, subscription.trial_end).await?;
    }
    billing::store::insert_subscription(tx, cx, &order.account_id, &license.id, subscription, &facts).await?;
    // What is not needed for the license, such as the card, is fetched apart from it.
    handlers::enqueue_projection(tx, cx, &commerce.master, subscription, cx.now).await?;
    Ok(license.id)
}
