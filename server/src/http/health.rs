//! `/healthz`: the process lives. `/readyz`: it can serve.

use app::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use backend::clock::MAX_CLOCK_SKEW_MS;
use backend::db::{DbError, Tx, migrations_pending};
use backend::keys::{MasterStanding, active_signing_key, master_standing};
use backend::text::en::master_key as text;
use backend::vendors::list_vendors;

/// The process answers.
pub(crate) async fn alive() -> &'static str {
    "alive\n"
}

/// Database, migrations, clock and signing keys are as they must be, or what is not.
pub(crate) async fn ready(State(state): State<AppState>) -> (StatusCode, String) {
    match why_not_ready(&state).await {
        None => (StatusCode::OK, "ready\n".to_owned()),
        Some(why) => {
            tracing::warn!(why, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n"))
        }
    }
}

async fn why_not_ready(state: &AppState) -> Option<String> {
    match migrations_pending(&state.db).await {
        Ok(pending) if pending.is_empty() => {}
        Ok(pending) => return Some(format!("{} migrations are pending", pending.len())),
        Err(error) => return Some(format!("the database does not answer: {error}")),
    }
    if !state.clock.is_test() {
        match state.db.clock_skew_ms(state.clock.now()).await {
            Ok(skew) if skew.abs() <= MAX_CLOCK_SKEW_MS => {}
            Ok(skew) => return Some(format!("this clock is {skew} ms away from the database's")),
            Err(error) => return Some(format!("the database does not answer: {error}")),
        }
    }
    let master = state.master.clone();
    let standing: Result<MasterStanding, DbError> =
        state.db.read(move |tx| Box::pin(async move { master_standing(tx, &master).await })).await;
    match standing.map(|standing| text::trouble(&standing)) {
        Ok(None) => {}
        Ok(trouble) => return trouble,
        Err(error) => return Some(format!("the database does not answer: {error}")),
    }
    let master = state.master.clone();
    let without_key = state.db.read(move |tx| Box::pin(async move { vendor_without_key(tx, &master).await })).await;
    match without_key {
        Ok(None) => None,
        Ok(Some(vendor)) => Some(format!("the vendor {vendor} has no signing key that the master key opens")),
        Err(error) => Some(format!("the database does not answer: {error}")),
    }
}

async fn vendor_without_key(tx: &mut Tx, master: &backend::keys::MasterKey) -> Result<Option<String>, DbError> {
    for vendor in list_vendors(tx).await? {
        if active_signing_key(tx, master, &vendor.id).await?.is_none() {
            return Ok(Some(vendor.code));
        }
    }
    Ok(None)
}
