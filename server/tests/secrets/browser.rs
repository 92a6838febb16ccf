//! A browser without scripts: it keeps cookies, sends forms and follows links. A connection for each request.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::Ipv4Addr;

use anyhow::{Context as _, Result, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Addresses that differ in their query alone, which are looked at.
const QUERIES_OF_A_PAGE: usize = 3;

/// An answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(&self.body).with_context(|| self.text())
    }

    pub(crate) fn location(&self) -> &str {
        self.headers("location").next().unwrap_or_default()
    }

    fn headers<'a>(&'a self, wanted: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(name, _)| name == wanted).map(|(_, value)| value.as_str())
    }
}

/// Sends a request as it is given, and reads the answer.
pub(crate) async fn send(port: u16, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Result<Answer> {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut raw = Vec::new();
    stream.read_to_end(&mut raw).await?;
    read(&raw).with_context(|| format!("{method} {path}"))
}

fn read(raw: &[u8]) -> Result<Answer> {
    let end = raw.windows(4).position(|part| part == b"\r\n\r\n").context("an answer without an end of its head")?;
    let head = std::str::from_utf8(&raw[..end])?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.get(9..12)).context("no status")?.parse()?;
    let pairs = lines.filter_map(|line| line.split_once(": "));
    let headers: Vec<_> = pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    let is_chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    let rest = &raw[end + 4..];
    let body = if is_chunked { unchunked(rest)? } else { rest.to_vec() };
    Ok(Answer { status, headers, body })
}

/// RFC 9112 §7.1.
fn unchunked(mut rest: &[u8]) -> Result<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let line = rest.windows(2).position(|part| part == b"\r\n").context("a chunk without a size")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line])?.trim(), 16)?;
        if size == 0 {
            return Ok(whole);
        }
        let chunk = rest.get(line + 2..line + 2 + size).context("a chunk that is cut off")?;
        whole.extend(chunk);
        rest = rest.get(line + 4 + size..).context("a chunk without an end")?;
    }
}

/// Somebody's browser.
pub(crate) struct Browser {
    port: u16,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(crate) fn new(port: u16) -> Self {
        Self { port, cookies: BTreeMap::new() }
    }

    /// The value of a cookie.
    pub(crate) fn cookie(&self, name: &str) -> Result<&str> {
        self.cookies.get(name).map(String::as_str).with_context(|| format!("no cookie {name}"))
    }

    pub(crate) async fn get(&mut self, path: &str) -> Result<Answer> {
        self.send("GET", path, "").await
    }

    /// Sends a form, which must lead somewhere else than to the page that says that nothing was done.
    pub(crate) async fn post(&mut self, act: &str, fields: &[(&str, &str)]) -> Result<Answer> {
        let answer = self.send_form(act, fields).await?;
        let place = answer.location();
        ensure!(place.starts_with('/') && !place.starts_with("/not-done"), "{act}: {} {place:?}", answer.status);
        Ok(answer)
    }

    /// Sends a form that leads to somebody else's page, such as the one on which is paid; answers where that is.
    pub(crate) async fn leave(&mut self, act: &str, fields: &[(&str, &str)]) -> Result<String> {
        let answer = self.send_form(act, fields).await?;
        let place = answer.location();
        ensure!(place.starts_with("http"), "{act}: {} {place:?}", answer.status);
        Ok(place.to_owned())
    }

    async fn send_form(&mut self, act: &str, fields: &[(&str, &str)]) -> Result<Answer> {
        let form = serde_urlencoded::to_string(fields)?;
        self.send("POST", &format!("/act/{act}"), &form).await
    }

    async fn send(&mut self, method: &str, path: &str, body: &str) -> Result<Answer> {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let headers = [
            ("accept", "text/html"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("sec-fetch-site", "same-origin"),
            ("cookie", cookies.as_str()),
        ];
        let answer = send(self.port, method, path, &headers, body).await?;
        for line in answer.headers("set-cookie") {
            let pair = line.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(answer)
    }

    /// Opens these pages and all that links on them lead to; answers their addresses with what they are.
    pub(crate) async fn walk(&mut self, starts: &[&str]) -> Result<Vec<(String, Answer)>> {
        let mut waiting: VecDeque<String> = starts.iter().map(|start| (*start).to_owned()).collect();
        let mut known: BTreeSet<String> = waiting.iter().cloned().collect();
        let mut queries: BTreeMap<String, usize> = BTreeMap::new();
        let mut pages = Vec::new();
        while let Some(path) = waiting.pop_front() {
            let count = queries.entry(path.split('?').next().unwrap_or_default().to_owned()).or_default();
            *count += 1;
            if *count > QUERIES_OF_A_PAGE {
                continue;
            }
            let answer = self.get(&path).await?;
            ensure!(answer.status < 500, "{path}: {} {}", answer.status, answer.text());
            let further = links(&answer.text()).into_iter().chain([answer.location().to_owned()]);
            waiting.extend(further.filter(|link| link.starts_with('/') && known.insert(link.clone())));
            pages.push((path, answer));
        }
        Ok(pages)
    }
}

/// Where links of a page lead, on this host.
fn links(page: &str) -> Vec<String> {
    let links = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let links = links.map(|link| link.split('#').next().unwrap_or_default().replace("&amp;", "&"));
    links.filter(|link| link.starts_with('/') && !link.starts_with("//") && !link.starts_with("/pkg/")).collect()
}
