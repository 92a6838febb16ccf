//! The licensing API's HTTP rules: POST of JSON, at most 64 KiB, no cookies, no redirects, and every failure
//! a problem document, whatever fails. A node whose clock is not the database's answers nothing else: it would judge seats
//! by another time than its peers.

use std::sync::Arc;

use app::api::error::problem_response;
use app::request::Visit;
use app::state::AppState;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, Method, Response, StatusCode, header};
use axum::middleware::Next;
use backend::vendors::Vendor;
use leptos::server_fn::axum::get_server_fn_service;
use sdk::error::{Code, PROBLEM_JSON, Problem};
use sdk::wire::MAX_BODY_BYTES;

use super::request_id::RequestId;

/// Takes only what the API takes, and makes every failure a problem. What it does not take counts as a failing call.
pub(crate) async fn answer_problems(
    State(state): State<AppState>,
    Extension(visit): Extension<Visit>,
    Extension(vendor): Extension<Arc<Vendor>>,
    Extension(RequestId(id)): Extension<RequestId>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let problem = match examine(request).await {
        Ok(_) if !state.clock_watch.is_ready() => Problem::of(Code::NotReady),
        Ok(request) => match answer(next.run(request).await).await {
            Ok(response) => return response,
            Err(problem) => problem,
        },
        Err(code) => match state.limits.count_failure(visit.address) {
            Ok(()) => Problem::of(code),
            Err(limited) => limited.into(),
        },
    };
    problem_response(problem, &vendor.origin, &id).map(Body::from)
}

/// Checks method, media type and size, and strips what a browser would add.
async fn examine(request: Request) -> Result<Request, Code> {
    let (mut parts, body) = request.into_parts();
    if get_server_fn_service(parts.uri.path(), Method::POST).is_none() {
        return Err(Code::NotFound);
    }
    if parts.method != Method::POST {
        return Err(Code::MethodNotAllowed);
    }
    if !is_json(&parts.headers) {
        return Err(Code::UnsupportedMediaType);
    }
    let body = to_bytes(body, MAX_BODY_BYTES).await.map_err(|_| Code::PayloadTooLarge)?;
    // With `text/html` accepted, a server function would answer with a redirect.
    parts.headers.remove(header::ACCEPT);
    parts.headers.remove(header::REFERER);
    parts.headers.remove(header::COOKIE);
    Ok(Request::from_parts(parts, Body::from(body)))
}

/// Whether a body is said to be JSON as it is: what was compressed is not read.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
    essence.eq_ignore_ascii_case("application/json") && codings.all(|coding| coding.as_bytes() == b"identity")
}

/// A success as it is; of a failure the problem that it carries, or that the server failed.
async fn answer(response: Response<Body>) -> Result<Response<Body>, Problem> {
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_else(|_| Bytes::new());
    let is_problem = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == PROBLEM_JSON);
    if parts.status == StatusCode::OK && !is_problem {
        parts.headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
        return Ok(Response::from_parts(parts, Body::from(body)));
    }
    Err(serde_json::from_slice(&body).unwrap_or_else(|_| Problem::of(Code::ServerError)))
}
