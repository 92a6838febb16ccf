//! Overrides as people type them: one limit or feature a line.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Overrides;
use crate::clock::{DAY_MS, UnixMs};

/// Why lines cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineFault {
    /// Not `name = number`.
    Limit(String),
    /// No day after `until`.
    Day(String),
    /// The same name again.
    Twice(String),
}

/// Reads limits (`devices = 5000`) and features (`reports`, `reports until 2027-03-31`, `-reports`), one a line.
/// A feature with a day ends with that day in UTC. Whether the names may be granted is
/// [`Overrides::check`]'s question.
///
/// # Errors
/// The first line that cannot be read, by field.
pub fn read(limits: &str, features: &str) -> Result<Overrides, (Part, LineFault)> {
    let mut overrides = Overrides::default();
    for line in lines(limits) {
        let fault = || (Part::Limits, LineFault::Limit(line.to_owned()));
        let (name, limit) = line.split_once('=').ok_or_else(fault)?;
        let limit: i64 = limit.trim().parse().map_err(|_| fault())?;
        if overrides.limits.insert(name.trim().to_owned(), limit).is_some() {
            return Err((Part::Limits, LineFault::Twice(name.trim().to_owned())));
        }
    }
    for line in lines(features) {
        let again = |name: &str| (Part::Features, LineFault::Twice(name.to_owned()));
        if let Some(name) = line.strip_prefix('-') {
            if !overrides.remove_features.insert(name.trim().to_owned()) {
                return Err(again(name.trim()));
            }
            continue;
        }
        let (name, end) = match line.split_once(" until ") {
            Some((name, day)) => {
                let day: Date = day.trim().parse().map_err(|_| (Part::Features, LineFault::Day(line.to_owned())))?;
                (name.trim(), Some(UnixMs::start_of(day).plus(DAY_MS).seconds()))
            }
            None => (line, None),
        };
        if overrides.features.insert(name.to_owned(), end).is_some() {
            return Err(again(name));
        }
    }
    Ok(overrides)
}

/// Which field a line stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Limits.
    Limits,
    /// Features.
    Features,
}

/// The lines of limits and of features that [`read`] reads as these overrides. An end within a day is
/// written as that day.
#[must_use]
pub fn write(overrides: &Overrides) -> (String, String) {
    let limits: Vec<String> = overrides.limits.iter().map(|(name, limit)| format!("{name} = {limit}")).collect();
    let features = overrides.features.iter().map(|(name, end)| match end {
        Some(end) => format!("{name} until {}", UnixMs::from_seconds(*end).plus(-1).date()),
        None => name.clone(),
    });
    let removed = overrides.remove_features.iter().map(|name| format!("-{name}"));
    (limits.join("\n"), features.chain(removed).collect::<Vec<_>>().join("\n"))
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_is_typed_is_read_and_written_again() {
        let limits = " devices = 5000\r\n\r\nassets=-1 ";
        let features = "reports\n white_labelling until 2027-03-31\n-api";
        let overrides = read(limits, features).unwrap();
        assert_eq!(overrides.limits["assets"], -1);
        // The first second of 1 April: all of 31 March is within.
        assert_eq!(overrides.features["white_labelling"], Some(1_806_537_600));
        assert!(overrides.remove_features.contains("api"));
        let written = write(&overrides);
        assert_eq!(written.0, "assets = -1\ndevices = 5000");
        assert_eq!(written.1, "reports\nwhite_labelling until 2027-03-31\n-api");
        assert_eq!(read(&written.0, &written.1).unwrap(), overrides);
        assert_eq!(read("", " \n").unwrap(), Overrides::default());
    }

    #[test]
    fn lines_that_say_nothing_are_refused_by_field() {
        for (limits, features, expected) in [
            ("devices", "", (Part::Limits, LineFault::Limit("devices".to_owned()))),
            ("devices = many", "", (Part::Limits, LineFault::Limit("devices = many".to_owned()))),
            ("a = 1\na = 2", "", (Part::Limits, LineFault::Twice("a".to_owned()))),
            ("", "reports until soon", (Part::Features, LineFault::Day("reports until soon".to_owned()))),
            ("", "reports\nreports until 2027-01-01", (Part::Features, LineFault::Twice("reports".to_owned()))),
            ("", "-a\n-a", (Part::Features, LineFault::Twice("a".to_owned()))),
        ] {
            assert_eq!(read(limits, features), Err(expected));
        }
    }
}
