//! One id per request: in the log, in the answer's header, in error pages and problems.

use std::any::Any;

use app::state::AppState;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

/// The header that carries the id.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id of the request at hand.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

/// Gives the request an id and logs its answer. Ids from outside are not taken: they could be anything.
pub(crate) async fn assign(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let id = fresh(&state);
    request.extensions_mut().insert(RequestId(id.clone()));
    // The path without its query, which may carry a secret of a mailed link.
    let span = tracing::info_span!("request", id, method = %request.method(), path = request.uri().path());
    // Instances call all the time: of their calls the log has what did not go well, and all of them at `debug`.
    let is_of_an_instance = request.uri().path().starts_with("/api/v1/");
    let began = std::time::Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    let took_ms = began.elapsed().as_millis();
    span.in_scope(|| {
        if is_of_an_instance && status < 400 {
            tracing::debug!(status, took_ms, "answered");
        } else {
            tracing::info!(status, took_ms, "answered");
        }
    });
    tell(response.headers_mut(), &id);
    response
}

/// An id that names one request.
pub(crate) fn fresh(state: &AppState) -> String {
    let random: [u8; 10] = state.entropy.bytes();
    data_encoding::BASE32_DNSSEC.encode(&random)
}

/// Says in an answer which request it answers.
pub(crate) fn tell(headers: &mut HeaderMap, id: &str) {
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(HEADER, id);
    }
}

/// The answer to a request whose handler panicked: opaque; the log has the rest.
#[expect(clippy::needless_pass_by_value, reason = "the layer's signature")]
pub(crate) fn answer_panic(panic: Box<dyn Any + Send>) -> Response {
    log_panic(panic.as_ref());
    (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side. Nothing was changed; try again.\n")
        .into_response()
}

/// Says in the log with what a handler panicked.
pub(crate) fn log_panic(panic: &(dyn Any + Send)) {
    let message = (panic.downcast_ref::<String>().map(String::as_str)).or(panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = message.unwrap_or("no message"), "a handler panicked");
}
