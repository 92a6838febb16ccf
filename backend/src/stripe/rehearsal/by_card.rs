//! A subscription by card and what becomes of it, on a clock of its own.

use super::Assumption;
use super::money_back::rehearse_refund;
use super::scene::{Made, Scene};
use super::selling::Catalog;
use crate::clock::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMs};
use crate::stripe::{
    CardPayment, InvoiceState, ItemChange, Recurrence, StripeInvoice, StripeSubscription, SubscriptionState,
};

/// A subscription that runs on a clock.
struct Run {
    clock: String,
    customer: String,
    good_card: String,
    subscription: StripeSubscription,
    now: UnixMs,
}

pub(super) async fn rehearse_cards(scene: &mut Scene<'_>, catalog: &Catalog) -> Option<()> {
    let mut run = subscribe(scene, catalog).await?;
    upgrade(scene, catalog, &mut run).await?;
    let bad_card = let_an_upgrade_wait(scene, catalog, &mut run).await?;
    plan_and_take_back(scene, catalog, &mut run).await?;
    let invoice = fail_and_recover(scene, &mut run, &bad_card).await?;
    rehearse_refund(scene, &invoice).await;
    let ended = scene.stripe.cancel_subscription_now(&run.subscription.id).await;
    let ended = scene.need(Assumption::EndsAtOnce, ended)?;
    let is_over = ended.state == SubscriptionState::Canceled && ended.ended_at.is_some();
    scene.judge(Assumption::EndsAtOnce, is_over, &ended);
    Some(())
}

async fn subscribe(scene: &mut Scene<'_>, catalog: &Catalog) -> Option<Run> {
    let begins = Assumption::FirstPaymentActivates;
    let (stripe, tag, now) = (scene.stripe, scene.rehearsal.tag.clone(), scene.rehearsal.now);
    let name = format!("Leasehold rehearsal {tag}");
    let form = [("frozen_time", &*now.seconds().to_string()), ("name", &name)];
    let clock = scene.make("clock", "test_helpers/test_clocks", &form).await;
    let clock = scene.need(begins, clock)?;
    scene.keep_in_mind(Made::Clock(clock.clone()));
    let form = [
        ("test_clock", &*clock),
        ("name", "Rehearsal GmbH"),
        ("email", "rehearsal@example.com"),
        ("address[line1]", "Unter den Linden 1"),
        ("address[postal_code]", "10117"),
        ("address[city]", "Berlin"),
        ("address[country]", "DE"),
    ];
    let customer = scene.make("customer on a clock", "customers", &form).await;
    let customer = scene.need(begins, customer)?;
    let good_card = attach(scene, "pm_card_visa", &customer).await;
    let good_card = scene.need(begins, good_card)?;
    let key = scene.key("card of the customer");
    let set = stripe.set_customer_payment_method(&key, &customer, &good_card).await;
    scene.need(begins, set)?;
    let form = [
        ("customer", &*customer),
        ("items[0][price]", &catalog.cheap),
        ("items[1][price]", &catalog.seat),
        ("items[1][quantity]", "2"),
        ("automatic_tax[enabled]", "true"),
        ("metadata[leasehold_check]", &tag),
    ];
    let id = scene.make("subscription", "subscriptions", &form).await;
    let id = scene.need(begins, id)?;
    let subscription = scene.need(begins, stripe.fetch_subscription(&id).await)?;
    let invoice = newest_invoice(scene, begins, &subscription).await?;
    let is_paid = invoice.state == InvoiceState::Paid && invoice.number.is_some();
    let is_active = subscription.state == SubscriptionState::Active && subscription.customer_id == customer;
    scene.judge(begins, is_active && is_paid, &(&subscription, &invoice));
    let periods = subscription.items.iter().all(|item| item.period_start < item.period_end);
    scene.judge(Assumption::PeriodsOnItems, periods && subscription.items.len() == 2, &subscription.items);
    let lines: i64 = invoice.lines.iter().map(|line| line.amount_minor).sum();
    let taxes: i64 = invoice.taxes.iter().map(|tax| tax.amount_minor).sum();
    let adds_up = lines == invoice.subtotal_minor
        && invoice.subtotal_minor == 1_600
        && taxes == invoice.tax_minor
        && invoice.subtotal_minor - invoice.discount_minor + invoice.tax_minor == invoice.total_minor;
    scene.judge(Assumption::InvoiceAddsUp, adds_up, &invoice);
    let card = scene.need(Assumption::CardIsShown, stripe.fetch_card(&subscription).await)?;
    let is_visa = card.as_ref().is_some_and(|card| card.brand == "visa" && card.last4 == "4242");
    scene.judge(Assumption::CardIsShown, is_visa, &card);
    Some(Run { clock, customer, good_card, subscription, now })
}

async fn attach(scene: &Scene<'_>, card: &str, customer: &str) -> Result<String, crate::stripe::StripeError> {
    let path = format!("payment_methods/{card}/attach");
    scene.make(&path, &path, &[("customer", customer)]).await
}

async fn newest_invoice(
    scene: &mut Scene<'_>,
    assumption: Assumption,
    subscription: &StripeSubscription,
) -> Option<StripeInvoice> {
    let Some(id) = &subscription.latest_invoice_id else {
        scene.judge(assumption, false, &"the subscription names no invoice");
        return None;
    };
    let fetched = scene.stripe.fetch_invoice(id).await;
    scene.need(assumption, fetched)
}

/// The plan at `base`, and so many further seats.
fn items(run: &Run, catalog: &Catalog, base: &str, seats: i64) -> Vec<ItemChange> {
    let item = |price: &str, quantity: i64| {
        // Found by the seats' price, because the base may have changed its own.
        let is_seat = price == catalog.seat;
        let found = run.subscription.items.iter().find(|item| (item.price_id == catalog.seat) == is_seat);
        ItemChange { item_id: found.map(|item| item.id.clone()), price_id: price.to_owned(), quantity }
    };
    vec![item(base, 1), item(&catalog.seat, seats)]
}

async fn upgrade(scene: &mut Scene<'_>, catalog: &Catalog, run: &mut Run) -> Option<()> {
    let stripe = scene.stripe;
    run.now = run.now.plus(10 * DAY_MS);
    let advanced = scene.advance(&run.clock, run.now, "ten days").await;
    scene.need(Assumption::PreviewIsCharge, advanced)?;
    let wanted = items(run, catalog, &catalog.dear, 4);
    let preview = stripe.preview_change(&run.subscription.id, &wanted, run.now).await;
    let preview = scene.need(Assumption::PreviewIsCharge, preview)?;
    let key = scene.key("upgrade");
    let changed = stripe.apply_change(&key, &run.subscription, &wanted, run.now).await;
    let changed = scene.need(Assumption::PreviewIsCharge, changed)?;
    let charged = newest_invoice(scene, Assumption::PreviewIsCharge, &changed).await?;
    let amounts = |invoice: &StripeInvoice| {
        let mut lines: Vec<i64> = invoice.lines.iter().map(|line| line.amount_minor).collect();
        lines.sort_unstable();
        (lines, invoice.tax_minor, invoice.total_minor)
    };
    let is_same = amounts(&preview) == amounts(&charged) && charged.total_minor > 0;
    scene.judge(Assumption::PreviewIsCharge, is_same, &(amounts(&preview), amounts(&charged)));
    run.subscription = scene.need(Assumption::PaidUpgradeInEffect, stripe.fetch_subscription(&changed.id).await)?;
    let seats = |run: &Run| run.subscription.items.iter().find(|it| it.price_id == catalog.seat).map(|it| it.quantity);
    let is_dear = run.subscription.items.iter().any(|item| item.price_id == catalog.dear);
    let in_effect = is_dear && seats(run) == Some(4) && !run.subscription.has_pending_update;
    let is_paid = charged.state == InvoiceState::Paid;
    scene.judge(Assumption::PaidUpgradeInEffect, in_effect && is_paid, &(&run.subscription, charged.state));
    Some(())
}

/// Answers the card that fails, which the subscription charges from now on.
async fn let_an_upgrade_wait(scene: &mut Scene<'_>, catalog: &Catalog, run: &mut Run) -> Option<String> {
    let (stripe, waits) = (scene.stripe, Assumption::UnpaidUpgradeWaits);
    let bad_card = attach(scene, "pm_card_chargeCustomerFail", &run.customer).await;
    let bad_card = scene.need(waits, bad_card)?;
    let set = stripe.set_payment_method(&scene.key("bad card"), &run.subscription.id, &bad_card).await;
    scene.need(waits, set)?;
    let wanted = items(run, catalog, &catalog.dear, 9);
    let key = scene.key("unpaid upgrade");
    let changed = stripe.apply_change(&key, &run.subscription, &wanted, run.now).await;
    let changed = scene.need(waits, changed)?;
    let is_as_before = changed.items.iter().all(|item| item.quantity != 9);
    scene.judge(waits, changed.has_pending_update && is_as_before, &changed);
    let gives_up = Assumption::VoidGivesUpgradeUp;
    let open = scene.need(gives_up, stripe.list_open_invoices(&run.subscription.id).await)?;
    for id in &open {
        scene.need(gives_up, stripe.void_invoice(id).await)?;
    }
    let settled = scene.until(async || {
        let subscription = stripe.fetch_subscription(&run.subscription.id).await?;
        Ok((!subscription.has_pending_update).then_some(subscription))
    });
    let settled = settled.await;
    match scene.need(gives_up, settled)? {
        Some(subscription) => run.subscription = subscription,
        None => {
            scene.judge(gives_up, false, &"the update still waits");
            return None;
        }
    }
    let seats: Vec<i64> = run.subscription.items.iter().map(|item| item.quantity).collect();
    scene.judge(gives_up, !open.is_empty() && !seats.contains(&9), &(open, seats));
    Some(bad_card)
}

async fn plan_and_take_back(scene: &mut Scene<'_>, catalog: &Catalog, run: &mut Run) -> Option<()> {
    let (stripe, id) = (scene.stripe, run.subscription.id.clone());
    let (planned, keeps) = (Assumption::ChangeIsPlanned, Assumption::PlanKeepsDiscount);
    let path = format!("subscriptions/{id}");
    let form = [("percent_off", "10"), ("duration", "repeating"), ("duration_in_months", "6")];
    let coupon = scene.make("coupon", "coupons", &form).await;
    let coupon = scene.need(keeps, coupon)?;
    scene.keep_in_mind(Made::Coupon(coupon.clone()));
    let given = scene.act("discount", &path, &[("discounts[0][coupon]", &*coupon)]).await;
    scene.need(keeps, given)?;
    let wanted = items(run, catalog, &catalog.cheap, 1);
    let key = scene.key("downgrade");
    let change = scene.need(planned, stripe.schedule_change(&key, &id, &wanted, Recurrence::Month).await)?;
    let scheduled = scene.need(planned, stripe.fetch_subscription(&id).await)?;
    let Some(schedule_id) = scheduled.schedule_id.clone() else {
        scene.judge(planned, false, &scheduled);
        return None;
    };
    let found = scene.need(planned, stripe.fetch_planned_change(&schedule_id, run.now).await)?;
    let ends = run.subscription.items.iter().map(|item| item.period_end).max();
    let holds = found.as_ref() == Some(&change) && Some(change.at) == ends;
    scene.judge(planned, holds, &(&change, &found, ends));
    let schedule = stripe.look(&format!("subscription_schedules/{schedule_id}"), &[]).await;
    let schedule = scene.need(keeps, schedule)?;
    let present = scene.need(keeps, stripe.look(&path, &[]).await)?;
    let runs = &present["discounts"][0];
    let phases = schedule["phases"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_carried = phases.len() == 2 && phases.iter().all(|phase| phase["discounts"][0]["discount"] == *runs);
    scene.judge(keeps, runs.is_string() && is_carried, &(&schedule, &present));
    let released = Assumption::PlanIsReleased;
    scene.need(released, stripe.release_schedule(&schedule_id).await)?;
    let after = scene.need(released, stripe.fetch_subscription(&id).await)?;
    let is_as_before = after.items == run.subscription.items && after.schedule_id.is_none();
    scene.judge(released, is_as_before, &after);
    let given = scene.act("no discount", &path, &[("discounts", "")]).await;
    scene.need(released, given)?;
    let back = Assumption::CancelAndBack;
    let key = scene.key("cancel");
    let cancelled = scene.need(back, stripe.set_cancel_at_period_end(&key, &id, true).await)?;
    let key = scene.key("cancel not");
    let resumed = scene.need(back, stripe.set_cancel_at_period_end(&key, &id, false).await)?;
    let holds = cancelled.cancel_at_period_end && !resumed.cancel_at_period_end;
    scene.judge(back, holds && resumed.state == SubscriptionState::Active, &(&cancelled, &resumed));
    Some(())
}

/// Answers the invoice that was paid in the end.
async fn fail_and_recover(scene: &mut Scene<'_>, run: &mut Run, bad_card: &str) -> Option<String> {
    let (stripe, id) = (scene.stripe, run.subscription.id.clone());
    let fails = Assumption::FailedRenewalIsPastDue;
    let end = run.subscription.items.iter().map(|item| item.period_end).max()?;
    // A renewal's invoice is a draft for about an hour, which passes in a step of its own.
    for (at, step) in [(end.plus(5 * MINUTE_MS), "renewal"), (end.plus(3 * HOUR_MS), "charge")] {
        let advanced = scene.advance(&run.clock, at, step).await;
        scene.need(fails, advanced)?;
    }
    let past_due = scene.until(async || {
        let subscription = stripe.fetch_subscription(&id).await?;
        Ok((subscription.state == SubscriptionState::PastDue).then_some(subscription))
    });
    let past_due = past_due.await;
    let past_due = scene.need(fails, past_due)?;
    scene.judge(fails, past_due.is_some(), &"the subscription is not past due");
    past_due?;
    let page = Assumption::OpenInvoiceHasPage;
    let open = scene.need(page, stripe.list_open_invoices(&id).await)?;
    let Some(invoice_id) = open.first().filter(|_| open.len() == 1).cloned() else {
        scene.judge(page, false, &open);
        return None;
    };
    let invoice = scene.need(page, stripe.fetch_invoice(&invoice_id).await)?;
    let is_payable = invoice.state == InvoiceState::Open && invoice.payment_url.is_some();
    scene.judge(page, is_payable && invoice.amount_remaining_minor == invoice.amount_due_minor, &invoice);
    let key = scene.key("pay with the bad card");
    let declined = scene.need(Assumption::DeclineIsTold, stripe.pay_invoice_with(&key, &invoice_id, bad_card).await)?;
    scene.judge(Assumption::DeclineIsTold, declined == CardPayment::Declined, &declined);
    let recovers = Assumption::OtherCardRecovers;
    let key = scene.key("pay with the good card");
    let paid = stripe.pay_invoice_with(&key, &invoice_id, &run.good_card).await;
    let paid = scene.need(recovers, paid)?;
    let active = scene.until(async || {
        let subscription = stripe.fetch_subscription(&id).await?;
        Ok((subscription.state == SubscriptionState::Active).then_some(()))
    });
    let active = active.await;
    let active = scene.need(recovers, active)?;
    scene.judge(recovers, paid == CardPayment::Paid && active.is_some(), &(&paid, active));
    Some(invoice_id)
}
