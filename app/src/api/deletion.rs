//! Closing an account, keeping it after all, and deleting oneself. Who may is asked by the use cases.

use backend::accounts::{self, Act};
use backend::deletion::{self, ClosingRequest, Keeping, PersonDeletion};
use leptos::prelude::*;
use leptos_axum::redirect;

use super::acting::{must_be_allowed, named_account};
use super::form::{FormFailure, Refused, say_done};
use super::step_up::{confirm_first, fresh_authentication};
use crate::request::Visit;

/// The page on which an account is closed, and kept.
pub const CLOSE: &str = "/account/close";
/// The page on which a person deletes itself.
pub const DELETE: &str = "/account/delete";
/// The form that closes.
pub const CLOSE_FORM: &str = "close-account";
/// The form that keeps.
pub const KEEP_FORM: &str = "keep-account";
/// The form that deletes.
pub const DELETE_FORM: &str = "delete-myself";

/// Asks to close the account.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "close-account")]
pub async fn close_account(
    /// Which account.
    #[server(default)]
    account_id: String,
    /// Its name, typed to show that one knows what one does.
    #[server(default)]
    company: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let account_id = named_account(&visit, &account_id)?.id;
    must_be_allowed(&visit, &account_id, Act::CloseAccount).await?;
    if fresh_authentication(&visit).await?.is_none() {
        redirect(&confirm_first(CLOSE));
        return Ok(());
    }
    let refused = Refused::new(CLOSE_FORM).value("company", &company);
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let asked = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { deletion::ask_closing(tx, &cx, &master, &account_id, &company).await }));
    match asked.await? {
        ClosingRequest::Closes(_) => say_done("account_closes").await,
        ClosingRequest::Asked(_) => say_done("nothing_changed").await,
        ClosingRequest::NotAllowed => return Err(FormFailure::not_allowed()),
        ClosingRequest::OtherName => {
            refused.problem("company", "other_name").go_back(CLOSE).await;
            return Ok(());
        }
        // The page says what is owed, in place of the form.
        ClosingRequest::Owes(_) => {}
    }
    redirect(CLOSE);
    Ok(())
}

/// Takes back that the account closes.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "keep-account")]
pub async fn keep_account(
    /// Which account.
    #[server(default)]
    account_id: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let account_id = named_account(&visit, &account_id)?.id;
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let kept = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { deletion::keep_account(tx, &cx, &master, &account_id).await }));
    match kept.await? {
        Keeping::Kept => say_done("account_kept").await,
        Keeping::Unchanged => say_done("nothing_changed").await,
        Keeping::NotAllowed => return Err(FormFailure::not_allowed()),
        Keeping::TooLate => {
            Refused::new(KEEP_FORM).problem("", "too_late").go_back(CLOSE).await;
            return Ok(());
        }
    }
    redirect("/account");
    Ok(())
}

/// Deletes whoever is signed in.
///
/// # Errors
/// [`FormFailure`] when nobody is signed in or something fails.
#[server(prefix = "/act", endpoint = "delete-myself")]
pub async fn delete_myself(
    /// One's own e-mail address, typed to show that one knows what one does.
    #[server(default)]
    email: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    if visit.viewer.is_none() {
        return Err(FormFailure::not_allowed());
    }
    if fresh_authentication(&visit).await?.is_none() {
        redirect(&confirm_first(DELETE));
        return Ok(());
    }
    let refused = Refused::new(DELETE_FORM).value("email", &email);
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let deleted = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { deletion::delete_person(tx, &cx, &master, &email).await }));
    match deleted.await? {
        PersonDeletion::Deleted => {
            accounts::sign_out(&visit.session).await?;
            say_done("person_deleted").await;
            redirect("/");
        }
        PersonDeletion::OtherAddress => refused.problem("email", "other_address").go_back(DELETE).await,
        // The page says what keeps the person, in place of the form.
        PersonDeletion::OwnedAlone(_) | PersonDeletion::IsStaff => redirect(DELETE),
        PersonDeletion::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    Ok(())
}
