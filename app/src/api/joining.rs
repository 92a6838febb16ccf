//! The forms behind an invitation's link: accepting with the login that one has, or signing up on the spot.

use backend::accounts::members::{self, Acceptance, JOIN_PATH, Joined, Joining};
use backend::accounts::{self, Arrival, Password};
use leptos::prelude::*;
use leptos_axum::redirect;

use super::entrance::begin;
use super::form::{FormFailure, Refused, say_done};
use super::next::with_next;
use super::refusal::Refusal;
use crate::request::Visit;

/// The form that signs up and joins.
pub const JOIN: &str = "join";

/// The page of an invitation's secret.
#[must_use]
pub fn offer_page(token: &str) -> String {
    let query = serde_urlencoded::to_string([("token", token)]).unwrap_or_default();
    format!("{JOIN_PATH}?{query}")
}

/// Accepts an invitation for whoever is signed in.
///
/// # Errors
/// [`FormFailure`] when nobody is signed in or something fails.
#[server(prefix = "/act", endpoint = "accept-invitation")]
pub async fn accept_invitation(
    /// The link's secret.
    #[server(default)]
    token: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (cx, master, secret) = (visit.viewer_cx(), visit.state.master.clone(), token.clone());
    let accepted = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { members::accept_invitation(tx, &cx, &master, &secret).await }));
    match accepted.await? {
        Acceptance::Joined(joined) => go_in(&visit, &joined).await?,
        Acceptance::NotAllowed => return Err(FormFailure::not_allowed()),
        // The page says by itself what is the matter.
        Acceptance::OtherPerson | Acceptance::Spent => redirect(&offer_page(&token)),
    }
    Ok(())
}

/// Signs somebody up with the address that was invited; whoever did is logged in.
///
/// # Errors
/// [`FormFailure`] for what no change of the form would mend.
#[server(prefix = "/act", endpoint = "join")]
pub async fn join(
    /// The link's secret.
    #[server(default)]
    token: String,
    /// What the person is called.
    #[server(default)]
    name: String,
    /// The password wanted.
    #[server(default)]
    password: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (state, cx) = (&visit.state, visit.viewer_cx());
    let page = offer_page(&token);
    let request = members::Join { secret: token, name: name.clone(), password: Password::new(password) };
    match members::join(&state.db, &state.passwords, &state.master, &cx, &request).await? {
        Joining::Joined(joined) => {
            begin(&visit, &joined.user, Arrival::SignedUp).await?;
            go_in(&visit, &joined).await?;
        }
        Joining::Registered => redirect(&with_next("/log-in", &page)),
        Joining::Refused(problems) => {
            Refusal::fields(Refused::new(JOIN).value("name", &name), problems).go_back(&page).await;
        }
        Joining::Spent => redirect(&page),
    }
    Ok(())
}

/// Leads whoever has joined to what it has joined.
async fn go_in(visit: &Visit, joined: &Joined) -> Result<(), FormFailure> {
    say_done("joined").await;
    match &joined.account {
        Some(account) => {
            accounts::choose_account(&visit.session, &account.id).await?;
            redirect("/overview");
        }
        None => redirect("/staff"),
    }
    Ok(())
}
