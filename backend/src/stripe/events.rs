//! Events as Stripe lists them: how the reconciler learns of what no webhook told.

use serde::Deserialize;
use stripe_client_core::{RequestBuilder, StripeMethod};

use super::webhook::read_envelope;
use super::{EventEnvelope, Stripe, StripeError};
use crate::clock::UnixMs;

const PAGE: usize = 100;
/// A list holds at most this many.
const MOST: usize = 2_000;

/// The events of a stretch of time, oldest first.
pub(crate) struct EventList {
    pub(crate) events: Vec<EventEnvelope>,
    /// Whether it holds all of them; else the oldest are missing.
    pub(crate) is_whole: bool,
}

impl Stripe {
    /// The events since a moment, oldest first; of very many only the newest. Stripe keeps them for 30 days.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn list_events(&self, since: UnixMs) -> Result<Vec<EventEnvelope>, StripeError> {
        Ok(self.list_events_between(since, None).await?.events)
    }

    /// The events from one second to another, both included, or up to now.
    ///
    /// # Errors
    /// [`StripeError`].
    pub(crate) async fn list_events_between(
        &self,
        since: UnixMs,
        until: Option<UnixMs>,
    ) -> Result<EventList, StripeError> {
        #[derive(Deserialize)]
        struct Page {
            data: Vec<serde_json::Value>,
            #[serde(default)]
            has_more: bool,
        }
        let (mut events, mut listed) = (Vec::new(), 0);
        let mut last: Option<String> = None;
        let is_whole = loop {
            let mut query = vec![("created[gte]", since.seconds().to_string()), ("limit", PAGE.to_string())];
            query.extend(until.map(|until| ("created[lte]", until.seconds().to_string())));
            query.extend(last.take().map(|last| ("starting_after", last)));
            let mut request = RequestBuilder::new(StripeMethod::Get, "/events");
            request.query =
                Some(query.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&"));
            // As JSON, not as the crate's event type: an event that it cannot read must still be stored.
            let page = request.customize::<miniserde::json::Value>().send(&self.0.transport).await?;
            let page: Page =
                serde_json::from_str(&miniserde::json::to_string(&page)).map_err(StripeError::unreadable)?;
            listed += page.data.len();
            events.extend(page.data.iter().filter_map(|event| read_envelope(&event.to_string())));
            last = page.data.last().and_then(|event| event["id"].as_str()).map(str::to_owned);
            if !page.has_more || last.is_none() {
                break true;
            }
            if listed >= MOST {
                break false;
            }
        };
        events.reverse();
        Ok(EventList { events, is_whole })
    }
}
