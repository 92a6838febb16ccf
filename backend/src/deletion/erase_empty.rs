//! Erasing an account that never had a member, and for which nothing was ordered: nothing has to be ended or settled.

use serde_json::json;

use super::account_store;
use crate::accounts::Account;
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};

/// Erases it at once; it is closed from then on. The caller holds its lock, and knows that there is nothing.
pub(crate) async fn erase_empty(tx: &mut Tx, cx: &Cx, account: &Account) -> Result<(), DbError> {
    account_store::erase(tx, cx, account).await?;
    let after = json!({ "members": 0, "licenses": 0 });
    audit::record(tx, cx, Some(&account.id), "account.close", account.id.as_str(), audit::NOTHING, Some(&after)).await
}
