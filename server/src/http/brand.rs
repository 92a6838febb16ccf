//! `/brand/{hash}.css` and `.svg`: the vendor's accent and logo, named after their content.

use std::sync::Arc;

use app::pages::frame::brand_hash;
use axum::extract::{Extension, Path};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use backend::vendors::Vendor;

/// The file, while its hash is the current one.
pub(crate) async fn serve(Extension(vendor): Extension<Arc<Vendor>>, Path(file): Path<String>) -> Response {
    let content = match file.rsplit_once('.') {
        Some((hash, kind)) if hash == brand_hash(&vendor) => match (kind, &vendor.logo_svg) {
            ("css", _) => Some(("text/css; charset=utf-8", format!(":root{{--accent-h:{}}}\n", vendor.accent_hue))),
            ("svg", Some(logo)) => Some(("image/svg+xml", logo.clone())),
            _ => None,
        },
        _ => None,
    };
    match content {
        Some((kind, body)) => ([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], body).into_response(),
        None => (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]).into_response(),
    }
}
