//! Chooses the vendor by the host name that was asked.

use std::sync::Arc;

use app::state::AppState;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use backend::vendors::find_vendor_by_host;

/// What is said where no vendor answers.
pub(super) const NO_VENDOR: &str = "No vendor of this server answers this host name.";

/// Puts the vendor into the request, or says that this host has none.
pub(crate) async fn choose(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let host = host(request.headers());
    let found = match &state.live {
        Some(live) => live.vendor_of_host(&host).await,
        None => {
            let found = state.db.read(move |tx| Box::pin(async move { find_vendor_by_host(tx, &host).await })).await;
            found.map(|vendor| vendor.map(Arc::new))
        }
    };
    match found {
        Ok(Some(vendor)) => {
            request.extensions_mut().insert(Arc::clone(&vendor));
            let mut response = next.run(request).await;
            // What makes a problem of a failure further out names the vendor's documentation.
            response.extensions_mut().insert(vendor);
            response
        }
        Ok(None) => (StatusCode::MISDIRECTED_REQUEST, format!("{NO_VENDOR}\n")).into_response(),
        Err(error) => {
            tracing::error!(%error, "the vendor could not be looked up");
            (StatusCode::SERVICE_UNAVAILABLE, "The server is not ready. Try again in a moment.\n").into_response()
        }
    }
}

/// The host name that was asked.
pub(crate) fn host(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    without_port(host).to_ascii_lowercase()
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_no_part_of_the_name_and_an_ipv6_address_stays_whole() {
        for (host, name) in [
            ("shop.example", "shop.example"),
            ("shop.example:3000", "shop.example"),
            ("[::1]:3000", "[::1]"),
            ("[::1]", "[::1]"),
            ("", ""),
        ] {
            assert_eq!(without_port(host), name);
        }
    }
}
