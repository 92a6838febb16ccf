//! The second factor: the second step of logging in, and a person's own set-up.
//!
//! What is set up and what is shown once waits sealed in the session: the secret until a code has shown that an app has
//! it, recovery codes until they are kept or the moment has passed in which password and code were typed.

use backend::accounts::factor_resets::find_waiting_reset;
use backend::accounts::{
    self, CodesRenewal, FactorRemoval, FactorSetup, FinishLogIn, FinishedLogIn, HalfLogIn, RecoveryCodes, TotpSecret,
};
use backend::ids::UserId;
use backend::keys::Purpose;
use leptos::prelude::*;
use leptos_axum::redirect;

use super::entrance::{CODE, enter};
use super::form::{FormFailure, Refused, say_done};
use super::next::{local_path, with_next};
use super::refusal::Refusal;
use super::step_up::{confirm_first, fresh_authentication};
use crate::request::Visit;

/// The page of the second factor.
pub const SECOND_FACTOR: &str = "/account/second-factor";
/// The secret that is being set up, in the session.
const SECRET_KEY: &str = "second_factor";
/// Recovery codes that wait to be kept, in the session.
const CODES_KEY: &str = "recovery_codes";

/// Takes the code of somebody whose password was right and goes on to `next`, signed in.
///
/// # Errors
/// [`FormFailure`] for what no change of the form would mend.
#[server(prefix = "/act", endpoint = "enter-code")]
pub async fn enter_code(
    /// The app's code, or a recovery code.
    #[server(default)]
    code: String,
    /// Where to go on.
    #[server(default)]
    next: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let cx = visit.viewer_cx();
    let Some(half) = accounts::half_log_in(&visit.session, &visit.vendor.id, cx.now).await? else {
        start_over(&next).await;
        return Ok(());
    };
    let HalfLogIn { user_id, password_given_at, email_key } = half;
    let (asking, whose) = (cx.clone(), user_id.clone());
    let waiting =
        visit.state.db.read(|tx| Box::pin(async move { find_waiting_reset(tx, &asking, &whose).await })).await?;
    let request = FinishLogIn { user_id, password_given_at, email_key, code };
    let master = visit.state.master.clone();
    let finished = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { accounts::finish_log_in(tx, &cx, &master, &request).await }));
    let refused = Refused::new("enter-code");
    let refused = match finished.await? {
        FinishedLogIn::LoggedIn(user) => {
            enter(&visit, &user, accounts::Arrival::LoggedIn, &next).await?;
            if waiting.is_some() {
                say_done("factor_reset_disproved").await;
            }
            return Ok(());
        }
        FinishedLogIn::StartOver => {
            start_over(&next).await;
            return Ok(());
        }
        FinishedLogIn::WrongCode => Refusal::WrongCode.of(refused, "code"),
        FinishedLogIn::Limited { retry_after_s } => Refusal::Limited { retry_after_s }.of(refused, ""),
    };
    refused.go_back(&with_next(CODE, &next)).await;
    Ok(())
}

/// Sends to the password, and says why.
async fn start_over(next: &str) {
    Refusal::StartOver.of(Refused::new("log-in"), "").go_back(&with_next("/log-in", next)).await;
}

/// Turns the second factor on, once a code shows that an app has the secret, and shows the recovery codes.
///
/// # Errors
/// [`FormFailure`] when nobody is signed in or something fails.
#[server(prefix = "/act", endpoint = "set-second-factor")]
pub async fn set_second_factor(
    /// The code that the app shows.
    #[server(default)]
    code: String,
    /// Where to go on.
    #[server(default)]
    next: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let user_id = signed_in(&visit)?;
    let page = page(&next);
    if fresh_authentication(&visit).await?.is_none() {
        redirect(&confirm_first(&page));
        return Ok(());
    }
    let Some(secret) = unsealed_secret(&visit, &user_id).await? else {
        redirect(&page);
        return Ok(());
    };
    let keep = accounts::session_handle(&visit.session);
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let set = visit.state.db.write(move |tx| {
        Box::pin(async move { accounts::set_second_factor(tx, &cx, &master, &secret, &code, keep.as_ref()).await })
    });
    let refused = Refused::new("set-second-factor");
    match set.await? {
        FactorSetup::Set(codes) => {
            visit.session.remove_value(SECRET_KEY).await?;
            keep_codes(&visit, &user_id, &codes).await?;
            say_done("second_factor_set").await;
            redirect(&page);
        }
        FactorSetup::AlreadySet => redirect(&page),
        FactorSetup::WrongCode => Refusal::CodeDiffers.of(refused, "code").go_back(&page).await,
        FactorSetup::Limited { retry_after_s } => {
            Refusal::Limited { retry_after_s }.of(refused, "").go_back(&page).await;
        }
        FactorSetup::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    Ok(())
}

/// Makes new recovery codes and shows them.
///
/// # Errors
/// [`FormFailure`] when nobody is signed in or something fails.
#[server(prefix = "/act", endpoint = "renew-recovery-codes")]
pub async fn renew_recovery_codes() -> Result<(), FormFailure> {
    let visit = Visit::here();
    let user_id = signed_in(&visit)?;
    if fresh_authentication(&visit).await?.is_none() {
        redirect(&confirm_first(SECOND_FACTOR));
        return Ok(());
    }
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let renewed =
        visit.state.db.write(move |tx| Box::pin(async move { accounts::renew_recovery_codes(tx, &cx, &master).await }));
    if let CodesRenewal::Renewed(codes) = renewed.await? {
        keep_codes(&visit, &user_id, &codes).await?;
    }
    redirect(SECOND_FACTOR);
    Ok(())
}

/// Shows the recovery codes no longer, and goes on to `next`.
///
/// # Errors
/// [`FormFailure`] when nobody is signed in or the session cannot be changed.
#[server(prefix = "/act", endpoint = "keep-recovery-codes")]
pub async fn keep_recovery_codes(
    /// Where to go on.
    #[server(default)]
    next: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    signed_in(&visit)?;
    visit.session.remove_value(CODES_KEY).await?;
    redirect(&if next.is_empty() { "/account".to_owned() } else { local_path(&next) });
    Ok(())
}

/// Turns the second factor off.
///
/// # Errors
/// [`FormFailure`] when nobody is signed in or something fails.
#[server(prefix = "/act", endpoint = "remove-second-factor")]
pub async fn remove_second_factor() -> Result<(), FormFailure> {
    let visit = Visit::here();
    signed_in(&visit)?;
    if fresh_authentication(&visit).await?.is_none() {
        redirect(&confirm_first(SECOND_FACTOR));
        return Ok(());
    }
    let keep = accounts::session_handle(&visit.session);
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let removed = visit.state.db.write(move |tx| {
        Box::pin(async move { accounts::remove_second_factor(tx, &cx, &master, keep.as_ref()).await })
    });
    if removed.await? == FactorRemoval::Removed {
        visit.session.remove_value(CODES_KEY).await?;
        say_done("second_factor_removed").await;
    }
    redirect("/account");
    Ok(())
}

/// The page of the second factor that goes on to `next`.
fn page(next: &str) -> String {
    if next.is_empty() { SECOND_FACTOR.to_owned() } else { with_next(SECOND_FACTOR, next) }
}

fn signed_in(visit: &Visit) -> Result<UserId, FormFailure> {
    visit.viewer.as_ref().map(|viewer| viewer.user.id.clone()).ok_or_else(FormFailure::not_allowed)
}

/// The secret that this session sets up: the one begun with, or a fresh one.
///
/// # Errors
/// The session's.
pub async fn secret_to_set(visit: &Visit, user_id: &UserId) -> Result<TotpSecret, tower_sessions::session::Error> {
    if let Some(secret) = unsealed_secret(visit, user_id).await? {
        return Ok(secret);
    }
    let secret = TotpSecret::generate(&visit.state.entropy);
    let sealed = secret.seal(&visit.state.master, user_id, &visit.state.entropy);
    visit.session.insert(SECRET_KEY, sealed).await?;
    Ok(secret)
}

async fn unsealed_secret(
    visit: &Visit,
    user_id: &UserId,
) -> Result<Option<TotpSecret>, tower_sessions::session::Error> {
    let sealed: Option<Vec<u8>> = visit.session.get(SECRET_KEY).await?;
    Ok(sealed.and_then(|sealed| TotpSecret::unseal(&visit.state.master, user_id, &sealed).ok()))
}

async fn keep_codes(visit: &Visit, user_id: &UserId, codes: &RecoveryCodes) -> Result<(), FormFailure> {
    let plain = serde_json::to_vec(codes).map_err(|error| FormFailure::failed(&error))?;
    let sealed = visit.state.master.seal(Purpose::SecondFactor, &context(user_id), &plain, &visit.state.entropy);
    Ok(visit.session.insert(CODES_KEY, sealed).await?)
}

/// The recovery codes that wait to be kept, as long as password and code were typed a moment ago.
///
/// # Errors
/// The session's.
pub async fn codes_to_keep(
    visit: &Visit,
    user_id: &UserId,
) -> Result<Option<RecoveryCodes>, tower_sessions::session::Error> {
    let Some(sealed) = visit.session.get::<Vec<u8>>(CODES_KEY).await? else { return Ok(None) };
    let now = visit.state.clock.now();
    if accounts::fresh_authentication(&visit.session, &visit.vendor.id, now).await?.is_none() {
        visit.session.remove_value(CODES_KEY).await?;
        return Ok(None);
    }
    let plain = visit.state.master.unseal(Purpose::SecondFactor, &context(user_id), &sealed).ok();
    Ok(plain.and_then(|plain| serde_json::from_slice(&plain).ok()))
}

/// Other than that of the secret, so that neither opens as the other.
fn context(user_id: &UserId) -> String {
    format!("codes of {user_id}")
}
