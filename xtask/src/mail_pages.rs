//! The page of `cargo xtask serve` that shows the mails sent: a list, and for each mail its text and its HTML.
//!
//! It listens on 127.0.0.1 and answers only requests that name this machine as their host: mails carry links that log
//! people in, and a page of the web must not get at them under a name of its own. The HTML of a mail is shown in a
//! frame without scripts or access to anything.

use crate::mailbox::{Letter, letters};
use anyhow::{Result, anyhow};
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use tiny_http::{Header, Method, Request, Response, Server};

/// Beside the style sheet of the portal, whose classes and tokens are used throughout.
const OWN_STYLE: &str =
    ".letter { width: 100%; height: 46rem; border: 1px solid var(--line); border-radius: var(--r-m); }
.text { white-space: pre-wrap; overflow-wrap: anywhere; }
";
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; frame-src 'self'; base-uri 'none'; \
                           form-action 'none'; frame-ancestors 'none'";
/// Mails bring their styles with them; nothing is loaded, nothing runs.
const HTML_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
                           form-action 'none'; frame-ancestors 'self'; \
                           sandbox allow-popups allow-popups-to-escape-sandbox";

/// The running page, stopped when dropped.
pub(crate) struct MailPages {
    server: Arc<Server>,
    port: u16,
    thread: Option<JoinHandle<()>>,
}

impl MailPages {
    /// Serves the mails of the folder; 0 is any free port.
    ///
    /// # Errors
    /// When the port cannot be listened on.
    pub(crate) fn start(port: u16, folder: PathBuf, stylesheet: PathBuf) -> Result<Self> {
        let server = Server::http(("127.0.0.1", port)).map_err(|error| anyhow!("the page of mails: {error}"))?;
        let server = Arc::new(server);
        let port = server.server_addr().to_ip().map_or(port, |address| address.port());
        let listener = Arc::clone(&server);
        let thread = std::thread::spawn(move || {
            for request in listener.incoming_requests() {
                let answer = if is_for_this_machine(&request) {
                    answer(request.method(), request.url(), &folder, &stylesheet)
                } else {
                    Answer::sentence(421, "Open this page as http://127.0.0.1.")
                };
                // Whoever asked may have gone; that is all that can go wrong.
                drop(request.respond(answer.into_response()));
            }
        });
        Ok(Self { server, port, thread: Some(thread) })
    }

    /// The address of the list.
    #[must_use]
    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for MailPages {
    fn drop(&mut self) {
        self.server.unblock();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn is_for_this_machine(request: &Request) -> bool {
    let host = request.headers().iter().find(|header| header.field.equiv("host")).map(|header| header.value.as_str());
    let name = host.and_then(|host| host.rsplit_once(':')).map(|(name, _)| name);
    matches!(name, Some("127.0.0.1" | "localhost"))
}

#[derive(Debug)]
struct Answer {
    status: u16,
    kind: &'static str,
    policy: &'static str,
    body: String,
}

impl Answer {
    fn page(title: &str, lead: &str, body: &str) -> Self {
        let title = escape(title);
        let body = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title>\
             <link rel=\"stylesheet\" href=\"/style.css\"><link rel=\"icon\" href=\"data:,\"></head>\
             <body><div class=\"page\"><header class=\"top\"><a class=\"brand\" href=\"/\">Leasehold in development</a></header>\
             <main><div class=\"page-head\"><div><h1>{title}</h1><p class=\"lead\">{}</p></div></div>\n{body}</main>\
             </div></body></html>\n",
            escape(lead)
        );
        Self { status: 200, kind: "text/html; charset=utf-8", policy: PAGE_POLICY, body }
    }

    fn sentence(status: u16, sentence: &str) -> Self {
        Self { status, ..Self::page("Not here", sentence, "<p><a href=\"/\">To the list</a></p>") }
    }

    fn into_response(self) -> Response<Cursor<Vec<u8>>> {
        let headers = [
            ("content-type", self.kind),
            ("content-security-policy", self.policy),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
        ];
        let response = Response::from_string(self.body).with_status_code(self.status);
        headers
            .iter()
            .filter_map(|(name, value)| Header::from_bytes(name.as_bytes(), value.as_bytes()).ok())
            .fold(response, Response::with_header)
    }
}

fn answer(method: &Method, url: &str, folder: &Path, stylesheet: &Path) -> Answer {
    if !matches!(method, Method::Get | Method::Head) {
        return Answer::sentence(405, "There is nothing to send here.");
    }
    let path = url.split('?').next().unwrap_or_default();
    if path == "/style.css" {
        let shared = std::fs::read_to_string(stylesheet).unwrap_or_default();
        let body = format!("{shared}\n{OWN_STYLE}");
        return Answer { status: 200, kind: "text/css; charset=utf-8", policy: PAGE_POLICY, body };
    }
    let letters = match letters(folder) {
        Ok(letters) => letters,
        Err(error) => return Answer::sentence(500, &format!("{error:#}")),
    };
    if path == "/" {
        return list(&letters);
    }
    // Looked up among the files that are there, so that no path can lead elsewhere.
    let mut parts = path.trim_start_matches('/').split('/');
    let (place, name, view) = (parts.next(), parts.next().unwrap_or_default(), parts.next());
    let letter = letters.iter().find(|letter| letter.name == name).filter(|_| place == Some("mails"));
    match (letter, view) {
        (Some(letter), None) => show(letter),
        (Some(Letter { html: Some(html), .. }), Some("html")) => {
            // Links of a mail open beside it: the frame is too small for the portal.
            let body = html.replacen("<head>", "<head><base target=\"_blank\">", 1);
            Answer { status: 200, kind: "text/html; charset=utf-8", policy: HTML_POLICY, body }
        }
        _ => Answer::sentence(404, "There is no such mail. Each start of the product begins with none."),
    }
}

fn list(letters: &[Letter]) -> Answer {
    let title = "Mails sent";
    if letters.is_empty() {
        return Answer::page(title, "Nothing was sent yet. Sign up in the portal, and the first one comes.", "");
    }
    let rows: String = letters
        .iter()
        .map(|letter| {
            format!(
                "<tr><th scope=\"row\"><a href=\"/mails/{}\">{}</a></th><td data-label=\"To\">{}</td>\
                 <td data-label=\"Sent (UTC)\">{}</td></tr>",
                escape(&letter.name),
                escape(&letter.subject),
                escape(&letter.to),
                escape(&letter.sent_at)
            )
        })
        .collect();
    let lead = match letters.len() {
        1 => "One mail was sent. It reached nobody: it is only here.".to_owned(),
        count => format!("{count} mails were sent. They reached nobody: they are only here."),
    };
    let body = format!(
        "<section class=\"card\" aria-labelledby=\"list\"><div class=\"card-head\"><h2 id=\"list\">Newest first</h2></div>\
         <table class=\"table\"><thead><tr><th scope=\"col\">Subject</th>\
         <th scope=\"col\">To</th><th scope=\"col\">Sent (UTC)</th></tr></thead><tbody>{rows}</tbody></table></section>"
    );
    Answer::page(title, &lead, &body)
}

fn show(letter: &Letter) -> Answer {
    let Letter { name, from, to, subject, sent_at, text, html } = letter;
    let lead = format!("To {to}, from {from}, sent on {sent_at} UTC.");
    let mut body = format!(
        "<section class=\"card\" aria-labelledby=\"text\"><h2 id=\"text\">As plain text</h2>\
         <div class=\"text\">{}</div></section>",
        with_links(text.trim_end())
    );
    if html.is_some() {
        let name = escape(name);
        body.push_str(&format!(
            "<section class=\"card\" aria-labelledby=\"html\"><div class=\"card-head\"><h2 id=\"html\">As HTML</h2>\
             <a href=\"/mails/{name}/html\">Alone</a></div><iframe class=\"letter\" title=\"The mail as HTML\" \
             sandbox=\"allow-popups allow-popups-to-escape-sandbox\" src=\"/mails/{name}/html\"></iframe></section>",
        ));
    }
    Answer::page(subject, &lead, &body)
}

/// The text with its http(s) addresses as links.
fn with_links(text: &str) -> String {
    let mut linked = String::new();
    let mut rest = text;
    while let Some(start) = ["http://", "https://"].iter().filter_map(|scheme| rest.find(scheme)).min() {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| c.is_whitespace() || "<>\"')]".contains(c)).unwrap_or(from.len());
        // A full stop after an address ends the sentence.
        let address = from[..end].trim_end_matches(['.', ',', ';', '!', '?']);
        let shown = escape(address);
        linked.push_str(&escape(before));
        linked.push_str(&format!("<a href=\"{shown}\" target=\"_blank\">{shown}</a>"));
        rest = &from[address.len()..];
    }
    linked.push_str(&escape(rest));
    linked
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::time::Duration;

    const MAIL: &str = "From: a@example.com\r\nTo: b@example.com\r\nSubject: <b>Confirm</b>\r\n\
        Content-Type: text/plain\r\n\r\nOpen https://example.com/x?a=1&b=2. <script>alert(1)</script>\r\n";

    fn get(path: &str, folder: &Path) -> Answer {
        answer(&Method::Get, path, folder, Path::new("none"))
    }

    #[test]
    fn a_mail_is_listed_and_shown_with_links_and_without_its_markup() {
        let folder = tempfile::tempdir().unwrap();
        assert!(get("/", folder.path()).body.contains("Nothing was sent yet"));
        std::fs::write(folder.path().join("1-a.eml"), MAIL).unwrap();
        let list = get("/", folder.path()).body;
        assert!(list.contains("<a href=\"/mails/1-a\">&lt;b&gt;Confirm&lt;/b&gt;</a>"), "{list}");
        let shown = get("/mails/1-a", folder.path());
        assert_eq!(shown.status, 200);
        assert!(shown.body.contains("href=\"https://example.com/x?a=1&amp;b=2\""), "{}", shown.body);
        assert!(!shown.body.contains("<script"));
        for path in ["/mails/1-a/html", "/mails/2-b", "/mails/../1-a", "/other/1-a", "/mails/"] {
            assert_eq!(get(path, folder.path()).status, 404, "{path}");
        }
    }

    #[test]
    fn the_html_of_a_mail_cannot_run_or_load_anything() {
        let folder = tempfile::tempdir().unwrap();
        let html = MAIL.replace("text/plain", "text/html");
        std::fs::write(folder.path().join("1-a.eml"), html).unwrap();
        let shown = get("/mails/1-a/html", folder.path());
        assert_eq!(shown.status, 200);
        assert!(shown.policy.contains("default-src 'none'") && shown.policy.contains("sandbox"));
        assert!(!shown.policy.contains("script"));
    }

    #[test]
    fn another_host_name_for_this_machine_gets_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("1-a.eml"), MAIL).unwrap();
        let pages = MailPages::start(0, folder.path().to_owned(), PathBuf::from("none")).unwrap();
        let agent = ureq::Agent::config_builder()
            .proxy(None)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(10)))
            .build()
            .new_agent();
        let ask = |host: &str| agent.get(pages.address()).header("host", host).call().unwrap().status().as_u16();
        assert_eq!(ask(&format!("127.0.0.1:{}", pages.port)), 200);
        assert_eq!(ask(&format!("attacker.example:{}", pages.port)), 421);
    }
}
