//! Taking back a change whose transfer has not come: by whoever asked for it, or when its time is over.

use super::{UnpaidChange, store};
use crate::billing::{Commerce, CommerceError, may_change_payment, project_subscription};
use crate::cx::Cx;
use crate::db::DbError;
use crate::ids::LicenseId;
use crate::stripe::InvoiceState;
use crate::{audit, invoices};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawal {
    /// The change is off, and its invoice void.
    Withdrawn,
    /// Too late: it is paid.
    Paid,
    /// No change waits.
    Nothing,
    /// The user may not, or there is no such license.
    NotAllowed,
}

/// Takes back the change of a license that waits for its transfer.
///
/// # Errors
/// [`CommerceError`]; calling it again is safe.
pub async fn withdraw_change(
    commerce: &Commerce,
    cx: &Cx,
    license_id: &LicenseId,
) -> Result<Withdrawal, CommerceError> {
    let (tx_cx, id) = (cx.clone(), license_id.clone());
    let found = commerce
        .db
        .read(|tx| {
            Box::pin(async move {
                let license = crate::licenses::find_license(tx, &tx_cx.vendor_id, &id).await?;
                let Some(license) = license.map(|view| view.license) else { return Ok(Err(Withdrawal::NotAllowed)) };
                if !may_change_payment(tx, &tx_cx, &license).await? {
                    return Ok(Err(Withdrawal::NotAllowed));
                }
                let change = store::find_unpaid_change(tx, &tx_cx.vendor_id, &id).await?;
                Ok::<_, DbError>(change.ok_or(Withdrawal::Nothing))
            })
        })
        .await?;
    match found {
        Ok(change) => take_back(commerce, cx, &change).await,
        Err(withdrawal) => Ok(withdrawal),
    }
}

/// Takes back the change of this invoice, if a change waits for it: its time is over. True when there was one.
pub(crate) async fn give_up_unpaid_change(
    commerce: &Commerce,
    cx: &Cx,
    stripe_invoice_id: &str,
) -> Result<bool, CommerceError> {
    let (vendor_id, id) = (cx.vendor_id.clone(), stripe_invoice_id.to_owned());
    let change = commerce
        .db
        .read(|tx| Box::pin(async move { store::find_by_stripe_invoice(tx, &vendor_id, &id).await }))
        .await?;
    let Some(change) = change else { return Ok(false) };
    Ok(take_back(commerce, cx, &change).await? == Withdrawal::Withdrawn)
}

/// Voids the invoice; the projection sees that, and sets the subscription back.
async fn take_back(commerce: &Commerce, cx: &Cx, change: &UnpaidChange) -> Result<Withdrawal, CommerceError> {
    let stripe = commerce.stripe(cx)?;
    // Written down by the first projection after the change; so without it, Stripe may not have been asked yet.
    let Some(invoice_id) = &change.stripe_invoice_id else {
        project_subscription(commerce, cx, &change.stripe_subscription_id).await?;
        return Ok(Withdrawal::Nothing);
    };
    let state = stripe.fetch_invoice(invoice_id).await?.state;
    if state == InvoiceState::Open {
        note(commerce, cx, change).await?;
        stripe.void_invoice(invoice_id).await?;
    }
    project_subscription(commerce, cx, &change.stripe_subscription_id).await?;
    invoices::import_invoice(commerce, cx, invoice_id).await?;
    Ok(if state == InvoiceState::Paid { Withdrawal::Paid } else { Withdrawal::Withdrawn })
}

/// Who took it back. What becomes of rows is recorded by the projection, in Stripe's name.
async fn note(commerce: &Commerce, cx: &Cx, change: &UnpaidChange) -> Result<(), CommerceError> {
    let (cx, change) = (cx.clone(), change.clone());
    let noted = commerce.db.write(move |tx| {
        Box::pin(async move {
            let (account_id, subject) = (Some(&change.account_id), change.subscription_id.as_str());
            let wanted = &change.wanted.0;
            audit::record(tx, &cx, account_id, "subscription.withdraw_change", subject, Some(wanted), audit::NOTHING)
                .await
        })
    });
    Ok(noted.await?)
}
