//! A rehearsal at Stripe itself, in test mode: what all of this is built on, tried out one by one.
//!
//! Tests run against a local stand-in, which can only know what we think of Stripe. The operator runs this once against
//! a real test account: it sells, upgrades, fails, recovers, refunds and takes a transfer by the same methods that the
//! product uses, on a clock of its own (<https://docs.stripe.com/billing/testing/test-clocks>), says of each
//! [`Assumption`] whether it holds, and takes away what it made.

mod assumptions;
mod by_card;
mod by_transfer;
mod money_back;
mod scene;
mod selling;

use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use super::Stripe;
use crate::clock::UnixMs;
use crate::money::Currency;

pub use assumptions::Assumption;
use scene::Scene;

/// How it is played.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    /// Distinguishes this run from all others: stands in names, and makes its idempotency keys.
    pub tag: String,
    /// Now.
    pub now: UnixMs,
    /// What is sold in; also decides over which network the transfer comes.
    pub currency: Currency,
    /// How long somebody at a browser may take to pay on Checkout; `None` leaves that part out.
    pub buyer_patience: Option<Duration>,
    /// Between two looks at something that takes Stripe a while.
    pub pause: Duration,
}

/// What is told while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// One assumption has been tried.
    Judged(Assumption, Verdict),
    /// Somebody has to pay here now, with card 4242 4242 4242 4242.
    PayHere(String),
    /// Could not be taken away again: its id, and why.
    LeftBehind(String, String),
}

/// Whether an assumption holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Holds,
    /// It does not; what was seen instead.
    Fails(String),
    /// It was not reached, because something before it failed.
    NotReached,
}

/// Why nothing was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RehearsalRefusal {
    /// It would move real money.
    #[error("the rehearsal takes a test key only")]
    LiveKey,
}

/// Plays the whole rehearsal and answers how many assumptions do not hold or were not reached.
///
/// # Errors
/// [`RehearsalRefusal`]; nothing was sent to Stripe then.
pub async fn rehearse(
    stripe: &Stripe,
    rehearsal: &Rehearsal,
    told: UnboundedSender<Progress>,
) -> Result<usize, RehearsalRefusal> {
    if stripe.config().is_live() {
        return Err(RehearsalRefusal::LiveKey);
    }
    let mut scene = Scene::new(stripe, rehearsal, told);
    if let Some(catalog) = selling::rehearse_catalog(&mut scene).await {
        selling::rehearse_checkout(&mut scene, &catalog).await;
        by_card::rehearse_cards(&mut scene, &catalog).await;
        by_transfer::rehearse_transfer(&mut scene, &catalog).await;
        money_back::rehearse_events(&mut scene).await;
    }
    Ok(scene.end().await)
}
