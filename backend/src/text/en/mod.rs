//! English.

pub mod accounts;
pub mod api_docs;
pub mod billing;
pub mod buying;
pub mod catalog;
pub mod changes;
pub mod console;
pub mod countries;
pub mod documents;
pub mod events;
pub mod invoice_list;
pub mod invoices;
pub mod leases;
pub mod license_events;
pub mod license_page;
pub mod licenses;
pub mod mail;
pub mod moments;
pub mod orders;
pub mod overview;
pub mod portal;
pub mod portal_accounts;
