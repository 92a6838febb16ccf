//! The form that moves a license to today's version of its plan. Who may is asked by the use case.

use backend::billing::{self, MoveRefusal};
use backend::ids::LicenseId;
use leptos::prelude::*;
use leptos_axum::redirect;

use super::form::{FormFailure, say_done};
use super::next::local_path;
use crate::request::Visit;

/// Moves a license to today's version of its plan.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "move-license")]
pub async fn move_license(
    /// The license.
    license_id: String,
    /// The version whose changes were shown.
    version: i64,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (cx, master) = (visit.staff_cx(), visit.state.master.clone());
    let id = LicenseId::from_untrusted(&license_id);
    let moved = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { billing::move_to_version(tx, &cx, &master, &id, version).await }));
    match moved.await? {
        Ok(_) => say_done("license_moved").await,
        Err(MoveRefusal::NotFound | MoveRefusal::NotAllowed) => return Err(FormFailure::not_allowed()),
        // The page says why.
        Err(_) => say_done("license_not_moved").await,
    }
    redirect(&local_path(&format!("/staff/licenses/{license_id}#plan-version")));
    Ok(())
}
