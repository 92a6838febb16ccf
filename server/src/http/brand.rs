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
            ("svg", Some(logo)) => Some(("image/svg+xml", themed(logo))),
            _ => None,
        },
        _ => None,
    };
    match content {
        Some((kind, body)) => ([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], body).into_response(),
        None => {
            (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]).into_response()
        }
    }
}

/// The logo with `currentColor` as the ink of the page's theme: an image inherits no colour from the page around it.
/// Close to `--ink` of `style/tokens.css`, in a notation that every viewer of images knows.
fn themed(logo: &str) -> String {
    const INK: &str = "<style>:root{color:#1c2220}@media(prefers-color-scheme:dark){:root{color:#eceeed}}</style>";
    match logo.rfind("</svg>") {
        Some(end) => format!("{}{INK}{}", &logo[..end], &logo[end..]),
        None => logo.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::themed;

    #[test]
    fn a_logo_follows_the_theme_and_stays_a_picture() {
        let logo =
            themed("<svg xmlns=\"http://www.w3.org/2000/svg\"><path fill=\"currentColor\" d=\"M0 0h9\"/></svg>\n");
        assert!(logo.contains("<path fill=\"currentColor\" d=\"M0 0h9\"/><style>"), "{logo}");
        assert!(logo.ends_with("</style></svg>\n"), "{logo}");
        assert_eq!(themed("<svg/>"), "<svg/>");
    }
}
