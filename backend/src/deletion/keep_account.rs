//! Taking back that an account closes.

use serde_json::json;

use super::look::is_unsettled;
use super::{store, tell};
use crate::accounts::{Act, lock_account, may_act};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::AccountId;
use crate::keys::MasterKey;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// The account stays.
    Kept,
    /// Nobody had asked to close it.
    Unchanged,
    /// Its time has come, and nothing is owed for which it waits: subscriptions may have been ended already.
    TooLate,
    /// Whoever acts may not, or there is no such account: the same answer to both.
    NotAllowed,
}

/// Keeps an account that an owner had asked to close. What was cancelled by that stays cancelled, and can be taken back for
/// each license. Members are told by mail.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn keep_account(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account_id: &AccountId,
) -> Result<Keeping, DbError> {
    if !may_act(tx, cx, account_id, Act::CloseAccount).await? {
        return Ok(Keeping::NotAllowed);
    }
    let Some(account) = lock_account(tx, &cx.vendor_id, account_id).await? else { return Ok(Keeping::NotAllowed) };
    if !may_act(tx, cx, account_id, Act::CloseAccount).await? {
        return Ok(Keeping::NotAllowed);
    }
    let Some(closes_at) = account.closes_at else { return Ok(Keeping::Unchanged) };
    // Behind the same lock as closing it: nothing was ended of an account that waits because something is owed.
    if closes_at <= cx.now && !is_unsettled(tx, &cx.vendor_id, account_id).await? {
        return Ok(Keeping::TooLate);
    }
    store::set_closes_at(tx, cx, account_id, None).await?;
    let before = json!({ "closes_at": closes_at.timestamp().to_string() });
    let id = account_id.as_str();
    audit::record(tx, cx, Some(account_id), "account.keep", id, Some(&before), audit::NOTHING).await?;
    tell::kept(tx, cx, master, &account).await?;
    Ok(Keeping::Kept)
}
