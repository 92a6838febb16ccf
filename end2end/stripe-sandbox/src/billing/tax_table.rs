//! What tax comes to, by the buyer's place: a fixed table of standard rates.

/// Standard VAT rates of the EU in ten-thousandths.
const EU: &[(&str, i64)] = &[
    ("AT", 2_000),
    ("BE", 2_100),
    ("BG", 2_000),
    ("CY", 1_900),
    ("CZ", 2_100),
    ("DE", 1_900),
    ("DK", 2_500),
    ("EE", 2_400),
    ("ES", 2_100),
    ("FI", 2_550),
    ("FR", 2_000),
    ("GR", 2_400),
    ("HR", 2_500),
    ("HU", 2_700),
    ("IE", 2_300),
    ("IT", 2_200),
    ("LT", 2_100),
    ("LU", 1_700),
    ("LV", 2_100),
    ("MT", 1_800),
    ("NL", 2_100),
    ("PL", 2_300),
    ("PT", 2_300),
    ("RO", 2_100),
    ("SE", 2_500),
    ("SI", 2_200),
    ("SK", 2_300),
];

/// Some countries elsewhere: rate in ten-thousandths, name, Stripe's `tax_type`.
const ELSEWHERE: &[(&str, i64, &str, &str)] = &[
    ("AU", 1_000, "GST", "gst"),
    ("CA", 500, "GST", "gst"),
    ("CH", 810, "VAT", "vat"),
    ("GB", 2_000, "VAT", "vat"),
    ("JP", 1_000, "JCT", "jct"),
    ("NO", 2_500, "VAT", "vat"),
    ("NZ", 1_500, "GST", "gst"),
    ("SG", 900, "GST", "gst"),
];

/// What the states of the USA and their counties levy.
const SALES_TAX: &str = "Sales Tax";

/// A state of the USA with one county, which stands for all of the state.
struct State {
    code: &'static str,
    name: &'static str,
    per_10_000: i64,
    county: &'static str,
    county_per_10_000: i64,
    /// The first three digits of its postal codes: first and last.
    postal_codes: (u16, u16),
}

const STATES: &[State] = &[
    State {
        code: "CA",
        name: "California",
        per_10_000: 600,
        county: "Los Angeles",
        county_per_10_000: 25,
        postal_codes: (900, 961),
    },
    State {
        code: "NY",
        name: "New York",
        per_10_000: 400,
        county: "Erie",
        county_per_10_000: 475,
        postal_codes: (100, 149),
    },
    State {
        code: "TX",
        name: "Texas",
        per_10_000: 625,
        county: "El Paso",
        county_per_10_000: 50,
        postal_codes: (750, 799),
    },
    State {
        code: "WA",
        name: "Washington",
        per_10_000: 650,
        county: "King",
        county_per_10_000: 385,
        postal_codes: (980, 994),
    },
];

/// One tax of one jurisdiction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Levy {
    /// Ten-thousandths of the net amount.
    pub(super) per_10_000: i64,
    /// Stripe's `display_name`.
    pub(super) name: &'static str,
    /// Stripe's `tax_type`.
    pub(super) kind: &'static str,
    /// Stripe's `jurisdiction_level`.
    pub(super) level: &'static str,
    /// Who levies it.
    pub(super) jurisdiction: String,
    /// Code of the state, within the USA.
    pub(super) state: Option<&'static str>,
}

impl Levy {
    /// A tax of a whole country.
    fn of_country(country: &str, per_10_000: i64, name: &'static str, kind: &'static str) -> Self {
        Self { per_10_000, name, kind, level: "country", jurisdiction: country.to_owned(), state: None }
    }

    /// Nothing, which is said nevertheless: to those who are exempt or owe the tax themselves.
    pub(super) fn nothing(country: &str) -> Self {
        Self::of_country(country, 0, "VAT", "vat")
    }
}

/// Whether a country belongs to the EU and its VAT.
pub(super) fn is_in_eu(country: &str) -> bool {
    EU.iter().any(|(known, _)| *known == country)
}

/// What a country calls its tax on sales.
pub(super) fn name_in(country: &str) -> &'static str {
    match ELSEWHERE.iter().find(|(known, ..)| *known == country) {
        Some(&(_, _, name, _)) => name,
        None if country == "US" => SALES_TAX,
        None => "VAT",
    }
}

/// The code of a state of the USA by code or name, else by postal code; nothing for one that the table does not have.
pub(super) fn state_of(state: &str, postal_code: &str) -> Option<&'static str> {
    let named = |known: &&State| known.code.eq_ignore_ascii_case(state) || known.name.eq_ignore_ascii_case(state);
    let digits = postal_code.get(..3).and_then(|digits| digits.parse::<u16>().ok());
    let lies_in = |known: &&State| {
        let (first, last) = known.postal_codes;
        digits.is_some_and(|digits| (first..=last).contains(&digits))
    };
    let found = if state.is_empty() { STATES.iter().find(lies_in) } else { STATES.iter().find(named) };
    found.map(|state| state.code)
}

/// What is levied on a sale to this country, and to this state of the USA; nothing where the table has no rate.
pub(super) fn levies(country: &str, state: Option<&str>) -> Vec<Levy> {
    if let Some(&(_, rate)) = EU.iter().find(|(known, _)| *known == country) {
        return vec![Levy::of_country(country, rate, "VAT", "vat")];
    }
    if let Some(&(_, rate, name, kind)) = ELSEWHERE.iter().find(|(known, ..)| *known == country) {
        return vec![Levy::of_country(country, rate, name, kind)];
    }
    let Some(state) = STATES.iter().find(|known| country == "US" && Some(known.code) == state) else {
        return Vec::new();
    };
    let levy = |per_10_000, level, jurisdiction: &str| Levy {
        per_10_000,
        name: SALES_TAX,
        kind: "sales_tax",
        level,
        jurisdiction: jurisdiction.to_owned(),
        state: Some(state.code),
    };
    vec![levy(state.per_10_000, "state", state.name), levy(state.county_per_10_000, "county", state.county)]
}

#[cfg(test)]
mod tests {
    use super::{levies, state_of};

    #[test]
    fn a_state_is_known_by_code_name_or_postal_code() {
        for (state, postal_code, found) in [
            ("CA", "", Some("CA")),
            ("new york", "", Some("NY")),
            ("", "79901", Some("TX")),
            ("", "98101-1234", Some("WA")),
            ("OR", "98101", None),
            ("", "97201", None),
            ("", "", None),
        ] {
            assert_eq!(state_of(state, postal_code), found, "{state} {postal_code}");
        }
    }

    #[test]
    fn state_and_county_levy_each_their_own_sales_tax() {
        let found = levies("US", Some("NY"));
        let rates: Vec<(&str, &str, i64)> =
            found.iter().map(|levy| (levy.level, levy.jurisdiction.as_str(), levy.per_10_000)).collect();
        assert_eq!(rates, [("state", "New York", 400), ("county", "Erie", 475)]);
        assert!(found.iter().all(|levy| (levy.name, levy.kind) == ("Sales Tax", "sales_tax")));
        assert!(levies("US", None).is_empty() && levies("BR", Some("CA")).is_empty());
        assert_eq!(levies("AU", None)[0].kind, "gst");
    }
}
