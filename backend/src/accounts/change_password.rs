//! Changing one's password while signed in.

use super::known_browsers::forget_browsers;
use super::links::{LinkPurpose, spend_links};
use super::password::{Password, PasswordHash, Passwords, Verdict};
use super::rate_limits::{Limit, RateVerdict, forgive, hit};
use super::reset_password::tell_of_change;
use super::rules::{Field, FieldProblem, check_password};
use super::{User, sessions, store};
use crate::audit;
use crate::cx::Cx;
use crate::db::{Db, DbError, Tx};
use crate::ids::{SessionId, UserId};
use crate::keys::MasterKey;

/// What a user changes it with.
#[derive(Clone, Debug)]
pub struct ChangePassword {
    /// The user.
    pub user_id: UserId,
    /// The password in force.
    pub current: Password,
    /// The password wanted.
    pub new: Password,
    /// The session that may go on.
    pub keep: Option<SessionId>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordChange {
    /// It is changed, the user's other sessions have ended, and the user was told by mail.
    Changed {
        /// How many sessions ended.
        sessions_ended: u64,
    },
    /// The password given as the one in force is not.
    WrongPassword,
    /// The new one cannot be this one.
    Refused(FieldProblem),
    /// Too many wrong ones.
    Limited {
        /// Seconds to wait.
        retry_after_s: i64,
    },
    /// There is no such user.
    NotFound,
}

/// Changes a user's password.
///
/// # Errors
/// [`DbError`] when the database or the password pool fails.
pub async fn change_password(
    db: &Db,
    passwords: &Passwords,
    master: &MasterKey,
    cx: &Cx,
    request: &ChangePassword,
) -> Result<PasswordChange, DbError> {
    let looked_up = {
        let (cx, master, user_id) = (cx.clone(), master.clone(), request.user_id.clone());
        db.write(move |tx| Box::pin(async move { look_up(tx, &cx, &master, &user_id).await })).await?
    };
    let (user, hash) = match looked_up {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(PasswordChange::NotFound),
        Err(retry_after_s) => return Ok(PasswordChange::Limited { retry_after_s }),
    };
    if passwords.verify(&request.current, Some(&hash)).await? == Verdict::Wrong {
        return Ok(PasswordChange::WrongPassword);
    }
    if let Err(problem) = check_password(request.new.as_str(), &[&user.email, &user.name]) {
        return Ok(PasswordChange::Refused(FieldProblem::new(Field::Password, problem)));
    }
    let new = passwords.hash(&request.new, &cx.entropy).await?;
    let (cx, master, keep) = (cx.clone(), master.clone(), request.keep.clone());
    db.write(move |tx| Box::pin(async move { set(tx, &cx, &master, &user, &hash, &new, keep.as_ref()).await })).await
}

type LookUp = Result<Option<(User, PasswordHash)>, i64>;

async fn look_up(tx: &mut Tx, cx: &Cx, master: &MasterKey, user_id: &UserId) -> Result<LookUp, DbError> {
    let verdict = hit(tx, cx, master, Limit::PasswordCheckUser, user_id.as_str()).await?;
    if let RateVerdict::Limited { retry_after_s } = verdict {
        return Ok(Err(retry_after_s));
    }
    let found = store::find_user_with_hash(tx, &cx.vendor_id, user_id).await?;
    Ok(Ok(found.map(|(user, hash)| (user, PasswordHash::from_stored(hash)))))
}

async fn set(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user: &User,
    previous: &PasswordHash,
    new: &PasswordHash,
    keep: Option<&SessionId>,
) -> Result<PasswordChange, DbError> {
    if !store::update_password(tx, cx, &user.id, Some(previous.as_str()), new.as_str()).await? {
        return Ok(PasswordChange::WrongPassword);
    }
    forgive(tx, cx, master, Limit::PasswordCheckUser, user.id.as_str()).await?;
    spend_links(tx, cx, &user.id, LinkPurpose::ResetPassword).await?;
    let sessions_ended = sessions::end_other_sessions(tx, cx, &user.id, keep).await?;
    forget_browsers(tx, cx, &user.id).await?;
    audit::record(tx, cx, None, "user.change_password", user.id.as_str(), audit::NOTHING, audit::NOTHING).await?;
    tell_of_change(tx, cx, master, user, 0).await?;
    Ok(PasswordChange::Changed { sessions_ended })
}
