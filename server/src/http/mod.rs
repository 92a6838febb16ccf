//! Plain handlers: what is neither a page nor a form nor the licensing API.

pub(crate) mod audit;
pub(crate) mod brand;
mod cacheable;
pub(crate) mod checks;
pub(crate) mod commissions;
pub(crate) mod documents;
pub(crate) mod exports;
pub(crate) mod health;
pub(crate) mod jwks;
pub(crate) mod key_sets;
pub(crate) mod long_tables;
pub(crate) mod manage;
pub(crate) mod openapi;
pub(crate) mod order_state;
pub(crate) mod revocations;
pub(crate) mod takeout;
pub(crate) mod trust;
pub(crate) mod vouchers;
pub(crate) mod webhook;
