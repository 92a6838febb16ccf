//! Staff who act for a customer: the forms that begin and end it. Who may is asked by the use cases.

use backend::Actor;
use backend::accounts::StaffAct;
use backend::acting::rules::ReasonFault;
use backend::acting::{self, ActingEnd, ActingStart};
use backend::ids::{AccountId, ActingId};
use backend::text::en::acting as text;
use leptos::prelude::*;
use leptos_axum::redirect;

use super::acting::staff_must_be_allowed;
use super::form::{FormFailure, Refused, say_done};
use super::next::local_path;
use super::step_up::{confirm_first, fresh_authentication};
use crate::components::FieldError;
use crate::request::Visit;

/// The form that begins it.
pub const START: &str = "start-acting";
/// Where whoever's session was ended elsewhere meanwhile goes on.
const LOG_IN: &str = "/log-in";
/// Where the form that ends it posts to.
pub const STOP_ACTION: &str = "/act/stop-acting";

/// The console's page of a customer, at the card that begins it.
fn customer_page(account_id: &str) -> String {
    local_path(&format!("/staff/customers/{account_id}#act"))
}

/// Begins to act for a customer, after the password was typed again.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and for customers of other vendors.
#[server(prefix = "/act", endpoint = "start-acting")]
pub async fn start_acting(
    /// For whom.
    account_id: String,
    /// Why.
    #[server(default)]
    reason: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    staff_must_be_allowed(&visit, StaffAct::ActAsCustomer).await?;
    let page = customer_page(&account_id);
    let refused = Refused::new(START).value("reason", &reason);
    if fresh_authentication(&visit).await?.is_none() {
        // What was typed waits for the way back.
        refused.go_back(&confirm_first(&page)).await;
        return Ok(());
    }
    let (cx, master, id) = (visit.staff_cx(), visit.state.master.clone(), AccountId::from_untrusted(&account_id));
    let started = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { acting::start_acting(tx, &cx, &master, &id, &reason).await }));
    match started.await? {
        ActingStart::Started(it) => {
            if acting::begin_acting_session(&visit.session, &it.id).await? {
                redirect("/overview");
            } else {
                // Somebody ended the session meanwhile: nobody is there to act.
                let cx = visit.cx(Actor::ActingStaff(it.id.clone()));
                visit.state.db.write(move |tx| Box::pin(async move { acting::stop_acting(tx, &cx).await })).await?;
                redirect(LOG_IN);
            }
        }
        ActingStart::Refused(fault) => {
            refused.problem("reason", &serde_json::to_string(&fault).unwrap_or_default()).go_back(&page).await;
        }
        ActingStart::NotFound | ActingStart::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    Ok(())
}

/// The sentences of a refused form.
#[must_use]
pub fn reason_errors(refused: &Refused) -> Vec<FieldError> {
    let known = |(field, code): &(String, String)| {
        let fault: ReasonFault = serde_json::from_str(code).ok()?;
        Some(FieldError::new(field.clone(), text::fault(fault)))
    };
    refused.problems.iter().filter_map(known).collect()
}

/// Ends it, and goes back to the customer's page in the console.
///
/// # Errors
/// [`FormFailure`] for whoever does not act for a customer.
#[server(prefix = "/act", endpoint = "stop-acting")]
pub async fn stop_acting() -> Result<(), FormFailure> {
    let visit = Visit::here();
    let account_id = stop_if_acting(&visit).await?.ok_or_else(FormFailure::not_allowed)?;
    if !acting::end_acting_session(&visit.session).await? {
        redirect(LOG_IN);
        return Ok(());
    }
    say_done("acting_stopped").await;
    redirect(&local_path(&format!("/staff/customers/{account_id}")));
    Ok(())
}

/// Ends it for whoever acts for a customer; answers for which.
pub(super) async fn stop_if_acting(visit: &Visit) -> Result<Option<AccountId>, FormFailure> {
    let acts_for = visit.viewer.as_ref().and_then(|viewer| viewer.acting.clone());
    let Some(it) = acts_for else { return Ok(None) };
    let cx = visit.viewer_cx();
    visit.state.db.write(move |tx| Box::pin(async move { acting::stop_acting(tx, &cx).await })).await?;
    Ok(Some(it.account_id))
}

/// Ends it from the customer's side.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "withdraw-acting")]
pub async fn withdraw_acting(
    /// Which.
    acting_id: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (cx, id) = (visit.viewer_cx(), ActingId::from_untrusted(&acting_id));
    let ended =
        visit.state.db.write(move |tx| Box::pin(async move { acting::withdraw_acting(tx, &cx, &id).await })).await?;
    match ended {
        ActingEnd::Ended => say_done("acting_withdrawn").await,
        ActingEnd::Over => say_done("nothing_changed").await,
        ActingEnd::NotFound => return Err(FormFailure::not_allowed()),
    }
    redirect("/account");
    Ok(())
}
