//! The filter in the address of a list.

use super::{Ending, LastContact, LicenseFilter, LicenseOrder, ListedStatus, Place};
use crate::catalog::PlanKind;
use crate::clock::{DAY_MS, HOUR_MS, UnixMs};
use crate::ids::LicenseId;

/// Most characters of a text that is looked for; more finds nothing that a person typed.
const TEXT_MAX_CHARS: usize = 200;

impl LicenseFilter {
    /// The filter that an address asks for; `value` is the value of a name in it. Whatever it does not know asks
    /// for nothing.
    #[must_use]
    pub fn of_address(value: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name: &str| {
            let value = value(name).unwrap_or_default();
            // Neither engine keeps NUL in text.
            let kept = value.trim().chars().filter(|character| *character != '\0');
            kept.take(TEXT_MAX_CHARS).collect::<String>()
        };
        Self {
            text: value("find"),
            product: value("product"),
            plan: value("plan"),
            kind: PlanKind::parse(&value("kind")),
            status: ListedStatus::parse(&value("status")),
            ends: Ending::parse(&value("ends")),
            contact: LastContact::parse(&value("contact")),
            version: value("version"),
            order: LicenseOrder::parse(&value("order")),
        }
    }

    /// The names and values of the address that asks for this filter and for the page that goes on from `after`;
    /// none for the beginning of the unfiltered list.
    #[must_use]
    pub fn to_address(&self, after: Option<&Place>) -> Vec<(&'static str, String)> {
        let pairs = [
            ("find", self.text.clone()),
            ("product", self.product.clone()),
            ("plan", self.plan.clone()),
            ("kind", self.kind.map_or("", PlanKind::as_str).to_owned()),
            ("status", self.status.map_or("", ListedStatus::as_str).to_owned()),
            ("ends", self.ends.map_or("", Ending::as_str).to_owned()),
            ("contact", self.contact.map_or("", LastContact::as_str).to_owned()),
            ("version", self.version.clone()),
            ("order", self.order.map_or("", LicenseOrder::as_str).to_owned()),
            ("after", after.map(Place::to_string).unwrap_or_default()),
        ];
        pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// Whether it leaves anything out.
    #[must_use]
    pub fn is_narrow(&self) -> bool {
        Self { order: None, ..self.clone() } != Self::default()
    }
}

impl Ending {
    /// The last moment that is meant.
    pub(super) fn until(self, now: UnixMs) -> UnixMs {
        let days = match self {
            Self::Week => 7,
            Self::Month => 30,
            Self::Quarter => 90,
        };
        now.plus(days * DAY_MS)
    }
}

impl LastContact {
    /// How the last contact is compared, and with which moment: `within`, `silent` or `never`.
    pub(crate) fn bound(self, now: UnixMs) -> (&'static str, UnixMs) {
        let ago = |ms: i64| now.plus(-ms);
        match self {
            Self::Hour => ("within", ago(HOUR_MS)),
            Self::Day => ("within", ago(DAY_MS)),
            Self::Month => ("within", ago(30 * DAY_MS)),
            Self::SilentDay => ("silent", ago(DAY_MS)),
            Self::SilentWeek => ("silent", ago(7 * DAY_MS)),
            Self::SilentMonth => ("silent", ago(30 * DAY_MS)),
            Self::Never => ("never", now),
        }
    }
}

impl Place {
    pub(super) fn new(at: i64, id: LicenseId) -> Self {
        Self { at, id }
    }

    pub(super) fn at(&self) -> i64 {
        self.at
    }

    pub(super) fn id(&self) -> &LicenseId {
        &self.id
    }

    /// Reads a place from an address; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('.')?;
        Some(Self { at: at.parse().ok()?, id: LicenseId::from_untrusted(id) })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.at, self.id)
    }
}

/// A pattern of `LIKE … ESCAPE '!'` that finds `text` anywhere; the empty text matches everything.
pub(crate) fn anywhere(text: &str) -> String {
    format!("%{}%", escaped(text))
}

/// A pattern that finds `text` at the beginning.
pub(crate) fn beginning(text: &str) -> String {
    format!("{}%", escaped(text))
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, character| {
        if matches!(character, '%' | '_' | '!') {
            escaped.push('!');
        }
        escaped.push(character);
        escaped
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filter(address: &[(&'static str, String)]) -> LicenseFilter {
        LicenseFilter::of_address(|asked| {
            address.iter().find(|(name, _)| *name == asked).map(|(_, value)| value.clone())
        })
    }

    #[test]
    fn an_address_is_a_filter_and_back() {
        let asked = [("find", " Plant 7 "), ("status", "active"), ("contact", "silent_week"), ("version", "4.")];
        let filter = filter(&asked.map(|(name, value)| (name, value.to_owned())));
        assert_eq!((filter.text.as_str(), filter.version.as_str()), ("Plant 7", "4."));
        assert_eq!((filter.status, filter.contact), (Some(ListedStatus::Active), Some(LastContact::SilentWeek)));
        assert!(filter.is_narrow());
        let place = Place::new(-5, LicenseId::from_untrusted("lic_a"));
        assert_eq!(filter.to_address(Some(&place)).last(), Some(&("after", "-5.lic_a".to_owned())));
        assert_eq!(Place::parse("-5.lic_a"), Some(place));
    }

    #[test]
    fn what_is_unknown_asks_for_nothing() {
        for (name, value) in [
            ("status", "fine"),
            ("contact", "soon"),
            ("order", "price"),
            ("else", "1"),
            ("find", "\0 "),
            ("kind", "gift"),
            ("ends", "8"),
        ] {
            assert_eq!(filter(&[(name, value.to_owned())]), LicenseFilter::default(), "{name} {value:?}");
        }
        assert_eq!(LicenseFilter::default().to_address(None), []);
        for junk in ["", "5", "x.lic_a", "99999999999999999999.lic_a"] {
            assert_eq!(Place::parse(junk), None, "{junk}");
        }
    }

    #[test]
    fn what_is_looked_for_is_no_pattern() {
        assert_eq!(anywhere("50%_a!"), "%50!%!_a!!%");
        assert_eq!(beginning("4."), "4.%");
        assert_eq!(anywhere(""), "%%");
    }

    proptest! {
        #[test]
        fn every_filter_survives_its_address(
            text in "[^\\s\\x00]{0,20}", product in "[a-z-]{0,10}", version in "[0-9.a-z%&=]{0,10}",
            plan in "[a-z-]{0,10}", kind in proptest::option::of(0..PlanKind::ALL.len()),
            ends in proptest::option::of(0..Ending::ALL.len()),
            status in proptest::option::of(0..ListedStatus::ALL.len()),
            contact in proptest::option::of(0..LastContact::ALL.len()),
            order in proptest::option::of(0..LicenseOrder::ALL.len()),
        ) {
            let asked = LicenseFilter {
                text, product, version, plan,
                kind: kind.map(|place| PlanKind::ALL[place]),
                ends: ends.map(|place| Ending::ALL[place]),
                status: status.map(|place| ListedStatus::ALL[place]),
                contact: contact.map(|place| LastContact::ALL[place]),
                order: order.map(|place| LicenseOrder::ALL[place]),
            };
            prop_assert_eq!(filter(&asked.to_address(None)), asked);
        }
    }
}
