//! Passkeys: logging in with one, showing again who one is, and a person's own list of them.
//!
//! Each ceremony is two posts. The first is made by a script (`islands/passkey_button.rs`) and answers what the browser is asked,
//! as JSON; its challenge waits in the session. The second is a form with the browser's answer, and goes on like any form.

use backend::accounts::{
    self, Arrival, PasskeyAddition, PasskeyBeginning, PasskeyConfirmation, PasskeyLogIn, PasskeyPurpose,
    PasskeyRemoval, PasskeyRenaming, RelyingParty, UsePasskey,
};
use backend::ids::PasskeyId;
use leptos::prelude::*;
use leptos_axum::redirect;
use serde_json::Value;

use super::entrance::enter;
use super::form::{FormFailure, Refused, say_done};
use super::next::{local_path, with_next};
use super::refusal::Refusal;
use super::step_up::{CONFIRM, confirm_first, fresh_authentication, go_on};
use crate::request::Visit;

/// The page that lists them.
pub const PASSKEYS: &str = "/account/passkeys";
/// The page that adds one.
pub const NEW_PASSKEY: &str = "/account/passkeys/new";
/// The challenge that is out, with what it is for, in the session.
const CHALLENGE_KEY: &str = "passkey_challenge";

/// Asks a visitor's browser for a passkey.
///
/// # Errors
/// [`FormFailure`] where the portal cannot have passkeys, or something fails.
#[server(prefix = "/act", endpoint = "begin-passkey-log-in")]
pub async fn begin_passkey_log_in() -> Result<Value, FormFailure> {
    begin(&Visit::here(), PasskeyPurpose::LogIn, "log-in", "/log-in").await
}

/// Asks the browser of whoever is signed in for one of the person's passkeys.
///
/// # Errors
/// [`FormFailure`] when nobody is signed in, where the portal cannot have passkeys, or something fails.
#[server(prefix = "/act", endpoint = "begin-passkey-confirmation")]
pub async fn begin_passkey_confirmation() -> Result<Value, FormFailure> {
    begin(&Visit::here(), PasskeyPurpose::Confirm, "confirm-password", CONFIRM).await
}

/// Asks the browser of whoever is signed in for a new passkey.
///
/// # Errors
/// [`FormFailure`] when nobody is signed in, where the portal cannot have passkeys, or something fails.
#[server(prefix = "/act", endpoint = "begin-passkey")]
pub async fn begin_passkey() -> Result<Value, FormFailure> {
    let visit = Visit::here();
    signed_in(&visit)?;
    if fresh_authentication(&visit).await?.is_none() {
        redirect(&confirm_first(NEW_PASSKEY));
        return Ok(Value::Null);
    }
    begin(&visit, PasskeyPurpose::Add, "add-passkey", NEW_PASSKEY).await
}

/// The options of a ceremony, whose challenge waits in the session. What is refused is said by `form` on `page`.
async fn begin(visit: &Visit, purpose: PasskeyPurpose, form: &str, page: &str) -> Result<Value, FormFailure> {
    let relying_party = RelyingParty::of(&visit.vendor).ok_or_else(FormFailure::not_allowed)?;
    let (cx, master, address) = (visit.viewer_cx(), visit.state.master.clone(), visit.address);
    let begun = visit.state.db.write(move |tx| {
        Box::pin(async move { accounts::begin_passkey(tx, &cx, &master, &relying_party, purpose, address).await })
    });
    match begun.await? {
        PasskeyBeginning::Begun(begun) => {
            accounts::begin_visit(&visit.session, &visit.vendor.id, &visit.user_agent).await?;
            visit.session.insert(CHALLENGE_KEY, (purpose, begun.challenge)).await?;
            Ok(begun.options)
        }
        PasskeyBeginning::Limited { retry_after_s } => {
            Refusal::Limited { retry_after_s }.of(Refused::new(form), "").go_back(page).await;
            Ok(Value::Null)
        }
        PasskeyBeginning::Unproven => {
            Refusal::PasskeyUnproven.of(Refused::new(form), "").go_back(page).await;
            Ok(Value::Null)
        }
        PasskeyBeginning::NotAllowed => Err(FormFailure::not_allowed()),
    }
}

/// What a browser answered, with the challenge that waited for it; without one the answer is late.
async fn answered(visit: &Visit, purpose: PasskeyPurpose, answer: String) -> Result<UsePasskey, FormFailure> {
    let relying_party = RelyingParty::of(&visit.vendor).ok_or_else(FormFailure::not_allowed)?;
    let waiting: Option<(PasskeyPurpose, String)> = visit.session.get(CHALLENGE_KEY).await?;
    if waiting.is_some() {
        visit.session.remove_value(CHALLENGE_KEY).await?;
    }
    let challenge = waiting.filter(|(asked, _)| *asked == purpose).map(|(_, challenge)| challenge);
    Ok(UsePasskey { relying_party, challenge: challenge.unwrap_or_default(), answer })
}

/// Logs in whoever's passkey answered, and goes on to `next`.
///
/// # Errors
/// [`FormFailure`] for what no change of the form would mend.
#[server(prefix = "/act", endpoint = "log-in-with-passkey")]
pub async fn log_in_with_passkey(
    /// What the browser answered.
    #[server(default)]
    answer: String,
    /// Where to go on.
    #[server(default)]
    next: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let request = answered(&visit, PasskeyPurpose::LogIn, answer).await?;
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let logged_in = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { accounts::log_in_with_passkey(tx, &cx, &master, &request).await }));
    let refusal = match logged_in.await? {
        PasskeyLogIn::LoggedIn(user) => {
            enter(&visit, &user, Arrival::LoggedIn, &next).await?;
            return Ok(accounts::note_passkey(&visit.session, &visit.vendor.id).await?);
        }
        PasskeyLogIn::Late => Refusal::PasskeyLate,
        PasskeyLogIn::Refused(_) => Refusal::PasskeyRefused,
        PasskeyLogIn::Copied => Refusal::PasskeyCopied,
    };
    refusal.of(Refused::new("log-in"), "").go_back(&with_next("/log-in", &next)).await;
    Ok(())
}

/// Takes a passkey of whoever is signed in, in place of password and code, and goes on to `next`.
///
/// # Errors
/// [`FormFailure`] when nobody is signed in or something fails.
#[server(prefix = "/act", endpoint = "confirm-with-passkey")]
pub async fn confirm_with_passkey(
    /// What the browser answered.
    #[server(default)]
    answer: String,
    /// Where to go on.
    #[server(default)]
    next: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    signed_in(&visit)?;
    let request = answered(&visit, PasskeyPurpose::Confirm, answer).await?;
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let now = cx.now;
    let confirmed = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { accounts::confirm_with_passkey(tx, &cx, &master, &request).await }));
    let refusal = match confirmed.await? {
        PasskeyConfirmation::Confirmed => {
            accounts::note_passkey(&visit.session, &visit.vendor.id).await?;
            accounts::renew_authentication(&visit.session, &visit.vendor.id, now).await?;
            return go_on(&visit, &next).await;
        }
        PasskeyConfirmation::Late => Refusal::PasskeyLate,
        PasskeyConfirmation::Refused(_) => Refusal::PasskeyRefused,
        PasskeyConfirmation::Copied => Refusal::PasskeyCopied,
        PasskeyConfirmation::NotAllowed => return Err(FormFailure::not_allowed()),
    };
    refusal.of(Refused::new("confirm-password"), "").go_back(&confirm_first(&next)).await;
    Ok(())
}

/// Adds the passkey that the browser has made.
///
/// # Errors
/// [`FormFailure`] when nobody is signed in or something fails.
#[server(prefix = "/act", endpoint = "add-passkey")]
pub async fn add_passkey(
    /// What the browser answered.
    #[server(default)]
    answer: String,
    /// What its owner calls it.
    #[server(default)]
    name: String,
    /// Where to go on; empty for the list.
    #[server(default)]
    next: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    signed_in(&visit)?;
    let page = with_next(NEW_PASSKEY, &next);
    if fresh_authentication(&visit).await?.is_none() {
        redirect(&confirm_first(&page));
        return Ok(());
    }
    let refused = Refused::new("add-passkey").value("name", &name);
    let request = accounts::AddPasskey { answer: answered(&visit, PasskeyPurpose::Add, answer).await?, name };
    let keep = accounts::session_handle(&visit.session);
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let added = visit.state.db.write(move |tx| {
        Box::pin(async move { accounts::add_passkey(tx, &cx, &master, &request, keep.as_ref()).await })
    });
    let refusal = match added.await? {
        PasskeyAddition::Added(_) => {
            // The device has just made sure of its owner.
            accounts::note_passkey(&visit.session, &visit.vendor.id).await?;
            if visit.viewer.as_ref().is_some_and(|viewer| viewer.must_set_factor) {
                // The session may do other things from now on. Where it was ended elsewhere meanwhile, the page that comes
                // next asks to log in.
                let _goes_on = accounts::change_session_id(&visit.session).await?;
            }
            say_done("passkey_added").await;
            redirect(&if next.is_empty() { PASSKEYS.to_owned() } else { local_path(&next) });
            return Ok(());
        }
        PasskeyAddition::BadName(problem) => Refusal::PasskeyName(problem),
        PasskeyAddition::Late => Refusal::PasskeyLate,
        PasskeyAddition::Refused(_) => Refusal::PasskeyNotAdded,
        PasskeyAddition::Present => Refusal::PasskeyPresent,
        PasskeyAddition::Unproven => Refusal::PasskeyUnproven,
        PasskeyAddition::NotAllowed => return Err(FormFailure::not_allowed()),
    };
    refusal.of(refused, "").go_back(&page).await;
    Ok(())
}

/// Calls a passkey otherwise.
///
/// # Errors
/// [`FormFailure`] when nobody is signed in, the person has no such passkey, or something fails.
#[server(prefix = "/act", endpoint = "rename-passkey")]
pub async fn rename_passkey(
    /// Which.
    #[server(default)]
    passkey_id: String,
    /// What it is called from now on.
    #[server(default)]
    name: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (cx, id) = (visit.viewer_cx(), PasskeyId::from_untrusted(&passkey_id));
    let refused = Refused::new("rename-passkey");
    let renamed =
        visit.state.db.write(move |tx| Box::pin(async move { accounts::rename_passkey(tx, &cx, &id, &name).await }));
    match renamed.await? {
        PasskeyRenaming::Renamed => {
            say_done("passkey_renamed").await;
            redirect(PASSKEYS);
        }
        PasskeyRenaming::BadName(problem) => Refusal::PasskeyName(problem).of(refused, "").go_back(PASSKEYS).await,
        PasskeyRenaming::NotFound => return Err(FormFailure::not_allowed()),
    }
    Ok(())
}

/// Removes a passkey.
///
/// # Errors
/// [`FormFailure`] when nobody is signed in, the person has no such passkey, or something fails.
#[server(prefix = "/act", endpoint = "remove-passkey")]
pub async fn remove_passkey(
    /// Which.
    #[server(default)]
    passkey_id: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    signed_in(&visit)?;
    if fresh_authentication(&visit).await?.is_none() {
        redirect(&confirm_first(PASSKEYS));
        return Ok(());
    }
    let keep = accounts::session_handle(&visit.session);
    let (cx, master, id) = (visit.viewer_cx(), visit.state.master.clone(), PasskeyId::from_untrusted(&passkey_id));
    let removed = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { accounts::remove_passkey(tx, &cx, &master, &id, keep.as_ref()).await }));
    match removed.await? {
        PasskeyRemoval::Removed => {
            say_done("passkey_removed").await;
            redirect(PASSKEYS);
            Ok(())
        }
        PasskeyRemoval::NotFound => Err(FormFailure::not_allowed()),
    }
}

fn signed_in(visit: &Visit) -> Result<(), FormFailure> {
    if visit.viewer.is_some() { Ok(()) } else { Err(FormFailure::not_allowed()) }
}
