//! The form that gives another card.

use backend::billing::cards::{CardUpdateStart, CardUpdateUrls, StartCardUpdate, start_card_update};
use leptos::prelude::*;
use leptos_axum::redirect;

use super::form::{FormFailure, Refused};
use super::licenses::paid_license;
use crate::request::Visit;

/// The form's name, by which its page finds what was refused.
pub const CARD: &str = "change-card";

/// Leads to the page on which another card is given. Nothing changes here.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and where no card is charged.
#[server(prefix = "/act", endpoint = "change-card")]
pub async fn change_card(
    /// The license.
    license_id: String,
    /// For every license of the account: `true`, or nothing.
    #[server(default)]
    for_all: Option<bool>,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (id, _) = paid_license(&visit, &license_id).await?;
    let Some(viewer) = visit.viewer.clone() else { return Err(FormFailure::not_allowed()) };
    let page = format!("/licenses/{license_id}/card");
    let origin = &visit.vendor.origin;
    let start = StartCardUpdate {
        license_id: id,
        user_id: viewer.user.id.clone(),
        for_all: for_all.unwrap_or_default(),
        urls: CardUpdateUrls {
            success: format!("{origin}{page}?update={{CARD_UPDATE_ID}}"),
            cancel: format!("{origin}{page}"),
        },
    };
    match start_card_update(&visit.state.commerce(), &visit.viewer_cx(), &start).await {
        Ok(CardUpdateStart::Opened { url }) => redirect(&url),
        // The page says by itself that no card is charged.
        Ok(CardUpdateStart::NoCard) => redirect(&page),
        Ok(CardUpdateStart::NotAllowed) => return Err(FormFailure::not_allowed()),
        Err(error) if error.may_pass() => {
            tracing::warn!(%error, "the page for a card could not be opened for now");
            Refused::new(CARD).problem("", "not_now").go_back(&page).await;
        }
        Err(error) => return Err(FormFailure::failed(&error)),
    }
    Ok(())
}
