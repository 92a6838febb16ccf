//! Previewing a change of plan, interval or seats: what it costs, to the cent, and when it takes effect.

use super::prepare_change::{ChangeRefusal, ChangeRequest, Prepared, prepare};
use super::rules::Timing;
use super::{Commerce, CommerceError};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::money::Money;
use crate::stripe::{StripeInvoice, StripeInvoiceLine};

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
    /// It is paid by transfer, takes effect when the money has arrived, and is taken back if it has not by then.
    pub by_transfer: Option<UnixMs>,
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
                by_transfer: prepared.give_up_at(cx.now).filter(|_| invoice.amount_due_minor > 0),
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
        by_transfer: None,
    }
}
