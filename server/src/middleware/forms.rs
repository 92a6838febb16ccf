//! What people type has no NUL: no key types it, and PostgreSQL does not take it as text.

use axum::RequestExt as _;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use futures::stream;

/// The request of a form without any NUL in its fields.
pub(crate) async fn clean(request: Request) -> Request {
    let (parts, body) = request.with_limited_body().into_parts();
    let body = match to_bytes(body, usize::MAX).await {
        Ok(form) => Body::from(without_nul(&form)),
        // Too long, or broken off: whoever reads it says so.
        Err(error) => Body::from_stream(stream::iter([Err::<Bytes, _>(error)])),
    };
    Request::from_parts(parts, body)
}

/// A form as it is encoded on its way (`application/x-www-form-urlencoded`), without NUL, as it is or escaped.
fn without_nul(form: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(form.len());
    for byte in form.iter().copied().filter(|byte| *byte != 0) {
        kept.push(byte);
        if kept.ends_with(b"%00") {
            kept.truncate(kept.len() - 3);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_nul_is_left_and_everything_else_is() {
        for (form, kept) in [
            ("", ""),
            ("id=lic_1&name=a+b%20c", "id=lic_1&name=a+b%20c"),
            ("id=lic%00_1&name=%00", "id=lic_1&name="),
            ("id=a\0b", "id=ab"),
            ("id=%0%000&name=%\x0000", "id=&name="),
            ("share=100%2500", "share=100%2500"),
        ] {
            assert_eq!(String::from_utf8_lossy(&without_nul(form.as_bytes())), kept, "{form:?}");
        }
    }
}
