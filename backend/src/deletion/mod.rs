//! Deletion: accounts that close, and people who delete themselves.
//!
//! **An account closes** when its owner asks for it ([`ask_closing`]) and [`rules::GRACE_MS`] have passed in which an owner
//! can take that back ([`keep_account`]). From the request on nothing that it pays renews, and it buys nothing. Then the
//! sweep ([`handlers`]) calls [`close_account`]: first Stripe, where what still runs ends, and then one transaction that ends
//! the rest and erases. Until that one is committed the account is as it was, and each step may be done again. What is
//! owed, by the account or to it, keeps it from closing; while it waits for that, it can be kept.
//!
//! **A person** goes at once ([`delete_person`]), unless it is the only owner of an account, or of the vendor's staff.
//!
//! # What is erased, and what stays
//!
//! Rows that others point at stay, and what told about somebody is taken out of them: `accounts` and `users` are named by
//! [`CLOSED_ACCOUNT`](crate::text::en::deletion::CLOSED_ACCOUNT) and
//! [`DELETED_PERSON`](crate::text::en::deletion::DELETED_PERSON) from then on, so whatever shows their names needs to know
//! nothing of it. `account_store.rs` and `person_store.rs` say for each table what goes.
//!
//! Three things stay as they are. *Invoices*, credit notes, their lines, documents and the ledger: the law has the vendor
//! keep them, with the parties as they were; and so the commissions and payouts of partners, whose statements name clients as
//! the partner knew them. *The audit log*: its rows are sealed in a chain, and say who did what, which the
//! vendor has to be able to account for; they hold ids, network addresses and values as they were noted. And what
//! *others* have written down: an invitation that somebody has not answered belongs to whoever sent it.
//!
//! In the log of mails an address is forgotten with whoever has proved it, or is the only one who is written to there;
//! a name with the mails that its bearer caused. The rest of the log goes by age.

mod account_store;
mod ask_closing;
mod close_account;
mod delete_person;
mod erase_empty;
pub mod handlers;
mod keep_account;
mod look;
mod mail_store;
mod person_store;
pub mod rules;
mod store;
mod tell;

pub use ask_closing::{ClosingRequest, ask_closing};
pub use close_account::{AccountClosing, close_account};
pub use delete_person::{PersonDeletion, delete_person};
pub(crate) use erase_empty::erase_empty;
pub use keep_account::{Keeping, keep_account};
pub use look::{ClosingOutlook, DeletionOutlook, look_at_closing, look_at_deletion};
pub use store::OpenInvoice;
