//! Logging in: the password, and the door that every first step leads to. Who has a second factor is asked for it next
//! (`second_factor/finish_log_in.rs`).

use std::net::IpAddr;

use serde::Serialize;

use super::known_browsers::{BrowserToken, is_known};
use super::password::{Password, PasswordHash, Passwords, Verdict};
use super::rate_limits::{Limit, RateVerdict, forgive, hit, subject_of};
use super::rules::email_key;
use super::{User, second_factor, store};
use crate::audit;
use crate::cx::{Actor, Cx};
use crate::db::{Db, DbError, Tx};
use crate::keys::MasterKey;

/// What somebody logs in with.
#[derive(Clone, Debug)]
pub struct LogIn {
    /// E-mail address as typed.
    pub email: String,
    /// The password.
    pub password: Password,
    /// Network address of the client.
    pub address: IpAddr,
    /// The browser's cookie, where it has one.
    pub browser: Option<BrowserToken>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogInOutcome {
    /// Begin a session.
    LoggedIn(User),
    /// The password is right, and the second factor has to be shown: nobody is signed in yet.
    CodeNeeded(User),
    /// Address or password is wrong; which of them is not said.
    Wrong,
    /// Too many attempts for the address or from the client.
    Limited {
        /// Seconds to wait.
        retry_after_s: i64,
    },
}

/// Logs somebody in. Takes the same time whether the address is registered or not.
///
/// # Errors
/// [`DbError`] when the database or the password pool fails.
pub async fn log_in(
    db: &Db,
    passwords: &Passwords,
    master: &MasterKey,
    cx: &Cx,
    request: &LogIn,
) -> Result<LogInOutcome, DbError> {
    let attempt = {
        let (cx, master, request) = (cx.clone(), master.clone(), request.clone());
        db.write(move |tx| {
            Box::pin(async move {
                begin_attempt(tx, &cx, &master, &request.email, request.address, request.browser.as_ref()).await
            })
        })
        .await?
    };
    if let Some(retry_after_s) = attempt.retry_after_s {
        passwords.hold_back().await;
        return Ok(LogInOutcome::Limited { retry_after_s });
    }
    let verdict = passwords.verify(&request.password, attempt.known.as_ref().map(|(_, hash)| hash)).await?;
    if attempt.known.is_none() || verdict == Verdict::Wrong {
        return Ok(LogInOutcome::Wrong);
    }
    let renewed = match verdict {
        Verdict::OkRehash => Some(passwords.hash(&request.password, &cx.entropy).await?),
        _ => None,
    };
    let (cx, master) = (cx.clone(), master.clone());
    db.write(move |tx| Box::pin(async move { admit(tx, &cx, &master, attempt, renewed).await })).await
}

/// A try at a password, which has been counted.
pub(super) struct Attempt {
    /// Whose password it would have to be.
    pub(super) known: Option<(User, PasswordHash)>,
    /// Seconds to wait, where there were too many.
    pub(super) retry_after_s: Option<i64>,
    /// What it was counted against, and the right password forgives.
    pub(super) counted: Vec<(Limit, String)>,
}

/// Counts a try at the password of this e-mail address. The same for addresses that nobody has.
pub(super) async fn begin_attempt(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    email: &str,
    address: IpAddr,
    browser: Option<&BrowserToken>,
) -> Result<Attempt, DbError> {
    let (key, address) = (email_key(email), subject_of(address));
    let found = store::find_credentials(tx, &cx.vendor_id, &key).await?;
    let known = found.map(|(user, hash)| (user, PasswordHash::from_stored(hash)));
    let known_browser = match (&known, browser) {
        (Some((user, _)), Some(token)) if is_known(tx, cx, &user.id, token).await? => Some(token),
        _ => None,
    };
    let limits = match known_browser {
        Some(token) => vec![(Limit::SignInBrowser, format!("{key}\0{}", token.expose()))],
        None => vec![
            (Limit::SignInAddress, address.clone()),
            (Limit::SignInPair, format!("{key}\0{address}")),
            (Limit::SignInEmail, key),
        ],
    };
    let mut attempt = Attempt { known, retry_after_s: None, counted: Vec::new() };
    for (limit, subject) in limits {
        if let RateVerdict::Limited { retry_after_s } = hit(tx, cx, master, limit, &subject).await? {
            attempt.retry_after_s = Some(retry_after_s);
            return Ok(attempt);
        }
        // One right password must not win a network address further tries at others.
        if limit != Limit::SignInAddress {
            attempt.counted.push((limit, subject));
        }
    }
    Ok(attempt)
}

/// Lets the one in whose password was right, or asks for the second factor: whoever signs somebody in by a password comes
/// through here.
pub(super) async fn admit(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    attempt: Attempt,
    renewed: Option<PasswordHash>,
) -> Result<LogInOutcome, DbError> {
    let Some((user, hash)) = attempt.known else { return Ok(LogInOutcome::Wrong) };
    let cx = &Cx { actor: Actor::User(user.id.clone()), ..cx.clone() };
    // The password may have been changed while it was being verified.
    let standing = store::find_user_with_hash(tx, &cx.vendor_id, &user.id).await?;
    if standing.is_none_or(|(_, standing)| standing != hash.as_str()) {
        return Ok(LogInOutcome::Wrong);
    }
    if let Some(renewed) = renewed {
        store::update_password_hash(tx, cx, &user.id, hash.as_str(), renewed.as_str()).await?;
    }
    for (limit, subject) in &attempt.counted {
        forgive(tx, cx, master, *limit, subject).await?;
    }
    let_in(tx, cx, user, audit::NOTHING).await
}

/// Lets somebody in who has taken the first step, by a password or by a mailed link, or asks for the second factor. The one
/// door: nobody is signed in past it. What the first step was is recorded as `by`.
pub(super) async fn let_in(
    tx: &mut Tx,
    cx: &Cx,
    user: User,
    by: Option<&(impl Serialize + Sync)>,
) -> Result<LogInOutcome, DbError> {
    if second_factor::has_second_factor(tx, &cx.vendor_id, &user.id).await? {
        return Ok(LogInOutcome::CodeNeeded(user));
    }
    audit::record(tx, cx, None, "user.log_in", user.id.as_str(), audit::NOTHING, by).await?;
    Ok(LogInOutcome::LoggedIn(user))
}

/// Forgives what was counted against an e-mail address from this network address: somebody has shown otherwise to be its
/// owner.
pub(super) async fn forgive_attempts(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    email: &str,
    address: IpAddr,
) -> Result<(), DbError> {
    let (key, address) = (email_key(email), subject_of(address));
    forgive(tx, cx, master, Limit::SignInPair, &format!("{key}\0{address}")).await?;
    forgive(tx, cx, master, Limit::SignInEmail, &key).await
}
