//! Asking, by mail: once for each account, an owner who agreed to it.

use super::{rules, store};
use crate::accounts::{self, Role};
use crate::cx::Cx;
use crate::db::{Db, DbError, Tx};
use crate::ids::{AccountId, UserId};
use crate::keys::MasterKey;
use crate::mail::{self, Sender};
use crate::text::en::message_mail as letters;

/// Owners that are looked at in one read.
const BATCH: i64 = 200;

/// Makes one round; answers how many were asked. Each mail is queued in the transaction that notes it, so a round that
/// dies half-way is continued by the next one, and rounds of several nodes ask nobody twice.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn ask_for_feedback(db: &Db, master: &MasterKey, cx: &Cx) -> Result<u64, DbError> {
    let (mut asked, mut after) = (0, (String::new(), String::new()));
    let paid = rules::asked_about(cx.now);
    loop {
        let (vendor_id, from) = (cx.vendor_id.clone(), after);
        let owners = db
            .read(|tx| {
                Box::pin(async move {
                    store::list_to_ask(tx, &vendor_id, paid, (from.0.as_str(), from.1.as_str()), BATCH).await
                })
            })
            .await?;
        let Some((account_id, user_id)) = owners.last() else { return Ok(asked) };
        after = (account_id.to_string(), user_id.to_string());
        for (account_id, user_id) in owners {
            let (cx, master) = (cx.clone(), master.clone());
            let work = db.write(move |tx| Box::pin(async move { ask(tx, &cx, &master, &account_id, &user_id).await }));
            asked += u64::from(work.await?);
        }
    }
}

async fn ask(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account_id: &AccountId,
    user_id: &UserId,
) -> Result<bool, DbError> {
    // All of it again, inside the transaction: it may have changed since the list was read.
    if accounts::member_role(tx, &cx.vendor_id, account_id, user_id).await? != Some(Role::Owner)
        || !store::lock_consent(tx, &cx.vendor_id, user_id).await?
    {
        return Ok(false);
    }
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(false) };
    let Some(user) = accounts::find_user(tx, &cx.vendor_id, user_id).await? else { return Ok(false) };
    let Some(account) = accounts::find_account(tx, &cx.vendor_id, account_id).await? else { return Ok(false) };
    if !store::insert_ask(tx, cx, account_id, user_id).await? {
        return Ok(false);
    }
    let letter = letters::feedback_asked(&sender, &account.company);
    mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter)).await?;
    Ok(true)
}
