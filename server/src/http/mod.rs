//! Plain handlers: what is neither a page nor a form nor the licensing API.

pub(crate) mod brand;
pub(crate) mod documents;
pub(crate) mod health;
pub(crate) mod jwks;
pub(crate) mod order_state;
pub(crate) mod webhook;
