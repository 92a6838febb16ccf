//! English.

pub mod accounts;
pub mod billing;
pub mod catalog;
pub mod countries;
pub mod documents;
pub mod invoices;
pub mod leases;
pub mod mail;
pub mod orders;
pub mod portal;
