//! Handovers: a license that goes over to another account, once both sides have agreed.
//!
//! An owner of the account that has the license asks ([`ask_handover`]) and names the receiver by an e-mail address; staff may
//! ask as well, and then the giver has to agree too. Whoever signs in with that address, has confirmed it, and owns another
//! account decides for that account ([`agree_to_handover`]). Nobody learns from asking whether an address is registered: the
//! answer is the same, and the mail goes out in any case, a few an hour.
//!
//! Until both have agreed, the giver or staff can withdraw and either side can decline ([`end_handover`]). All of it happens
//! under the license's lock, so of an agreement and a withdrawal at once one counts. A request ends after
//! [`rules::OPEN_DAYS`].
//!
//! With the last agreement the license changes accounts. Its key is replaced and old ones end at once. Its instances are
//! deleted, and their seats count until the last lease for them has ended (see `leases/end_for_handover.rs`). Orders,
//! invoices and what happened before stay with the giver: events belong to the account in which they happened. Each side's
//! audit rows name the request and the license, nothing of the other side.

mod agree_to_handover;
mod ask_handover;
mod end_handover;
mod find_handover;
pub mod rules;
mod store;
mod tell;

use crate::clock::UnixMs;
use crate::db::text_enum;
use crate::ids::{AccountId, HandoverId, LicenseId, UserId, VendorId};

pub use agree_to_handover::{Agreement, agree_to_handover};
pub use ask_handover::{AskHandover, Asked, ask_handover};
pub use end_handover::{Ending, end_handover};
pub use find_handover::{HandoverView, find_handover, find_obstacle, find_open_handover};

text_enum! {
    /// Where a handover stands. One that is overdue counts as expired, whether that is written or not.
    HandoverStatus {
        /// It waits for an agreement.
        Asked = "asked",
        /// The license has gone over.
        Done = "done",
        /// One of the two sides does not want it.
        Declined = "declined",
        /// Whoever asked has taken it back.
        Withdrawn = "withdrawn",
        /// Nobody decided in time.
        Expired = "expired",
    }
}

/// A license that shall go over to another account.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Handover {
    /// Its id.
    pub id: HandoverId,
    /// The vendor.
    pub vendor_id: VendorId,
    /// The license.
    pub license_id: LicenseId,
    /// Who has it.
    pub from_account_id: AccountId,
    /// Whoever signs in with this address decides for an account of theirs; as typed.
    pub to_email: String,
    /// The same in the form for comparison.
    pub to_email_key: String,
    /// Staff asked, so the giver has to agree as well.
    pub by_staff: bool,
    /// Where it stands.
    pub status: HandoverStatus,
    /// Who asked; `None` for the operator.
    pub asked_by: Option<UserId>,
    /// Who agreed for the giver.
    pub given_by: Option<UserId>,
    /// When the giver agreed.
    pub given_at: Option<UnixMs>,
    /// Who agreed for the receiver.
    pub taken_by: Option<UserId>,
    /// When the receiver agreed.
    pub taken_at: Option<UnixMs>,
    /// The account that takes it, since its owner agreed.
    pub to_account_id: Option<AccountId>,
    /// When it was asked.
    pub created_at: UnixMs,
    /// From then on nobody can agree any more.
    pub expires_at: UnixMs,
    /// When it came to an end, whichever.
    pub ended_at: Option<UnixMs>,
}

/// Whose part in a handover somebody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Owner of the account that has the license.
    Giver,
    /// Whoever the license is offered to.
    Receiver,
}
