//! Who acts for an account, and who is the vendor's staff: inviting people, joining, changing roles, leaving.
//!
//! An invitation is to a [`Position`] and goes to one e-mail address. Its link carries 160 random bits, of which only the
//! SHA-256 is stored; it works once, for [`rules::INVITATION_MS`], and only for the person who has that address.
//! Whoever signs up by it needs no further proof of the address, because the secret was mailed there.
//!
//! **An account always has an owner, and the vendor an administrator.** Whatever could take the last one away locks the
//! account's row, or the vendor's, before it counts; and it asks only behind that lock whether the one who acts still
//! may, so that of two owners who remove each other at the same moment one stays.
//!
//! Everybody in an account sees who else acts for it; owners alone change it. Among the staff it is the same with
//! administrators. What is changed counts from the next request on, because roles are read anew with each.

mod accept_invitation;
mod ask_first_owner;
mod change_colleague;
mod change_member;
mod find_offer;
mod first_owner;
mod ground;
mod hand_over;
mod invite;
mod join;
mod leave_account;
mod resend_invitation;
pub mod rules;
mod secret;
mod store;
mod tell;
mod withdraw_invitation;

use crate::clock::UnixMs;
use crate::ids::{AccountId, InvitationId, UserId};

use super::{Account, Role, StaffRole, User};

pub use accept_invitation::{Acceptance, accept_invitation};
pub use ask_first_owner::{FirstOwnerAsked, ask_first_owner};
pub use change_colleague::{change_staff_role, remove_colleague};
pub use change_member::{change_role, remove_member};
pub use find_offer::{Offer, find_offer};
pub(crate) use first_owner::{decline_first_owner, invite_first_owner, lock_first_owner};
pub use hand_over::hand_over;
pub(crate) use invite::limit as limit_invitations;
pub use invite::{InvitationSent, Invite, invite};
pub use join::{Join, Joining, join};
pub use leave_account::leave_account;
pub use resend_invitation::resend_invitation;
pub use store::{find_colleague, find_member, list_colleagues, list_invitations, list_page};
pub use withdraw_invitation::{Withdrawal, withdraw_invitation};

/// Where invitations lead; the secret is the query's `token`, which no log has.
pub const JOIN_PATH: &str = "/join";

/// What somebody is invited to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// A member of an account.
    Member {
        /// The account.
        account_id: AccountId,
        /// What the person may do there.
        role: Role,
    },
    /// The vendor's staff.
    Staff(StaffRole),
}

impl Position {
    /// The account, where it is one.
    #[must_use]
    pub fn account_id(&self) -> Option<&AccountId> {
        match self {
            Self::Member { account_id, .. } => Some(account_id),
            Self::Staff(_) => None,
        }
    }

    /// The role's word, as it is stored.
    #[must_use]
    pub fn role_word(&self) -> &'static str {
        match self {
            Self::Member { role, .. } => role.as_str(),
            Self::Staff(role) => role.as_str(),
        }
    }
}

/// An invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// To what.
    pub position: Position,
    /// The address that it was sent to, as typed.
    pub email: String,
    /// Who invited; `None` for the operator.
    pub invited_by: Option<UserId>,
    /// When it was made.
    pub created_at: UnixMs,
    /// When the mail was sent whose link works.
    pub sent_at: UnixMs,
    /// When that link stops working.
    pub expires_at: UnixMs,
    /// When it was accepted.
    pub accepted_at: Option<UnixMs>,
    /// When it was taken back.
    pub withdrawn_at: Option<UnixMs>,
}

/// A member of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The person.
    pub user: User,
    /// What the person may do.
    pub role: Role,
    /// Since when.
    pub since: UnixMs,
}

/// What became of a change of members or staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberChange {
    /// It is made.
    Done,
    /// It was so before.
    Unchanged,
    /// Nobody would be left who may do everything, so nothing was changed.
    LastOne,
    /// The one who acts may not, or the one whom it concerns is not there: the same answer to both.
    NotAllowed,
}

/// Somebody has joined: what the session is to be about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// Who.
    pub user: User,
    /// The account that was joined; `None` for the staff.
    pub account: Option<Account>,
}
