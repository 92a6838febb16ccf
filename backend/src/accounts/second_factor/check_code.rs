//! Whether a code is one of the user's, and using it up.

use super::recovery_code::hash_of;
use super::store;
use super::totp::TotpSecret;
use crate::accounts::factor_resets::note_shown;
use crate::accounts::factor_resets::rules::Shown;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::UserId;
use crate::keys::MasterKey;

/// What a code as typed was good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CodeUse {
    /// It is the app's, and is used up now.
    App,
    /// It is a recovery code, and is used up now.
    Recovery {
        /// How many are left.
        left: i64,
    },
    /// It is neither, or was used before.
    Wrong,
    /// The user has no second factor.
    NoFactor,
}

/// Checks a code and uses it up, which calls off a reset of what was said to be lost. Whoever calls it has counted the attempt.
pub(crate) async fn check_code(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user_id: &UserId,
    typed: &str,
) -> Result<CodeUse, DbError> {
    // Locked, so that its secret is not sealed anew between being read and being held against what is stored.
    if !store::lock_factor(tx, cx, user_id).await? {
        return Ok(CodeUse::NoFactor);
    }
    let Some(factor) = store::find_factor(tx, &cx.vendor_id, user_id).await? else { return Ok(CodeUse::NoFactor) };
    // A secret that does not open (a restored database, another master key) leaves the recovery codes' way.
    let secret = TotpSecret::unseal(master, user_id, &factor.secret_sealed).ok();
    if let Some(step) = secret.and_then(|secret| secret.step_of_code(typed, cx.now)) {
        if !store::advance_step(tx, cx, user_id, &factor.secret_sealed, step).await? {
            return Ok(CodeUse::Wrong);
        }
        note_shown(tx, cx, master, user_id, Shown::App).await?;
        return Ok(CodeUse::App);
    }
    let Some(hash) = hash_of(master, user_id, typed) else { return Ok(CodeUse::Wrong) };
    if !store::use_code(tx, cx, user_id, &hash).await? {
        return Ok(CodeUse::Wrong);
    }
    note_shown(tx, cx, master, user_id, Shown::RecoveryCode).await?;
    Ok(CodeUse::Recovery { left: store::count_codes_left(tx, cx, user_id).await? })
}
