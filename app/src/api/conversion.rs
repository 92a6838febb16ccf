//! The form that turns a subscription into a perpetual license.

use backend::accounts::Act;
use backend::billing::conversion::{ConversionStart, ConversionUrls, StartConversion, start_conversion};
use backend::clock::UnixMs;
use backend::ids::PlanId;
use leptos::prelude::*;
use leptos_axum::redirect;

use super::form::{FormFailure, Refused};
use super::licenses::own_license;
use crate::request::Visit;

/// The form's name, by which its page finds what was refused.
pub const CONVERSION: &str = "buy-for-ever";

/// Leads to the page on which the perpetual license is paid, at the price that was shown.
///
/// # Errors
/// [`FormFailure`] for values that no form of ours sends, and for whoever may not.
#[server(prefix = "/act", endpoint = "buy-for-ever")]
pub async fn buy_for_ever(
    /// The license.
    license_id: String,
    /// The perpetual plan's id.
    plan_id: String,
    /// The second at which the credit was reckoned.
    reckoned_at: i64,
    /// What is left to pay, in minor units.
    rest_minor: i64,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let id = own_license(&visit, &license_id, Act::Buy).await?;
    let Some(viewer) = visit.viewer.clone() else { return Err(FormFailure::not_allowed()) };
    let page = format!("/licenses/{license_id}/for-ever");
    let origin = &visit.vendor.origin;
    let start = StartConversion {
        license_id: id,
        plan_id: PlanId::from_untrusted(&plan_id),
        user_id: viewer.user.id.clone(),
        reckoned_at: UnixMs::from_seconds(reckoned_at),
        rest_minor,
        urls: ConversionUrls {
            success: format!("{origin}{page}?conversion={{CONVERSION_ID}}"),
            cancel: format!("{origin}{page}"),
        },
    };
    let refused = Refused::new(CONVERSION);
    match start_conversion(&visit.state.commerce(), &visit.viewer_cx(), &start).await {
        Ok(ConversionStart::Opened { url }) => redirect(&url),
        Ok(ConversionStart::Outdated(_)) => refused.problem("", "outdated").go_back(&page).await,
        // The page says why by itself.
        Ok(ConversionStart::Refused(_)) => redirect(&page),
        Err(error) if error.may_pass() => {
            tracing::warn!(%error, "the page for a perpetual license could not be opened for now");
            refused.problem("", "not_now").go_back(&page).await;
        }
        Err(error) => return Err(FormFailure::failed(&error)),
    }
    Ok(())
}
