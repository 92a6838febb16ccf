//! The forms that let updates renew by themselves, and switch that off.

use backend::accounts::Act;
use backend::billing::maintenance::{
    self, AutoRenewalStart, AutoRenewalStop, AutoRenewalUrls, StartAutoRenewal, start_auto_renewal,
};
use backend::money::{Currency, Money};
use leptos::prelude::*;
use leptos_axum::redirect;

use super::form::{FormFailure, Refused, say_done};
use super::licenses::own_license;
use crate::request::Visit;

/// The form's name, by which its page finds what was refused.
pub const AUTO: &str = "auto-renewal";

/// Leads to the page on which automatic renewal is agreed to. `agreed_minor` is what a year costs, as it was shown.
///
/// # Errors
/// [`FormFailure`] for values that no form of ours sends, and for whoever may not.
#[server(prefix = "/act", endpoint = "start-auto-renewal")]
pub async fn start(
    /// The license.
    license_id: String,
    /// In which currency.
    currency: String,
    /// What a year costs, in its minor units.
    agreed_minor: i64,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let id = own_license(&visit, &license_id, Act::Buy).await?;
    let Some(viewer) = visit.viewer.clone() else { return Err(FormFailure::not_allowed()) };
    let Some(currency) = Currency::parse(&currency) else { return Err(FormFailure::malformed()) };
    let page = format!("/licenses/{license_id}/updates");
    let origin = &visit.vendor.origin;
    let start = StartAutoRenewal {
        license_id: id,
        user_id: viewer.user.id.clone(),
        agreed: Money::new(agreed_minor, currency),
        urls: AutoRenewalUrls {
            success: format!("{origin}{page}?renewal={{AUTO_RENEWAL_ID}}"),
            cancel: format!("{origin}{page}"),
        },
    };
    let refused = Refused::new(AUTO);
    match start_auto_renewal(&visit.state.commerce(), &visit.viewer_cx(), &start).await {
        Ok(AutoRenewalStart::Opened { url }) => redirect(&url),
        // The page says by itself that it is on, or that it is too late, or that the account closes.
        Ok(AutoRenewalStart::On | AutoRenewalStart::TooLate | AutoRenewalStart::AccountCloses { .. }) => {
            redirect(&page);
        }
        Ok(AutoRenewalStart::Outdated) => refused.problem("", "outdated").go_back(&page).await,
        Ok(AutoRenewalStart::NotAllowed) => return Err(FormFailure::not_allowed()),
        Err(error) if error.may_pass() => {
            tracing::warn!(%error, "the page for automatic renewal could not be opened for now");
            refused.problem("", "not_now").go_back(&page).await;
        }
        Err(error) => return Err(FormFailure::failed(&error)),
    }
    Ok(())
}

/// Switches automatic renewal off.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "stop-auto-renewal")]
pub async fn stop(
    /// The license.
    license_id: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let id = own_license(&visit, &license_id, Act::Buy).await?;
    let page = format!("/licenses/{license_id}/updates");
    match maintenance::stop_auto_renewal(&visit.state.commerce(), &visit.viewer_cx(), &id).await {
        Ok(AutoRenewalStop::Stopped) => say_done("auto_renewal_stopped").await,
        Ok(AutoRenewalStop::Off) => {}
        Ok(AutoRenewalStop::NotAllowed) => return Err(FormFailure::not_allowed()),
        Err(error) if error.may_pass() => {
            tracing::warn!(%error, "automatic renewal could not be switched off for now");
            Refused::new(AUTO).problem("", "not_now").go_back(&page).await;
            return Ok(());
        }
        Err(error) => return Err(FormFailure::failed(&error)),
    }
    redirect(&page);
    Ok(())
}
