//! Switching automatic renewal off.

use super::{AutoRenewal, AutoRenewalStatus, finish_auto_renewal_session, store};
use crate::accounts::{self, Act};
use crate::billing::{Commerce, CommerceError};
use crate::cx::Cx;
use crate::db::DbError;
use crate::ids::{AccountId, LicenseId};
use crate::stripe::StripeErrorKind;
use crate::{audit, events};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AutoRenewalStop {
    /// It is off; years that are paid stay.
    Stopped,
    /// It was off already.
    Off,
    /// The user may not.
    NotAllowed,
}

/// Switches automatic renewal off: nothing is charged any more.
///
/// # Errors
/// [`CommerceError`]; calling it again is safe.
pub async fn stop_auto_renewal(
    commerce: &Commerce,
    cx: &Cx,
    license_id: &LicenseId,
) -> Result<AutoRenewalStop, CommerceError> {
    let (tx_cx, license_id) = (cx.clone(), license_id.clone());
    let found = commerce
        .db
        .read(|tx| {
            Box::pin(async move {
                let Some(renewal) = store::find_auto_renewal(tx, &tx_cx.vendor_id, &license_id).await? else {
                    return Ok(Err(AutoRenewalStop::Off));
                };
                let may = accounts::may_act(tx, &tx_cx, &renewal.account_id, Act::Buy).await?;
                Ok::<_, DbError>(if may { Ok(renewal) } else { Err(AutoRenewalStop::NotAllowed) })
            })
        })
        .await?;
    let renewal = match found {
        Ok(renewal) => renewal,
        Err(refused) => return Ok(refused),
    };
    end(commerce, cx, &renewal).await
}

/// Switches the automatic renewal of a license off, if it is on: its seats are not those that were agreed to any more.
///
/// # Errors
/// [`CommerceError`]; calling it again is safe.
pub(crate) async fn end_auto_renewal(
    commerce: &Commerce,
    cx: &Cx,
    license_id: &LicenseId,
) -> Result<(), CommerceError> {
    let (vendor_id, id) = (cx.vendor_id.clone(), license_id.clone());
    let renewal = commerce.db.read(|tx| Box::pin(async move { store::find_auto_renewal(tx, &vendor_id, &id).await }));
    match renewal.await? {
        Some(renewal) => end(commerce, cx, &renewal).await.map(drop),
        None => Ok(()),
    }
}

/// Ends all that an account pays by itself for updates, and closes the pages on which that could still be agreed to: the
/// account closes.
///
/// # Errors
/// [`CommerceError`]; calling it again is safe.
pub(crate) async fn end_auto_renewals_of(
    commerce: &Commerce,
    cx: &Cx,
    account_id: &AccountId,
) -> Result<(), CommerceError> {
    let (vendor_id, id) = (cx.vendor_id.clone(), account_id.clone());
    let living = commerce.db.read(|tx| Box::pin(async move { store::list_living(tx, &vendor_id, &id).await })).await?;
    for renewal in living {
        match (renewal.status, &renewal.stripe_session_id) {
            (AutoRenewalStatus::On, _) => {
                end(commerce, cx, &renewal).await?;
            }
            (AutoRenewalStatus::Asked, Some(session_id)) => {
                match commerce.stripe(cx)?.expire_checkout_session(session_id).await {
                    Ok(_) => {}
                    // It is over already; how, is asked next.
                    Err(error) if error.kind == StripeErrorKind::Refused => {}
                    Err(error) => return Err(error.into()),
                }
                finish_auto_renewal_session(commerce, cx, session_id).await?;
            }
            (AutoRenewalStatus::Asked | AutoRenewalStatus::Off, _) => {}
        }
    }
    Ok(())
}

async fn end(commerce: &Commerce, cx: &Cx, renewal: &AutoRenewal) -> Result<AutoRenewalStop, CommerceError> {
    let Some(subscription_id) = renewal.stripe_subscription_id.clone() else { return Ok(AutoRenewalStop::Off) };
    let stripe = commerce.stripe(cx)?;
    if stripe.fetch_subscription(&subscription_id).await?.ended_at.is_none() {
        stripe.cancel_subscription_now(&subscription_id).await?;
    }
    note(commerce, cx, renewal).await?;
    super::project_auto_renewal(commerce, cx, &subscription_id).await?;
    Ok(AutoRenewalStop::Stopped)
}

/// Who asked for it. What becomes of the row is recorded by the projection, in Stripe's name.
async fn note(commerce: &Commerce, cx: &Cx, renewal: &AutoRenewal) -> Result<(), CommerceError> {
    let (cx, renewal) = (cx.clone(), renewal.clone());
    Ok(commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                let (account_id, id) = (Some(&renewal.account_id), renewal.id.as_str());
                let before = serde_json::json!({ "status": renewal.status });
                audit::record(tx, &cx, account_id, "auto_renewal.stop", id, Some(&before), audit::NOTHING).await?;
                let about = events::About { account_id, license_id: Some(&renewal.license_id), instance_id: None };
                events::record(tx, &cx, "order.auto_renewal_stopped", about, &serde_json::json!({})).await
            })
        })
        .await?)
}
