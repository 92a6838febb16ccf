//! Staff who act for a customer: they see the portal as the account's owner does, for a stated reason and a short time.
//!
//! While they do, they are nothing else: the actor is [`Actor::ActingStaff`](crate::Actor), with the id of an [`Acting`],
//! and what it may is one column of the table in `accounts/roles.rs`, asked through
//! [`may_act`](crate::accounts::may_act) like everything else. It may look, and look after instances; it may not see a
//! key, spend money, or touch people and passwords. As nobody's member it can neither write in the customer's name nor do
//! what a person does for itself.
//!
//! Each act reads the row in its own transaction: whoever ends it ([`stop_acting`], [`withdraw_acting`]), time, or the loss
//! of the role on the staff's side counts from its commit on. The audit log names the [`Acting`] as the actor; staff see the
//! person and the reason with each row, customers that it was the vendor's support. The owners are told by mail when it
//! begins.

mod find_acting;
pub mod rules;
mod session_note;
mod start_acting;
mod stop_acting;
mod store;
mod withdraw_acting;

use crate::clock::UnixMs;
use crate::ids::{AccountId, ActingId, UserId, VendorId};

pub use find_acting::{find_live_acting, list_live_for_account};
pub use session_note::{acting_of, begin_acting_session, end_acting_session};
pub use start_acting::{ActingStart, start_acting};
pub use stop_acting::{ActingEnd, stop_acting};
pub use withdraw_acting::withdraw_acting;

/// A time in which one of the staff acts for a customer.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Acting {
    /// `act_…`.
    pub id: ActingId,
    /// The vendor.
    pub vendor_id: VendorId,
    /// Who acts.
    pub staff_id: UserId,
    /// For whom.
    pub account_id: AccountId,
    /// Why, as the customer's owners are told.
    pub reason: String,
    /// Since when.
    pub started_at: UnixMs,
    /// Until when at the latest.
    pub ends_at: UnixMs,
    /// When somebody ended it before.
    pub ended_at: Option<UnixMs>,
}
