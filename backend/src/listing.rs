//! What the vendor's lists that are sorted by time have in common: the place where a page goes on, and reading a filter from
//! an address.

use std::fmt;

use jiff::civil::Date;

use crate::clock::{DAY_MS, UnixMs};
use crate::ids::{AccountId, Id};

/// Most characters of a value that is looked for; more finds nothing that a person typed.
const VALUE_MAX_CHARS: usize = 200;

/// The key of a row in a list of the newest first, from which the next page goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimePlace {
    at: UnixMs,
    id: String,
}

impl TimePlace {
    /// The place of a row.
    #[must_use]
    pub fn new(at: UnixMs, id: &str) -> Self {
        Self { at, id: id.to_owned() }
    }

    /// Reads a place from an address; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('.')?;
        Some(Self { at: UnixMs(at.parse().ok()?), id: without_nul(id) })
    }

    /// What the query compares; the beginning of the list where there is no place.
    pub(crate) fn bound(place: Option<&Self>) -> (UnixMs, &str) {
        place.map_or((UnixMs(i64::MAX), ""), |place| (place.at, place.id.as_str()))
    }

    /// The same in a list that ends before `until`: one bound, so that an index is read from there and not from the other.
    pub(crate) fn bound_before(place: Option<&Self>, until: UnixMs) -> (UnixMs, &str) {
        let (at, id) = Self::bound(place);
        if at < until { (at, id) } else { (until, "") }
    }

    /// The same in a list of the oldest first.
    pub(crate) fn bound_of_oldest_first(place: Option<&Self>) -> (UnixMs, &str) {
        place.map_or((UnixMs(i64::MIN), ""), |place| (place.at, place.id.as_str()))
    }
}

impl fmt::Display for TimePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at.0, self.id)
    }
}

/// The days, UTC, that a list is narrowed to: from one to another, both of which it shows. Either may be left open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub from: Option<Date>,
    /// The last.
    pub to: Option<Date>,
}

impl Days {
    /// The days that an address asks for; `value` is the value of a name in it, and what is no day asks for nothing.
    pub(crate) fn of_address(value: impl Fn(&str) -> String) -> Self {
        Self { from: value("from").parse().ok(), to: value("to").parse().ok() }
    }

    /// The names and values of the address that asks for them; a value is empty where that end is open.
    #[must_use]
    pub fn to_address(self) -> [(&'static str, String); 2] {
        let day = |day: Option<Date>| day.map_or_else(String::new, |day| day.to_string());
        [("from", day(self.from)), ("to", day(self.to))]
    }

    /// The moments from which on and before which these days are.
    pub(crate) fn window(self) -> (UnixMs, UnixMs) {
        let from = self.from.map_or(UnixMs(i64::MIN), UnixMs::start_of);
        (from, self.to.map_or(UnixMs(i64::MAX), |day| UnixMs::start_of(day).plus(DAY_MS)))
    }
}

/// A part of a list as a table (CSV) that may be longer than what fits into memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TablePart<P> {
    /// Its lines; those of the first part begin with the names of the columns.
    pub text: String,
    /// The place after which the next part begins; `None` after the last.
    pub next: Option<P>,
}

/// Whether what is looked for of a customer is the id of an account, as links have it: what belongs to one account is found
/// by an index, while a name has to be compared with all.
pub(crate) fn is_account_id(text: &str) -> bool {
    text.strip_prefix(AccountId::PREFIX).is_some_and(|rest| rest.starts_with('_'))
}

/// A value of an address as it is looked for: without NUL, which neither engine keeps, and without blanks around it.
pub(crate) fn asked(value: Option<String>) -> String {
    let kept = without_nul(&value.unwrap_or_default());
    kept.trim().chars().take(VALUE_MAX_CHARS).collect()
}

/// The pairs that say something.
pub(crate) fn told<const N: usize>(pairs: [(&'static str, String); N]) -> Vec<(&'static str, String)> {
    pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

fn without_nul(text: &str) -> String {
    text.chars().filter(|character| *character != '\0').collect()
}

/// An address with these names and values, as filters read it.
#[cfg(test)]
pub(crate) fn in_address(pairs: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> {
    move |asked: &str| pairs.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_its_address() {
        let place = TimePlace::new(UnixMs(-5), "ord_a.b");
        assert_eq!(TimePlace::parse(&place.to_string()), Some(place));
        for other in ["", "5", "now.ord_a", "99999999999999999999.ord_a"] {
            assert_eq!(TimePlace::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_list_begins_at_the_place_or_where_it_ends() {
        let place = TimePlace::new(UnixMs(5), "ord_a");
        for (after, until, bound) in [
            (None, i64::MAX, (UnixMs(i64::MAX), "")),
            (None, 7, (UnixMs(7), "")),
            (Some(&place), 7, (UnixMs(5), "ord_a")),
            (Some(&place), 5, (UnixMs(5), "")),
            (Some(&place), 4, (UnixMs(4), "")),
        ] {
            assert_eq!(TimePlace::bound_before(after, UnixMs(until)), bound, "{after:?} {until}");
        }
    }

    #[test]
    fn days_are_whole_and_both_count() {
        let days = |from: &str, to: &str| {
            let address = [("from", from), ("to", to)];
            Days::of_address(|name| asked(in_address(&address)(name)))
        };
        let (from, until) = days("2026-11-01", "2026-11-30").window();
        assert_eq!(from.timestamp().to_string(), "2026-11-01T00:00:00Z");
        assert_eq!(until.timestamp().to_string(), "2026-12-01T00:00:00Z");
        assert_eq!(days("", "soon"), Days::default());
        assert_eq!(Days::default().window(), (UnixMs(i64::MIN), UnixMs(i64::MAX)));
    }

    #[test]
    fn an_account_is_told_from_a_name() {
        for (text, is_id) in [("acc_1", true), ("acc", false), ("account_1", false), ("ACC_1", false), ("", false)] {
            assert_eq!(is_account_id(text), is_id, "{text}");
        }
    }

    #[test]
    fn a_value_is_kept_as_it_can_be_looked_for() {
        assert_eq!(asked(Some(" \0 Weser\0 ".to_owned())), "Weser");
        assert_eq!(asked(None), "");
        assert_eq!(asked(Some("é".repeat(300))).chars().count(), VALUE_MAX_CHARS);
        assert_eq!(told([("a", String::new()), ("b", "1".to_owned())]), [("b", "1".to_owned())]);
    }
}
