//! What the commands do, one file each.

pub(crate) mod admin;
mod apply_catalog;
mod check_catalog;
pub(crate) mod config;
mod create_campaign;
mod create_staff;
mod create_vendor;
pub(crate) mod doctor;
pub(crate) mod keys;
mod ledger;
mod license;
pub(crate) mod migrate;
mod reset_factor;
mod set_vendor_host;
mod signing_keys;
pub(crate) mod stripe_check;
mod verify_audit;
