//! The audit log, on pages and at the command line.

use serde_json::Value;

use super::{audit_acts, documents, licenses, moments};
use crate::audit::{AuditReport, Break, FieldChange, Head, Who};
use crate::clock::UnixMs;
use crate::money::{Currency, Money};

/// Title of both pages, and the links to them.
pub const TITLE: &str = "Audit log";
/// What an account's page says.
pub const LEAD: &str =
    "Who changed what in your account, and from where. Nothing here can be changed or taken out, by us neither.";
/// What the staff's page says.
pub const STAFF_LEAD: &str = "Every change of accounts, licenses, money and the catalog. Rows are sealed seconds after \
                              they are written; the operator checks the seals with “server admin verify-audit”.";
/// Lead of the link on the account's page.
pub const LINK_LEAD: &str = "Every change of the account, its licenses and its orders, with who made it and when.";
/// Leads to the log.
pub const OPEN: &str = "Open the audit log";
/// Columns of the table.
pub const COLUMNS: [&str; 4] = ["What", "Who", "When", "From"];
/// The fold of the filter.
pub const FILTER: &str = "Filter";
/// The area.
pub const AREA: &str = "What was changed";
/// Any area.
pub const ANY: &str = "Anything";
/// The person.
pub const PERSON: &str = "E-mail address of the person";
/// The object.
pub const OBJECT: &str = "Id of what was changed";
/// Leads from a customer to what concerns it.
pub const OF_CUSTOMER: &str = "Audit log of this customer";
/// First day.
pub const FROM: &str = "From";
/// Last day.
pub const TO: &str = "To, inclusive";
/// A hint for days.
pub const DAY_HINT: &str = "Days are in UTC.";
/// Sends the filter.
pub const SUBMIT: &str = "Show";
/// Takes the filter away.
pub const CLEAR: &str = "Show everything";
/// Downloads what is shown, all pages of it.
pub const CSV: &str = "Download as CSV";
/// Nothing passes the filter.
pub const NONE_FOUND: &str = "Nothing in the log is like that. Take something out of the filter.";
/// Nothing behind the place where the page before ended.
pub const NONE_OLDER: &str = "There is nothing older in the log.";
/// Nothing at all.
pub const NONE_YET: &str = "Nothing has been changed yet. Whatever you and others change will be listed here.";
/// Leads from an empty log to something to do.
pub const TO_PRICES: &str = "See the price list";
/// The fold of an entry.
pub const DETAILS: &str = "Details";
/// Links to the neighbouring pages.
pub const PAGES: &str = "Pages of the audit log";
/// The newest page.
pub const NEWEST: &str = "Newest";
/// The page after.
pub const OLDER: &str = "Older";
/// Name of the request in the details.
pub const REQUEST: &str = "Request";
/// Name of a value that has none.
const VALUE: &str = "Value";

/// What was done; the act itself where there is no sentence for it.
#[must_use]
pub fn done(act: &str) -> &str {
    audit_acts::sentence(act).unwrap_or(act)
}

/// `20 changes, the oldest of 3 March 2026`.
#[must_use]
pub fn shown(count: usize, oldest: UnixMs) -> String {
    let changes = if count == 1 { "1 change".to_owned() } else { format!("{count} changes") };
    format!("{changes}, the oldest of {}", documents::date(oldest.date()))
}

/// Who it was, and what tells two of the same name apart.
#[must_use]
pub fn who(who: &Who) -> (String, Option<String>) {
    let person = |name: &str, email: &str, otherwise: &str| match (name, email) {
        ("", "") => (otherwise.to_owned(), None),
        ("", email) => (email.to_owned(), None),
        (name, "") => (name.to_owned(), None),
        (name, email) => (name.to_owned(), Some(email.to_owned())),
    };
    match who {
        Who::Person(name, email) => person(name, email, "Somebody who is gone"),
        Who::Staff(name, email) => {
            let (name, email) = person(name, email, "One of the staff who is gone");
            (name, Some(email.map_or_else(|| "Staff".to_owned(), |email| format!("Staff · {email}"))))
        }
        Who::ActingStaff(name, email, reason) => {
            let (name, email) = person(name, email, "One of the staff who is gone");
            let email = email.map(|email| format!("{email} · ")).unwrap_or_default();
            (name, Some(format!("Staff · {email}for the customer: {reason}")))
        }
        Who::Vendor => ("The vendor".to_owned(), None),
        Who::Support => ("The vendor's support".to_owned(), Some("acting for you".to_owned())),
        Who::Stripe(id) => ("Stripe".to_owned(), Some(id.clone()).filter(|id| !id.is_empty())),
        Who::Job(kind) => ("Background job".to_owned(), Some(kind.clone())),
        Who::Operator => ("Operator".to_owned(), None),
        Who::Instance => ("Product instance".to_owned(), None),
        Who::Token(name) => ("API token".to_owned(), Some(name.clone()).filter(|name| !name.is_empty())),
        Who::Visitor => ("Somebody not logged in".to_owned(), None),
        Who::Other(kind) => (kind.clone(), None),
    }
}

/// The name of a value that changed: `limits.devices` as `Limits, devices`.
#[must_use]
pub fn field(path: &[String]) -> String {
    let words = path.iter().map(|name| name.trim_end_matches("_minor").trim_end_matches("_at").replace('_', " "));
    let name = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", ");
    let mut letters = name.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => VALUE.to_owned(),
    }
}

/// `Rheinhalle → Werk 2`; only the value where one side was noted.
#[must_use]
pub fn change(it: &FieldChange, currency: Option<Currency>) -> String {
    let is_money = it.path.last().is_some_and(|name| name.ends_with("_minor"));
    let say = |side: &Value| match (side.as_i64(), currency.filter(|_| is_money)) {
        (Some(minor), Some(currency)) => licenses::amount(Money::new(minor, currency)),
        _ => value(side),
    };
    match (&it.before, &it.after) {
        (Some(before), Some(after)) => format!("{} → {}", say(before), say(after)),
        (None, Some(after)) => say(after),
        (Some(before), None) => format!("{} → nothing", say(before)),
        (None, None) => String::new(),
    }
}

fn value(it: &Value) -> String {
    match it {
        Value::Null => "nothing".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(value).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let each = fields.iter().map(|(name, it)| format!("{}: {}", name.replace('_', " "), value(it)));
            each.collect::<Vec<_>>().join(", ")
        }
    }
}

/// What the check of a vendor's chain found, a line each.
#[must_use]
pub fn report(vendor: &str, report: &AuditReport) -> Vec<String> {
    let sealed = match &report.chain {
        Ok(head) => format!("{vendor}: {} sealed, and as they were.", rows(head.seq)),
        Err(found) => format!("{vendor}: {}", broken(found)),
    };
    let tail = match report.tail.span {
        Some((from, to)) => format!(
            "{vendor}: {} in the unsealed tail (from {} to {}).",
            rows(report.tail.count),
            moments::rfc3339(from),
            moments::rfc3339(to)
        ),
        None => format!("{vendor}: 0 rows in the unsealed tail."),
    };
    vec![sealed, tail]
}

/// The head, to be kept outside the database.
#[must_use]
pub fn head(vendor: &str, head: &Head) -> String {
    format!("{vendor}: head {}", head.to_text())
}

/// What the command ends with when a chain is broken.
pub const BROKEN: &str = "The audit log is not as it was written.";
/// A head belongs to one vendor's chain.
pub const EXPECT_ONE_VENDOR: &str = "There are several vendors: name the one whose head is expected by --vendor CODE.";
/// The head that was given cannot be read.
pub const HEAD_UNREADABLE: &str = "A head is written as 64 hexadecimal digits, @, and the number of rows.";

fn rows(count: i64) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{count} rows") }
}

fn broken(found: &Break) -> String {
    match found {
        Break::Changed { seq, id } => format!("row {seq} ({id}) was changed after it was sealed."),
        Break::Missing { seq } => format!("row {seq} is missing."),
        Break::Inserted { seq, id } => format!("row {seq} ({id}) was put in: it is not part of the chain."),
        Break::WrongHead => "the rows fit together, but not with the end that was noted for them.".to_owned(),
        Break::NotAsExpected { expected } => {
            format!("the chain does not pass through {}: it was cut off, or sealed anew.", expected.to_text())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::audit::Tail;

    #[test]
    fn changes_read_like_sentences() {
        let of = |name: &str, before: Option<Value>, after: Option<Value>| {
            let path = name.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect();
            let it = FieldChange { path, before, after };
            format!("{}: {}", field(&it.path), change(&it, Currency::parse("usd")))
        };
        assert_eq!(of("name", Some(json!("A")), Some(json!("B"))), "Name: A → B");
        assert_eq!(of("limits.devices", None, Some(json!(5))), "Limits, devices: 5");
        assert_eq!(of("amount_minor", Some(json!(100)), Some(json!(120_050))), "Amount: $1.00 → $1,200.50");
        assert_eq!(of("ends_at", Some(json!("2026")), None), "Ends: 2026 → nothing");
        assert_eq!(of("", Some(json!("open")), Some(json!("paid"))), "Value: open → paid");
        assert_eq!(of("for_all", None, Some(json!(true))), "For all: yes");
    }

    #[test]
    fn a_report_names_what_is_sealed_what_is_not_and_what_is_broken() {
        let head = Head { seq: 12, hash: vec![0xab; 32] };
        let tail = Tail { count: 1, span: Some((UnixMs(0), UnixMs(0))) };
        let good = report("acme", &AuditReport { chain: Ok(head), tail });
        assert_eq!(good[0], "acme: 12 rows sealed, and as they were.");
        assert_eq!(good[1], "acme: 1 row in the unsealed tail (from 1970-01-01T00:00:00Z to 1970-01-01T00:00:00Z).");
        let tail = Tail { count: 0, span: None };
        let bad = report("acme", &AuditReport { chain: Err(Break::Missing { seq: 3 }), tail });
        assert_eq!(bad, ["acme: row 3 is missing.", "acme: 0 rows in the unsealed tail."]);
        assert!(Head::parse("x").is_none());
    }
}
