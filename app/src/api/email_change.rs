//! Changing the address that one logs in with; and saying that somebody else did.

use backend::accounts::email_change::{
    self, CONFIRM_EMAIL_PATH, Disowning, EmailChangeConfirmation, EmailChangeRequest, EmailChangeWithdrawal,
    NOT_ME_PATH,
};
use backend::accounts::{self, RESET_PASSWORD_PATH};
use leptos::prelude::*;
use leptos_axum::redirect;

use super::form::{FormFailure, Refused, say_done};
use super::refusal::Refusal;
use super::step_up::{confirm_first, fresh_authentication};
use crate::request::Visit;

/// The page of the change.
pub const EMAIL: &str = "/account/email";

/// Mails a link to the new address and a notice to the old one.
///
/// # Errors
/// [`FormFailure`] when nobody is signed in or something fails.
#[server(prefix = "/act", endpoint = "request-email-change")]
pub async fn request_email_change(
    /// The new address.
    #[server(default)]
    email: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    signed_in(&visit)?;
    if fresh_authentication(&visit).await?.is_none() {
        redirect(&confirm_first(EMAIL));
        return Ok(());
    }
    let refused = Refused::new("request-email-change").value("email", &email);
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let asked = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { email_change::request_email_change(tx, &cx, &master, &email).await }));
    match asked.await? {
        EmailChangeRequest::Asked(_) => {
            say_done("email_change_asked").await;
            redirect(EMAIL);
        }
        EmailChangeRequest::Refused(problem) => Refusal::fields(refused, vec![problem]).go_back(EMAIL).await,
        EmailChangeRequest::Limited { retry_after_s } => {
            Refusal::Limited { retry_after_s }.of(refused, "").go_back(EMAIL).await;
        }
        EmailChangeRequest::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    Ok(())
}

/// Takes back a change that waits for its link.
///
/// # Errors
/// [`FormFailure`] when nobody is signed in or the database fails.
#[server(prefix = "/act", endpoint = "withdraw-email-change")]
pub async fn withdraw_email_change() -> Result<(), FormFailure> {
    let visit = Visit::here();
    signed_in(&visit)?;
    let cx = visit.viewer_cx();
    let withdrawn =
        visit.state.db.write(move |tx| Box::pin(async move { email_change::withdraw_email_change(tx, &cx).await }));
    match withdrawn.await? {
        EmailChangeWithdrawal::Withdrawn => say_done("email_change_withdrawn").await,
        EmailChangeWithdrawal::Nothing => say_done("nothing_changed").await,
        EmailChangeWithdrawal::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    redirect("/account");
    Ok(())
}

/// Changes the address by the link of the mail to the new one.
///
/// # Errors
/// [`FormFailure`] when nobody is signed in or something fails.
#[server(prefix = "/act", endpoint = "confirm-email-change")]
pub async fn confirm_email_change(
    /// The link's secret.
    #[server(default)]
    token: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    signed_in(&visit)?;
    let page = link_page(CONFIRM_EMAIL_PATH, &token);
    let (state, cx) = (&visit.state, visit.viewer_cx());
    let request = email_change::ConfirmEmailChange { secret: token, keep: accounts::session_handle(&visit.session) };
    match email_change::confirm_email_change(&state.db, &state.master, &cx, &request).await? {
        EmailChangeConfirmation::Changed(_) => {
            say_done("email_changed").await;
            redirect("/account");
        }
        EmailChangeConfirmation::Taken => {
            Refusal::EmailTaken.of(Refused::new("confirm-email-change"), "").go_back(&page).await;
        }
        // The page finds out for itself that the link is spent.
        EmailChangeConfirmation::Spent => redirect(&page),
    }
    Ok(())
}

/// Undoes a change of address, or keeps it from happening, by the link of a mail to the old one, and goes on to a new
/// password.
///
/// # Errors
/// [`FormFailure`] when something fails.
#[server(prefix = "/act", endpoint = "disown-email-change")]
pub async fn disown_email_change(
    /// The link's secret.
    #[server(default)]
    token: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (cx, master, secret) = (visit.viewer_cx(), visit.state.master.clone(), token.clone());
    let disowned = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { email_change::disown_email_change(tx, &cx, &master, &secret).await }));
    match disowned.await? {
        Disowning::Disowned { reset_secret } => redirect(&link_page(RESET_PASSWORD_PATH, &reset_secret)),
        // The page finds out for itself that the link is spent.
        Disowning::Spent => redirect(&link_page(NOT_ME_PATH, &token)),
    }
    Ok(())
}

/// The page of a link's secret.
fn link_page(path: &str, token: &str) -> String {
    let query = serde_urlencoded::to_string([("token", token)]).unwrap_or_default();
    format!("{path}?{query}")
}

fn signed_in(visit: &Visit) -> Result<(), FormFailure> {
    if visit.viewer.is_some() { Ok(()) } else { Err(FormFailure::not_allowed()) }
}
