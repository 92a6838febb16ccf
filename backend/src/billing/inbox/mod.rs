//! The inbox: every event of Stripe as it came, what became of it, and once more what could not be handled.

mod failures;
mod receive_event;
mod replay_event;
mod replay_failures;
pub(super) mod store;

use crate::clock::UnixMs;
use crate::db::text_enum;

pub use failures::{Failures, list_failures};
pub use receive_event::{Receipt, receive_event};
pub use replay_event::{EventReplay, replay_event};
pub use replay_failures::{FailureReplay, replay_failures};
pub use store::{count_inbox, find_inbox_event, list_failed_events, list_inbox};

text_enum! {
    /// What became of an event.
    EventStatus {
        /// Waits for its turn.
        Received = "received",
        /// What it names is up to date.
        Projected = "projected",
        /// Nothing here depends on it.
        Ignored = "ignored",
        /// The last attempt failed.
        Failed = "failed",
    }
}

/// An event without its body.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct InboxEvent {
    /// Stripe's id.
    pub id: String,
    /// Its type.
    pub event_type: String,
    /// What it is about.
    pub object_id: String,
    /// Whom it is about; may be empty.
    pub customer_id: String,
    /// What became of it.
    pub status: EventStatus,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// How often it was handled, also in vain.
    pub attempts: i64,
    /// When it came.
    pub received_at: UnixMs,
    /// When it was last handled, also in vain.
    pub projected_at: Option<UnixMs>,
}

impl InboxEvent {
    /// The list goes on after it from here.
    #[must_use]
    pub fn place(&self) -> InboxPlace {
        InboxPlace { received_at: self.received_at, id: self.id.clone() }
    }
}

/// What is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InboxFilter {
    /// What became of it; any when left out.
    pub status: Option<EventStatus>,
    /// The id of the event, of its object or of its customer, or how its type begins; any when empty.
    pub text: String,
}

/// A place in the list, newest first, from which the next page goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxPlace {
    /// When it came.
    pub received_at: UnixMs,
    /// Stripe's id.
    pub id: String,
}

impl InboxPlace {
    /// The place in an address.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}.{}", self.received_at.0, self.id)
    }

    /// Reads a place from an address; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('.')?;
        Some(Self { received_at: UnixMs(at.parse().ok()?), id: id.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_its_address() {
        let place = InboxPlace { received_at: UnixMs(1_795_255_200_000), id: "evt_1.a".to_owned() };
        assert_eq!(InboxPlace::parse(&place.to_text()), Some(place));
        for other in ["", "evt_1", "now.evt_1"] {
            assert_eq!(InboxPlace::parse(other), None, "{other}");
        }
    }
}
