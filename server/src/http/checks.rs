//! Checks that are answered from memory, before everything else.
//!
//! Most of what a server is asked are checks that change nothing but times. Where the table beside the database
//! (`backend::leases::live`) can answer one, it is answered here, because all the layers of the service would take
//! several times as long as the check. Whatever is not that simple goes on to the service as it came, which answers it
//! in the same shape and refuses what is to be refused. Calls that do not say how long their body is are among those.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use app::api::error::{problem_response, read_flat_json};
use app::api::licensing::check_from_memory;
use app::state::AppState;
use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use backend::leases::live::LiveTable;
use backend::vendors::Vendor;
use futures::FutureExt as _;
use sdk::error::{Code, Problem};
use sdk::wire::{CheckRequest, MAX_BODY_BYTES};
use tower::ServiceExt as _;

use crate::middleware::{headers, licensing_api, request_id, vendor, visit};

/// The address that is answered here.
pub(crate) const PATH: &str = "/api/v1/licenses/check";

/// What answers, and what answers everything else.
pub(crate) struct Checks {
    /// Of the process.
    pub(crate) state: AppState,
    /// The whole service.
    pub(crate) service: Router,
    /// How long a call may take.
    pub(crate) patience: Duration,
}

/// Answers a check from memory, or has the service answer it.
pub(crate) async fn answer(State(checks): State<Arc<Checks>>, request: Request) -> Response {
    let state = &checks.state;
    let Some((live, vendor)) = asked(state, &request) else { return pass_on(&checks, request).await };
    let id = request_id::fresh(state);
    let check = from_memory(state, live, &vendor, &id, request);
    match attempt(checks.patience, &vendor.origin, &id, check).await {
        Ok(Ok(response)) | Err(response) => response,
        Ok(Err(request)) => pass_on(&checks, *request).await,
    }
}

/// Has the service answer.
async fn pass_on(checks: &Checks, request: Request) -> Response {
    checks.service.clone().oneshot(request).await.unwrap_or_else(|never| match never {})
}

/// What `check` comes to; the answer to the request where it comes to nothing, because it takes too long or panics.
async fn attempt<T>(patience: Duration, origin: &str, id: &str, check: impl Future<Output = T>) -> Result<T, Response> {
    let code = match tokio::time::timeout(patience, AssertUnwindSafe(check).catch_unwind()).await {
        Ok(Ok(outcome)) => return Ok(outcome),
        Ok(Err(panic)) => {
            tracing::info_span!("request", id).in_scope(|| request_id::log_panic(panic.as_ref()));
            Code::ServerError
        }
        // Its body or its commit does not come.
        Err(_) => Code::NotReady,
    };
    let mut response = problem_response(Problem::of(code), origin, id).map(Body::from);
    request_id::tell(response.headers_mut(), id);
    tracing::warn!(id, status = response.status().as_u16(), "a check was given up");
    Err(response)
}

/// The table that may know the answer, and the vendor that is asked.
fn asked<'a>(state: &'a AppState, request: &Request) -> Option<(&'a LiveTable, Arc<Vendor>)> {
    let live = state.live.as_deref().filter(|_| is_plain(request) && state.clock_watch.is_ready())?;
    let vendor = live.known_vendor(&vendor::host(request.headers()))?;
    Some((live, vendor))
}

/// The request comes back where memory does not answer it.
async fn from_memory(
    state: &AppState,
    live: &LiveTable,
    vendor: &Vendor,
    id: &str,
    request: Request,
) -> Result<Response, Box<Request>> {
    let (parts, body) = request.into_parts();
    // What breaks off is nobody's any more.
    let body = to_bytes(body, MAX_BODY_BYTES).await.unwrap_or_else(|_| Bytes::new());
    let address = visit::address(state, &parts.extensions, &parts.headers);
    let lease = match read_flat_json::<CheckRequest>(body.clone()) {
        Ok(check) => check_from_memory(state, live, vendor, id, address, &check).await,
        Err(_) => None,
    };
    let Some(lease) = lease else { return Err(Box::new(Request::from_parts(parts, Body::from(body)))) };
    tracing::debug!(id, "answered from memory");
    let mut response = Json(lease).into_response();
    let answered = response.headers_mut();
    answered.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers::harden(answered, state.tls);
    request_id::tell(answered, id);
    Ok(response)
}

/// Whether it is a call that the licensing API takes, as far as its head tells.
fn is_plain(request: &Request) -> bool {
    let length = request.body().size_hint().upper().and_then(|bytes| usize::try_from(bytes).ok());
    request.method() == Method::POST
        && licensing_api::is_json(request.headers())
        && length.is_some_and(|bytes| bytes <= MAX_BODY_BYTES)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use sdk::error::PROBLEM_JSON;

    use super::*;

    /// What is answered instead of the outcome.
    async fn refused(check: impl Future<Output = ()>, patience: Duration) -> (Response, Problem) {
        let (parts, body) = attempt(patience, "https://vendor.example", "r1", check).await.unwrap_err().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        (Response::from_parts(parts, Body::empty()), serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn a_check_that_panics_or_takes_too_long_is_answered_with_a_problem() {
        let patience = Duration::from_secs(60);
        let panicking = refused(async { panic!("a fault that nobody knows") }, patience).await;
        let endless = refused(std::future::pending(), Duration::ZERO).await;
        for ((response, problem), code) in [(panicking, Code::ServerError), (endless, Code::NotReady)] {
            assert_eq!(response.status().as_u16(), code.status());
            assert_eq!(response.headers()[header::CONTENT_TYPE], PROBLEM_JSON);
            assert_eq!(response.headers()[request_id::HEADER], "r1");
            assert_eq!((problem.code(), problem.request_id.as_str()), (Some(code), "r1"));
            assert_eq!(problem.type_url, format!("https://vendor.example/docs/api#{}", code.as_str()));
            assert_eq!(problem.detail, None, "nothing of the fault gets out");
        }
        assert_eq!(attempt(patience, "", "r1", async { 5 }).await.unwrap(), 5);
    }
}
