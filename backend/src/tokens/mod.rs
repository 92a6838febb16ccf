//! API tokens: what a program shows to the management API in place of a person.
//!
//! A token belongs to its [`Holder`], an account or the vendor, not to whoever made it: deployments do not stop
//! because somebody leaves. Whoever may make tokens sees all of them, with who made each, and is told on the page
//! which ones were made by people who have left. Roles that may make them get a mail for each one that is made.
//!
//! What a token may is said twice. Its [`Scope`]s say which endpoints it opens ([`open_token`]); and the use cases
//! behind them ask [`may_act`](crate::accounts::may_act) and
//! [`staff_may_act`](crate::accounts::staff_may_act) as for people, which `authority.rs` answers from the same
//! scopes, never with more than the role that makes tokens has. Both read the token in the transaction of the act,
//! so one that is revoked is worth nothing from that commit on.
//!
//! Of a token only its SHA-256 is stored; its text ([`TokenText`]) is shown once.

mod authority;
mod create_token;
pub mod handlers;
mod open_token;
mod recipients;
mod revoke_token;
pub mod rules;
mod store;
mod token_text;
mod warn_of_ends;

use std::collections::BTreeSet;

use crate::accounts::StaffRole;
use crate::clock::UnixMs;
use crate::db::{DbError, JsonText, Tx, text_enum};
use crate::ids::{AccountId, ApiTokenId, UserId, VendorId};

pub use authority::may_manage;
pub(crate) use authority::{token_may_act, token_may_act_for_vendor};
pub use create_token::{NewToken, TokenCreation, create_token};
pub use open_token::{Opening, note_use, open_token};
pub use revoke_token::{TokenRevocation, revoke_token};
pub use store::list_tokens;
pub use token_text::TokenText;
pub use warn_of_ends::warn_of_ends;

text_enum! {
    /// What a token opens.
    Scope {
        /// Look at licenses.
        LicensesRead = "licenses:read",
        /// Name licenses.
        LicensesWrite = "licenses:write",
        /// Look at instances.
        InstancesRead = "instances:read",
        /// Free seats, block and unblock instances.
        InstancesWrite = "instances:write",
        /// Look at what happened.
        EventsRead = "events:read",
        /// Look at invoices and their documents.
        InvoicesRead = "invoices:read",
        /// Look at use against limits.
        UsageRead = "usage:read",
        /// Look at orders, and at the clients of a partner.
        OrdersRead = "orders:read",
        /// Order for a partner's clients, give orders up.
        OrdersWrite = "orders:write",
        /// Look at products and their releases; the vendor's tokens alone.
        CatalogRead = "catalog:read",
        /// Publish releases; the vendor's tokens alone.
        ReleasesWrite = "releases:write",
    }
}

/// Whom a token belongs to and acts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A customer's account.
    Account(AccountId),
    /// The vendor itself.
    Vendor,
}

impl Holder {
    /// The account, where it is one.
    #[must_use]
    pub fn account_id(&self) -> Option<&AccountId> {
        match self {
            Self::Account(id) => Some(id),
            Self::Vendor => None,
        }
    }

    /// The scopes that its tokens can have.
    #[must_use]
    pub fn scopes(&self) -> &'static [Scope] {
        match self {
            Self::Account(_) => rules::ACCOUNT_SCOPES,
            Self::Vendor => rules::VENDOR_SCOPES,
        }
    }
}

/// A token, without its text.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct ApiToken {
    /// Its id.
    pub id: ApiTokenId,
    /// In whose deployment it is good.
    pub vendor_id: VendorId,
    /// The account that it acts for; `None` is the vendor's own.
    pub account_id: Option<AccountId>,
    /// What people call it.
    pub name: String,
    /// The first characters of its text.
    pub hint: String,
    /// What it opens.
    pub scopes: JsonText<BTreeSet<Scope>>,
    /// Who made it; `None` is the operator.
    pub created_by: Option<UserId>,
    /// When.
    pub created_at: UnixMs,
    /// First moment at which it is worth nothing.
    pub expires_at: UnixMs,
    /// The minute in which it was last used.
    pub last_used_at: Option<UnixMs>,
    /// From which network address.
    pub last_used_address: Option<String>,
    /// When it was revoked.
    pub revoked_at: Option<UnixMs>,
}

impl ApiToken {
    /// Whom it acts for.
    #[must_use]
    pub fn holder(&self) -> Holder {
        self.account_id.clone().map_or(Holder::Vendor, Holder::Account)
    }

    /// Whether it is good at `now`.
    #[must_use]
    pub fn is_live(&self, now: UnixMs) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }

    /// Whether it has this scope.
    #[must_use]
    pub fn has(&self, scope: Scope) -> bool {
        self.scopes.0.contains(&scope)
    }
}

/// A token in the list of its holder.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct ListedToken {
    /// The token.
    #[sqlx(flatten)]
    pub token: ApiToken,
    /// Name of who made it; may be empty.
    maker_name: Option<String>,
    maker_email: Option<String>,
    maker_staff_role: Option<StaffRole>,
    maker_memberships: i64,
}

impl ListedToken {
    /// What the person who made it is called; `None` is the operator.
    #[must_use]
    pub fn maker(&self) -> Option<&str> {
        let name = self.maker_name.as_deref().filter(|name| !name.is_empty());
        name.or(self.maker_email.as_deref())
    }

    /// Whether the person who made it belongs to its holder no more.
    #[must_use]
    pub fn is_orphan(&self) -> bool {
        let still_there = match self.token.account_id {
            Some(_) => self.maker_memberships > 0,
            None => self.maker_staff_role.is_some(),
        };
        self.token.created_by.is_some() && !still_there
    }
}

/// The token of this id.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_token(tx: &mut Tx, vendor_id: &VendorId, id: &ApiTokenId) -> Result<Option<ApiToken>, DbError> {
    store::find_token(tx, vendor_id, id).await
}
