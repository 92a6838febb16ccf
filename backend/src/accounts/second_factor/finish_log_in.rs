//! The second step of logging in: a code, after the password was right.

use super::super::{User, store as people};
use super::check_code::{CodeUse, check_code};
use super::tell::tell_of_recovery_code;
use crate::accounts::rate_limits::{Limit, RateVerdict, forgive, hit};
use crate::accounts::rules::email_key;
use crate::audit;
use crate::clock::UnixMs;
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::UserId;
use crate::keys::MasterKey;

/// Who goes on with what.
#[derive(Clone)]
pub struct FinishLogIn {
    /// Whose password was right.
    pub user_id: UserId,
    /// When it was.
    pub password_given_at: UnixMs,
    /// With which address it was, as addresses are compared.
    pub email_key: String,
    /// The code as typed: the app's, or a recovery code.
    pub code: String,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FinishedLogIn {
    /// Begin a session.
    LoggedIn(User),
    /// The code is not right, or was used before.
    WrongCode,
    /// Too many attempts for the user.
    Limited {
        /// Seconds to wait.
        retry_after_s: i64,
    },
    /// Password, second factor or address were changed in between: begin at the password.
    StartOver,
}

/// Takes the code of somebody whose password was right.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn finish_log_in(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    request: &FinishLogIn,
) -> Result<FinishedLogIn, DbError> {
    let user_id = &request.user_id;
    // Only who has given the password gets here: strangers behind the same network address do not count.
    if let RateVerdict::Limited { retry_after_s } =
        hit(tx, cx, master, Limit::SecondFactorUser, user_id.as_str()).await?
    {
        return Ok(FinishedLogIn::Limited { retry_after_s });
    }
    let user = people::find_user(tx, &cx.vendor_id, user_id).await?;
    let is_as_before =
        |user: &User| user.password_set_at <= request.password_given_at && email_key(&user.email) == request.email_key;
    let Some(user) = user.filter(is_as_before) else {
        return Ok(FinishedLogIn::StartOver);
    };
    let cx = Cx { actor: Actor::User(user.id.clone()), ..cx.clone() };
    let by = match check_code(tx, &cx, master, user_id, &request.code).await? {
        CodeUse::App => "app",
        CodeUse::Recovery { left } => {
            tell_of_recovery_code(tx, &cx, master, user_id, left).await?;
            "recovery_code"
        }
        CodeUse::Wrong => {
            // Whoever reads this has had the password taken, or cannot type.
            audit::record(tx, &cx, None, "user.wrong_code", user_id.as_str(), audit::NOTHING, audit::NOTHING).await?;
            return Ok(FinishedLogIn::WrongCode);
        }
        CodeUse::NoFactor => return Ok(FinishedLogIn::StartOver),
    };
    forgive(tx, &cx, master, Limit::SecondFactorUser, user_id.as_str()).await?;
    let after = serde_json::json!({ "second_factor": by });
    audit::record(tx, &cx, None, "user.log_in", user_id.as_str(), audit::NOTHING, Some(&after)).await?;
    Ok(FinishedLogIn::LoggedIn(user))
}
