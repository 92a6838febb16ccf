//! Typing the password again, and a code where there is a second factor, for what a session that somebody else sat down at must not do.

use super::password::{Password, PasswordHash, Passwords, Verdict};
use super::rate_limits::{Limit, RateVerdict, forgive, hit};
use super::second_factor::{CodeUse, check_code, confirms_by_passkey, has_second_factor, tell_of_recovery_code};
use super::store;
use crate::audit;
use crate::cx::Cx;
use crate::db::{Db, DbError, Tx};
use crate::ids::UserId;
use crate::keys::MasterKey;

/// Who confirms with what.
#[derive(Clone)]
pub struct ConfirmPassword {
    /// The user of the session.
    pub user_id: UserId,
    /// The password.
    pub password: Password,
    /// The code as typed; of no meaning where there is no second factor.
    pub code: String,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordConfirmation {
    /// It is the user's: the session counts as fresh.
    Confirmed,
    /// It is not.
    Wrong,
    /// The password is, and the code is not right or was used before.
    WrongCode,
    /// The password is, and is not enough: the person's work needs a second factor, which is a passkey.
    PasskeyNeeded,
    /// Too many attempts of the user or from the client.
    Limited {
        /// Seconds to wait.
        retry_after_s: i64,
    },
}

/// Checks the password of somebody who is signed in, and the code of the second factor. Limited like log-in.
///
/// # Errors
/// [`DbError`] when the database or the password pool fails.
pub async fn confirm_password(
    db: &Db,
    passwords: &Passwords,
    master: &MasterKey,
    cx: &Cx,
    request: &ConfirmPassword,
) -> Result<PasswordConfirmation, DbError> {
    let looked_up = {
        let (cx, master, request) = (cx.clone(), master.clone(), request.clone());
        db.write(move |tx| Box::pin(async move { look_up(tx, &cx, &master, &request).await })).await?
    };
    let hash = match looked_up {
        Err(retry_after_s) => return Ok(PasswordConfirmation::Limited { retry_after_s }),
        Ok(hash) => hash,
    };
    let verdict = passwords.verify(&request.password, hash.as_ref()).await?;
    let Some(hash) = hash.filter(|_| verdict != Verdict::Wrong) else { return Ok(PasswordConfirmation::Wrong) };
    let (cx, master, request) = (cx.clone(), master.clone(), request.clone());
    db.write(move |tx| Box::pin(async move { confirm_factor(tx, &cx, &master, &request, &hash).await })).await
}

/// The password was right: the second factor, where there is one, decides.
async fn confirm_factor(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    request: &ConfirmPassword,
    hash: &PasswordHash,
) -> Result<PasswordConfirmation, DbError> {
    // The password may have been changed while it was being verified.
    let standing = store::find_user_with_hash(tx, &cx.vendor_id, &request.user_id).await?;
    let Some((user, _)) = standing.filter(|(_, standing)| standing == hash.as_str()) else {
        return Ok(PasswordConfirmation::Wrong);
    };
    let user_id = request.user_id.as_str();
    if has_second_factor(tx, &cx.vendor_id, &request.user_id).await? {
        let verdict = hit(tx, cx, master, Limit::SecondFactorUser, user_id).await?;
        if let RateVerdict::Limited { retry_after_s } = verdict {
            return Ok(PasswordConfirmation::Limited { retry_after_s });
        }
        match check_code(tx, cx, master, &request.user_id, &request.code).await? {
            CodeUse::App => {}
            CodeUse::Recovery { left } => tell_of_recovery_code(tx, cx, master, &request.user_id, left).await?,
            CodeUse::Wrong | CodeUse::NoFactor => return Ok(PasswordConfirmation::WrongCode),
        }
        forgive(tx, cx, master, Limit::SecondFactorUser, user_id).await?;
    } else if confirms_by_passkey(tx, &user).await? {
        return Ok(PasswordConfirmation::PasskeyNeeded);
    }
    forgive(tx, cx, master, Limit::PasswordCheckUser, user_id).await?;
    audit::record(tx, cx, None, "user.confirm_password", user_id, audit::NOTHING, audit::NOTHING).await?;
    Ok(PasswordConfirmation::Confirmed)
}

type LookUp = Result<Option<PasswordHash>, i64>;

async fn look_up(tx: &mut Tx, cx: &Cx, master: &MasterKey, request: &ConfirmPassword) -> Result<LookUp, DbError> {
    // Only who is signed in gets here: strangers behind the same network address do not count.
    let verdict = hit(tx, cx, master, Limit::PasswordCheckUser, request.user_id.as_str()).await?;
    if let RateVerdict::Limited { retry_after_s } = verdict {
        return Ok(Err(retry_after_s));
    }
    let found = store::find_user_with_hash(tx, &cx.vendor_id, &request.user_id).await?;
    Ok(Ok(found.map(|(_, hash)| PasswordHash::from_stored(hash))))
}
