//! Logging in by a mailed link: asking for it, and using it.

use backend::accounts::{self, Arrival, LinkRequest, LinkSignIn, MailedLink, RequestLink};
use backend::keys::Purpose;
use leptos::prelude::*;
use leptos_axum::redirect;

use super::entrance::{ask_for_code, enter};
use super::form::{FormFailure, Refused, say_done};
use super::next::{local_path, with_next};
use super::refusal::Refusal;
use crate::request::Visit;

/// The page that asks for a link.
pub const ASK_FOR_LINK: &str = "/log-in/link";
/// Where to go on after the link, in the session of the browser that asked: the mail carries nothing that somebody typed. It
/// is sealed, because it may be the page of an invitation, whose address has the invitation's secret.
const NEXT_KEY: &str = "sealed_next_after_link";

/// The page that a link opens.
#[must_use]
pub fn link_page(token: &str) -> String {
    let query = serde_urlencoded::to_string([("token", token)]).unwrap_or_default();
    format!("{}?{query}", accounts::SIGN_IN_PATH)
}

/// Mails a link that logs in, where the address is registered; the answer is the same where it is not.
///
/// # Errors
/// [`FormFailure`] for what no change of the form would mend.
#[server(prefix = "/act", endpoint = "request-sign-in-link")]
pub async fn request_sign_in_link(
    /// E-mail address.
    #[server(default)]
    email: String,
    /// Where to go on.
    #[server(default)]
    next: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let page = with_next(ASK_FOR_LINK, &next);
    let refused = Refused::new("request-sign-in-link").value("email", &email);
    if let Err(problem) = accounts::rules::check_email(&email) {
        let problem = accounts::FieldProblem { field: accounts::Field::Email, problem };
        Refusal::fields(refused, vec![problem]).go_back(&page).await;
        return Ok(());
    }
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let request = RequestLink { link: MailedLink::SignIn, email, address: visit.address };
    let asked = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { accounts::request_link(tx, &cx, &master, &request).await }));
    match asked.await? {
        LinkRequest::Accepted => {
            if !next.is_empty() {
                accounts::begin_visit(&visit.session, &visit.vendor.id, &visit.user_agent).await?;
                keep_next(&visit, &local_path(&next)).await?;
            }
            redirect(&format!("{ASK_FOR_LINK}?mail=sent"));
        }
        LinkRequest::Limited { retry_after_s } => {
            Refusal::Limited { retry_after_s }.of(refused, "").go_back(&page).await;
        }
    }
    Ok(())
}

/// Logs somebody in by the link of a mail.
///
/// # Errors
/// [`FormFailure`] when something fails.
#[server(prefix = "/act", endpoint = "sign-in-by-link")]
pub async fn sign_in_by_link(
    /// The link's secret.
    #[server(default)]
    token: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    // Logging in empties the session.
    let next = kept_next(&visit).await?;
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let request = accounts::SignInByLink { secret: token.clone(), address: visit.address };
    let signed_in = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { accounts::sign_in_by_link(tx, &cx, &master, &request).await }));
    match signed_in.await? {
        LinkSignIn::LoggedIn { user, is_first_proof } => {
            enter(&visit, &user, Arrival::LoggedIn, &next).await?;
            if is_first_proof {
                say_done("password_withdrawn").await;
            }
        }
        LinkSignIn::CodeNeeded(user) => ask_for_code(&visit, &user, &next).await?,
        // The page finds out for itself that the link is spent.
        LinkSignIn::Spent => redirect(&link_page(&token)),
    }
    Ok(())
}

async fn keep_next(visit: &Visit, next: &str) -> Result<(), FormFailure> {
    let state = &visit.state;
    let sealed = state.master.seal(Purpose::NextPage, visit.vendor.id.as_str(), next.as_bytes(), &state.entropy);
    Ok(visit.session.insert(NEXT_KEY, sealed).await?)
}

/// Empty where nobody was heading anywhere.
async fn kept_next(visit: &Visit) -> Result<String, FormFailure> {
    let Some(sealed) = visit.session.get::<Vec<u8>>(NEXT_KEY).await? else { return Ok(String::new()) };
    let opened = visit.state.master.unseal(Purpose::NextPage, visit.vendor.id.as_str(), &sealed).ok();
    Ok(opened.and_then(|next| String::from_utf8(next.to_vec()).ok()).unwrap_or_default())
}
