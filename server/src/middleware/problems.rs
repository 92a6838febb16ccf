//! Whatever fails at an address of the APIs is a problem document, wherever it fails: before there is a vendor, in the
//! router, after the time is up, in a panic.

use std::sync::Arc;

use app::api::error::problem_response;
use axum::body::Body;
use axum::extract::{Extension, Request};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use backend::vendors::Vendor;
use sdk::error::{Code, PROBLEM_JSON, Problem};

use super::request_id::RequestId;
use super::vendor::NO_VENDOR;

/// Makes a problem of every failure at an address that programs call, unless it is one. What the answer says about the
/// methods of the address and about when to ask again stays.
pub(crate) async fn complete(Extension(RequestId(id)): Extension<RequestId>, request: Request, next: Next) -> Response {
    let is_of_programs = is_of_programs(request.uri().path());
    let response = next.run(request).await;
    let is_failure = response.status().is_client_error() || response.status().is_server_error();
    let is_problem = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == PROBLEM_JSON);
    if !is_of_programs || !is_failure || is_problem {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    // Without a vendor there is no origin to name: the address of the documentation is then a relative one.
    let vendor = parts.extensions.get::<Arc<Vendor>>().cloned();
    let origin = vendor.as_ref().map_or("", |vendor| vendor.origin.as_str());
    let waits_s = parts.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let mut problem = Problem { retry_after_s: waits_s, ..Problem::of(code_of(parts.status)) };
    if parts.status == StatusCode::MISDIRECTED_REQUEST {
        problem = problem.with_detail(NO_VENDOR);
    }
    // What described the body that goes.
    for name in [header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::ETAG, header::SET_COOKIE] {
        parts.headers.remove(name);
    }
    let (said, body) = problem_response(problem, origin, &id).into_parts();
    parts.status = said.status;
    // Not the methods: the router knows those of an address, and names them outside of this layer where nobody has yet.
    for name in [header::CONTENT_TYPE, header::CACHE_CONTROL, header::RETRY_AFTER] {
        if let Some(value) = said.headers.get(&name) {
            parts.headers.insert(name, value.clone());
        }
    }
    Response::from_parts(parts, Body::from(body))
}

/// The row of the table for what the router, its layers and extractors refuse with.
pub(super) fn code_of(status: StatusCode) -> Code {
    match status {
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Code::PayloadTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
        StatusCode::TOO_MANY_REQUESTS => Code::RateLimited,
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => Code::NotReady,
        // A path that is not UTF-8 names nothing, a host without a vendor has nothing, and what the portal refuses at an address
        // of programs (a post that no page of ours sent) is not there for programs.
        status if status.is_client_error() => Code::NotFound,
        _ => Code::ServerError,
    }
}

/// Whether this is an address that programs call.
pub(super) fn is_of_programs(path: &str) -> bool {
    ["/api", "/.well-known"].iter().any(|root| {
        let below = path.strip_prefix(root);
        below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use axum::Router;
    use axum::body::to_bytes;
    use axum::middleware::from_fn;
    use axum::routing::{any, get};
    use tower::ServiceExt as _;

    use super::*;
    use crate::middleware::request_id::answer_panic;

    fn router() -> Router {
        let fails = |status: u16| any(move || async move { (StatusCode::from_u16(status).unwrap(), "text\n") });
        let waits = || async { (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "30")]) };
        Router::new()
            .route("/api/v1/licenses/check", fails(421))
            .route("/api/v1/licenses/activate", fails(503))
            .route("/api/v1/licenses/deactivate", fails(403))
            .route("/api/v1/licenses/release", any(|| async { StatusCode::GATEWAY_TIMEOUT }))
            .route("/api/v1/claims/poll", any(|| async { answer_panic(Box::new("no message")) }))
            .route("/.well-known/jwks.json", get(|| async { "{}" }))
            .route("/.well-known/keys.json", any(waits))
            .route("/apiary", fails(503))
            .fallback(|| async { (StatusCode::NOT_FOUND, "text\n") })
            .layer(from_fn(complete))
            .layer(Extension(RequestId("r1".to_owned())))
    }

    #[tokio::test]
    async fn whatever_fails_at_an_address_of_programs_is_a_row_of_the_table() {
        for (method, path, code, retry_after, allow) in [
            ("POST", "/api/v1/licenses/check", Code::NotFound, None, None),
            ("POST", "/api/v1/licenses/activate", Code::NotReady, Some("5"), None),
            ("POST", "/api/v1/licenses/deactivate", Code::NotFound, None, None),
            ("POST", "/api/v1/licenses/release", Code::NotReady, Some("5"), None),
            ("POST", "/api/v1/claims/poll", Code::ServerError, None, None),
            ("POST", "/.well-known/jwks.json", Code::MethodNotAllowed, None, Some("GET,HEAD")),
            ("GET", "/.well-known/keys.json", Code::NotReady, Some("30"), None),
            ("GET", "/.well-known/other", Code::NotFound, None, None),
            ("GET", "/api", Code::NotFound, None, None),
        ] {
            let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
            let response = router().oneshot(request).await.unwrap();
            let said = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
            assert_eq!(response.status().as_u16(), code.status(), "{path}");
            assert_eq!(said(header::CONTENT_TYPE).as_deref(), Some(PROBLEM_JSON), "{path}");
            assert_eq!(said(header::CACHE_CONTROL).as_deref(), Some("no-store"), "{path}");
            assert_eq!(said(header::RETRY_AFTER).as_deref(), retry_after, "{path}");
            assert_eq!(said(header::ALLOW).as_deref(), allow, "{path}");
            let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
            let problem: Problem = serde_json::from_slice(&body).unwrap();
            assert_eq!((problem.code(), problem.request_id.as_str()), (Some(code), "r1"), "{path}");
            let is_misdirected = path == "/api/v1/licenses/check";
            assert_eq!(problem.detail.as_deref(), is_misdirected.then_some(NO_VENDOR), "{path}");
        }
    }

    #[tokio::test]
    async fn what_succeeds_is_a_problem_or_is_no_address_of_programs_stays_as_it_is() {
        let request = |path: &str| Request::builder().uri(path).body(Body::empty()).unwrap();
        let fine = router().oneshot(request("/.well-known/jwks.json")).await.unwrap();
        assert_eq!(fine.status(), StatusCode::OK);
        for path in ["/apiary", "/docs/api"] {
            let page = router().oneshot(request(path)).await.unwrap();
            let body = to_bytes(page.into_body(), usize::MAX).await.unwrap();
            assert_eq!(&body[..], b"text\n", "{path}");
        }
        let conflict = Problem::of(Code::SeatsExhausted).with_detail("kept");
        let own = any(move || async move { problem_response(conflict, "https://x.example", "r0").map(Body::from) });
        let router = Router::new()
            .route("/api/v1/own", own)
            .layer(from_fn(complete))
            .layer(Extension(RequestId("r1".to_owned())));
        let kept = router.oneshot(request("/api/v1/own")).await.unwrap();
        let body = to_bytes(kept.into_body(), usize::MAX).await.unwrap();
        let kept: Problem = serde_json::from_slice(&body).unwrap();
        assert_eq!((kept.detail.as_deref(), kept.request_id.as_str()), (Some("kept"), "r0"));
    }
}
