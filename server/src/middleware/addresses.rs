//! Addresses that nothing can have: with control characters in them, which PostgreSQL does not even take as text, or with
//! parts that are longer than the name of any file.

use axum::extract::Request;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::problems::is_of_programs;

/// No file has a longer name, and no id of ours is nearly as long.
const LONGEST_PART_BYTES: usize = 255;
/// An address of the portal at which there is nothing, for anybody.
const NOTHING: &str = "/docs/not-found";

/// Answers that there is nothing, before files and database are asked. The APIs say so themselves.
pub(crate) async fn refuse(mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if is_of_programs(path) || !names_nothing(path) {
        return next.run(request).await;
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return (StatusCode::NOT_FOUND, "There is nothing here.\n").into_response();
    }
    *request.uri_mut() = Uri::from_static(NOTHING);
    next.run(request).await
}

fn names_nothing(path: &str) -> bool {
    path.split('/').map(decoded).any(|part| part.len() > LONGEST_PART_BYTES || part.iter().any(u8::is_ascii_control))
}

/// The bytes that a part of a path stands for (RFC 3986 §2.1).
fn decoded(part: &str) -> Vec<u8> {
    let mut rest = part.as_bytes();
    let mut decoded = Vec::with_capacity(rest.len());
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| byte == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(escaped) => {
                decoded.push(escaped);
                rest = &after[2..];
            }
            None => {
                decoded.push(byte);
                rest = after;
            }
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_endless_names_name_nothing() {
        let longest = "a".repeat(LONGEST_PART_BYTES);
        for path in
            ["/", "/licenses/lic_1", "/a%20b/%C3%A4/100%25", "/a%", "/a%0", "/a%2500", &format!("/{longest}/{longest}")]
        {
            assert!(!names_nothing(path), "{path}");
        }
        for path in ["/%00", "/licenses/lic%001", "/a/%0A/b", "/%1f", "/%7F", &format!("/x/{longest}%20")] {
            assert!(names_nothing(path), "{path}");
        }
    }
}
