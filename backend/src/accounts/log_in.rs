//! Logging in.

use std::net::IpAddr;

use super::password::{Password, PasswordHash, Passwords, Verdict};
use super::rate_limits::{Limit, RateVerdict, forgive, hit, subject_of};
use super::rules::email_key;
use super::{User, store};
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
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogInOutcome {
    /// Begin a session.
    LoggedIn(User),
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
    let key = email_key(&request.email);
    let address = subject_of(request.address);
    let looked_up = {
        let (cx, master, key) = (cx.clone(), master.clone(), key.clone());
        db.write(move |tx| Box::pin(async move { look_up(tx, &cx, &master, &key, &address).await })).await?
    };
    let known = match looked_up {
        Err(retry_after_s) => return Ok(LogInOutcome::Limited { retry_after_s }),
        Ok(known) => known,
    };
    let verdict = passwords.verify(&request.password, known.as_ref().map(|(_, hash)| hash)).await?;
    let Some((user, hash)) = known.filter(|_| verdict != Verdict::Wrong) else { return Ok(LogInOutcome::Wrong) };
    let renewed = match verdict {
        Verdict::OkRehash => Some(passwords.hash(&request.password, &cx.entropy).await?),
        _ => None,
    };
    let (cx, master) = (Cx { actor: Actor::User(user.id.clone()), ..cx.clone() }, master.clone());
    db.write(move |tx| Box::pin(async move { admit(tx, &cx, &master, &key, user, &hash, renewed).await })).await
}

type LookUp = Result<Option<(User, PasswordHash)>, i64>;

async fn look_up(tx: &mut Tx, cx: &Cx, master: &MasterKey, key: &str, address: &str) -> Result<LookUp, DbError> {
    for (limit, subject) in [(Limit::SignInAddress, address), (Limit::SignInEmail, key)] {
        if let RateVerdict::Limited { retry_after_s } = hit(tx, cx, master, limit, subject).await? {
            return Ok(Err(retry_after_s));
        }
    }
    let found = store::find_credentials(tx, &cx.vendor_id, key).await?;
    Ok(Ok(found.map(|(user, hash)| (user, PasswordHash::from_stored(hash)))))
}

async fn admit(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    key: &str,
    user: User,
    hash: &PasswordHash,
    renewed: Option<PasswordHash>,
) -> Result<LogInOutcome, DbError> {
    // The password may have been changed while it was being verified.
    let standing = store::find_user_with_hash(tx, &cx.vendor_id, &user.id).await?;
    if standing.is_none_or(|(_, standing)| standing != hash.as_str()) {
        return Ok(LogInOutcome::Wrong);
    }
    if let Some(renewed) = renewed {
        store::update_password_hash(tx, cx, &user.id, hash.as_str(), renewed.as_str()).await?;
    }
    forgive(tx, cx, master, Limit::SignInEmail, key).await?;
    audit::record(tx, cx, None, "user.log_in", user.id.as_str(), audit::NOTHING, audit::NOTHING).await?;
    Ok(LogInOutcome::LoggedIn(user))
}
