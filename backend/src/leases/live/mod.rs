//! Checks that are answered from memory.
//!
//! Most checks change nothing but the times: the same license, the same build, the same use, a seat that is held. On
//! SQLite, where one process holds the database and one writer writes to it, such a check is decided on a table in
//! memory, by the same pure rules as in the use case (`decide.rs`), and needs no transaction of its own:
//!
//! - **Seats.** A lease leaves the house only when a `held_until` that covers it is durable. A renewal that the written
//!   one does not cover waits for the next commit, which it shares with all that wait (group commit); seats are written
//!   a little ahead, so that checks in quick succession do not wait.
//! - **What a crash can lose.** Last contact, the number of renewals, and how far the instance secret has rolled, for
//!   at most the coalescing window. A secret that is ahead of the database is good by the rules of `lineage.rs`.
//! - **Changes.** A use case that takes a license's lock has it handed over first ([`crate::db`]'s `beside.rs`): what
//!   only memory knows is written into its transaction, and until that is durable no check of the license is answered
//!   from memory. So a revocation counts from its commit on. Other checks wait for the end of the transaction rather
//!   than queue behind it, so that one change does not send a whole cluster through the database.
//! - **Other processes.** The command line writes to the same file. That is noticed before each answer, and the table
//!   is then forgotten.
//!
//! Whatever is not this simple (a first contact, a lapsed seat, a fork, changed use, a new build, borrowing) misses and
//! goes through the use case, which puts the instance into the table afterwards. On PostgreSQL, where other nodes write
//! too, every check does.

mod decide;
mod entry;
mod remember;
mod store;
mod table;

pub(super) use remember::remember;
pub use table::{LiveTable, Settings};
