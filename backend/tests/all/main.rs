//! The contract suite: every area's store and use cases on SQLite and on PostgreSQL.
//!
//! One binary, because linking `backend` is the slow part: a new area adds a module here. A test is
//! written once inside [`on_both_engines!`] and becomes `name::on_sqlite` and `name::on_postgres`.

mod accounts;
mod acting;
mod activity;
mod audit;
mod by_hand;
mod catalog;
mod catalog_console;
mod catalog_editing;
mod claims;
mod clocks;
mod commerce;
mod customers;
mod dashboard;
mod dump;
mod einvoices;
mod email_change;
mod events;
mod factor_resets;
mod feedback;
mod handovers;
mod jobs;
mod keys;
mod leases;
mod license_lists;
mod licenses;
mod mail;
mod mail_log;
mod master_key;
mod members;
mod messages;
mod model;
mod partners;
mod passkeys;
mod second_factor;
mod settings;
mod sign_in_link;
mod staff_lists;
mod stories;
mod support;
mod takeout;
mod tokens;
mod writing;
