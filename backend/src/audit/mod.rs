//! Audit: who changed what, in the transaction of the change.
//!
//! Every change by a person, a token, Stripe or a job to account, catalog, money or license rows writes
//! its row here before it commits. Instance traffic is not audit; it is [`crate::events`]. Rows are never
//! changed; a sealing job may later fill their `chain`.

mod store;

use serde::Serialize;

use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::AccountId;

/// Records an act on an object, with its state before and after. Neither may contain a secret.
///
/// `act` is `area.verb`, for example `license.suspend`.
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
