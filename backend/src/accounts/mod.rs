//! Accounts: the people who sign in, the organisations that they act for, and how they prove who they are.
//!
//! A [`User`] belongs to one vendor and signs in with an e-mail address and a password. An [`Account`] is
//! a customer organisation; a [`Membership`] gives a user a [`Role`] in it. Vendor staff are users with a
//! [`StaffRole`]. What a role may do is one table in `roles.rs`, asked through [`may_act`] by use cases.
//!
//! **Passwords** are hashed on a bounded pool ([`Passwords`]) and never inside a transaction, so the use
//! cases that need one take a [`Db`](crate::db::Db) and put their reads and writes around the hashing;
//! all others take a `Tx` like everywhere else.
//!
//! **Links** in mails carry 256 random bits, of which only the SHA-256 is stored; each works once, and only as long as its
//! user has the address that it was mailed to.
//!
//! # Who learns which addresses are registered
//!
//! *Log-in*, *password reset* and *links to log in* tell nobody: one text, one status, one duration (a password is always
//! verified, against a dummy where there is no user), and the mail goes out through the queue. So does a *change of
//! address*: whether the new one is registered is told by a mail to it alone.
//!
//! *Sign-up* cannot hide it completely, because a new buyer goes on at once, signed in, without waiting
//! for a mail, and a registered address must not be signed in without its password. The two ways out
//! were: send everybody to their mailbox first (hides it, and loses buyers at the moment they want to
//! pay), or let a second, unverified user shadow the first until the mail is answered (hides it, and
//! makes accounts that must be merged, with money in them). Instead the difference is made expensive and
//! small. A registered address with its own password is simply signed in, which tells an owner nothing
//! new: by the same door as at log-in, so that its limits hold and a second factor is asked for. With any
//! other password the answer is "we have sent you a mail", which the owner gets: no session,
//! the same work and so the same time as a sign-up. A stranger thus learns one bit per attempt; each
//! attempt counts against [`Limit::SignUpAddress`] (20 an hour for one network address), each wrong
//! password against the limits that log-in has for that e-mail address, and a miss leaves a user, a mail
//! and an audit row behind.
//!
//! # Who can lock whom out
//!
//! Nobody: wrong passwords count by e-mail address *and* network address, and a browser in which the owner has
//! logged in before ([`remember_browser`]) counts by itself. `rate_limits.rs` has the numbers.

mod authority;
mod change_password;
mod chosen_account;
mod closing;
mod confirm_password;
mod create_account;
mod create_staff;
pub mod customers;
pub mod email_change;
pub mod factor_resets;
mod known_browsers;
mod links;
mod log_in;
pub mod members;
mod membership_store;
mod passkeys;
mod password;
mod prove_address;
mod rate_limits;
mod request_link;
mod reset_password;
mod roles;
pub mod rules;
mod second_factor;
mod send_verification;
mod session_store;
mod sessions;
mod sign_in_by_link;
mod sign_up;
mod store;
mod update_account;
pub mod vat_ids;
mod verify_email;

use serde::{Deserialize, Serialize};

use crate::clock::UnixMs;
use crate::db::text_enum;
use crate::ids::{AccountId, UserId, VendorId};

pub use authority::{may_act, staff_may_act};
pub use change_password::{ChangePassword, PasswordChange, change_password};
pub use chosen_account::{choose_account, chosen_account};
pub use closing::find_closing;
pub(crate) use closing::lock_closing;
pub use confirm_password::{ConfirmPassword, PasswordConfirmation, confirm_password};
pub(crate) use create_account::insert_customer;
pub use create_account::{AccountCreation, NEW_ACCOUNTS_A_DAY, create_account};
pub use create_staff::{NewStaff, StaffCreation, create_staff};
pub use known_browsers::{Arrival, Browser, BrowserToken, KNOWN_BROWSER_MS, delete_old_browsers, remember_browser};
pub use links::{LinkPurpose, LinkState, RESET_PASSWORD_PATH, SIGN_IN_PATH, VERIFY_EMAIL_PATH, check_reset_link};
pub use log_in::{LogIn, LogInOutcome, log_in};
pub use membership_store::{list_members, list_memberships, member_role};
pub use passkeys::{
    AddPasskey, Begun, CHALLENGE_MS, Flaw, PASSKEY_NAME_MAX_CHARS, Passkey, PasskeyAddition, PasskeyBeginning,
    PasskeyConfirmation, PasskeyLogIn, PasskeyPurpose, PasskeyRemoval, PasskeyRenaming, RelyingParty, UsePasskey,
    add_passkey, begin_passkey, confirm_with_passkey, delete_old_challenges, list_passkeys, log_in_with_passkey,
    remove_passkey, rename_passkey,
};
pub use password::{Password, PasswordHash, Passwords, Verdict};
pub use prove_address::has_password;
pub use rate_limits::{Limit, RateVerdict, delete_old_rate_limits, forgive, give_back, hit, subject_of};
pub use request_link::{LinkRequest, MailedLink, RequestLink, SendLink, request_link};
pub use reset_password::{PasswordReset, ResetPassword, reset_password};
pub use roles::{Act, ActsAs, StaffAct, may, staff_may};
pub use rules::{CheckedDetails, Field, FieldProblem, Problem};
pub use second_factor::{
    CodesRenewal, FactorDue, FactorGift, FactorRemoval, FactorReset, FactorSetup, FinishLogIn, FinishedLogIn,
    RECOVERY_CODES, RecoveryCodes, STEP_S, SecondFactor, TotpSecret, confirms_by_passkey, factor_due,
    find_second_factor, finish_log_in, give_second_factor, has_second_factor, needs_second_factor,
    remove_second_factor, renew_recovery_codes, reset_second_factor, set_second_factor,
};
pub use send_verification::{VerificationRequest, send_verification};
pub use session_store::DbSessionStore;
pub use sessions::{
    HalfLogIn, Identity, SessionInfo, begin_half_session, begin_session, begin_visit, change_session_id,
    delete_expired_sessions, end_other_sessions, end_session, fresh_authentication, half_log_in, list_sessions,
    note_passkey, renew_authentication, session_handle, session_identity, sign_out,
};
pub use sign_in_by_link::{LinkSignIn, SignInByLink, find_sign_in_link, sign_in_by_link};
pub use sign_up::{SignUp, SignUpOutcome, sign_up};
pub use store::{
    find_account, find_account_by_stripe_customer, find_user, find_user_by_email, lock_account, set_stripe_customer,
};
pub(crate) use store::{replace_billing_email, set_kind, set_stripe_vat_id, set_vat_id_state, take_over_vat_id};
pub use update_account::{AccountUpdate, update_account};
pub use verify_email::{EmailVerification, verify_email};

text_enum! {
    /// What a user may do in an account; the table is [`may`].
    Role {
        /// Everything, members included.
        Owner = "owner",
        /// Buying, changing, paying, invoices.
        Billing = "billing",
        /// Keys and instances.
        Technical = "technical",
        /// Looking.
        Viewer = "viewer",
    }
}

text_enum! {
    /// What a member of the vendor's staff may do; the table is [`staff_may`].
    StaffRole {
        /// Everything, staff included.
        Admin = "admin",
        /// Customers and their licenses.
        Support = "support",
        /// Invoices, refunds, commissions.
        Finance = "finance",
        /// Looking.
        ReadOnly = "read_only",
    }
}

text_enum! {
    /// What an account is to the vendor.
    AccountKind {
        /// Buys and runs the product.
        Customer = "customer",
        /// Sells it on.
        Partner = "partner",
    }
}

/// A person who can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// The vendor whose portal it signs in to.
    pub vendor_id: VendorId,
    /// E-mail address as typed.
    pub email: String,
    /// What it is called; may be empty.
    pub name: String,
    /// Set for vendor staff.
    pub staff_role: Option<StaffRole>,
    /// When it proved that the address is its own.
    pub email_verified_at: Option<UnixMs>,
    /// When the password was last set.
    pub password_set_at: UnixMs,
    /// When it signed up.
    pub created_at: UnixMs,
}

impl User {
    /// Whether it has deleted itself: its row stays for those that point at it.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.email.is_empty()
    }
}

/// Where an organisation is, in the parts that Stripe and invoices use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// Street and number.
    pub line1: String,
    /// Building, floor, department; may be empty.
    pub line2: String,
    /// Postal code; may be empty, some countries have none.
    pub postal_code: String,
    /// City.
    pub city: String,
    /// State, province or region; may be empty.
    pub state: String,
}

text_enum! {
    /// What is known about a VAT id, as Stripe has it from the tax office's register.
    VatIdState {
        /// Nothing yet: nothing was bought with it.
        Unchecked = "unchecked",
        /// The register was asked.
        Pending = "pending",
        /// The register knows it.
        Verified = "verified",
        /// The register does not know it.
        Unverified = "unverified",
        /// The register cannot be asked about ids of this kind.
        Unavailable = "unavailable",
        /// Stripe does not take it for an id, so its customer there has none.
        Refused = "refused",
    }
}

/// A customer or partner organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// The vendor it buys from.
    pub vendor_id: VendorId,
    /// What it is to the vendor.
    pub kind: AccountKind,
    /// Registered name, as invoices show it.
    pub company: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Where it is.
    pub address: Address,
    /// VAT id in its normal form (no blanks, with the country's prefix), where it has one.
    pub vat_id: Option<String>,
    /// Where invoices are mailed.
    pub billing_email: String,
    /// Its own order number or cost centre, printed on documents; empty where it wants none.
    pub purchase_order: String,
    /// What is known about the VAT id.
    pub vat_id_state: VatIdState,
    /// Its customer at Stripe, once it has bought.
    pub stripe_customer_id: Option<String>,
    /// The VAT id that its customer has from us, which is an older one until Stripe has heard of this one.
    pub stripe_vat_id: Option<String>,
    /// When it was created.
    pub created_at: UnixMs,
    /// When it closes, where an owner has asked for that.
    pub closes_at: Option<UnixMs>,
    /// When it was closed: nobody belongs to it any more, and little is known about it.
    pub closed_at: Option<UnixMs>,
}

/// An account that a user belongs to, and as what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The account.
    pub account: Account,
    /// The user's role in it.
    pub role: Role,
}

/// What an account's owner says about it: the form of the buying path and of the account page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountDetails {
    /// Registered name.
    pub company: String,
    /// ISO 3166-1 alpha-2, any case.
    pub country: String,
    /// VAT id as typed; empty means none.
    pub vat_id: String,
    /// Where it is.
    pub address: Address,
    /// Where invoices are mailed; empty means the user's own address.
    pub billing_email: String,
    /// Its own order number or cost centre; empty means none.
    pub purchase_order: String,
}
