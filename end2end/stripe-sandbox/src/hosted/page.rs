//! The frame of every page: escaping, strict headers, one stylesheet, no script.

use axum::{
    body::Body,
    http::{Response, StatusCode, header},
};

/// Text made safe for element content and quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A whole page. `form_targets` are origins that a form may end at after redirects: browsers apply `form-action` to
/// those as well.
pub(crate) fn page(status: u16, title: &str, body: &str, form_targets: &[&str]) -> Response<Body> {
    let origins: String =
        form_targets.iter().filter_map(|url| origin(url)).map(|origin| format!(" {origin}")).collect();
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'{origins}"
    );
    let title = escape(title);
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{title}</title><link rel=\"stylesheet\" \
         href=\"/sandbox.css\"></head><body>{body}</body></html>"
    );
    Response::builder()
        .status(StatusCode::from_u16(status).unwrap_or(StatusCode::OK))
        .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
        .header(header::CONTENT_SECURITY_POLICY, policy)
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::REFERRER_POLICY, "same-origin")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(Body::from(html))
        .unwrap_or_default()
}

/// A page with one sentence.
pub(crate) fn notice(status: u16, title: &str, sentence: &str, link: Option<(&str, &str)>) -> Response<Body> {
    let link = link.map(|(url, label)| format!("<p><a href=\"{}\">{}</a></p>", escape(url), escape(label)));
    let body = format!(
        "<main class=\"center\"><div class=\"card\"><span class=\"testmode\">Test mode</span><h1>{}</h1><p>{}</p>{}</div></main>",
        escape(title),
        escape(sentence),
        link.unwrap_or_default()
    );
    page(status, title, &body, &[])
}

/// 303, so that the browser follows with GET.
pub(crate) fn see_other(url: &str) -> Response<Body> {
    Response::builder()
        .status(StatusCode::SEE_OTHER)
        .header(header::LOCATION, url)
        .body(Body::empty())
        .unwrap_or_default()
}

/// `scheme://host:port` of a URL; `None` when it could break out of the header.
fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let clean = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    (matches!(scheme, "http" | "https") && !host.is_empty() && host.chars().all(clean))
        .then(|| format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::{escape, origin};

    #[test]
    fn text_cannot_leave_its_place() {
        assert_eq!(escape("<b a=\"1\">&'"), "&lt;b a=&quot;1&quot;&gt;&amp;&#39;");
        assert_eq!(origin("http://127.0.0.1:3000/checkout?x=1").as_deref(), Some("http://127.0.0.1:3000"));
        assert_eq!(origin("https://a; script-src *"), None);
        assert_eq!(origin("javascript://x"), None);
    }
}
