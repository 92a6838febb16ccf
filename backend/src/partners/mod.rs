//! Partners: accounts that sell the vendor's products on, and the clients for which they order.
//!
//! Staff make an account a partner, with terms ([`set_partner_terms`]). A partner invites its clients by mail
//! ([`invite_client`]), whether they are registered or not: the answer is the same, so that asking tells nobody who is a
//! customer. Whoever signs in with that address, has confirmed it and owns an account decides for that account
//! ([`accept_relation`]). Either side ends the relation at any time ([`end_relation`]), and with a partnership all of its
//! relations end, and its campaigns rest ([`end_partnership`]).
//!
//! A client that has no account yet can be made one ([`create_client`]): the relation lasts from then on, nobody belongs to
//! the account, and whoever has the address is asked to take it over ([`decline_account`], or `accounts::members` where it
//! accepts). Until then the partner orders only what it pays itself. An account that nobody has taken over, and for which
//! nothing was ordered, is erased when its relation ends.
//!
//! **While a relation lasts** the partner sees what its client has: licenses, instances, ends ([`list_clients`],
//! [`look_at_client`], [`list_renewals`]); never a key, an invoice, or a member. And it orders for the client
//! ([`find_clientele`]): the client gets the license, the one or the other pays. Afterwards it sees nothing of that any
//! more, not even of what it has paid; its own invoices stay its own.
//!
//! **Who pays is not always who has the license.** `orders.account_id` and `subscriptions.account_id` are who pays: whose
//! customer at Stripe, invoices, currency, reminders. `orders.licensee_id` and `licenses.account_id` are who has it.
//! `billing/payer.rs` says who may change what is paid. When a relation ends, what the partner pays for the client
//! runs until the end of what is paid, and does not renew ([`handlers`]).
//!
//! Everything that begins, ends or uses a relation locks the partner's row first and the relation's second.

mod accept_relation;
mod client_store;
mod clientele;
mod create_client;
mod end_partnership;
mod end_relation;
mod export_clients;
mod find_relation;
pub mod handlers;
mod invite_client;
mod look_at_client;
mod make_coupon;
mod partner_names;
mod partnership;
pub mod rules;
mod set_partner_terms;
mod store;
mod take_over;
mod tell;

use crate::clock::UnixMs;
use crate::db::text_enum;
use crate::ids::{AccountId, RelationId, UserId, VendorId};

pub use accept_relation::{Acceptance, accept_relation};
pub use client_store::{ListedClient, Renewal, RenewalPlace};
pub use clientele::{Clientele, find_clientele, find_clientele_of};
pub(crate) use clientele::{are_related, find_relation_with, lock_clientele, lock_live_partner};
pub use create_client::{ClientCreation, CreateClient, create_client};
pub use end_partnership::{PartnershipEnd, end_partnership};
pub(crate) use end_relation::end_all_of_client;
pub use end_relation::{RelationEnd, end_relation};
pub use export_clients::export_clients;
pub use find_relation::{PartnerOf, RelationView, Side, find_relation, list_partners_of};
pub(crate) use handlers::check_relation_of;
pub use invite_client::{InviteClient, Invited, invite_client};
pub use look_at_client::{
    ClientPlace, ClientView, find_clients_license, list_clients, list_renewals, look_at_client, search_clients,
};
pub(crate) use make_coupon::make_coupon;
pub use partner_names::{PartnerName, list_partner_names};
pub use partnership::find_partnership;
pub(crate) use partnership::lock_partnership;
pub use set_partner_terms::{TermsSet, set_partner_terms};
pub use store::find_partner;
pub(crate) use store::lock_partner;
pub(crate) use take_over::taken_over;
pub use take_over::{AskedAgain, Declining, ask_again, decline_account, find_maker};
pub(crate) use tell::tell_of_continuation;

/// What the vendor has agreed with a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartnerTerms {
    /// Of what clients pay, in hundredths of a percent.
    pub commission_bp: i64,
    /// Off what is ordered for clients, in hundredths of a percent.
    pub discount_bp: i64,
    /// Days for paying by transfer what the partner orders and pays itself; `None`: as for everybody.
    pub days_until_due: Option<i64>,
}

/// An account that is a partner, or was one.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Partner {
    /// The vendor.
    pub vendor_id: VendorId,
    /// The account.
    pub account_id: AccountId,
    /// See [`PartnerTerms::commission_bp`].
    pub commission_bp: i64,
    /// See [`PartnerTerms::discount_bp`].
    pub discount_bp: i64,
    /// See [`PartnerTerms::days_until_due`].
    pub days_until_due: Option<i64>,
    /// Since when it is one; of a former partner, since when it was one last.
    pub since: UnixMs,
    /// When it ceased to be one.
    pub ended_at: Option<UnixMs>,
}

impl Partner {
    /// What is agreed.
    #[must_use]
    pub fn terms(&self) -> PartnerTerms {
        PartnerTerms {
            commission_bp: self.commission_bp,
            discount_bp: self.discount_bp,
            days_until_due: self.days_until_due,
        }
    }

    /// Whether it is a partner now.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.ended_at.is_none()
    }
}

text_enum! {
    /// Where a relation stands. An invitation that is overdue counts as withdrawn, whether that is written or not.
    RelationStatus {
        /// The client has not answered.
        Invited = "invited",
        /// It lasts.
        Active = "active",
        /// The client did not want it.
        Declined = "declined",
        /// The partner took the invitation back, or nobody answered it.
        Withdrawn = "withdrawn",
        /// It is over.
        Ended = "ended",
    }
}

/// A partner and a client.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Relation {
    /// Its id.
    pub id: RelationId,
    /// The vendor.
    pub vendor_id: VendorId,
    /// The partner's account.
    pub partner_id: AccountId,
    /// The client's account, since it accepted, or since the partner has made it.
    pub client_id: Option<AccountId>,
    /// What the partner calls the client.
    pub company: String,
    /// Where the invitation went, as typed.
    pub email: String,
    /// The same in the form for comparison.
    pub email_key: String,
    /// Where it stands.
    pub status: RelationStatus,
    /// Who invited; `None` for the operator.
    pub invited_by: Option<UserId>,
    /// Who accepted, or took the account over.
    pub accepted_by: Option<UserId>,
    /// When it was made.
    pub created_at: UnixMs,
    /// When the invitation ends.
    pub expires_at: UnixMs,
    /// When it was accepted, or the account taken over.
    pub accepted_at: Option<UnixMs>,
    /// When it was declined, withdrawn or ended.
    pub ended_at: Option<UnixMs>,
}

impl Relation {
    /// Whether it lasts with an account that the partner has made and nobody has taken over.
    #[must_use]
    pub fn awaits_owner(&self) -> bool {
        self.status == RelationStatus::Active && self.accepted_at.is_none()
    }
}
