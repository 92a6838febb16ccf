//! Any bytes as a token: refused, and no panic.
#![no_main]

#[path = "../../tests/mutations/properties.rs"]
#[expect(dead_code, reason = "each target uses one property")]
mod properties;

libfuzzer_sys::fuzz_target!(|data: &[u8]| properties::token(data, &[]));
