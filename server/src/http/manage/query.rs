//! What stands in the query of a call. Unlike pages, which pass over what they do not know, a value that cannot be read is
//! refused: a program would take the answer for what it asked for.

use app::api::management::endpoints::{Endpoint, MOST_CHARS, MOST_ROWS, ROWS};
use backend::text::en::management_docs::refused as text;

use super::Refused;

/// The parameters of an endpoint that were sent; others are passed over.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query without its question mark.
    pub(super) fn of(endpoint: &Endpoint, query: &str) -> Result<Self, Refused> {
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_str(query).map_err(|_| Refused::invalid("query", text::NOT_FORM_ENCODED))?;
        let known = |name: &String| endpoint.query.iter().any(|parameter| parameter.name == name.as_str());
        let pairs: Vec<_> = pairs.into_iter().filter(|(name, _)| known(name)).collect();
        for (at, (name, value)) in pairs.iter().enumerate() {
            if pairs[..at].iter().any(|(before, _)| before == name) {
                return Err(Refused::invalid(name, text::TWICE));
            }
            // Neither engine keeps NUL in text.
            if value.chars().count() > MOST_CHARS || value.contains('\0') {
                return Err(Refused::invalid(name, text::TOO_LONG));
            }
        }
        Ok(Self(pairs))
    }

    /// The value of a parameter, where it was sent.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The same, read.
    pub(super) fn read<T>(&self, name: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Refused> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => match read(value) {
                Some(value) => Ok(Some(value)),
                None => Err(Refused::invalid(name, text::UNKNOWN_VALUE)),
            },
        }
    }

    /// Most rows of the page.
    pub(super) fn limit(&self) -> Result<i64, Refused> {
        let read = |text: &str| text.parse::<i64>().ok().filter(|limit| (1..=MOST_ROWS).contains(limit));
        Ok(self.read("limit", read)?.unwrap_or(ROWS))
    }

    /// The place from which the page goes on.
    pub(super) fn cursor<T>(&self, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Refused> {
        self.read("cursor", read)
    }
}

/// An id or a code in a path. What no id looks like names nothing.
pub(super) fn named(text: &str) -> Result<&str, Refused> {
    let is_one = text.chars().count() <= MOST_CHARS && !text.chars().any(char::is_control);
    if is_one { Ok(text) } else { Err(Refused::nothing()) }
}

#[cfg(test)]
mod tests {
    use app::api::management::endpoints::LIST_LICENSES;

    use super::*;

    #[test]
    fn what_is_sent_is_read_or_refused_but_never_passed_over() {
        for (query, expected) in [
            ("", Some((20, None))),
            ("limit=100&status=active", Some((100, Some("active")))),
            ("limit=1&colour=red&colour=blue", Some((1, None))),
            ("limit=0", None),
            ("limit=101", None),
            ("limit=ten", None),
            ("limit=5&limit=5", None),
            ("find=%00", None),
        ] {
            let read = Query::of(&LIST_LICENSES, query);
            let read = read.and_then(|query| Ok((query.limit()?, query.get("status").map(str::to_owned))));
            let expected = expected.map(|(limit, status): (i64, Option<&str>)| (limit, status.map(str::to_owned)));
            assert_eq!(read.ok(), expected, "{query}");
        }
        assert!(Query::of(&LIST_LICENSES, &format!("find={}", "x".repeat(201))).is_err());
    }
}
