//! The second factor: six digits of an authenticator app (TOTP, RFC 6238), and recovery codes for when it is lost.
//!
//! Its secret is sealed with the master key, bound to its user. **A code works once**: the step that it belongs to is
//! remembered by one conditional `UPDATE`, so of two uses at once one counts; so is each recovery code. Setting one up
//! and turning it off ends the user's other sessions, and everything that happens to it is told by mail.
//!
//! Who has one is asked for it after the password, at log-in and wherever the password is asked for again. A new
//! password does not remove it: whoever reads somebody's mail must not get in by that alone. But where the reset's link is
//! the first proof that the address is the user's at all, what was set up before may be a stranger's, and goes. The operator
//! can remove one ([`reset_second_factor`]), for people who have lost app and codes, and so can an administrator, a day later
//! ([`factor_resets`](super::factor_resets)); and it goes when a change of address is disowned that came soon after it was
//! set up.
//!
//! Staff and whoever acts for a partner need one ([`factor_due`]): this, or a passkey, which is then to be shown in each
//! session that began with less.

mod check_code;
mod due;
mod finish_log_in;
mod give_second_factor;
mod recovery_code;
mod remove_second_factor;
mod renew_recovery_codes;
mod reset_second_factor;
mod set_second_factor;
mod store;
mod tell;
mod totp;

use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{UserId, VendorId};

pub(super) use check_code::{CodeUse, check_code};
pub(super) use due::rests_on_passkeys;
pub use due::{FactorDue, confirms_by_passkey, factor_due, needs_second_factor};
pub use finish_log_in::{FinishLogIn, FinishedLogIn, finish_log_in};
pub use give_second_factor::{FactorGift, give_second_factor};
pub use recovery_code::{RECOVERY_CODES, RecoveryCodes};
pub use remove_second_factor::{FactorRemoval, remove_second_factor};
pub(super) use remove_second_factor::{remove_set_since, remove_unproven};
pub use renew_recovery_codes::{CodesRenewal, renew_recovery_codes};
pub use reset_second_factor::{FactorReset, reset_second_factor};
pub use set_second_factor::{FactorSetup, set_second_factor};
pub(super) use store::{delete_factor, lock_factor};
pub(super) use tell::{tell, tell_of_recovery_code};
pub use totp::{STEP_S, TotpSecret};

/// What a user's own page says about the second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecondFactor {
    /// Since when it is asked for.
    pub set_at: UnixMs,
    /// Recovery codes that can still be used.
    pub codes_left: i64,
}

/// The second factor of a user; `None` where there is none.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_second_factor(tx: &mut Tx, cx: &Cx, user_id: &UserId) -> Result<Option<SecondFactor>, DbError> {
    let Some(factor) = store::find_factor(tx, &cx.vendor_id, user_id).await? else { return Ok(None) };
    let codes_left = store::count_codes_left(tx, cx, user_id).await?;
    Ok(Some(SecondFactor { set_at: factor.created_at, codes_left }))
}

/// Whether a user is asked for a second factor.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn has_second_factor(tx: &mut Tx, vendor_id: &VendorId, user_id: &UserId) -> Result<bool, DbError> {
    Ok(store::find_factor(tx, vendor_id, user_id).await?.is_some())
}
