//! The form by which staff ask somebody to become the first owner of an account that nobody belongs to.

use backend::accounts::StaffAct;
use backend::accounts::members::{self, FirstOwnerAsked};
use backend::ids::AccountId;
use leptos::prelude::*;
use leptos_axum::redirect;

use super::acting::staff_must_be_allowed;
use super::form::{FormFailure, Refused, say_done};
use super::next::local_path;
use super::refusal::Refusal;
use super::step_up::{confirm_first, fresh_authentication};
use crate::request::Visit;

/// The form.
pub const ASK: &str = "ask-first-owner";

/// Asks whoever has the address.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and for accounts that are not there or closed.
#[server(prefix = "/act", endpoint = "ask-first-owner")]
pub async fn ask_first_owner(
    /// The account.
    account_id: String,
    /// The address.
    #[server(default)]
    email: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    staff_must_be_allowed(&visit, StaffAct::ManageLicenses).await?;
    let id = AccountId::from_untrusted(&account_id);
    let page = local_path(&format!("/staff/customers/{id}"));
    if fresh_authentication(&visit).await?.is_none() {
        redirect(&confirm_first(&page));
        return Ok(());
    }
    let refused = Refused::new(ASK).value("email", &email);
    let (cx, master) = (visit.staff_cx(), visit.state.master.clone());
    let asked = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { members::ask_first_owner(tx, &cx, &master, &id, &email).await }));
    let refused = match asked.await? {
        FirstOwnerAsked::Done => {
            say_done("first_owner_asked").await;
            redirect(&page);
            return Ok(());
        }
        FirstOwnerAsked::HasMembers => {
            say_done("nothing_changed").await;
            redirect(&page);
            return Ok(());
        }
        FirstOwnerAsked::Refused(problem) => Refusal::fields(refused, vec![problem]),
        FirstOwnerAsked::Limited(retry_after_s) => Refusal::Limited { retry_after_s }.of(refused, ""),
        FirstOwnerAsked::NotAllowed => return Err(FormFailure::not_allowed()),
    };
    refused.go_back(&page).await;
    Ok(())
}
