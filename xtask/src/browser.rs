//! A browser without scripts, as far as the portal's forms need one: cookies, redirects, and forms sent as they stand.

use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::time::Duration;

/// No walk through forms has more redirects in a row.
const MAX_REDIRECTS: u32 = 10;
const TIMEOUT: Duration = Duration::from_secs(30);

/// One person's browser.
pub(crate) struct Browser {
    agent: ureq::Agent,
    /// Cookies belong to a host whatever its port (RFC 6265 §8.5), and all that is visited here is one host.
    cookies: BTreeMap<String, String>,
}

/// A page as it was answered.
#[derive(Debug)]
pub(crate) struct Page {
    /// Its address, after redirects.
    pub(crate) address: String,
    /// Its HTML.
    pub(crate) html: String,
}

/// A form with the values that it had on its page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Form {
    action: String,
    values: Vec<(String, String)>,
}

impl Browser {
    /// A fresh one.
    #[must_use]
    pub(crate) fn new() -> Self {
        let config = ureq::Agent::config_builder()
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(TIMEOUT))
            .build();
        Self { agent: config.new_agent(), cookies: BTreeMap::new() }
    }

    /// Opens an address.
    ///
    /// # Errors
    /// When it does not answer, or answers with an error.
    pub(crate) fn open(&mut self, address: &str) -> Result<Page> {
        self.visit(address, None)
    }

    /// Sends a form of the page.
    ///
    /// # Errors
    /// When its address does not answer, or answers with an error.
    pub(crate) fn send(&mut self, page: &Page, form: &Form) -> Result<Page> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&form.values).finish();
        self.visit(&resolve(&page.address, &form.action)?, Some(body))
    }

    fn visit(&mut self, address: &str, mut body: Option<String>) -> Result<Page> {
        let mut address = address.to_owned();
        for _ in 0..=MAX_REDIRECTS {
            let (status, onward, html) = self.ask(&address, body.take())?;
            match onward {
                // Every redirect of a form leads to a page (303, or 302 as browsers read it).
                Some(onward) if (300..400).contains(&status) => address = resolve(&address, &onward)?,
                _ if (200..300).contains(&status) => return Ok(Page { address, html }),
                _ => bail!("{address} answered {status}: {}", words(&html)),
            }
        }
        bail!("{address} redirects without end")
    }

    fn ask(&mut self, address: &str, body: Option<String>) -> Result<(u16, Option<String>, String)> {
        let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let answer = match body {
            Some(body) => self
                .agent
                .post(address)
                .header("accept", "text/html")
                .header("cookie", cookies)
                .header("sec-fetch-site", "same-origin")
                .header("content-type", "application/x-www-form-urlencoded")
                .send(body),
            None => self.agent.get(address).header("accept", "text/html").header("cookie", cookies).call(),
        };
        let mut answer = answer.with_context(|| format!("{address} does not answer"))?;
        let headers = answer.headers();
        for cookie in headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok()) {
            let pair = cookie.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
        let onward = headers.get("location").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let html = answer.body_mut().read_to_string().with_context(|| format!("{address} breaks off"))?;
        Ok((answer.status().as_u16(), onward, html))
    }
}

impl Page {
    /// The path of the address, without query.
    #[must_use]
    pub(crate) fn path(&self) -> &str {
        let (_, rest) = self.address.split_once("://").unwrap_or(("", &self.address));
        let path = rest.find('/').map_or("/", |slash| &rest[slash..]);
        path.split(['?', '#']).next().unwrap_or(path)
    }

    /// The first form that is posted to an address beginning with `action`.
    ///
    /// # Errors
    /// When the page has none.
    pub(crate) fn form(&self, action: &str) -> Result<Form> {
        let mut form: Option<Form> = None;
        let mut select: Option<(String, Option<String>)> = None;
        for tag in tags(&self.html) {
            let get = |name: &str| tag.get(name).cloned().unwrap_or_default();
            match (tag.name.as_str(), form.as_mut()) {
                ("form", None) if get("action").starts_with(action) => {
                    form = Some(Form { action: get("action"), values: Vec::new() });
                }
                ("/form", Some(_)) => break,
                ("input", Some(form)) if sends(&tag) => form.values.push((get("name"), get("value"))),
                ("select", Some(_)) => select = Some((get("name"), None)),
                ("option", Some(_)) => {
                    // What is selected, else the first.
                    if let Some((_, chosen)) = &mut select
                        && (chosen.is_none() || tag.get("selected").is_some())
                    {
                        *chosen = Some(get("value"));
                    }
                }
                ("/select", Some(form)) => {
                    form.values.extend(select.take().map(|(name, chosen)| (name, chosen.unwrap_or_default())));
                }
                _ => {}
            }
        }
        form.with_context(|| format!("{} has no form for {action}: {}", self.address, words(&self.html)))
    }
}

impl Form {
    /// Fills a field in, or presses the button of this name and value.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        match self.values.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => value.clone_into(old),
            None => self.values.push((name.to_owned(), value.to_owned())),
        }
        self
    }
}

fn sends(tag: &Tag) -> bool {
    let kind = tag.get("type").map_or("text", String::as_str);
    let unchecked = matches!(kind, "checkbox" | "radio") && tag.get("checked").is_none();
    tag.get("name").is_some() && !unchecked && !matches!(kind, "submit" | "button" | "image" | "reset" | "file")
}

/// The address that a link or form on a page leads to.
fn resolve(page: &str, target: &str) -> Result<String> {
    if target.contains("://") {
        return Ok(target.to_owned());
    }
    let start = page.find("://").context("an address without a scheme")? + 3;
    let origin = page[start..].find('/').map_or(page, |slash| &page[..start + slash]);
    if !target.starts_with('/') {
        bail!("{page} leads to {target}, which is not understood here");
    }
    Ok(format!("{origin}{target}"))
}

struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn get(&self, name: &str) -> Option<&String> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

/// The tags of a page that our own programs rendered: attributes are quoted, `<` in text is escaped.
fn tags(html: &str) -> impl Iterator<Item = Tag> {
    html.split('<').skip(1).filter_map(|piece| {
        let end = piece.find(|c: char| c.is_whitespace() || c == '>')?;
        let mut attributes = Vec::new();
        let mut rest = &piece[end..];
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
            let Some(end) = rest.find(|c: char| c.is_whitespace() || "=>".contains(c)).filter(|end| *end > 0) else {
                break;
            };
            let name = rest[..end].to_owned();
            rest = &rest[end..];
            let Some(quoted) = rest.strip_prefix("=\"") else {
                attributes.push((name, String::new()));
                continue;
            };
            let (value, after) = quoted.split_once('"')?;
            attributes.push((name, unescape(value)));
            rest = after;
        }
        Some(Tag { name: piece[..end].to_owned(), attributes })
    })
}

fn unescape(text: &str) -> String {
    let known = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&#x2F;", "/")];
    known.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to)).replace("&amp;", "&")
}

/// The beginning of what a page says, for a message about it.
fn words(html: &str) -> String {
    const ENOUGH: usize = 300;
    let main = html.split_once("<main").map_or(html, |(_, main)| main);
    let mut text = String::new();
    for piece in main.split('<') {
        text.push_str(piece.split_once('>').map_or("", |(_, text)| text));
        text.push(' ');
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(ENOUGH).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const FORMS: &str = r#"<main><form action="/act/sign-out"><button>Out</button></form>
        <form method="post" action="/act/name?a=1&amp;b=2"><input type="hidden" name="next" value="/buy?x=1&amp;y=2">
        <input name="company" value=""/><input type="checkbox" name="off" value="1"><input type="checkbox" name="on"
        value="1" checked><select name="country"><option value="">Choose</option><option value="DE" selected>Germany
        </option></select><select name="first"><option value="a">A</option><option value="b">B</option></select>
        <input type="submit" name="go" value="Go"></form><input name="outside" value="1"></main>"#;

    fn page(html: &str) -> Page {
        Page { address: "http://127.0.0.1:3000/company?next=/buy".to_owned(), html: html.to_owned() }
    }

    #[test]
    fn a_form_is_sent_with_the_values_of_its_page_and_those_typed() {
        let form = page(FORMS).form("/act/name").unwrap().with("company", "A & B").with("action", "pay");
        assert_eq!(form.action, "/act/name?a=1&b=2");
        let values: Vec<(&str, &str)> =
            form.values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let expected = [
            ("next", "/buy?x=1&y=2"),
            ("company", "A & B"),
            ("on", "1"),
            ("country", "DE"),
            ("first", "a"),
            ("action", "pay"),
        ];
        assert_eq!(values, expected);
    }

    #[test]
    fn a_page_without_the_form_says_what_it_says_instead() {
        let error = page("<body><main><h1>Too</h1> <p>many &lt; tries</p></main>").form("/act/name").unwrap_err();
        assert!(error.to_string().contains("Too many"), "{error}");
    }

    #[test]
    fn addresses_are_resolved_against_their_page() {
        let from = "http://127.0.0.1:3000/company?next=/buy";
        assert_eq!(resolve(from, "/act/x").unwrap(), "http://127.0.0.1:3000/act/x");
        assert_eq!(resolve(from, "http://127.0.0.1:9/c").unwrap(), "http://127.0.0.1:9/c");
        assert_eq!(resolve("http://127.0.0.1:3000", "/a").unwrap(), "http://127.0.0.1:3000/a");
        assert!(resolve(from, "elsewhere").is_err());
        assert_eq!(page("").path(), "/company");
    }
}
