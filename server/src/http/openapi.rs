//! `GET /api/openapi.json`: the licensing API described for machines (OpenAPI 3.1).

use std::sync::Arc;

use app::api::description::document;
use axum::extract::Extension;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use backend::vendors::Vendor;

/// It changes with releases only.
const MAX_AGE: &str = "public, max-age=3600";

/// The document, with the vendor's origin as its server.
pub(crate) async fn serve(Extension(vendor): Extension<Arc<Vendor>>) -> Response {
    let body = serde_json::to_vec(&document(&vendor.origin)).unwrap_or_default();
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static(MAX_AGE)),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    ];
    (headers, body).into_response()
}
