//! Audit: who changed what, in the transaction of the change.
//!
//! Every change by a person, a token, Stripe or a job to account, catalog, money or license rows writes
//! its row here before it commits ([`record`]). Instance traffic is not audit; it is [`crate::events`].
//!
//! Rows are never changed and never deleted: the database refuses it. Soon after their commit they are sealed
//! ([`seal`]): numbered without gaps, each with the SHA-256 of itself and the chain before it, so that
//! [`verify_audit`] finds what was changed, taken out or put in by somebody with access to the database. Sealing is not
//! part of the act, because all acts of a vendor would wait for one another; what is not sealed yet is the tail, which
//! the check names. Whoever can write to the database can also seal a forged log anew: against that, keep the head
//! that the check prints somewhere else and have it expected later.
//!
//! What is shown ([`list_audit`]) is a projection: a customer does not see the vendor's people, their addresses and
//! what they noted for themselves.

mod entry;
mod export_audit;
mod list_audit;
pub mod rules;
mod seal;
mod store;
mod verify_audit;

use serde::Serialize;

use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::AccountId;

pub(crate) use entry::hide;
pub use entry::{AuditEntry, FieldChange, Who};
pub use export_audit::{CsvPart, export_audit};
pub use list_audit::{AuditFilter, AuditPlace, AuditScope, list_audit};
pub use rules::{Break, Head};
pub use seal::{seal, seal_rows};
pub use store::list_acts_on;
pub use verify_audit::{AuditReport, Tail, verify_audit};

/// Records an act on an object, with its state before and after. Neither may contain a secret.
///
/// `act` is `area.verb`, for example `license.suspend`; `text/en/audit_acts.rs` has the sentence for each.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn record(
    tx: &mut Tx,
    cx: &Cx,
    account_id: Option<&AccountId>,
    act: &str,
    object_id: &str,
    before: Option<&(impl Serialize + Sync)>,
    after: Option<&(impl Serialize + Sync)>,
) -> Result<(), DbError> {
    let json = |value: Option<serde_json::Result<String>>| value.and_then(Result::ok);
    let before = json(before.map(serde_json::to_string));
    let after = json(after.map(serde_json::to_string));
    store::insert_row(tx, cx, account_id, act, object_id, before, after).await
}

/// Nothing: for an act that has no state before (a creation) or after (a deletion).
pub const NOTHING: Option<&()> = None;
