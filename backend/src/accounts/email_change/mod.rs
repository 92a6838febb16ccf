//! Changing the address that one signs in with.
//!
//! **Asking** ([`request_email_change`]) mails a link to the new address, and a notice to the old one. An address that
//! somebody else signs in with is answered like any other; its owner gets a mail that says that somebody tried. The change
//! happens when its link is **confirmed** ([`confirm_email_change`]) by the user, signed in: a mistyped address that
//! reaches a stranger's mailbox gives the stranger nothing. The browser that confirms stays signed in, all others are
//! signed out, and every outstanding link to the old address is worth nothing.
//!
//! **"It was not me"** ([`disown_email_change`]) stands in both mails to the old address, and works for
//! [`rules::UNDO_MS`] after the change: it sets the old address back, signs everybody out and takes password and passkeys
//! away, so that a new one has to be set by the mail of the old address. Until then the old address is kept: nobody else
//! signs up with it. A second factor stays that was there [`rules::FACTOR_IN_DOUBT_MS`] before, and so does a passkey
//! where it is the only one that somebody's work rests on; a younger one may be the
//! thief's, and goes. An address that was never proved to be its user's undoes
//! nothing: whoever reads it may be a stranger whose address was mistyped.
//!
//! What belongs to an account does not follow: where invoices go is the account's own `billing_email`. Invitations and
//! offers of licenses stay with the address that they were sent to.

mod confirm_email_change;
mod disown_email_change;
mod request_email_change;
pub mod rules;
mod store;
mod tell;
mod withdraw_email_change;

use crate::clock::UnixMs;
use crate::ids::{EmailChangeId, UserId};

pub use confirm_email_change::{
    ConfirmEmailChange, EmailChangeConfirmation, confirm_email_change, find_change_to_confirm,
};
pub use disown_email_change::{Disowning, disown_email_change, find_change_to_disown};
pub use request_email_change::{EmailChangeRequest, request_email_change};
pub use store::{delete_old_email_changes, find_open_email_change};
pub(super) use store::{end_open, held_until};
pub use withdraw_email_change::{EmailChangeWithdrawal, withdraw_email_change};

/// Where the portal answers links that confirm a change; the secret is the query's `token`.
pub const CONFIRM_EMAIL_PATH: &str = "/account/email/confirm";
/// Where the portal answers the links of those who did not ask for it; the secret is the query's `token`.
pub const NOT_ME_PATH: &str = "/not-me";

/// A change of address.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct EmailChange {
    /// Its id.
    pub id: EmailChangeId,
    /// Whose address it is.
    pub user_id: UserId,
    /// The address before.
    pub old_email: String,
    /// The address wanted.
    pub new_email: String,
    /// When it was asked for.
    pub created_at: UnixMs,
    /// Until when it can be confirmed.
    pub expires_at: UnixMs,
    /// When it was.
    pub confirmed_at: Option<UnixMs>,
    /// Until when it can be undone, once it is confirmed.
    pub undo_until: Option<UnixMs>,
    /// When it was replaced, withdrawn or undone.
    pub ended_at: Option<UnixMs>,
}
