//! `GET /api/openapi.json` and `GET /api/manage/openapi.json`: the licensing API and the management API described for
//! machines (OpenAPI 3.1).

use std::sync::Arc;

use app::api::{description, management};
use axum::extract::Extension;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use backend::vendors::Vendor;
use serde_json::Value;

/// It changes with releases only.
const MAX_AGE: &str = "public, max-age=3600";

/// The document of the licensing API, with the vendor's origin as its server.
pub(crate) async fn serve(Extension(vendor): Extension<Arc<Vendor>>) -> Response {
    answer(&description::document(&vendor.origin))
}

/// The same of the management API.
pub(crate) async fn serve_management(Extension(vendor): Extension<Arc<Vendor>>) -> Response {
    answer(&management::document(&vendor.origin))
}

fn answer(document: &Value) -> Response {
    let body = serde_json::to_vec(document).unwrap_or_default();
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static(MAX_AGE)),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    ];
    (headers, body).into_response()
}
