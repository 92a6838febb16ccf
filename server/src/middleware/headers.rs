//! Security headers of every answer. Pages set their own content security policy, which names a nonce.

use app::state::AppState;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

/// For whatever is no page: nothing may be loaded, run or framed.
const STRICT_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
/// Two years, as the preload lists ask for.
const HSTS: &str = "max-age=63072000; includeSubDomains";
/// Files whose names carry a hash of their content never change.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Other files are asked about again each time.
const REVALIDATE: &str = "no-cache";

/// Adds what is missing of the security headers, and says how long files may be kept.
pub(crate) async fn secure(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    harden(headers, state.tls);
    let lasting = if is_hashed(&path) { FOR_EVER } else { REVALIDATE };
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static(lasting));
    response
}

/// Adds what is missing of the security headers.
pub(crate) fn harden(headers: &mut HeaderMap, tls: bool) {
    let policy = HeaderValue::from_static(STRICT_POLICY);
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), microphone=(), geolocation=(), payment=()"),
    );
    if tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
}

/// `/pkg/leasehold.<hash>.css` and `/brand/<hash>.css` change their name with their content.
fn is_hashed(path: &str) -> bool {
    path.starts_with("/brand/") || (path.starts_with("/pkg/") && path.matches('.').count() >= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_hash_are_kept_for_ever() {
        assert!(is_hashed("/pkg/leasehold.0a1b2c.css") && is_hashed("/brand/00ff.css"));
        assert!(!is_hashed("/pkg/leasehold.css") && !is_hashed("/favicon.svg"));
    }
}
