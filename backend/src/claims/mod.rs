//! Claims: how a running product gets its license key from a person with a browser (RFC 8628, the device flow).
//!
//! The product asks for two codes ([`start_claim`]): a secret one with which it polls, and a short one that it shows.
//! A person who may see keys opens the portal, compares what asks, chooses a license and approves ([`decide_claim`]);
//! the next poll ([`poll_claim`]) answers the license's key, and goes on answering it for ten minutes, because a reply
//! can be lost. Whether a code still waits, has ended or was asked for too soon is decided in `rules.rs`.
//!
//! The secret code has 256 random bits and is stored as a hash. The short one has 34 bits, so guessing is limited per
//! network address and per account, and it proves nothing by itself: whoever guesses one can only give away a key of
//! their own.

mod decide_claim;
mod look_up_claim;
mod poll_claim;
mod refusal;
pub mod rules;
mod start_claim;
mod store;

use sdk::wire::Identity;

use crate::clock::UnixMs;
use crate::db::text_enum;
use crate::ids::{AccountId, ClaimId, LicenseId, ProductId, UserId};

pub use decide_claim::{Decided, Decision, decide_claim};
pub use look_up_claim::{Candidate, ClaimView, LookUp, Seeker, list_candidates, look_up_claim};
pub use poll_claim::poll_claim;
pub use refusal::ClaimRefusal;
pub use start_claim::{Asker, start_claim};
pub use store::delete_old_claims;

text_enum! {
    /// What was decided about a claim. Whether it still waits is told by its end as well; see
    /// [`rules::standing`].
    ClaimStatus {
        /// Nothing yet.
        Pending = "pending",
        /// The product gets the key of the license that was chosen.
        Approved = "approved",
        /// The product gets nothing.
        Declined = "declined",
    }
}

/// A product that waits for its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its id.
    pub id: ClaimId,
    /// What asks.
    pub product_id: ProductId,
    /// What the person types, without its dash.
    pub user_code: String,
    /// The product's version.
    pub version: String,
    /// Who will take the seat.
    pub identity: Identity,
    /// The network address that asked.
    pub address: String,
    /// What was decided.
    pub status: ClaimStatus,
    /// The account for which it was decided.
    pub account_id: Option<AccountId>,
    /// The license whose key is given out, once approved.
    pub license_id: Option<LicenseId>,
    /// Who decided.
    pub decided_by: Option<UserId>,
    /// When.
    pub decided_at: Option<UnixMs>,
    /// Seconds that the product must wait between two polls.
    pub interval_s: i64,
    /// When it last polled.
    pub polled_at: Option<UnixMs>,
    /// When it asked.
    pub created_at: UnixMs,
    /// First moment at which nobody can decide any more.
    pub expires_at: UnixMs,
}
