//! Giving a vendor the host name by which it is reached.

use super::hosts::{HostProblem, check_host};
use super::{Vendor, list_vendors, store};
use crate::audit;
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostChange {
    /// It answers this name from now on; `None` for every name that no other vendor has.
    Set(Option<String>),
    /// It did so before.
    Unchanged,
    /// It cannot have it.
    Refused(HostProblem),
    /// Only the operator decides who answers which name.
    NotAllowed,
}

/// Lets the vendor answer this host name, or every name that no other vendor has. Its origin, the issuer of its tokens, and
/// with it the links in its mails, stay as they are.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn set_host(tx: &mut Tx, cx: &Cx, typed: Option<&str>) -> Result<HostChange, DbError> {
    if cx.actor != Actor::Operator {
        return Ok(HostChange::NotAllowed);
    }
    let (own, others): (Vec<_>, Vec<_>) =
        lock_hosts(tx).await?.into_iter().partition(|vendor| vendor.id == cx.vendor_id);
    let Some(before) = own.into_iter().next() else { return Ok(HostChange::NotAllowed) };
    let host = match check_host(typed, &others) {
        Ok(host) => host,
        Err(problem) => return Ok(HostChange::Refused(problem)),
    };
    if host == before.host {
        return Ok(HostChange::Unchanged);
    }
    store::update_host(tx, &cx.vendor_id, host.as_deref()).await?;
    let (was, is) = (serde_json::json!({ "host": before.host }), serde_json::json!({ "host": host }));
    audit::record(tx, cx, None, "vendor.set_host", cx.vendor_id.as_str(), Some(&was), Some(&is)).await?;
    Ok(HostChange::Set(host))
}

/// All vendors, of whom none is made and none gets another host name until the transaction ends, if whoever does asks this
/// first. Under one lock, or two vendors could be left without a name at once; the names themselves are unique.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn lock_hosts(tx: &mut Tx) -> Result<Vec<Vendor>, DbError> {
    if let Some(oldest) = list_vendors(tx).await?.first() {
        store::lock_vendor(tx, &oldest.id).await?;
    }
    // Read again: who held the lock may have changed them.
    list_vendors(tx).await
}
