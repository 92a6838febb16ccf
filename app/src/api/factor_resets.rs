//! Resetting a second factor that somebody has lost: the administrator's forms, and the person's own. Who may is asked by the
//! use cases.

use backend::accounts::StaffAct;
use backend::accounts::factor_resets::rules::AskFault;
use backend::accounts::factor_resets::{self, REFUSE_PATH, ResetAsking, ResetEnd};
use backend::ids::UserId;
use backend::text::en::factor_resets as text;
use leptos::prelude::*;
use leptos_axum::redirect;

use super::acting::staff_must_be_allowed;
use super::form::{FormFailure, Refused, say_done};
use super::next::local_path;
use super::step_up::{confirm_first, fresh_authentication};
use crate::components::FieldError;
use crate::request::Visit;

/// The form that asks for a reset.
pub const ASK: &str = "ask-factor-reset";
/// Where the console shows second factors.
const SECOND_FACTORS: &str = "/staff/second-factors";

/// The console's page of a person's second factor.
#[must_use]
pub fn factor_page(user_id: &UserId) -> String {
    local_path(&format!("{SECOND_FACTORS}/{user_id}"))
}

/// Asks for the reset of somebody's second factor.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and for people of other vendors.
#[server(prefix = "/act", endpoint = "ask-factor-reset")]
pub async fn ask_factor_reset(
    /// Whose.
    user_id: String,
    /// Why.
    #[server(default)]
    reason: String,
    /// Whether the passkeys are lost as well.
    #[server(default)]
    passkeys_too: bool,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    staff_must_be_allowed(&visit, StaffAct::ResetSecondFactors).await?;
    let user_id = UserId::from_untrusted(&user_id);
    let page = factor_page(&user_id);
    let ticked = if passkeys_too { "true" } else { "" };
    let refused = Refused::new(ASK).value("reason", &reason).value("passkeys_too", ticked);
    if fresh_authentication(&visit).await?.is_none() {
        // What was typed waits for the way back.
        refused.go_back(&confirm_first(&page)).await;
        return Ok(());
    }
    let (cx, master) = (visit.staff_cx(), visit.state.master.clone());
    let request = factor_resets::AskFactorReset { user_id, reason, passkeys_too };
    let asked = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { factor_resets::ask_factor_reset(tx, &cx, &master, &request).await }));
    match asked.await? {
        ResetAsking::Asked(_) => say_done("factor_reset_asked").await,
        ResetAsking::AlreadyWaiting => say_done("factor_reset_waits").await,
        ResetAsking::Refused(fault) => {
            let code = serde_json::to_string(&fault).unwrap_or_default();
            refused.problem(field_of(fault), &code).go_back(&page).await;
            return Ok(());
        }
        ResetAsking::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    redirect(&page);
    Ok(())
}

/// The field that a fault belongs to; empty for the form as a whole.
fn field_of(fault: AskFault) -> &'static str {
    match fault {
        AskFault::Reason(_) => "reason",
        AskFault::PasskeysAlone => "passkeys_too",
        AskFault::Own | AskFault::NothingHeld => "",
    }
}

/// The sentences of a refused form.
#[must_use]
pub fn ask_errors(refused: &Refused) -> Vec<FieldError> {
    let known = |(field, code): &(String, String)| {
        let fault: AskFault = serde_json::from_str(code).ok()?;
        Some(FieldError::new(field.clone(), text::fault(fault)))
    };
    refused.problems.iter().filter_map(known).collect()
}

/// Takes back the reset of somebody's second factor.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and for people of other vendors.
#[server(prefix = "/act", endpoint = "withdraw-factor-reset")]
pub async fn withdraw_factor_reset(
    /// Whose.
    user_id: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let user_id = UserId::from_untrusted(&user_id);
    let page = factor_page(&user_id);
    let (cx, master) = (visit.staff_cx(), visit.state.master.clone());
    let withdrawn = visit.state.db.write(move |tx| {
        Box::pin(async move { factor_resets::withdraw_factor_reset(tx, &cx, &master, &user_id).await })
    });
    match withdrawn.await? {
        ResetEnd::Ended => say_done("factor_reset_withdrawn").await,
        ResetEnd::Nothing => say_done("nothing_changed").await,
        ResetEnd::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    redirect(&page);
    Ok(())
}

/// Refuses a reset by the link of the mail.
///
/// # Errors
/// [`FormFailure`] when something fails.
#[server(prefix = "/act", endpoint = "refuse-factor-reset")]
pub async fn refuse_factor_reset(
    /// The link's secret.
    #[server(default)]
    token: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (cx, master, secret) = (visit.viewer_cx(), visit.state.master.clone(), token.clone());
    let refused = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { factor_resets::refuse_factor_reset(tx, &cx, &master, &secret).await }));
    if refused.await? == ResetEnd::Ended {
        say_done("factor_reset_refused").await;
    }
    // The page finds out for itself that nothing waits any more.
    let query = serde_urlencoded::to_string([("token", token)]).unwrap_or_default();
    redirect(&format!("{REFUSE_PATH}?{query}"));
    Ok(())
}

/// Refuses the reset that waits of whoever is signed in.
///
/// # Errors
/// [`FormFailure`] when nobody is signed in or the database fails.
#[server(prefix = "/act", endpoint = "keep-second-factor")]
pub async fn keep_second_factor() -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let kept = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { factor_resets::keep_second_factor(tx, &cx, &master).await }));
    match kept.await? {
        ResetEnd::Ended => say_done("factor_reset_refused").await,
        ResetEnd::Nothing => say_done("nothing_changed").await,
        ResetEnd::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    redirect("/account");
    Ok(())
}
