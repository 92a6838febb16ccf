//! What all parts of a rehearsal share: keys, verdicts, waiting, and taking away what was made.

use std::fmt::Debug;

use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;

use super::{Assumption, Progress, Rehearsal, Verdict};
use crate::clock::UnixMs;
use crate::stripe::{IdempotencyKey, Stripe, StripeError};

/// Looks at something that takes Stripe a while, before it counts as not happening.
const LOOKS: u32 = 45;

pub(super) struct Scene<'a> {
    pub(super) stripe: &'a Stripe,
    pub(super) rehearsal: &'a Rehearsal,
    told: UnboundedSender<Progress>,
    judged: Vec<Assumption>,
    bad: usize,
    made: Vec<Made>,
}

/// Something to be taken away in the end.
pub(super) enum Made {
    /// Takes its customers and all they have with it.
    Clock(String),
    /// Takes its subscriptions with it.
    Customer(String),
    /// Can be deleted; what it was given to keeps it.
    Coupon(String),
    /// Cannot be deleted once it has been sold; put out of sight.
    Price(String),
    /// The same.
    Product(String),
}

impl<'a> Scene<'a> {
    pub(super) fn new(stripe: &'a Stripe, rehearsal: &'a Rehearsal, told: UnboundedSender<Progress>) -> Self {
        Self { stripe, rehearsal, told, judged: Vec::new(), bad: 0, made: Vec::new() }
    }

    /// The key of a step of this run.
    pub(super) fn key(&self, step: &str) -> IdempotencyKey {
        IdempotencyKey::new(&["check", &self.rehearsal.tag, step])
    }

    pub(super) fn tell(&self, progress: Progress) {
        // Whoever listened may have gone; the rehearsal still has to take away what it made.
        let _ = self.told.send(progress);
    }

    pub(super) fn keep_in_mind(&mut self, made: Made) {
        self.made.push(made);
    }

    /// Says whether it holds, and what was seen if not.
    pub(super) fn judge(&mut self, assumption: Assumption, holds: bool, seen: &dyn Debug) {
        let verdict = if holds { Verdict::Holds } else { Verdict::Fails(format!("{seen:?}")) };
        self.pronounce(assumption, verdict);
    }

    /// Hands on what Stripe answered; a refusal means that the assumption does not hold.
    pub(super) fn need<T>(&mut self, assumption: Assumption, answered: Result<T, StripeError>) -> Option<T> {
        answered.map_err(|error| self.pronounce(assumption, Verdict::Fails(error.to_string()))).ok()
    }

    fn pronounce(&mut self, assumption: Assumption, verdict: Verdict) {
        if self.judged.contains(&assumption) {
            return;
        }
        self.judged.push(assumption);
        self.bad += usize::from(verdict != Verdict::Holds);
        self.tell(Progress::Judged(assumption, verdict));
    }

    /// Looks until something has happened; `None` when it does not within a minute or two.
    pub(super) async fn until<T>(
        &self,
        mut look: impl AsyncFnMut() -> Result<Option<T>, StripeError>,
    ) -> Result<Option<T>, StripeError> {
        for _ in 1..LOOKS {
            if let Some(found) = look().await? {
                return Ok(Some(found));
            }
            tokio::time::sleep(self.rehearsal.pause).await;
        }
        look().await
    }

    /// Posts a step that no method of the product makes.
    pub(super) async fn act(&self, step: &str, path: &str, form: &[(&str, &str)]) -> Result<Value, StripeError> {
        self.stripe.post(&self.key(step), path, form).await
    }

    /// The same, for its id.
    pub(super) async fn make(&self, step: &str, path: &str, form: &[(&str, &str)]) -> Result<String, StripeError> {
        let made = self.act(step, path, form).await?;
        made["id"].as_str().map(str::to_owned).ok_or_else(|| StripeError::unreadable(format!("{path} has no id")))
    }

    /// Lets time pass for whatever hangs on a clock.
    pub(super) async fn advance(&self, clock: &str, to: UnixMs, step: &str) -> Result<(), StripeError> {
        let path = format!("test_helpers/test_clocks/{clock}");
        self.act(step, &format!("{path}/advance"), &[("frozen_time", &to.seconds().to_string())]).await?;
        let arrived = self.until(async || {
            let clock = self.stripe.look(&path, &[]).await?;
            Ok((clock["status"] == "ready").then_some(()))
        });
        arrived.await?.ok_or_else(|| StripeError::unreadable("the test clock does not arrive"))
    }

    /// Takes away what was made, and answers how many assumptions do not hold.
    pub(super) async fn end(mut self) -> usize {
        for made in std::mem::take(&mut self.made).iter().rev() {
            let (id, gone) = match made {
                Made::Clock(id) => (id, self.stripe.remove(&format!("test_helpers/test_clocks/{id}")).await),
                Made::Customer(id) => (id, self.stripe.remove(&format!("customers/{id}")).await),
                Made::Coupon(id) => (id, self.stripe.remove(&format!("coupons/{id}")).await),
                Made::Price(id) => (id, self.hide(&format!("prices/{id}"), id).await),
                Made::Product(id) => (id, self.hide(&format!("products/{id}"), id).await),
            };
            if let Err(error) = gone {
                self.tell(Progress::LeftBehind(id.clone(), error.to_string()));
            }
        }
        for assumption in Assumption::ALL {
            if !assumption.takes_a_buyer() || self.rehearsal.buyer_patience.is_some() {
                self.pronounce(*assumption, Verdict::NotReached);
            }
        }
        self.bad
    }

    async fn hide(&self, path: &str, id: &str) -> Result<(), StripeError> {
        self.act(&format!("hide:{id}"), path, &[("active", "false")]).await.map(drop)
    }
}
