//! The management API's HTTP rules: every failure a problem document, whatever fails, and nothing is kept by caches.

use std::sync::Arc;

use app::api::error::problem_response;
use axum::body::Body;
use axum::extract::{Extension, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use backend::vendors::Vendor;
use sdk::error::Problem;

use super::problems::code_of;
use super::request_id::RequestId;
use crate::http::manage::Refused;

/// How one proves oneself here (RFC 6750 §3).
const CHALLENGE: &str = "Bearer realm=\"management API\"";

/// Makes every failure a problem.
pub(crate) async fn answer_problems(
    Extension(vendor): Extension<Arc<Vendor>>,
    Extension(RequestId(id)): Extension<RequestId>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    let problem = match Refused::take(&mut response) {
        Some(problem) => problem,
        None if response.status().is_success() => {
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            return response;
        }
        None => Problem::of(code_of(response.status())),
    };
    let mut answer = problem_response(problem, &vendor.origin, &id).map(Body::from);
    // The router knows the methods of an address, and names them outside of this layer where nobody has yet.
    answer.headers_mut().remove(header::ALLOW);
    if answer.status() == StatusCode::UNAUTHORIZED {
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE));
    }
    answer
}
