//! Changing plan, interval or seats, as it was previewed and agreed to.

use super::plan_again::{Released, plan_again};
use super::prepare_change::{Prepared, prepare};
use super::preview_change::preview_prepared;
use super::rules::Timing;
use super::{
    ChangePreview, ChangeRefusal, ChangeRequest, Commerce, CommerceError, card_changes, handlers, project_subscription,
    unpaid_changes,
};
use crate::catalog::BillingInterval;
use crate::clock::{HOUR_MS, MINUTE_MS, UnixMs};
use crate::cx::Cx;
use crate::db::DbError;
use crate::ids::InvoiceId;
use crate::invoices::{self, Import};
use crate::stripe::{IdempotencyKey, Recurrence, Stripe, StripeError, StripeErrorKind, StripeSubscription};
use crate::{audit, events};

/// How long a preview can be agreed to. Proration moves with the second, and so would the amount.
const PREVIEW_LIFE_MS: i64 = HOUR_MS;
/// A change that is not made in this time is not charged by that call any more: longer than any with its retries.
const CHARGED_WITHIN_MS: i64 = 10 * MINUTE_MS;

/// What was agreed to: the preview's figures, sent back by the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreed {
    /// To be charged this amount, reckoned at this second.
    ChargeNow {
        /// [`super::ChargeNow::proration_date`].
        proration_date: UnixMs,
        /// [`super::ChargeNow::amount_due`], in minor units.
        amount_due_minor: i64,
    },
    /// To pay this amount each interval from the end of the period on.
    Later {
        /// [`super::PlannedForLater::recurring`], in minor units.
        recurring_minor: i64,
    },
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Done and paid; the license has the new plan and seats.
    Applied {
        /// Stripe's id of the invoice.
        stripe_invoice_id: Option<String>,
    },
    /// Done as soon as the payment is confirmed (3-D Secure), or another card is given. Where it never is, what was planned is
    /// planned again.
    AwaitingPayment {
        /// Stripe's page for it.
        payment_url: Option<String>,
    },
    /// Invoiced; the license follows when the transfer has arrived.
    AwaitingTransfer {
        /// Our id of the invoice.
        invoice_id: InvoiceId,
    },
    /// Planned for the end of what is paid.
    Planned {
        /// When.
        at: UnixMs,
    },
    /// Everything stays as it is; a planned change has fallen away if there was one.
    Kept,
    /// The card was declined; nothing has changed, and what was planned is planned still.
    Declined {
        /// Stripe's reason.
        decline_code: Option<String>,
    },
    /// What was agreed to is not what it costs (any more): here is the new preview.
    PreviewOutdated(Box<ChangePreview>),
    /// It cannot be made.
    Refused(ChangeRefusal),
}

/// Makes a change that was agreed to. It is previewed again first, at the second agreed to, so that
/// nothing is charged but what was shown.
///
/// # Errors
/// [`CommerceError`]; calling it again with the same agreement charges once.
pub async fn change_subscription(
    commerce: &Commerce,
    cx: &Cx,
    request: &ChangeRequest,
    agreed: Agreed,
) -> Result<Change, CommerceError> {
    let stripe = commerce.stripe(cx)?;
    let prepared = match prepare(commerce, cx, request).await? {
        Ok(prepared) => prepared,
        Err(refusal) => return Ok(Change::Refused(refusal)),
    };
    let now = UnixMs::from_seconds(cx.now.seconds());
    let proration_date = match agreed {
        Agreed::ChargeNow { proration_date, .. } => proration_date,
        Agreed::Later { .. } => now,
    };
    let is_fresh = (now.plus(-PREVIEW_LIFE_MS)..=now).contains(&proration_date);
    let proration_date = if is_fresh { proration_date } else { now };
    let preview = preview_prepared(commerce, cx, &prepared, proration_date).await?;
    let outcome = match (&preview, agreed) {
        (ChangePreview::Now(charge), Agreed::ChargeNow { amount_due_minor, .. })
            if is_fresh && charge.amount_due.amount_minor == amount_due_minor =>
        {
            let mark = match begin(commerce, cx, &prepared, request).await? {
                Ok(mark) => mark,
                Err(refusal) => return Ok(Change::Refused(refusal)),
            };
            let charged = charge_or_keep_plan(commerce, cx, &prepared, proration_date).await;
            // After any other error nobody knows whether Stripe makes it still.
            if let Some(mark) = mark.filter(|_| charged.as_ref().err().is_none_or(is_refused)) {
                card_changes::move_mark(commerce, cx, &prepared, mark).await?;
            }
            charged?
        }
        (ChangePreview::Later(planned), Agreed::Later { recurring_minor })
            if planned.recurring.amount_minor == recurring_minor =>
        {
            forget_plan(commerce, cx, &prepared).await?;
            plan_for_later(stripe, &prepared, request).await?
        }
        (ChangePreview::Unchanged, _) => {
            forget_plan(commerce, cx, &prepared).await?;
            Change::Kept
        }
        _ => return Ok(Change::PreviewOutdated(Box::new(preview))),
    };
    note(commerce, cx, request, &prepared, &outcome).await?;
    // The webhook would do this too; the person in front of the page should not have to wait for it.
    project_subscription(commerce, cx, &prepared.subscription.id).await?;
    match outcome {
        Change::Applied { stripe_invoice_id } if prepared.subscription.is_invoiced => {
            await_transfer(commerce, cx, request, stripe_invoice_id).await
        }
        outcome => Ok(outcome),
    }
}

/// Writes down that a change is about to be made, or answers why it cannot be; by card with the mark that says so.
async fn begin(
    commerce: &Commerce,
    cx: &Cx,
    prepared: &Prepared,
    request: &ChangeRequest,
) -> Result<Result<Option<UnixMs>, ChangeRefusal>, CommerceError> {
    // By transfer also where credit covers it: the credit may be used up elsewhere before Stripe makes the invoice.
    let Some(give_up_at) = prepared.give_up_at(cx.now) else { return card_changes::mark(commerce, cx, prepared).await };
    let refusal = unpaid_changes::begin(commerce, cx, prepared, &request.to, give_up_at).await?;
    Ok(refusal.map_or(Ok(None), Err))
}

fn is_refused(error: &CommerceError) -> bool {
    matches!(error, CommerceError::Stripe(error) if error.kind == StripeErrorKind::Refused)
}

/// What was made is invoiced: whether anything has to be transferred, and how, is on the invoice.
async fn await_transfer(
    commerce: &Commerce,
    cx: &Cx,
    request: &ChangeRequest,
    stripe_invoice_id: Option<String>,
) -> Result<Change, CommerceError> {
    let (vendor_id, license_id) = (cx.vendor_id.clone(), request.license_id.clone());
    let waits = commerce
        .db
        .read(|tx| Box::pin(async move { unpaid_changes::find_unpaid_change(tx, &vendor_id, &license_id).await }))
        .await?;
    if let Some(invoice_id) = waits.and_then(|change| change.stripe_invoice_id)
        && let Import::Imported { invoice_id, .. } = invoices::import_invoice(commerce, cx, &invoice_id).await?
    {
        return Ok(Change::AwaitingTransfer { invoice_id });
    }
    Ok(Change::Applied { stripe_invoice_id })
}

/// Stripe refuses to change or cancel a subscription that a schedule owns; the planned change falls away.
pub(super) async fn release_schedule(stripe: &Stripe, subscription: &StripeSubscription) -> Result<(), StripeError> {
    match &subscription.schedule_id {
        Some(schedule_id) => stripe.release_schedule(schedule_id).await,
        None => Ok(()),
    }
}

/// What is planned falls away, also what waits to be planned again: whoever pays has decided otherwise.
async fn forget_plan(commerce: &Commerce, cx: &Cx, prepared: &Prepared) -> Result<(), CommerceError> {
    let (tx_cx, id) = (cx.clone(), prepared.subscription.id.clone());
    commerce.db.write(move |tx| Box::pin(async move { handlers::forget_plan_again(tx, &tx_cx, &id).await })).await?;
    Ok(release_schedule(commerce.stripe(cx)?, &prepared.subscription).await?)
}

/// Charges the change. A planned one has to fall away before, because Stripe changes nothing that a schedule owns; where
/// nothing is charged after all, it is planned again: here where that is known at once, else by a job.
async fn charge_or_keep_plan(
    commerce: &Commerce,
    cx: &Cx,
    prepared: &Prepared,
    proration_date: UnixMs,
) -> Result<Change, CommerceError> {
    let stripe = commerce.stripe(cx)?;
    let released = Released::find(stripe, prepared, cx.now).await?;
    if let Some(released) = released.clone() {
        let (cx, master) = (cx.clone(), commerce.master.clone());
        let look_at = cx.now.plus(CHARGED_WITHIN_MS);
        let queued = commerce.db.write(move |tx| {
            Box::pin(async move { handlers::enqueue_plan_again(tx, &cx, &master, &released, look_at).await })
        });
        queued.await?;
    }
    release_schedule(stripe, &prepared.subscription).await?;
    let charged = charge_now(stripe, prepared, proration_date).await;
    let is_in_vain = match &charged {
        Ok(change) => matches!(change, Change::Declined { .. }),
        // After any other error nobody knows whether it is made.
        Err(error) => is_refused(error),
    };
    if let Some(released) = released.filter(|_| is_in_vain)
        && let Err(error) = plan_again(stripe, &released).await
    {
        tracing::warn!(%error, subscription = released.subscription_id, "what was planned is planned again later");
    }
    charged
}

pub(super) fn recurrence(interval: BillingInterval) -> Recurrence {
    match interval {
        BillingInterval::Year => Recurrence::Year,
        BillingInterval::Month | BillingInterval::Once => Recurrence::Month,
    }
}

async fn charge_now(stripe: &Stripe, prepared: &Prepared, proration_date: UnixMs) -> Result<Change, CommerceError> {
    let items = &prepared.items;
    let to: Vec<String> = items.iter().map(|item| format!("{}*{}", item.price_id, item.quantity)).collect();
    let date = proration_date.seconds().to_string();
    let subscription = &prepared.subscription;
    // By transfer there is one attempt at a time, and the lock number tells it from one that was taken back.
    let attempt = if subscription.is_invoiced { prepared.row.lock_no.to_string() } else { String::new() };
    let key = IdempotencyKey::new(&[&subscription.id, "change", &date, &to.join("+"), &attempt]);
    let changed = match stripe.apply_change(&key, subscription, items, proration_date).await {
        Ok(changed) => changed,
        Err(error) if error.kind == StripeErrorKind::Declined => {
            return Ok(Change::Declined { decline_code: error.decline_code });
        }
        Err(error) => return Err(error.into()),
    };
    if changed.has_pending_update {
        let payment_url = match &changed.latest_invoice_id {
            Some(invoice_id) => stripe.fetch_invoice(invoice_id).await?.payment_url,
            None => None,
        };
        return Ok(Change::AwaitingPayment { payment_url });
    }
    Ok(Change::Applied { stripe_invoice_id: changed.latest_invoice_id })
}

async fn plan_for_later(
    stripe: &Stripe,
    prepared: &Prepared,
    request: &ChangeRequest,
) -> Result<Change, CommerceError> {
    // The row's lock number tells one plan from the next, so that planning, dropping and planning the same again makes
    // a new schedule. So does the schedule that was there: it is released by now, and one that was left behind by an
    // attempt that never came to its end must not be taken for the new one.
    let attempt = prepared.row.lock_no.to_string();
    let released = prepared.subscription.schedule_id.as_deref().unwrap_or_default();
    let key = IdempotencyKey::new(&[&prepared.subscription.id, "plan", &attempt, released]);
    let recurrence = recurrence(request.to.interval);
    let planned = stripe.schedule_change(&key, &prepared.subscription.id, &prepared.items, recurrence).await?;
    Ok(Change::Planned { at: planned.at })
}

/// Who asked for what. What then becomes of rows is recorded by the projection, in Stripe's name.
async fn note(
    commerce: &Commerce,
    cx: &Cx,
    request: &ChangeRequest,
    prepared: &Prepared,
    outcome: &Change,
) -> Result<(), CommerceError> {
    let before = serde_json::json!({
        "plan_id": prepared.row.plan_id, "interval": prepared.row.billing_interval, "seats": prepared.row.seats,
        "addons": prepared.row.addons.0, "packs": prepared.row.packs.0,
    });
    let after = serde_json::json!({
        "plan_id": request.to.plan_id, "interval": request.to.interval, "seats": request.to.seats,
        "addons": request.to.addons, "packs": request.to.packs,
        "takes_effect": match prepared.timing {
            Timing::Now => "now",
            Timing::AtPeriodEnd => "at_period_end",
            Timing::Unchanged => "never",
        },
        "outcome": match outcome {
            Change::Applied { .. } => "applied",
            Change::AwaitingPayment { .. } | Change::AwaitingTransfer { .. } => "awaiting_payment",
            Change::Planned { .. } => "planned",
            Change::Kept => "kept",
            Change::Declined { .. } => "declined",
            Change::PreviewOutdated(_) | Change::Refused(_) => "refused",
        },
    });
    let invoice_id = match outcome {
        Change::Applied { stripe_invoice_id } => stripe_invoice_id.clone(),
        _ => None,
    };
    let (cx, master, row) = (cx.clone(), commerce.master.clone(), prepared.row.clone());
    let customer_id = prepared.subscription.customer_id.clone();
    Ok(commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                let account_id = Some(&row.account_id);
                audit::record(tx, &cx, account_id, "subscription.change", row.id.as_str(), Some(&before), Some(&after))
                    .await?;
                let about = events::About { account_id, license_id: Some(&row.license_id), instance_id: None };
                events::record(tx, &cx, "order.change_requested", about, &after).await?;
                if let Some(invoice_id) = invoice_id {
                    handlers::enqueue_invoice(tx, &cx, &master, &invoice_id, Some(&customer_id)).await?;
                }
                Ok::<_, DbError>(())
            })
        })
        .await?)
}
