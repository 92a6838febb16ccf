//! sdk

#[cfg(feature = "client")]
pub mod client;
pub mod error;
pub mod jwk;
pub mod jws;
pub mod lease;
pub mod license_key;
pub mod trust;
pub mod version;
pub mod wire;
