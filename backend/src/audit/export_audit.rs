//! The log as a table, part by part: it may be longer than what fits into memory.

use serde_json::Value;

use super::entry::{AuditEntry, Who};
use super::list_audit::{AuditFilter, AuditPlace, AuditScope, list_audit};
use crate::csv;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::text::en::{audit_acts, moments};

/// Entries of one part.
const PART: i64 = 1_000;

/// A part of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvPart {
    /// Its lines; those of the first begin with the names of the columns.
    pub text: String,
    /// Where the next part begins; `None` after the last.
    pub next: Option<AuditPlace>,
}

/// The part of the table from `after` on; `None` for whoever may not see the log.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn export_audit(
    tx: &mut Tx,
    cx: &Cx,
    scope: &AuditScope,
    filter: &AuditFilter,
    after: Option<&AuditPlace>,
) -> Result<Option<CsvPart>, DbError> {
    let Some(entries) = list_audit(tx, cx, scope, filter, after, PART).await? else { return Ok(None) };
    let is_last = i64::try_from(entries.len()).unwrap_or(PART) < PART;
    let next = entries.last().filter(|_| !is_last).map(AuditEntry::place);
    let head = if after.is_none() { csv::row(COLUMNS) } else { String::new() };
    Ok(Some(CsvPart { text: entries.iter().fold(head, |text, entry| text + &line(entry)), next }))
}

const COLUMNS: [&str; 13] = [
    "occurred_at",
    "id",
    "actor_kind",
    "actor",
    "actor_name",
    "act",
    "what",
    "object_id",
    "customer",
    "address",
    "request_id",
    "before",
    "after",
];

fn line(entry: &AuditEntry) -> String {
    let (kind, actor, name) = match &entry.who {
        Who::Person(name, email) => ("user", email.as_str(), name.as_str()),
        Who::Staff(name, email) => ("staff", email.as_str(), name.as_str()),
        Who::ActingStaff(name, email, _) => ("acting_staff", email.as_str(), name.as_str()),
        Who::Vendor => ("vendor", "", ""),
        Who::Support => ("support", "", ""),
        Who::Stripe(id) => ("stripe", id.as_str(), ""),
        Who::Job(kind) => ("job", kind.as_str(), ""),
        Who::Operator => ("operator", "", ""),
        Who::Instance => ("instance", "", ""),
        Who::Token(name) => ("token", "", name.as_str()),
        Who::Visitor => ("visitor", "", ""),
        Who::Other(kind) => (kind.as_str(), "", ""),
    };
    let json = |value: Option<&Value>| value.map(Value::to_string).unwrap_or_default();
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    csv::row([
        &moments::rfc3339(entry.occurred_at),
        &entry.id,
        kind,
        actor,
        name,
        &entry.act,
        audit_acts::sentence(&entry.act).unwrap_or_default(),
        &entry.object_id,
        &optional(&entry.company),
        &optional(&entry.address),
        &optional(&entry.request_id),
        &json(entry.before.as_ref()),
        &json(entry.after.as_ref()),
    ])
}
