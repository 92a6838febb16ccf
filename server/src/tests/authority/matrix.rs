//! The rows of `matrix.txt`, of `acting.txt` for staff who act for a customer, and of `machines.txt`.

use std::collections::BTreeMap;

/// Who asks, in the order of the columns.
pub(super) const COLUMNS: [&str; 16] = [
    "visitor",
    "owner",
    "billing",
    "technical",
    "viewer",
    "other_owner",
    "newcomer",
    "admin",
    "support",
    "finance",
    "read_only",
    "foreign_admin",
    "partner",
    "client",
    "former_partner",
    ACTING,
];

/// The place of the owner of another account among [`COLUMNS`].
const OTHER_OWNER: usize = 5;

/// Staff who act for the account of `owner`. Everything is closed to them, but for what `acting.txt` opens.
pub(super) const ACTING: &str = "acting";

/// What somebody gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// `x`: let in, whatever comes of it.
    LetIn,
    /// `-`: refused.
    Refused,
    /// `n`: there is no such thing.
    NotFound,
    /// `l`: sent to log in or sign up.
    LogIn,
    /// `c`: asked for a company first.
    Company,
    /// `u`: asked for the password once more.
    StepUp,
    /// `e`: sent to another page.
    Elsewhere,
}

/// One address.
pub(super) struct Row {
    /// For each of [`COLUMNS`].
    pub(super) cells: Vec<Cell>,
    /// `*`: it names a license, an invoice or the like, and another vendor's is found by nobody.
    pub(super) names_an_object: bool,
}

/// By method and path.
pub(super) fn rows() -> BTreeMap<String, Row> {
    let lines = include_str!("matrix.txt").lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut rows: BTreeMap<_, _> = lines.map(row).collect();
    let opened = include_str!("acting.txt").lines().map(str::trim);
    let opened: Vec<_> = opened.filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    for (address, row) in &mut rows {
        row.cells.push(match address.split_once(' ') {
            _ if opened.contains(&address.as_str()) => Cell::LetIn,
            Some(("GET", _)) => Cell::Elsewhere,
            _ => Cell::Refused,
        });
    }
    let unknown: Vec<_> = opened.iter().filter(|address| !rows.contains_key(**address)).collect();
    assert!(unknown.is_empty(), "acting.txt opens what is not there: {unknown:?}");
    rows
}

/// By method and path, the status that a machine gets that proves nothing.
pub(super) fn machine_rows() -> BTreeMap<String, u16> {
    let lines = include_str!("machines.txt").lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let rows = lines.map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        let [method, path, status, opens] = words[..] else { panic!("no row: {line}") };
        let status: u16 = status.parse().unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(["open", "proof", "signature"].contains(&opens), "what is {opens}? {line}");
        assert!(opens == "open" || status >= 400, "it is open: {line}");
        (format!("{method} {path}"), status)
    });
    rows.collect()
}

fn row(line: &str) -> (String, Row) {
    let mut words = line.split_whitespace();
    let (Some(method), Some(path)) = (words.next(), words.next()) else { panic!("no address: {line}") };
    let mut words: Vec<_> = words.filter(|word| *word != "|").collect();
    let names_an_object = words.last() == Some(&"*");
    words.retain(|word| *word != "*");
    // Partners and clients own other accounts; a row need not say that it is nothing more to them.
    if words.len() + 4 == COLUMNS.len() {
        words.extend([words[OTHER_OWNER]; 3]);
    }
    assert_eq!(words.len() + 1, COLUMNS.len(), "{line}");
    let cells = words.into_iter().map(|word| match word {
        "x" => Cell::LetIn,
        "-" => Cell::Refused,
        "n" => Cell::NotFound,
        "l" => Cell::LogIn,
        "c" => Cell::Company,
        "u" => Cell::StepUp,
        "e" => Cell::Elsewhere,
        other => panic!("what is {other}? {line}"),
    });
    (format!("{method} {path}"), Row { cells: cells.collect(), names_an_object })
}
