//! Taking retired signing keys out of what is published, once nothing that they signed can be valid.

use serde_json::json;

use super::key_sets::append_key_set;
use super::signing::active_signing_key;
use super::{MasterKey, store};
use crate::clock::{MINUTE_MS, SECOND_MS};
use crate::cx::Cx;
use crate::db::{DbError, Extent, Subject, Tx};
use crate::revocations::LIST_LIFE_MS;
use crate::{audit, vendors};

/// A check that read the old key before a rotation has committed by then; requests are cut off far earlier.
const LAST_SIGNATURE_MS: i64 = 5 * MINUTE_MS;
/// How far a verifier's clock may be behind.
const LEEWAY_MS: i64 = sdk::lease::LEEWAY_S * SECOND_MS;

/// Withdraws the acting vendor's retired keys of which nothing can be valid any more; answers how many. A
/// few minutes after a key retired it is noted how long the leases last that were out then, which is at
/// least as long as any that the key has signed.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn withdraw_retired_keys(tx: &mut Tx, cx: &Cx, master: &MasterKey) -> Result<usize, DbError> {
    let (retired_until, spent_until) = (cx.now.plus(-LAST_SIGNATURE_MS), cx.now.plus(-LEEWAY_MS));
    // Asked first, because what follows writes and empties the table in memory, and mostly there is nothing to do.
    if !store::has_due_retired(tx, &cx.vendor_id, retired_until, spent_until).await? {
        return Ok(0);
    }
    let Some(vendor) = vendors::lock_vendor(tx, &cx.vendor_id).await? else { return Ok(0) };
    // What memory knows of leases that are out counts, and clients are to be told of the key set that is appended.
    tx.change(Subject::All, Extent::Whole).await?;
    let Some(signer) = active_signing_key(tx, master, &vendor.id).await? else { return Ok(0) };
    store::set_verifies_until(tx, cx, retired_until, cx.now.plus(LIST_LIFE_MS)).await?;
    let withdrawn = store::withdraw_retired(tx, cx, spent_until).await?;
    if withdrawn.is_empty() {
        return Ok(0);
    }
    let seq = append_key_set(tx, cx, &vendor.origin, &signer).await?;
    for kid in &withdrawn {
        let after = json!({ "key_set": seq });
        audit::record(tx, cx, None, "signing_key.withdraw", kid, audit::NOTHING, Some(&after)).await?;
    }
    Ok(withdrawn.len())
}
