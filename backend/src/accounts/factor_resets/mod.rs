//! Taking a lost second factor off somebody's login, at the word of an administrator and never at once.
//!
//! Whoever has lost app and recovery codes cannot show who it is, so an administrator has to make sure of that by other means
//! than mail, and **asks** for the reset ([`ask_factor_reset`]). It happens [`rules::DELAY_MS`] later, by a job. The person is
//! told at once, and **refuses** it ([`refuse_factor_reset`], [`keep_second_factor`]) by the link in that mail or signed in;
//! any administrator **withdraws** it ([`withdraw_factor_reset`]); and whoever shows what was said to be lost has called it off
//! by that.
//!
//! Nobody asks for their own, and who asks gets no way in: afterwards the person logs in with its password, and where its work
//! needs a second factor, sets up a new one. Passkeys stay unless the administrator said that their device is lost as well.
//! What was set up after the reset was asked for is not what was lost, and stays.
//!
//! Each reset is settled once, by one conditional `UPDATE`; at most one of a person waits, which a unique index says. What
//! shows a factor locks its row before it looks for a reset, and so does what takes it away, so that of the two one happens.

mod ask_factor_reset;
mod carry_out_factor_reset;
mod find_factor_reset;
pub mod handlers;
mod note_shown;
mod refuse_factor_reset;
pub mod rules;
mod store;
mod tell;
mod withdraw_factor_reset;

use crate::clock::UnixMs;
use crate::db::text_enum;
use crate::ids::{FactorResetId, UserId, VendorId};

pub use ask_factor_reset::{AskFactorReset, ResetAsking, ask_factor_reset};
pub use carry_out_factor_reset::{CarryingOut, carry_out_factor_reset};
pub use find_factor_reset::{ResetGround, find_reset_ground, find_waiting_reset};
pub(super) use note_shown::note_shown;
pub use refuse_factor_reset::{find_reset_to_refuse, keep_second_factor, refuse_factor_reset};
pub use store::delete_old_factor_resets;
pub(super) use store::settle_waiting;
pub use withdraw_factor_reset::withdraw_factor_reset;

/// Where the portal answers links that refuse a reset; the secret is the query's `token`.
pub const REFUSE_PATH: &str = "/factor-reset";

text_enum! {
    /// What became of a reset.
    ResetStatus {
        /// It waits for its time.
        Waiting = "waiting",
        /// It has happened.
        Done = "done",
        /// The person refused it.
        Refused = "refused",
        /// An administrator took it back.
        Withdrawn = "withdrawn",
        /// The person has shown what was said to be lost.
        Shown = "shown",
        /// There was nothing left to take away, or whoever asked may not any more.
        Lapsed = "lapsed",
    }
}

/// A reset that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PlannedReset {
    /// `frs_…`.
    pub id: FactorResetId,
    /// The vendor.
    pub vendor_id: VendorId,
    /// Whose second factor.
    pub user_id: UserId,
    /// The administrator who asked.
    pub asked_by: UserId,
    /// Why, as the person is told.
    pub reason: String,
    /// Whether the passkeys go as well.
    pub passkeys_too: bool,
    /// How it stands.
    pub status: ResetStatus,
    /// When it was asked for.
    pub created_at: UnixMs,
    /// When it happens.
    pub due_at: UnixMs,
    /// Since when it does not wait any more.
    pub settled_at: Option<UnixMs>,
}

/// What became of keeping a reset from happening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetEnd {
    /// It will not happen.
    Ended,
    /// None waits, any more or at all.
    Nothing,
    /// The one who acts may not, or there is no such person: the same answer to both.
    NotAllowed,
}
