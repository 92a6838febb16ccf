//! Reading what was typed, and finding the field at which a rule of catalogs is broken.

use std::collections::{BTreeMap, BTreeSet};

use super::super::rules::{Fault, Problem};
use super::{EditFault, FieldProblem, Typed};

/// Rows that are read of a list at most.
const MAX_ROWS: usize = 100;
/// Empty rows at the end of a list.
const EMPTY_ROWS: usize = 3;
/// The last place on the price list.
const LAST_PLACE: i64 = 1_000;

/// The rows of a list in a form, by number: those that were sent, and so many more that three are empty. The fields of row
/// 0 of `limit` are called `limit_name_0` and so on, by the `columns`; it is empty where nothing is in the first two.
#[must_use]
pub fn rows(typed: &Typed, list: &str, columns: &[&str]) -> Vec<usize> {
    let mut numbers: Vec<usize> = numbers(typed, list, columns).into_iter().collect();
    let is_empty = |number: &&usize| {
        columns.iter().take(2).all(|column| text(typed, &row_field(list, column, **number)).is_empty())
    };
    let empty = numbers.iter().filter(is_empty).count();
    let next = numbers.last().map_or(0, |last| last + 1);
    numbers.extend(next..next + EMPTY_ROWS.saturating_sub(empty));
    numbers
}

pub(super) fn numbers(typed: &Typed, list: &str, columns: &[&str]) -> BTreeSet<usize> {
    let number = |field: &String| {
        let (column, number) = field.strip_prefix(list)?.strip_prefix('_')?.rsplit_once('_')?;
        number.parse::<usize>().ok().filter(|number| *number < MAX_ROWS && columns.contains(&column))
    };
    typed.keys().filter_map(number).collect()
}

/// Name of a field in a row of a list.
pub(super) fn row_field(list: &str, column: &str, number: usize) -> String {
    format!("{list}_{column}_{number}")
}

fn text(typed: &Typed, field: &str) -> String {
    typed.get(field).map(|text| text.trim().to_owned()).unwrap_or_default()
}

/// A form that is being read.
pub(super) struct Reading<'t> {
    typed: &'t Typed,
    /// Path in a file to the field that it was read from; fields that are called like their member need none.
    places: BTreeMap<String, String>,
    problems: Vec<FieldProblem>,
}

impl<'t> Reading<'t> {
    pub(super) fn new(typed: &'t Typed) -> Self {
        Self { typed, places: BTreeMap::new(), problems: Vec::new() }
    }

    /// What was typed, without spaces around it.
    pub(super) fn text(&self, field: &str) -> String {
        text(self.typed, field)
    }

    pub(super) fn numbers(&self, list: &str, columns: &[&str]) -> BTreeSet<usize> {
        numbers(self.typed, list, columns)
    }

    /// Whether a box was ticked.
    pub(super) fn flag(&self, field: &str) -> bool {
        self.text(field) == "true"
    }

    /// A whole number, or none where nothing was typed.
    pub(super) fn optional_number(&mut self, field: &str) -> Option<i64> {
        let text = self.text(field);
        if text.is_empty() {
            return None;
        }
        let number = read_number(&text);
        if number.is_none() {
            self.problem(field, EditFault::NotANumber);
        }
        number
    }

    /// A whole number; where none was typed that is the problem.
    pub(super) fn number(&mut self, field: &str) -> i64 {
        if self.text(field).is_empty() {
            self.problem(field, EditFault::NotANumber);
        }
        self.optional_number(field).unwrap_or(0)
    }

    /// The place on the price list, from 0; typed from 1.
    pub(super) fn position(&mut self) -> i64 {
        let place = self.number("position");
        if !(1..=LAST_PLACE).contains(&place) {
            self.problem("position", EditFault::Rule(Fault::OutOfRange { min: 1, max: LAST_PLACE }));
        }
        place.saturating_sub(1)
    }

    /// Says where a member of the file was read from.
    pub(super) fn place(&mut self, path: impl Into<String>, field: impl Into<String>) {
        self.places.insert(path.into(), field.into());
    }

    /// Says what is wrong with a field; only the first thing is kept.
    pub(super) fn problem(&mut self, field: impl Into<String>, fault: EditFault) {
        let field = field.into();
        if field.is_empty() || self.problems.iter().all(|known| known.field != field) {
            self.problems.push(FieldProblem { field, path: String::new(), fault });
        }
    }

    /// Everything that is wrong, with what the rules found.
    pub(super) fn finish(mut self, found: impl IntoIterator<Item = Problem>) -> Vec<FieldProblem> {
        for Problem { path, fault } in found {
            match self.field_of(&path, &fault) {
                Some(field) => self.problem(field, EditFault::Rule(fault)),
                None => self.problems.push(FieldProblem { field: String::new(), path, fault: EditFault::Rule(fault) }),
            }
        }
        self.problems
    }

    fn field_of(&self, path: &str, fault: &Fault) -> Option<String> {
        let (member, _) = path.split_once('.').unwrap_or((path, ""));
        let field = self.places.get(path).cloned();
        // Highlights are one field with a line each.
        let field =
            field.or_else(|| [path, member].into_iter().find(|it| self.typed.contains_key(*it)).map(str::to_owned))?;
        let of_name = matches!(fault, Fault::NotACode | Fault::Duplicate);
        Some(if of_name { field.replace("limit_value_", "limit_name_") } else { field })
    }
}

/// Digits, perhaps in groups.
pub(super) fn read_number(text: &str) -> Option<i64> {
    let plain: String = text.chars().filter(|character| !matches!(character, ' ' | '_' | ',')).collect();
    plain.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(fields: &[(&str, &str)]) -> Typed {
        fields.iter().map(|(field, text)| ((*field).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn a_list_ends_in_three_empty_rows() {
        let columns = ["name", "value"];
        assert_eq!(rows(&Typed::new(), "limit", &columns), [0, 1, 2]);
        let sent = typed(&[("limit_name_0", ""), ("limit_value_0", ""), ("limit_sum_0", "max")]);
        assert_eq!(rows(&sent, "limit", &["name", "value", "sum"]), [0, 1, 2], "a choice is always sent");
        let some =
            typed(&[("limit_name_0", "devices"), ("limit_value_0", "5"), ("limit_name_4", ""), ("limit_other_7", "x")]);
        assert_eq!(rows(&some, "limit", &columns), [0, 4, 5, 6]);
        assert_eq!(numbers(&typed(&[("limit_name_100", "x"), ("limitname_1", "x")]), "limit", &columns).len(), 0);
    }

    #[test]
    fn a_problem_stands_at_the_field_that_it_came_from() {
        let fields = typed(&[("name", ""), ("highlights", "x"), ("limit_value_3", "1")]);
        let mut reading = Reading::new(&fields);
        reading.place("limits.Devices", "limit_value_3");
        let problem = |path: &str, fault| Problem { path: path.to_owned(), fault };
        let found = reading.finish([
            problem("name", Fault::Missing),
            problem("name", Fault::TooLong(60)),
            problem("highlights.#2", Fault::TooLong(120)),
            problem("limits.Devices", Fault::NotACode),
            problem("packs.devices.limit", Fault::NotALimit),
        ]);
        let fields: Vec<_> = found.iter().map(|it| (it.field.as_str(), it.path.as_str())).collect();
        let expected = [("name", ""), ("highlights", ""), ("limit_name_3", ""), ("", "packs.devices.limit")];
        assert_eq!(fields, expected);
    }

    #[test]
    fn numbers_may_be_grouped() {
        for (text, number) in [("10", Some(10)), ("1,000", Some(1_000)), ("1_000 000", Some(1_000_000)), ("1.5", None)]
        {
            assert_eq!(read_number(text), number, "{text}");
        }
    }
}
