//! The forms of those who are not signed in yet: sign-up, log-in, the links in mails; and the way out.

use backend::accounts::{
    self, Arrival, EmailVerification, LinkRequest, LogInOutcome, MailedLink, Password, PasswordReset, RequestLink,
    SignUpOutcome, VerificationRequest,
};
use leptos::prelude::*;
use leptos_axum::redirect;

use super::acting_staff::stop_if_acting;
use super::entrance::{ask_for_code, enter, known_as};
use super::form::{FormFailure, Refused, say_done};
use super::next::{local_path, with_next};
use super::refusal::Refusal;
use crate::request::Visit;

/// Signs somebody up and goes on to `next`, signed in.
///
/// # Errors
/// [`FormFailure`] for what no change of the form would mend.
#[server(prefix = "/act", endpoint = "sign-up")]
pub async fn sign_up(
    /// E-mail address.
    #[server(default)]
    email: String,
    /// The password wanted.
    #[server(default)]
    password: String,
    /// A name, or empty.
    #[server(default)]
    name: String,
    /// Where to go on.
    #[server(default)]
    next: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let request = accounts::SignUp {
        email: email.clone(),
        password: Password::new(password),
        name: name.clone(),
        address: visit.address,
    };
    let (state, cx) = (&visit.state, visit.viewer_cx());
    let outcome = accounts::sign_up(&state.db, &state.passwords, &state.master, &cx, &request).await?;
    let refused = Refused::new("sign-up").value("email", &email).value("name", &name);
    let page = with_next("/sign-up", &next);
    match outcome {
        // Whoever signs up goes on as a customer, whatever else the person is.
        SignUpOutcome::SignedUp(user) => enter(&visit, &user, Arrival::SignedUp, &local_path(&next)).await?,
        SignUpOutcome::Recognised(user) => enter(&visit, &user, Arrival::LoggedIn, &local_path(&next)).await?,
        SignUpOutcome::CodeNeeded(user) => ask_for_code(&visit, &user, &local_path(&next)).await?,
        SignUpOutcome::CheckMail => redirect(&mail_sent(&page)),
        SignUpOutcome::Refused(problems) => Refusal::fields(refused, problems).go_back(&page).await,
        SignUpOutcome::Limited { retry_after_s } => {
            Refusal::Limited { retry_after_s }.of(refused, "").go_back(&page).await;
        }
    }
    Ok(())
}

/// Logs somebody in and goes on to `next`.
///
/// # Errors
/// [`FormFailure`] for what no change of the form would mend.
#[server(prefix = "/act", endpoint = "log-in")]
pub async fn log_in(
    /// E-mail address.
    #[server(default)]
    email: String,
    /// The password.
    #[server(default)]
    password: String,
    /// Where to go on.
    #[server(default)]
    next: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    // No address has control characters, and not every database takes them.
    let email = email.replace(char::is_control, "");
    let request = accounts::LogIn {
        email: email.clone(),
        password: Password::new(password),
        address: visit.address,
        browser: known_as(&visit),
    };
    let (state, cx) = (&visit.state, visit.viewer_cx());
    let outcome = accounts::log_in(&state.db, &state.passwords, &state.master, &cx, &request).await?;
    let refused = Refused::new("log-in").value("email", &email);
    let refusal = match outcome {
        LogInOutcome::LoggedIn(user) => return enter(&visit, &user, Arrival::LoggedIn, &next).await,
        LogInOutcome::CodeNeeded(user) => return ask_for_code(&visit, &user, &next).await,
        LogInOutcome::Wrong => Refusal::WrongLogIn,
        LogInOutcome::Limited { retry_after_s } => Refusal::Limited { retry_after_s },
    };
    refusal.of(refused, "").go_back(&with_next("/log-in", &next)).await;
    Ok(())
}

/// Ends the browser's session and goes on to `next`, or to the price list.
///
/// # Errors
/// [`FormFailure`] when the session cannot be ended.
#[server(prefix = "/act", endpoint = "sign-out")]
pub async fn sign_out(
    /// Where to go on.
    #[server(default)]
    next: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    stop_if_acting(&visit).await?;
    accounts::sign_out(&visit.session).await?;
    say_done("signed_out").await;
    redirect(&if next.is_empty() { "/".to_owned() } else { local_path(&next) });
    Ok(())
}

/// Mails a reset link, where the address is registered; the answer is the same where it is not.
///
/// # Errors
/// [`FormFailure`] for what no change of the form would mend.
#[server(prefix = "/act", endpoint = "request-password-reset")]
pub async fn request_password_reset(
    /// E-mail address.
    #[server(default)]
    email: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let page = "/forgot-password";
    let refused = Refused::new("request-password-reset").value("email", &email);
    if let Err(problem) = accounts::rules::check_email(&email) {
        let problem = accounts::FieldProblem { field: accounts::Field::Email, problem };
        Refusal::fields(refused, vec![problem]).go_back(page).await;
        return Ok(());
    }
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let request = RequestLink { link: MailedLink::PasswordReset, email, address: visit.address };
    let asked = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { accounts::request_link(tx, &cx, &master, &request).await }));
    match asked.await? {
        LinkRequest::Accepted => redirect(&mail_sent(page)),
        LinkRequest::Limited { retry_after_s } => {
            Refusal::Limited { retry_after_s }.of(refused, "").go_back(page).await;
        }
    }
    Ok(())
}

/// Sets a new password by the link of a mail; whoever did logs in with it.
///
/// # Errors
/// [`FormFailure`] for what no change of the form would mend.
#[server(prefix = "/act", endpoint = "reset-password")]
pub async fn reset_password(
    /// The link's secret.
    #[server(default)]
    token: String,
    /// The password wanted.
    #[server(default)]
    password: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (state, cx) = (&visit.state, visit.viewer_cx());
    let page = link_page(accounts::RESET_PASSWORD_PATH, &token);
    let request = accounts::ResetPassword { secret: token, password: Password::new(password), address: visit.address };
    match accounts::reset_password(&state.db, &state.passwords, &state.master, &cx, &request).await? {
        PasswordReset::Reset(_) => {
            // This browser's session, if it had one of that user, has ended with all others.
            accounts::sign_out(&visit.session).await?;
            say_done("password_reset").await;
            redirect("/log-in");
        }
        // The page finds out for itself that the link is spent.
        PasswordReset::LinkSpent => redirect(&page),
        PasswordReset::Refused(problem) => {
            Refusal::fields(Refused::new("reset-password"), vec![problem]).go_back(&page).await;
        }
    }
    Ok(())
}

/// Confirms an e-mail address by the link of a mail.
///
/// # Errors
/// [`FormFailure`] when the database fails.
#[server(prefix = "/act", endpoint = "verify-email")]
pub async fn verify_email(
    /// The link's secret.
    #[server(default)]
    token: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let cx = visit.viewer_cx();
    let verified =
        visit.state.db.write(move |tx| Box::pin(async move { accounts::verify_email(tx, &cx, &token).await })).await?;
    let (done, result) = match verified {
        EmailVerification::Verified(_) => ("email_verified", "verified"),
        EmailVerification::AlreadyVerified => ("email_already_verified", "verified"),
        EmailVerification::LinkSpent => {
            redirect(&format!("{}?result=spent", accounts::VERIFY_EMAIL_PATH));
            return Ok(());
        }
    };
    if visit.viewer.is_some() {
        say_done(done).await;
        redirect("/overview");
    } else {
        redirect(&format!("{}?result={result}", accounts::VERIFY_EMAIL_PATH));
    }
    Ok(())
}

/// Mails whoever is signed in a fresh verification link.
///
/// # Errors
/// [`FormFailure`] when nobody is signed in or the database fails.
#[server(prefix = "/act", endpoint = "send-verification")]
pub async fn send_verification() -> Result<(), FormFailure> {
    let visit = Visit::here();
    let Some(viewer) = visit.viewer.clone() else { return Err(FormFailure::not_allowed()) };
    let (cx, master, user_id) = (visit.viewer_cx(), visit.state.master.clone(), viewer.user.id.clone());
    let sent = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { accounts::send_verification(tx, &cx, &master, &user_id).await }));
    match sent.await? {
        VerificationRequest::Sent => say_done("verification_sent").await,
        VerificationRequest::AlreadyVerified => say_done("email_already_verified").await,
        VerificationRequest::Limited { retry_after_s } => {
            let refused = Refused::new("send-verification");
            Refusal::Limited { retry_after_s }.of(refused, "").go_back("/account").await;
            return Ok(());
        }
        VerificationRequest::NotFound => return Err(FormFailure::not_allowed()),
    }
    redirect("/account");
    Ok(())
}

/// The state of `page` that sends people to their mailbox.
fn mail_sent(page: &str) -> String {
    let joint = if page.contains('?') { '&' } else { '?' };
    format!("{page}{joint}mail=sent")
}

/// The page of a mailed link.
fn link_page(path: &str, token: &str) -> String {
    let query = serde_urlencoded::to_string([("token", token)]).unwrap_or_default();
    format!("{path}?{query}")
}
