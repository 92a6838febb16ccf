//! What every request needs: the process's parts, put together once at start.

use std::sync::Arc;

use axum::extract::FromRef;
use backend::billing::Commerce;
use backend::clock::Clock;
use backend::cx::Entropy;
use backend::db::{ClockWatch, Db};
use backend::keys::MasterKey;
use backend::leases::live::LiveTable;
use leptos::config::LeptosOptions;

use crate::api::limits::Limits;
use crate::proxies::TrustedProxies;

/// The parts of the process. Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

/// What [`AppState`] shares.
pub struct Parts {
    /// The database.
    pub db: Db,
    /// Seals and opens.
    pub master: MasterKey,
    /// The one clock.
    pub clock: Clock,
    /// Whether that clock may judge seats.
    pub clock_watch: ClockWatch,
    /// The one source of randomness.
    pub entropy: Entropy,
    /// Instances whose checks are answered from memory; `None` on PostgreSQL.
    pub live: Option<Arc<LiveTable>>,
    /// Hashes passwords on a bounded pool.
    pub passwords: backend::accounts::Passwords,
    /// Stripe, by vendor.
    /// The vendors' accounts at Stripe.
    pub stripe: backend::stripe::StripeAccounts,
    /// Where the islands' code lies.
    pub leptos: LeptosOptions,
    /// Origin of the hosted Checkout page, which forms may lead to.
    pub checkout_origin: String,
    /// How often the licensing API may be called.
    pub limits: Limits,
    /// Whose word about a request's origin is taken.
    pub proxies: TrustedProxies,
    /// Whether the deployment is reached through TLS: secure cookies, HSTS.
    pub tls: bool,
}

impl AppState {
    /// Shares the parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl AppState {
    /// What commerce use cases work with.
    #[must_use]
    pub fn commerce(&self) -> Commerce {
        Commerce { db: self.db.clone(), master: self.master.clone(), stripe: self.stripe.clone() }
    }
}

impl std::ops::Deref for AppState {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}
