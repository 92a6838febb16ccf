//! Deliveries of events to webhook endpoints: signed over the exact bytes, retried, and disturbed on request.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::seq::SliceRandom as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{
    Sandbox,
    amend::Amendment,
    object::{int, public, text},
};

/// Attempts per delivery. Stripe retries over three days; a sandbox within two minutes.
const ATTEMPTS: u32 = 8;
/// Under `shuffle`, deliveries gather this long before they leave in random order.
const SHUFFLE_WINDOW: Duration = Duration::from_millis(400);
/// Deliveries remembered for the console.
const REMEMBERED: usize = 2000;

/// How many deliveries are to be lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Drop {
    /// None.
    #[default]
    Nothing,
    /// The next n.
    Next(u64),
    /// All, until switched off.
    All,
}

/// What the next API calls shall suffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum FailNext {
    /// 500 without executing.
    #[serde(rename = "500")]
    ServerError,
    /// 429 without executing.
    #[serde(rename = "429")]
    RateLimited,
    /// 402 without executing, as if the card were declined.
    #[serde(rename = "402")]
    Declined,
    /// 400 without executing, as if it were not possible.
    #[serde(rename = "400")]
    Refused,
    /// Executed, but the answer never comes.
    #[serde(rename = "timeout")]
    Timeout,
}

/// The chaos switches.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chaos {
    pub(crate) duplicate: bool,
    pub(crate) shuffle: bool,
    pub(crate) drop: Drop,
    pub(crate) delay_ms: u64,
    pub(crate) fail_next: Option<FailNext>,
    /// What answers say instead of what is.
    pub(crate) amend: Vec<Amendment>,
}

impl Chaos {
    /// The switches as the control API shows them.
    pub(crate) fn show(&self) -> Value {
        let drop = match self.drop {
            Drop::Nothing => json!(0),
            Drop::Next(count) => json!(count),
            Drop::All => json!("all"),
        };
        json!({
            "duplicate": self.duplicate, "shuffle": self.shuffle, "drop": drop, "delay_ms": self.delay_ms,
            "fail_next": self.fail_next, "amend": self.amend,
        })
    }
}

/// Where a delivery stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Waiting for its time.
    Pending,
    /// Being sent.
    Sending,
    /// Answered with 2xx.
    Delivered(u16),
    /// Given up; what the last attempt met.
    Failed(String),
    /// Lost on purpose.
    Dropped,
}

/// One event on its way to one endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    number: u64,
    pub(crate) endpoint: String,
    pub(crate) event: String,
    pub(crate) attempts: u32,
    pub(crate) outcome: Outcome,
    /// What the last attempt met.
    pub(crate) last: String,
    due: Instant,
}

/// All deliveries, oldest first.
#[derive(Debug, Default, Clone)]
pub(crate) struct Outbox {
    pub(crate) deliveries: Vec<Delivery>,
    drawn: u64,
    numbered: u64,
}

impl Outbox {
    /// Queues an event under the present chaos.
    pub(crate) fn queue(&mut self, chaos: &Chaos, endpoint: &str, event: &str) {
        let lost = match chaos.drop {
            Drop::Nothing => false,
            Drop::All => true,
            Drop::Next(count) => self.drawn < count,
        };
        self.drawn += 1;
        let outcome = if lost { Outcome::Dropped } else { Outcome::Pending };
        let gather = if chaos.shuffle { SHUFFLE_WINDOW } else { Duration::ZERO };
        let due = Instant::now() + Duration::from_millis(chaos.delay_ms) + gather;
        for _ in 0..if chaos.duplicate && !lost { 2 } else { 1 } {
            self.push(endpoint, event, outcome.clone(), due);
        }
    }

    /// Queues an event once, whatever the chaos.
    pub(crate) fn resend(&mut self, endpoint: &str, event: &str) {
        self.push(endpoint, event, Outcome::Pending, Instant::now());
    }

    /// Endpoint and event of what has not arrived yet.
    pub(crate) fn under_way(&self) -> impl Iterator<Item = (&str, &str)> {
        self.deliveries
            .iter()
            .filter(|delivery| matches!(delivery.outcome, Outcome::Pending | Outcome::Sending))
            .map(|delivery| (delivery.endpoint.as_str(), delivery.event.as_str()))
    }

    /// The count of `drop` begins anew whenever the switch is set.
    pub(crate) fn restart_drop(&mut self) {
        self.drawn = 0;
    }

    fn push(&mut self, endpoint: &str, event: &str, outcome: Outcome, due: Instant) {
        self.numbered += 1;
        let number = self.numbered;
        let (endpoint, event) = (endpoint.to_owned(), event.to_owned());
        self.deliveries.push(Delivery { number, endpoint, event, attempts: 0, outcome, last: String::new(), due });
        if self.deliveries.len() > REMEMBERED {
            let settled = |d: &Delivery| !matches!(d.outcome, Outcome::Pending | Outcome::Sending);
            if let Some(oldest) = self.deliveries.iter().position(settled) {
                self.deliveries.remove(oldest);
            }
        }
    }

    /// Takes what is due, in order, or in random order under `shuffle`.
    #[expect(clippy::disallowed_methods, reason = "chaos is meant to differ from run to run")]
    fn take_due(&mut self, shuffle: bool) -> Vec<Delivery> {
        let now = Instant::now();
        let pending: Vec<&mut Delivery> =
            self.deliveries.iter_mut().filter(|d| d.outcome == Outcome::Pending && d.due <= now).collect();
        let mut due = Vec::with_capacity(pending.len());
        for delivery in pending {
            delivery.outcome = Outcome::Sending;
            delivery.attempts += 1;
            due.push(delivery.clone());
        }
        if shuffle {
            due.shuffle(&mut rand::rng());
        }
        due
    }

    fn settle(&mut self, number: u64, met: Result<u16, String>) -> bool {
        let Some(delivery) = self.deliveries.iter_mut().find(|d| d.number == number) else { return false };
        match met {
            Ok(status) if (200..300).contains(&status) => {
                delivery.last = status.to_string();
                delivery.outcome = Outcome::Delivered(status);
                return true;
            }
            Ok(status) => delivery.last = format!("HTTP {status}"),
            Err(error) => delivery.last = error,
        }
        if delivery.attempts >= ATTEMPTS {
            delivery.outcome = Outcome::Failed(delivery.last.clone());
        } else {
            delivery.outcome = Outcome::Pending;
            delivery.due = Instant::now() + Duration::from_millis(500 << (delivery.attempts - 1).min(6));
        }
        false
    }
}

/// The `Stripe-Signature` header: HMAC-SHA256 with the endpoint's secret over `{timestamp}.{payload}`.
/// <https://docs.stripe.com/webhooks#verify-manually>
pub(crate) fn signature(secret: &str, timestamp: i64, payload: &[u8]) -> String {
    // HMAC takes keys of any length, so the error arm cannot be reached.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(format!("{timestamp}.").as_bytes());
    mac.update(payload);
    let hex = data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes());
    format!("t={timestamp},v1={hex}")
}

/// Sends what is due until the process ends. One endpoint's deliveries go one after the other.
pub(crate) async fn deliver_forever(sandbox: Arc<Sandbox>) {
    loop {
        let due = {
            let mut world = sandbox.world();
            let shuffle = world.chaos.shuffle;
            world.outbox.take_due(shuffle)
        };
        if due.is_empty() {
            let _ = tokio::time::timeout(Duration::from_millis(50), sandbox.wake.notified()).await;
            continue;
        }
        let mut endpoints: Vec<(String, Vec<Delivery>)> = Vec::new();
        for delivery in due {
            match endpoints.iter_mut().find(|(endpoint, _)| *endpoint == delivery.endpoint) {
                Some((_, queue)) => queue.push(delivery),
                None => endpoints.push((delivery.endpoint.clone(), vec![delivery])),
            }
        }
        for (_, queue) in endpoints {
            let sandbox = Arc::clone(&sandbox);
            tokio::spawn(async move {
                for delivery in queue {
                    deliver(&sandbox, &delivery).await;
                }
            });
        }
    }
}

async fn deliver(sandbox: &Sandbox, delivery: &Delivery) {
    let prepared = {
        let world = sandbox.world();
        world.find(&delivery.endpoint).zip(world.find(&delivery.event)).map(|(endpoint, event)| {
            let secret = text(endpoint, "_secret").to_owned();
            (text(endpoint, "url").to_owned(), secret, serde_json::to_vec_pretty(&public(event)))
        })
    };
    let met = match prepared {
        Some((url, secret, Ok(payload))) => {
            let header = signature(&secret, sandbox.clock.now(), &payload);
            let request = sandbox
                .http
                .post(url)
                .header("content-type", "application/json; charset=utf-8")
                .header("stripe-signature", header)
                .body(payload);
            request.send().await.map(|response| response.status().as_u16()).map_err(|error| error.to_string())
        }
        _ => Err("the endpoint is gone".to_owned()),
    };
    tracing::debug!(event = delivery.event, ?met, "webhook");
    let mut world = sandbox.world();
    if world.outbox.settle(delivery.number, met) {
        world.change(&delivery.event, |event| {
            event["pending_webhooks"] = json!((int(event, "pending_webhooks") - 1).max(0));
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::{ATTEMPTS, Chaos, Drop, Outbox, Outcome, signature};

    #[test]
    fn the_signature_covers_the_exact_bytes_and_the_timestamp() {
        // Computed with: printf '1700000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test
        let known = "t=1700000000,v1=c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925";
        assert_eq!(signature("whsec_test", 1_700_000_000, br#"{"id":"evt_1"}"#), known);
        assert_ne!(signature("whsec_test", 1_700_000_000, br#"{"id": "evt_1"}"#), known);
        assert_ne!(signature("whsec_test", 1_700_000_001, br#"{"id":"evt_1"}"#), known);
    }

    #[test]
    fn duplicate_queues_every_event_twice() {
        let mut outbox = Outbox::default();
        outbox.queue(&Chaos { duplicate: true, ..Chaos::default() }, "we_1", "evt_1");
        assert_eq!(outbox.take_due(false).len(), 2);
    }

    #[test]
    fn drop_loses_the_next_n_and_no_more() {
        let mut outbox = Outbox::default();
        let chaos = Chaos { drop: Drop::Next(2), ..Chaos::default() };
        for event in ["evt_1", "evt_2", "evt_3"] {
            outbox.queue(&chaos, "we_1", event);
        }
        let sent: Vec<String> = outbox.take_due(false).into_iter().map(|d| d.event).collect();
        assert_eq!(sent, ["evt_3"]);
    }

    #[test]
    fn shuffled_deliveries_gather_before_they_leave_in_another_order() {
        let mut outbox = Outbox::default();
        let chaos = Chaos { shuffle: true, ..Chaos::default() };
        let queued: Vec<String> = (0..40).map(|n| format!("evt_{n}")).collect();
        for event in &queued {
            outbox.queue(&chaos, "we_1", event);
        }
        assert!(outbox.take_due(true).is_empty(), "they gather first");
        for delivery in &mut outbox.deliveries {
            delivery.due = Instant::now();
        }
        let mut sent: Vec<String> = outbox.take_due(true).into_iter().map(|d| d.event).collect();
        assert_ne!(sent, queued);
        sent.sort_by_key(|event| event[4..].parse::<u32>().unwrap_or(0));
        assert_eq!(sent, queued, "shuffled, none lost");
    }

    #[test]
    fn a_delivery_is_retried_until_its_attempts_are_spent() {
        let mut outbox = Outbox::default();
        outbox.resend("we_1", "evt_1");
        for attempt in 1..=ATTEMPTS {
            outbox.deliveries[0].due = Instant::now();
            let due = outbox.take_due(false);
            assert_eq!(due[0].attempts, attempt);
            assert!(!outbox.settle(due[0].number, Ok(500)));
        }
        assert_eq!(outbox.deliveries[0].outcome, Outcome::Failed("HTTP 500".into()));
    }
}
