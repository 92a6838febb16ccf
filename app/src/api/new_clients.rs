//! The forms about clients for whom their partner makes an account. Who may is asked by the use cases.

use backend::accounts::Act;
use backend::ids::RelationId;
use backend::partners::{self, AskedAgain, ClientCreation, Declining};
use leptos::prelude::*;
use leptos_axum::redirect;

use super::accounts::CompanyForm;
use super::acting::{must_be_allowed, named_account};
use super::form::{FormFailure, Refused, say_done};
use super::joining::offer_page;
use super::partners::{Fault, client_page, relation_errors};
use super::refusal::{Refusal, errors_of};
use crate::components::FieldError;
use crate::request::Visit;

/// The page of the form.
pub const NEW_CLIENT: &str = "/partner/clients/new";
/// The form that makes a client.
pub const CREATE: &str = "create-client";
/// The form that asks once more.
pub const ASK_AGAIN: &str = "ask-client-again";

/// Makes an account for a client.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and for accounts that are no partners.
#[server(prefix = "/act", endpoint = "create-client")]
pub async fn create_client(
    /// The company.
    #[server(flatten)]
    form: CompanyForm,
    /// The partner's account.
    #[server(default)]
    account_id: String,
    /// Who is asked to take it over.
    #[server(default)]
    name: String,
    /// That person's address.
    #[server(default)]
    email: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let account = named_account(&visit, &account_id)?;
    must_be_allowed(&visit, &account.id, Act::ManageRelations).await?;
    let refused = form.refused(CREATE).value("name", &name).value("email", &email);
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let request = partners::CreateClient { partner_id: account.id, details: form.details(), name, email };
    let created = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { partners::create_client(tx, &cx, &master, &request).await }));
    let refused = match created.await? {
        ClientCreation::Created(relation_id) => {
            say_done("client_created").await;
            redirect(&client_page(&relation_id));
            return Ok(());
        }
        ClientCreation::NotAllowed => return Err(FormFailure::not_allowed()),
        ClientCreation::Refused(problems) => Refusal::fields(refused, problems),
        ClientCreation::OwnAddress => Fault::OwnAddress.of(refused),
        ClientCreation::IsClient => Fault::IsClient.of(refused),
        ClientCreation::Limited(retry_after_s) => Refusal::Limited { retry_after_s }.of(refused, ""),
    };
    refused.go_back(NEW_CLIENT).await;
    Ok(())
}

/// The sentences of the refused form.
#[must_use]
pub fn creation_errors(refused: &Refused) -> Vec<FieldError> {
    let mut errors = errors_of(refused);
    // What is said of the whole form both ways of writing it down know.
    errors.extend(relation_errors(refused).into_iter().filter(|error| !error.field.is_empty()));
    errors
}

/// Asks once more, at the address as it is typed now, to take an account over.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and for clients that somebody has taken over.
#[server(prefix = "/act", endpoint = "ask-client-again")]
pub async fn ask_client_again(
    /// The relation.
    relation_id: String,
    /// Who is asked.
    #[server(default)]
    email: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let refused = Refused::new(ASK_AGAIN).value("email", &email);
    let id = RelationId::from_untrusted(&relation_id);
    let page = client_page(&id);
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let asked = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { partners::ask_again(tx, &cx, &master, &id, &email).await }));
    let refused = match asked.await? {
        AskedAgain::Done => {
            say_done("client_asked_again").await;
            redirect(&page);
            return Ok(());
        }
        AskedAgain::Refused(problem) => Refusal::fields(refused, vec![problem]),
        AskedAgain::OwnAddress => Fault::OwnAddress.of(refused),
        AskedAgain::IsClient => Fault::IsClient.of(refused),
        AskedAgain::Limited(retry_after_s) => Refusal::Limited { retry_after_s }.of(refused, ""),
        AskedAgain::NotFound => return Err(FormFailure::not_allowed()),
    };
    refused.go_back(&page).await;
    Ok(())
}

/// Declines an account that a partner has made, for whoever holds the link's secret.
///
/// # Errors
/// [`FormFailure`] when something fails.
#[server(prefix = "/act", endpoint = "decline-account")]
pub async fn decline_account(
    /// The link's secret.
    #[server(default)]
    token: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (cx, master, secret) = (visit.viewer_cx(), visit.state.master.clone(), token.clone());
    let declined = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { partners::decline_account(tx, &cx, &master, &secret).await }));
    match declined.await? {
        Declining::Declined => {
            say_done("account_declined").await;
            redirect("/");
        }
        Declining::Stays => {
            say_done("account_stays").await;
            redirect(&offer_page(&token));
        }
        // The page says by itself what the link is worth.
        Declining::Spent => redirect(&offer_page(&token)),
    }
    Ok(())
}
