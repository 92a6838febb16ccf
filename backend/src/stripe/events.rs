//! Events as Stripe lists them: how the reconciler learns of what no webhook told.

use serde::Deserialize;
use stripe_client_core::{RequestBuilder, StripeMethod};

use super::webhook::read_envelope;
use super::{EventEnvelope, Stripe, StripeError};
use crate::clock::UnixMs;

const PAGE: usize = 100;
/// One sweep reads at most this many; the next sweep starts where our inbox ends.
const MOST: usize = 2_000;

impl Stripe {
    /// The events since a moment, oldest first. Stripe keeps them for 30 days.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn list_events(&self, since: UnixMs) -> Result<Vec<EventEnvelope>, StripeError> {
        #[derive(Deserialize)]
        struct Page {
            data: Vec<serde_json::Value>,
            #[serde(default)]
            has_more: bool,
        }
        let mut events: Vec<EventEnvelope> = Vec::new();
        loop {
            let mut query = vec![("created[gte]", since.seconds().to_string()), ("limit", PAGE.to_string())];
            if let Some(last) = events.last() {
                query.push(("starting_after", last.id.clone()));
            }
            let mut request = RequestBuilder::new(StripeMethod::Get, "/events");
            request.query =
                Some(query.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&"));
            // As JSON, not as the crate's event type: an event that it cannot read must still be stored.
            let page = request.customize::<miniserde::json::Value>().send(&self.0.transport).await?;
            let page: Page =
                serde_json::from_str(&miniserde::json::to_string(&page)).map_err(StripeError::unreadable)?;
            events.extend(page.data.iter().filter_map(|event| read_envelope(&event.to_string())));
            if !page.has_more || page.data.is_empty() || events.len() >= MOST {
                break;
            }
        }
        events.reverse();
        Ok(events)
    }
}
