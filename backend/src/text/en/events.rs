//! What happened in an account, a sentence each.

use super::{license_events, moments};
use crate::catalog::LicenseType;
use crate::clock::UnixMs;
use crate::events::Event;

/// An event in a sentence, where the license that it is about is not at hand; `None` for those that say nothing
/// to a customer that another does not say better.
#[must_use]
pub fn sentence(event: &Event) -> Option<String> {
    license_events::sentence(event, LicenseType::Floating, &|_| None)
}

/// When it was: `today 16:02 UTC`.
#[must_use]
pub fn when(at: UnixMs, now: UnixMs) -> String {
    moments::moment(at, now)
}
