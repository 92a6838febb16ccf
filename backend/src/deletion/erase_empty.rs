//! Erasing an account that never had a member, and for which nothing was ordered: nothing has to be ended or settled.

use serde_json::json;

use super::{account_store, mail_store};
use crate::accounts::Account;
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::mail;

/// Erases it at once; it is closed from then on. The caller holds its lock, and knows that there is nothing.
pub(crate) async fn erase_empty(tx: &mut Tx, cx: &Cx, account: &Account) -> Result<(), DbError> {
    // Whoever was asked to take it over has perhaps nothing else to do with us.
    let mut addresses = mail_store::list_asked_addresses(tx, &cx.vendor_id, &account.id).await?;
    addresses.push(account.billing_email.clone());
    for address in addresses {
        if mail_store::is_nobody_elses(tx, &cx.vendor_id, account.id.as_str(), &address).await? {
            mail_store::forget_unsent(tx, &cx.vendor_id, &address, None).await?;
            mail::log::forget_recipient(tx, &cx.vendor_id, &address, None).await?;
        }
    }
    account_store::erase(tx, cx, account).await?;
    let after = json!({ "members": 0, "licenses": 0 });
    audit::record(tx, cx, Some(&account.id), "account.close", account.id.as_str(), audit::NOTHING, Some(&after)).await
}
