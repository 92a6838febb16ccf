//! The feed: events as programs read them, an account's own or all of the vendor's, page after page from either end.
//!
//! Pages are in the order in which events began (`occurred_at`), which never changes. Rows that count what repeats
//! within an hour go on counting after they were read; their id stays.

mod store;

use jiff::Timestamp;

use super::Event;
use crate::audit;
use crate::clock::UnixMs;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, EventId, LicenseId, VendorId};

/// An event with all that it is about.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct FedEvent {
    /// The event.
    #[sqlx(flatten)]
    pub event: Event,
    /// Id of what it is about; empty for what is about nothing in particular.
    pub subject: String,
    /// The account whose history shows it.
    pub account_id: Option<AccountId>,
    /// The license that it is about, if any.
    pub license_id: Option<LicenseId>,
}

/// Which events are read, and from which end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedFilter {
    /// What their type begins with; empty for all.
    pub type_prefix: String,
    /// The license that they are about.
    pub license_id: Option<LicenseId>,
    /// First moment at which they began.
    pub since: Option<UnixMs>,
    /// The oldest first; otherwise the newest.
    pub oldest_first: bool,
}

/// Reads a moment as a program writes it, in RFC 3339 with any offset; `None` for any other text.
#[must_use]
pub fn parse_moment(text: &str) -> Option<UnixMs> {
    text.parse::<Timestamp>().ok().map(UnixMs::from)
}

/// A page of an account's events, or of all of the vendor's: `limit` at most that come after `after` in their order. What
/// the vendor's people noted for themselves, and Stripe's names of things, are not in those of an account.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_feed(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: Option<&AccountId>,
    filter: &FeedFilter,
    after: Option<&(UnixMs, EventId)>,
    limit: i64,
) -> Result<Vec<FedEvent>, DbError> {
    let mut found = store::list(tx, vendor_id, account_id, filter, after, limit).await?;
    if account_id.is_some() {
        found.iter_mut().for_each(|fed| audit::hide(&mut fed.event.data.0, false));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_in_rfc_3339_alone() {
        let noon = Some(UnixMs(1_795_262_400_000));
        for (text, expected) in [
            ("2026-11-21T12:00:00Z", noon),
            ("2026-11-21T13:00:00+01:00", noon),
            ("2026-11-21T12:00:00.5Z", noon.map(|at| at.plus(500))),
            ("2026-11-21", None),
            ("1795262400000", None),
            ("", None),
        ] {
            assert_eq!(parse_moment(text), expected, "{text}");
        }
    }
}
