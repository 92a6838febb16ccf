//! What becomes of a change that waits for its transfer: its invoice says.

use super::{MADE_WITHIN_MS, UnpaidChange, store};
use crate::billing::CommerceError;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::keys::MasterKey;
use crate::mail::{self, Sender};
use crate::stripe::{IdempotencyKey, InvoiceState, Stripe, StripeInvoice, StripeSubscription, SubscriptionState};
use crate::text::en::{buying, options, order_mail};
use crate::{accounts, audit, catalog, events, licenses};

/// Where a change stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::billing) enum Standing {
    /// The money is missing; the license keeps what was paid before.
    Awaited,
    /// It is paid, or there was nothing to pay.
    Paid,
    /// It is off, and Stripe's subscription is what it was before.
    TakenBack,
}

/// Looks at Stripe for where a change stands, and sets the subscription back where its invoice was taken back. Answers the
/// subscription as it is then, and the invoice as far as it is known.
pub(in crate::billing) async fn look(
    stripe: &Stripe,
    cx: &Cx,
    change: &UnpaidChange,
    subscription: StripeSubscription,
) -> Result<(StripeSubscription, Standing, Option<String>), CommerceError> {
    let is_unmade = change.is_unmade(&subscription);
    let invoice = match (&change.stripe_invoice_id, is_unmade) {
        (Some(id), _) => Some(stripe.fetch_invoice(id).await?),
        (None, false) => find_invoice(stripe, change, &subscription).await?,
        (None, true) => None,
    };
    let Some(invoice) = invoice else {
        let standing = match is_unmade {
            // Stripe has made it, and nothing had to be paid.
            false => Standing::Paid,
            true if change.created_at.plus(MADE_WITHIN_MS) <= cx.now => Standing::TakenBack,
            true => Standing::Awaited,
        };
        return Ok((subscription, standing, None));
    };
    let invoice_id = Some(invoice.id.clone());
    let is_over = matches!(subscription.state, SubscriptionState::Canceled | SubscriptionState::IncompleteExpired);
    match invoice.state {
        InvoiceState::Paid => Ok((subscription, Standing::Paid, invoice_id)),
        InvoiceState::Draft | InvoiceState::Open if !is_over && !is_unmade => {
            if invoice.state == InvoiceState::Draft {
                stripe.finalize_invoice(&invoice.id).await?;
            }
            Ok((subscription, Standing::Awaited, invoice_id))
        }
        // Nothing is left that it would pay for.
        InvoiceState::Open => {
            stripe.void_invoice(&invoice.id).await?;
            Ok((subscription, Standing::TakenBack, invoice_id))
        }
        InvoiceState::Draft | InvoiceState::Void | InvoiceState::Uncollectible => {
            if is_over || is_unmade {
                return Ok((subscription, Standing::TakenBack, invoice_id));
            }
            let key = IdempotencyKey::new(&[&subscription.id, "take_back", &invoice.id]);
            stripe.take_change_back(&key, &subscription.id, &change.taking_back(&subscription)).await?;
            Ok((stripe.fetch_subscription(&subscription.id).await?, Standing::TakenBack, invoice_id))
        }
    }
}

/// The invoice over the difference, where the process that made the change did not live to write it down.
async fn find_invoice(
    stripe: &Stripe,
    change: &UnpaidChange,
    subscription: &StripeSubscription,
) -> Result<Option<StripeInvoice>, CommerceError> {
    let Some(id) = &subscription.latest_invoice_id else { return Ok(None) };
    let invoice = stripe.fetch_invoice(id).await?;
    let since = UnixMs::from_seconds(change.created_at.seconds());
    Ok(Some(invoice).filter(|it| it.is_change() && it.created_at >= since))
}

/// Writes down where a change stands, and tells the account how it ended.
pub(in crate::billing) async fn conclude(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    change: &UnpaidChange,
    standing: Standing,
    invoice_id: Option<&str>,
) -> Result<(), DbError> {
    if standing == Standing::Awaited {
        return match invoice_id.filter(|id| change.stripe_invoice_id.as_deref() != Some(id)) {
            Some(id) => store::set_invoice(tx, &cx.vendor_id, &change.subscription_id, id).await,
            None => Ok(()),
        };
    }
    store::delete(tx, &cx.vendor_id, &change.subscription_id).await?;
    let outcome = serde_json::json!({
        "wanted": &change.wanted.0, "outcome": if standing == Standing::Paid { "paid" } else { "taken_back" },
    });
    let account_id = Some(&change.account_id);
    let subject = change.subscription_id.as_str();
    audit::record(tx, cx, account_id, "subscription.settle_change", subject, audit::NOTHING, Some(&outcome)).await?;
    // What was never invoiced is not heard of: whoever asked for it has seen that it failed.
    if invoice_id.is_some() {
        tell(tx, cx, master, change, standing).await?;
    }
    if standing == Standing::TakenBack {
        let about = events::About { account_id, license_id: Some(&change.license_id), instance_id: None };
        events::record(tx, cx, "order.change_dropped", about, &outcome).await?;
    }
    Ok(())
}

async fn tell(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    change: &UnpaidChange,
    standing: Standing,
) -> Result<(), DbError> {
    let wanted = &change.wanted.0;
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let Some(account) = accounts::find_account(tx, &cx.vendor_id, &change.account_id).await? else { return Ok(()) };
    let Some(plan) = catalog::find_plan(tx, &cx.vendor_id, &wanted.plan_id).await? else { return Ok(()) };
    let seats = buying::seats(plan.license_type, wanted.seats);
    let bought = options::with_seats(seats, &plan, wanted);
    // A partner that pays cannot open the license of its client.
    let license = licenses::find_license(tx, &cx.vendor_id, &change.license_id).await?;
    let license_id = license.map(|view| view.license).filter(|it| it.account_id == account.id).map(|it| it.id);
    let license_id = license_id.as_ref();
    let letter = match standing {
        Standing::Paid => order_mail::change_made(&sender, &plan.name, &bought, license_id),
        Standing::Awaited | Standing::TakenBack => order_mail::change_dropped(&sender, &plan.name, &bought, license_id),
    };
    mail::enqueue(tx, cx, master, &sender.mail(&account.billing_email, &account.company, letter)).await
}
