//! Making new recovery codes.

use super::super::store as people;
use super::recovery_code::RecoveryCodes;
use super::store;
use super::tell::tell;
use crate::accounts::factor_resets::note_shown;
use crate::accounts::factor_resets::rules::Shown;
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::UserId;
use crate::keys::MasterKey;
use crate::text::en::sign_in_mail as text;

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodesRenewal {
    /// These are good from now on, the ones before are worth nothing, and the user was told by mail.
    Renewed(RecoveryCodes),
    /// Whoever acts has no second factor.
    NoFactor,
}

/// Makes new recovery codes for whoever acts, which calls off a reset of what was said to be lost. Whoever calls it has made
/// sure that password and code were typed a moment ago.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn renew_recovery_codes(tx: &mut Tx, cx: &Cx, master: &MasterKey) -> Result<CodesRenewal, DbError> {
    let Some(user_id) = cx.actor.person() else { return Ok(CodesRenewal::NoFactor) };
    let Some(user) = people::find_user(tx, &cx.vendor_id, user_id).await? else { return Ok(CodesRenewal::NoFactor) };
    // Of two at once, the second one's codes are those that count; there are never twenty.
    if !store::lock_factor(tx, cx, user_id).await? {
        return Ok(CodesRenewal::NoFactor);
    }
    let codes = replace_codes(tx, cx, master, user_id).await?;
    audit::record(tx, cx, None, "user.renew_recovery_codes", user_id.as_str(), audit::NOTHING, audit::NOTHING).await?;
    tell(tx, cx, master, &user, |sender| text::codes_renewed(sender, cx.now)).await?;
    // They would go with what is reset, and whoever has them has not lost everything.
    note_shown(tx, cx, master, user_id, Shown::RecoveryCode).await?;
    Ok(CodesRenewal::Renewed(codes))
}

/// Puts fresh codes in the place of the user's old ones.
pub(super) async fn replace_codes(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user_id: &UserId,
) -> Result<RecoveryCodes, DbError> {
    store::delete_codes(tx, cx, user_id).await?;
    let codes = RecoveryCodes::generate(&cx.entropy);
    for hash in codes.hashes(master, user_id) {
        store::insert_code(tx, cx, user_id, &hash).await?;
    }
    Ok(codes)
}
