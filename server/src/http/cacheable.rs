//! Answers that are public and the same for everybody: they may be kept for a while, and are then asked about by their
//! name (RFC 9110 §13.1.2) instead of being sent again.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use backend::keys::sha256;

/// Short, so that a rotated or revoked key and a revocation are soon known everywhere; long enough to spare the server.
const MAX_AGE: &str = "public, max-age=60";
/// Bytes of the hash that name a content.
const NAME_BYTES: usize = 16;

/// `body`, or that the one which asks has it already.
pub(crate) fn answer(asked: &HeaderMap, media_type: &'static str, body: Vec<u8>) -> Response {
    let name = name_of(&body);
    let has_it = asked.get_all(header::IF_NONE_MATCH).iter().any(|names| names_it(names, &name));
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static(MAX_AGE)),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
        (header::ETAG, HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("\"\""))),
    ];
    if has_it {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, [(header::CONTENT_TYPE, HeaderValue::from_static(media_type))], body).into_response()
}

/// A weak name: the same content may be sent compressed or not.
fn name_of(body: &[u8]) -> String {
    let hash = sha256(body);
    format!("W/\"{}\"", data_encoding::BASE64URL_NOPAD.encode(hash.get(..NAME_BYTES).unwrap_or(&hash)))
}

fn names_it(names: &HeaderValue, name: &str) -> bool {
    let weak = |name: &str| name.trim().trim_start_matches("W/").to_owned();
    let names = names.to_str().unwrap_or_default();
    names.trim() == "*" || names.split(',').any(|one| weak(one) == weak(name))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn whoever_names_the_content_gets_it_not_again() {
        let asking = |names: &str| {
            let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_str(names).unwrap())]);
            answer(&headers, "text/plain", b"content".to_vec())
        };
        let first = answer(&HeaderMap::new(), "text/plain", b"content".to_vec());
        assert_eq!(first.status(), StatusCode::OK);
        let name = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        let strong = name.trim_start_matches("W/").to_owned();
        for names in [name.clone(), strong, format!("\"other\", {name}"), "*".to_owned()] {
            let again = asking(&names);
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{names}");
            assert_eq!(again.headers()[header::ETAG], *name);
        }
        assert_eq!(asking("\"other\"").status(), StatusCode::OK);
        assert_ne!(name, name_of(b"another content"));
    }
}
