//! Typing the password again, and a code where there is a second factor: before what only the person itself may do, unless it was typed a moment ago.

use backend::accounts::{self, Password, PasswordConfirmation};
use backend::clock::UnixMs;
use leptos::prelude::*;
use leptos_axum::redirect;

use super::form::{FormFailure, Refused, say_done};
use super::next::{local_path, with_next};
use super::refusal::Refusal;
use crate::request::Visit;

/// The page that asks for the password, and for a code.
pub const CONFIRM: &str = "/confirm";
/// The session's note of the page on which an act waits to be sent once more.
const NOT_DONE_KEY: &str = "not_done";

/// When the person typed the password, if that is recent enough; else it must be asked for.
///
/// # Errors
/// [`FormFailure`] when the session cannot be read.
pub async fn fresh_authentication(visit: &Visit) -> Result<Option<UnixMs>, FormFailure> {
    let now = visit.state.clock.now();
    Ok(accounts::fresh_authentication(&visit.session, &visit.vendor.id, now).await?)
}

/// The address that asks for the password and goes on to `next` afterwards.
#[must_use]
pub fn confirm_first(next: &str) -> String {
    with_next(CONFIRM, next)
}

/// The same for an act that has to be sent once more: `page`, to which it goes on, then says that nothing has happened yet.
///
/// # Errors
/// [`FormFailure`] when the session cannot be written.
pub async fn confirm_and_repeat(visit: &Visit, page: &str) -> Result<String, FormFailure> {
    visit.session.insert(NOT_DONE_KEY, page).await?;
    Ok(confirm_first(page))
}

/// Goes on to `next` after the person has shown to be the one of the session.
///
/// # Errors
/// [`FormFailure`] when the session cannot be read.
pub(super) async fn go_on(visit: &Visit, next: &str) -> Result<(), FormFailure> {
    let next = local_path(next);
    if let Some(not_done) = visit.session.get::<String>(NOT_DONE_KEY).await? {
        visit.session.remove_value(NOT_DONE_KEY).await?;
        if not_done == next {
            say_done("confirmed_not_done").await;
        }
    }
    redirect(&next);
    Ok(())
}

/// Takes the password of whoever is signed in, and the code where there is a second factor, and goes on to `next`.
///
/// # Errors
/// [`FormFailure`] when nobody is signed in or something fails.
#[server(prefix = "/act", endpoint = "confirm-password")]
pub async fn confirm_password(
    /// The password.
    #[server(default)]
    password: String,
    /// The app's code, or a recovery code.
    #[server(default)]
    code: String,
    /// Where to go on.
    #[server(default)]
    next: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let Some(viewer) = visit.viewer.clone() else { return Err(FormFailure::not_allowed()) };
    let (state, cx) = (&visit.state, visit.viewer_cx());
    let request =
        accounts::ConfirmPassword { user_id: viewer.user.id.clone(), password: Password::new(password), code };
    let refused = Refused::new("confirm-password");
    let refused = match accounts::confirm_password(&state.db, &state.passwords, &state.master, &cx, &request).await? {
        PasswordConfirmation::Confirmed => {
            // Where the session was ended elsewhere meanwhile, the page that comes next asks to log in.
            let _goes_on = accounts::renew_authentication(&visit.session, &visit.vendor.id, cx.now).await?;
            return go_on(&visit, &next).await;
        }
        // The page asks for that alone.
        PasswordConfirmation::PasskeyNeeded => {
            redirect(&confirm_first(&next));
            return Ok(());
        }
        PasswordConfirmation::Wrong => Refusal::WrongPassword.of(refused, "password"),
        PasswordConfirmation::WrongCode => Refusal::WrongCode.of(refused, "code"),
        PasswordConfirmation::Limited { retry_after_s } => Refusal::Limited { retry_after_s }.of(refused, ""),
    };
    refused.go_back(&confirm_first(&next)).await;
    Ok(())
}
