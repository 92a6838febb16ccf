//! Asking to close an account.

use serde_json::json;

use super::{OpenInvoice, handlers, rules, store, tell};
use crate::accounts::{Act, lock_account, may_act};
use crate::audit;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::AccountId;
use crate::keys::MasterKey;

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClosingRequest {
    /// The account closes at this moment, unless an owner takes it back.
    Closes(UnixMs),
    /// It was asked for before, and stands.
    Asked(UnixMs),
    /// The name that was typed is another one.
    OtherName,
    /// Something is owed.
    Owes(Vec<OpenInvoice>),
    /// Whoever acts may not, or there is no such account: the same answer to both.
    NotAllowed,
}

/// Asks to close an account, by an owner who types its name. From now on nothing that it pays renews; members are told by
/// mail.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn ask_closing(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account_id: &AccountId,
    typed: &str,
) -> Result<ClosingRequest, DbError> {
    if !may_act(tx, cx, account_id, Act::CloseAccount).await? {
        return Ok(ClosingRequest::NotAllowed);
    }
    let Some(account) = lock_account(tx, &cx.vendor_id, account_id).await? else {
        return Ok(ClosingRequest::NotAllowed);
    };
    // Again behind the lock, where nobody loses the right any more.
    if !may_act(tx, cx, account_id, Act::CloseAccount).await? {
        return Ok(ClosingRequest::NotAllowed);
    }
    if let Some(closes_at) = account.closes_at {
        return Ok(ClosingRequest::Asked(closes_at));
    }
    if !rules::names(typed, &account.company) {
        return Ok(ClosingRequest::OtherName);
    }
    let owed = store::list_owed(tx, &cx.vendor_id, account_id).await?;
    if !owed.is_empty() {
        return Ok(ClosingRequest::Owes(owed));
    }
    let closes_at = rules::closes_at(cx.now);
    store::set_closes_at(tx, cx, account_id, Some(closes_at)).await?;
    let after = json!({ "closes_at": closes_at.timestamp().to_string() });
    let id = account_id.as_str();
    audit::record(tx, cx, Some(account_id), "account.ask_closing", id, audit::NOTHING, Some(&after)).await?;
    handlers::enqueue_stop_renewals(tx, cx, master, account_id).await?;
    tell::asked(tx, cx, master, &account, closes_at).await?;
    Ok(ClosingRequest::Closes(closes_at))
}
