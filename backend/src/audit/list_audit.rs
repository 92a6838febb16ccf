//! Looking at the log: newest first, narrowed by what was done, by whom, when, and on what.

use super::entry::AuditEntry;
use super::store;
use crate::accounts::{self, Act, StaffAct};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::AccountId;

/// Whose log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditScope {
    /// What concerns one account, as its owner sees it.
    Account(AccountId),
    /// All of the vendor's, as its staff see it.
    Vendor,
}

/// What is looked for; whatever is empty narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// The area of the act: `license`.
    pub area: String,
    /// The e-mail address of the person.
    pub person: String,
    /// The id of what was acted on.
    pub object: String,
    /// Among all of the vendor's: id of the account that it concerns, or words in its company. The log of one account is
    /// not narrowed by it.
    pub customer: String,
    /// From this moment on.
    pub from: Option<UnixMs>,
    /// Before this moment.
    pub until: Option<UnixMs>,
}

impl AuditFilter {
    /// Whether anything is left out.
    #[must_use]
    pub fn is_narrow(&self) -> bool {
        *self != Self::default()
    }
}

/// A place in the list from which the next page goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPlace {
    /// When it happened.
    pub occurred_at: UnixMs,
    /// The row's id.
    pub id: String,
}

impl AuditPlace {
    /// The place in an address.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}.{}", self.occurred_at.0, self.id)
    }

    /// Reads a place from an address; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('.')?;
        Some(Self { occurred_at: UnixMs(at.parse().ok()?), id: id.to_owned() })
    }
}

/// Up to `limit` entries from `after` on; `None` for whoever may not see them.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_audit(
    tx: &mut Tx,
    cx: &Cx,
    scope: &AuditScope,
    filter: &AuditFilter,
    after: Option<&AuditPlace>,
    limit: i64,
) -> Result<Option<Vec<AuditEntry>>, DbError> {
    let rows = match scope {
        AuditScope::Account(account_id) => {
            if !accounts::may_act(tx, cx, account_id, Act::SeeAudit).await? {
                return Ok(None);
            }
            store::list_of_account(tx, &cx.vendor_id, account_id, filter, after, limit).await?
        }
        AuditScope::Vendor => {
            if !accounts::staff_may_act(tx, cx, StaffAct::SeeAudit).await? {
                return Ok(None);
            }
            store::list_of_vendor(tx, &cx.vendor_id, filter, after, limit).await?
        }
    };
    Ok(Some(rows.into_iter().map(|row| AuditEntry::of(row, scope)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written() {
        let place = AuditPlace { occurred_at: UnixMs(-5), id: "aud_1".to_owned() };
        assert_eq!(AuditPlace::parse(&place.to_text()), Some(place));
        for other in ["", "aud_1", "now.aud_1"] {
            assert_eq!(AuditPlace::parse(other), None, "{other}");
        }
    }
}
