//! What the business does.
//!
//! One folder per area, and inside each the same few file names: `rules.rs` (pure decisions, no IO),
//! `store.rs` (SQL, written once for both engines), one file per use case named verb first
//! (`activate_instance.rs`), and `mod.rs` with the area's types and a doc that explains it.
//!
//! A use case is an async function that takes `&mut` [`db::Tx`] and a [`Cx`]; it neither begins nor
//! commits. Refusals are outcomes (`Ok`), so what they record is committed; only surprises are errors
//! and roll back. [`db::Db::write`] is the one place that commits.
//!
//! The adapters ([`db`], [`keys`], [`mail`], [`pdf`], [`stripe`], [`jobs`]) hide the heavy crates; no
//! type of theirs leaves them.

pub mod accounts;
pub mod acting;
pub mod audit;
pub mod billing;
pub mod campaigns;
pub mod catalog;
pub mod claims;
pub mod clock;
pub mod commissions;
pub mod csv;
pub mod cx;
pub mod dashboard;
pub mod db;
pub mod deletion;
pub mod events;
pub mod feedback;
pub mod handovers;
pub mod ids;
pub mod invoices;
pub mod jobs;
pub mod keys;
pub mod leases;
pub mod ledger;
pub mod licenses;
pub mod listing;
pub mod mail;
pub mod messages;
pub mod money;
pub mod orders;
pub mod partners;
pub mod pdf;
pub mod refunds;
pub mod revocations;
pub mod search;
pub mod stripe;
pub mod takeout;
pub mod tax;
pub mod text;
pub mod tokens;
pub mod vendors;
pub mod vouchers;

pub use cx::{Actor, Cx};
