//! Checking a vendor's whole chain.

use super::rules::{Break, Head, Verifier};
use super::store;
use crate::clock::UnixMs;
use crate::db::{DbError, Tx};
use crate::ids::VendorId;

/// Rows in memory at once.
const PAGE: i64 = 1_000;

/// What has not been sealed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    /// Rows.
    pub count: i64,
    /// When the first of them happened, and the last.
    pub span: Option<(UnixMs, UnixMs)>,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditReport {
    /// The end of the chain, or where it is broken first.
    pub chain: Result<Head, Break>,
    /// What the chain does not cover yet.
    pub tail: Tail,
}

/// Computes the chain of a vendor again, from the first row on, and compares. `expected` is a head that somebody kept
/// outside the database: the chain has to pass through it.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn verify_audit(tx: &mut Tx, vendor_id: &VendorId, expected: Option<Head>) -> Result<AuditReport, DbError> {
    let noted = store::find_head(tx, vendor_id).await?.unwrap_or_else(Head::start);
    let chain = verify_chain(tx, vendor_id, Verifier::new(noted, expected)).await?;
    let (count, first, last) = store::find_tail(tx, vendor_id).await?;
    Ok(AuditReport { chain, tail: Tail { count, span: first.zip(last) } })
}

async fn verify_chain(
    tx: &mut Tx,
    vendor_id: &VendorId,
    mut verifier: Verifier,
) -> Result<Result<Head, Break>, DbError> {
    let (mut after, last) = (i64::MIN, verifier.last_seq());
    loop {
        // Only up to the end that was noted when the check began: sealing goes on meanwhile.
        let rows = store::list_sealed(tx, vendor_id, (after, last), PAGE).await?;
        for row in &rows {
            if let Err(found) = verifier.take(row) {
                return Ok(Err(found));
            }
        }
        match rows.last().and_then(|row| row.seq) {
            Some(seq) => after = seq,
            None => break,
        }
    }
    // Behind the end that is noted at this moment, in one statement, nothing may be.
    if let Some((id, seq)) = store::find_beyond_head(tx, vendor_id).await? {
        return Ok(Err(Break::Inserted { seq, id }));
    }
    Ok(verifier.finish())
}
