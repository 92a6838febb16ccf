//! The job of the catalog: what was changed in the console reaches Stripe. It is tried again until it has, and what it
//! has pushed stays pushed. Of what Stripe has, only the names are pushed again: whether a price was altered there is for
//! `apply-catalog` and `check-catalog` to find.

use std::sync::Arc;

use super::push_new_prices;
use crate::billing::Commerce;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::jobs::{self, Handler, Handlers, Job, JobError, JobFuture, JobRun};
use crate::keys::MasterKey;

const PUSH_PRICES: &str = "catalog.push_prices";

/// With the handler of the catalog added: a process that works jobs registers it.
#[must_use]
pub fn register(handlers: Handlers, commerce: &Commerce) -> Handlers {
    handlers.with(PushPrices(commerce.clone()))
}

/// Queues that Stripe gets the acting vendor's current prices.
pub(super) async fn enqueue_push_prices(tx: &mut Tx, cx: &Cx, master: &MasterKey) -> Result<(), DbError> {
    let job = Job::new(PUSH_PRICES, &()).queued_by(PUSH_PRICES).once(PUSH_PRICES);
    jobs::enqueue(tx, cx, master, job).await.map(drop)
}

struct PushPrices(Commerce);

impl Handler for PushPrices {
    fn kind(&self) -> &'static str {
        PUSH_PRICES
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            // Without an account at Stripe there is nowhere to push to; applying the file with one pushes everything.
            let Some(stripe) = self.0.stripe.of(&run.cx.vendor_id) else { return Ok(()) };
            push_new_prices(&self.0.db, stripe, &run.cx).await.map(drop).map_err(JobError::retry)
        })
    }
}
