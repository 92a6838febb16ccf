//! An entry of the log as somebody sees it, which is not always all that is stored.

use std::collections::BTreeMap;

use serde_json::Value;

use super::list_audit::{AuditPlace, AuditScope};
use crate::clock::UnixMs;

/// What the vendor's people note for themselves, in rows of any act.
const HIDDEN: [&str; 3] = ["vendor_reason", "internal_note", "staff_note"];
/// What is for the vendor's people where it was one of them who acted.
const HIDDEN_OF_VENDOR: [&str; 4] = ["reason", "comment", "note", "memo"];
/// Names of Stripe's objects say nothing to a customer.
const STRIPE: &str = "stripe_";

/// A row with the names of those it is about.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct EntryRow {
    pub(super) id: String,
    pub(super) actor_kind: String,
    pub(super) actor_id: String,
    pub(super) act: String,
    pub(super) object_id: String,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    pub(super) request_id: Option<String>,
    pub(super) address: Option<String>,
    pub(super) occurred_at: UnixMs,
    pub(super) person_name: Option<String>,
    pub(super) person_email: Option<String>,
    pub(super) company: Option<String>,
    /// Why, where staff acted for a customer.
    pub(super) acting_reason: Option<String>,
}

/// Who acted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// A person, by name (may be empty) and e-mail address.
    Person(String, String),
    /// One of the vendor's staff, by name (may be empty) and e-mail address. Only the vendor's staff see who.
    Staff(String, String),
    /// One of the vendor's staff for a customer, by name (may be empty), e-mail address and reason. Only the vendor's staff
    /// see this.
    ActingStaff(String, String, String),
    /// The vendor, as customers see its staff and its operator.
    Vendor,
    /// The vendor's support for the customer, as the customer sees it.
    Support,
    /// Stripe, by the object that it told of.
    Stripe(String),
    /// A background job, by its kind.
    Job(String),
    /// The operator of the deployment.
    Operator,
    /// A product instance.
    Instance,
    /// A program with an API token, by the token's name (empty where it is gone). Customers see the vendor's as the vendor.
    Token(String),
    /// Somebody who was not logged in.
    Visitor,
    /// Something this version does not know, by its kind.
    Other(String),
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// `aud_…`.
    pub id: String,
    /// When.
    pub occurred_at: UnixMs,
    /// Who.
    pub who: Who,
    /// `area.verb`.
    pub act: String,
    /// What was acted on.
    pub object_id: String,
    /// The customer, for the vendor's staff.
    pub company: Option<String>,
    /// The network address that it came from.
    pub address: Option<String>,
    /// The request, for the vendor's staff.
    pub request_id: Option<String>,
    /// What was before.
    pub before: Option<Value>,
    /// What is from then on.
    pub after: Option<Value>,
}

/// A value that changed, or was noted with the act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// Names from the outside in; empty where the whole is one value.
    pub path: Vec<String>,
    /// What it was; `None` where nothing was noted.
    pub before: Option<Value>,
    /// What it is; `None` where nothing was noted.
    pub after: Option<Value>,
}

impl AuditEntry {
    pub(super) fn of(row: EntryRow, scope: &AuditScope) -> Self {
        let for_customer = matches!(scope, AuditScope::Account(_));
        let by_vendor = matches!(row.actor_kind.as_str(), "staff" | "acting_staff" | "operator");
        let read = |text: Option<String>| {
            let mut value = text.and_then(|text| serde_json::from_str(&text).ok())?;
            if for_customer {
                hide(&mut value, by_vendor);
            }
            Some(value)
        };
        let (name, email) = (row.person_name.unwrap_or_default(), row.person_email.unwrap_or_default());
        let who = match row.actor_kind.as_str() {
            "staff" | "operator" if for_customer => Who::Vendor,
            "acting_staff" if for_customer => Who::Support,
            "acting_staff" => Who::ActingStaff(name, email, row.acting_reason.unwrap_or_default()),
            "user" => Who::Person(name, email),
            "staff" => Who::Staff(name, email),
            "stripe" => Who::Stripe(if for_customer { String::new() } else { row.actor_id }),
            "job" => Who::Job(row.actor_id),
            "operator" => Who::Operator,
            "instance" => Who::Instance,
            "token" => Who::Token(name),
            "visitor" => Who::Visitor,
            _ => Who::Other(row.actor_kind),
        };
        Self {
            id: row.id,
            occurred_at: row.occurred_at,
            // Jobs and Stripe may have been set going by the vendor, or by the other side of a handover.
            address: row.address.filter(|_| {
                !for_customer || matches!(who, Who::Person(..) | Who::Visitor | Who::Instance | Who::Token(_))
            }),
            who,
            act: row.act,
            object_id: row.object_id,
            company: row.company.filter(|_| !for_customer),
            request_id: row.request_id.filter(|_| !for_customer),
            before: read(row.before),
            after: read(row.after),
        }
    }

    /// From where the list goes on after this entry.
    #[must_use]
    pub fn place(&self) -> AuditPlace {
        AuditPlace { occurred_at: self.occurred_at, id: self.id.clone() }
    }

    /// What changed, by name. Where only one side was noted, all that was noted.
    #[must_use]
    pub fn changes(&self) -> Vec<FieldChange> {
        let (before, after) = (flat(self.before.as_ref()), flat(self.after.as_ref()));
        let mut paths: Vec<_> = before.keys().chain(after.keys()).cloned().collect();
        paths.sort();
        paths.dedup();
        let change = |path: Vec<String>| {
            let (before, after) = (before.get(&path).cloned(), after.get(&path).cloned());
            (before != after).then_some(FieldChange { path, before, after })
        };
        paths.into_iter().filter_map(change).collect()
    }
}

/// Takes out what customers do not see.
pub(crate) fn hide(value: &mut Value, by_vendor: bool) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| {
                let name = name.as_str();
                let is_hidden = HIDDEN.contains(&name) || name.starts_with(STRIPE);
                !(is_hidden || by_vendor && HIDDEN_OF_VENDOR.contains(&name))
            });
            fields.values_mut().for_each(|value| hide(value, by_vendor));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| hide(value, by_vendor)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Every value that is no object, by its path. Empty ones say nothing.
fn flat(value: Option<&Value>) -> BTreeMap<Vec<String>, Value> {
    fn walk(value: &Value, path: &[String], found: &mut BTreeMap<Vec<String>, Value>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    walk(value, &[path, std::slice::from_ref(name)].concat(), found);
                }
            }
            Value::Null => {}
            Value::String(text) if text.is_empty() => {}
            Value::Array(values) if values.is_empty() => {}
            _ => {
                found.insert(path.to_vec(), value.clone());
            }
        }
    }
    let mut found = BTreeMap::new();
    if let Some(value) = value {
        walk(value, &[], &mut found);
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(actor_kind: &str) -> EntryRow {
        EntryRow {
            id: "aud_1".to_owned(),
            actor_kind: actor_kind.to_owned(),
            actor_id: "usr_1".to_owned(),
            act: "license.suspend".to_owned(),
            object_id: "lic_1".to_owned(),
            before: Some(
                json!({ "seats": 5, "vendor_reason": "", "name": "A", "limits": { "devices": 3 } }).to_string(),
            ),
            after: Some(
                json!({
                    "seats": 5, "vendor_reason": "does not pay", "reason": "staff's word", "stripe_id": "x",
                    "name": "B", "limits": { "devices": 4, "internal_note": "y" },
                })
                .to_string(),
            ),
            request_id: Some("req".to_owned()),
            address: Some("203.0.113.7".to_owned()),
            occurred_at: UnixMs(0),
            person_name: Some("Ada".to_owned()),
            person_email: Some("ada@vendor.test".to_owned()),
            company: Some("Weser".to_owned()),
            acting_reason: Some("a stuck seat".to_owned()),
        }
    }

    fn customer() -> AuditScope {
        AuditScope::Account(crate::ids::AccountId::from_untrusted("acc_1"))
    }

    #[test]
    fn a_customer_sees_neither_the_vendors_people_nor_what_they_noted() {
        for (kind, who) in [("staff", Who::Vendor), ("operator", Who::Vendor), ("acting_staff", Who::Support)] {
            let seen = AuditEntry::of(row(kind), &customer());
            assert_eq!((&seen.who, &seen.address, &seen.company), (&who, &None, &None));
            let text = format!("{seen:?}");
            for secret in
                ["Ada", "ada@", "203.0.113.7", "does not pay", "staff's word", "stripe_id", "internal_note", "req\""]
            {
                assert!(!text.contains(secret), "{kind}: {secret} in {text}");
            }
        }
        // A job or Stripe may have been set going by anybody.
        for kind in ["job", "stripe"] {
            assert_eq!(AuditEntry::of(row(kind), &customer()).address, None, "{kind}");
            assert!(AuditEntry::of(row(kind), &AuditScope::Vendor).address.is_some(), "{kind}");
        }
        let own = AuditEntry::of(row("user"), &customer());
        assert_eq!(own.who, Who::Person("Ada".to_owned(), "ada@vendor.test".to_owned()));
        assert_eq!(own.address.as_deref(), Some("203.0.113.7"));
        assert!(format!("{own:?}").contains("staff's word"), "a reason that a customer gave");
        assert!(!format!("{own:?}").contains("does not pay"));
    }

    #[test]
    fn staff_see_all_of_it() {
        let seen = AuditEntry::of(row("acting_staff"), &AuditScope::Vendor);
        let of = |text: &str| text.to_owned();
        assert_eq!(seen.who, Who::ActingStaff(of("Ada"), of("ada@vendor.test"), of("a stuck seat")));
        let seen = AuditEntry::of(row("staff"), &AuditScope::Vendor);
        assert_eq!(seen.who, Who::Staff("Ada".to_owned(), "ada@vendor.test".to_owned()));
        assert!(format!("{seen:?}").contains("does not pay"));
    }

    #[test]
    fn changes_are_what_differs_by_name() {
        let changes = AuditEntry::of(row("user"), &customer()).changes();
        let told = |it: &FieldChange| (it.path.join("."), it.before.clone(), it.after.clone());
        assert_eq!(
            changes.iter().map(told).collect::<Vec<_>>(),
            [
                ("limits.devices".to_owned(), Some(json!(3)), Some(json!(4))),
                ("name".to_owned(), Some(json!("A")), Some(json!("B"))),
                ("reason".to_owned(), None, Some(json!("staff's word"))),
            ]
        );
        let scalar = EntryRow { before: Some("\"open\"".to_owned()), after: Some("\"paid\"".to_owned()), ..row("job") };
        let changes = AuditEntry::of(scalar, &AuditScope::Vendor).changes();
        assert_eq!(changes, [FieldChange { path: vec![], before: Some(json!("open")), after: Some(json!("paid")) }]);
        let nothing = EntryRow { before: None, after: Some("null".to_owned()), ..row("job") };
        assert_eq!(AuditEntry::of(nothing, &AuditScope::Vendor).changes(), []);
    }
}
