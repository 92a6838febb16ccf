//! Setting up a second factor.

use super::super::{sessions, store as people};
use super::recovery_code::RecoveryCodes;
use super::renew_recovery_codes::replace_codes;
use super::store;
use super::tell::tell;
use super::totp::TotpSecret;
use crate::accounts::rate_limits::{Limit, RateVerdict, forgive, hit};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::SessionId;
use crate::keys::MasterKey;
use crate::text::en::sign_in_mail as text;

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactorSetup {
    /// It is asked for from now on, the user's other sessions have ended, and the user was told by mail. These are its
    /// recovery codes, shown only now.
    Set(RecoveryCodes),
    /// The code is not the one that an app with this secret shows.
    WrongCode,
    /// There is one already.
    AlreadySet,
    /// Too many wrong codes.
    Limited {
        /// Seconds to wait.
        retry_after_s: i64,
    },
    /// Only people have a second factor.
    NotAllowed,
}

/// Gives whoever acts a second factor, once a code shows that an app has the secret. Whoever calls it has made sure that
/// the password was typed a moment ago.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn set_second_factor(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    secret: &TotpSecret,
    code: &str,
    keep: Option<&SessionId>,
) -> Result<FactorSetup, DbError> {
    let Some(user_id) = cx.actor.person() else { return Ok(FactorSetup::NotAllowed) };
    let Some(user) = people::find_user(tx, &cx.vendor_id, user_id).await? else {
        return Ok(FactorSetup::NotAllowed);
    };
    let verdict = hit(tx, cx, master, Limit::SecondFactorUser, user_id.as_str()).await?;
    if let RateVerdict::Limited { retry_after_s } = verdict {
        return Ok(FactorSetup::Limited { retry_after_s });
    }
    let Some(step) = secret.step_of_code(code, cx.now) else { return Ok(FactorSetup::WrongCode) };
    let sealed = secret.seal(master, user_id, &cx.entropy);
    if !store::insert_factor(tx, cx, user_id, &sealed, step).await? {
        return Ok(FactorSetup::AlreadySet);
    }
    forgive(tx, cx, master, Limit::SecondFactorUser, user_id.as_str()).await?;
    let codes = replace_codes(tx, cx, master, user_id).await?;
    sessions::end_other_sessions(tx, cx, user_id, keep).await?;
    audit::record(tx, cx, None, "user.set_second_factor", user_id.as_str(), audit::NOTHING, audit::NOTHING).await?;
    tell(tx, cx, master, &user, |sender| text::factor_set(sender, cx.now)).await?;
    Ok(FactorSetup::Set(codes))
}
