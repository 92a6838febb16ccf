//! Everything about an account, for its owner.

use super::{Takeout, files};
use crate::accounts::{self, Act, Limit, RateVerdict};
use crate::audit;
use crate::billing::CommerceError;
use crate::cx::Cx;
use crate::db::{Db, DbError, Tx};
use crate::ids::AccountId;
use crate::keys::MasterKey;

/// What became of asking for something to take along.
pub enum Taking {
    /// It can be sent.
    Begun(Box<Takeout>),
    /// It was taken too often.
    Limited {
        /// Whole seconds to wait.
        retry_after_s: i64,
    },
    /// It is not for whoever asks.
    NotAllowed,
}

/// Begins to send everything that is kept about an account to somebody who may close it.
///
/// # Errors
/// [`CommerceError::Db`] when the database fails.
pub async fn take_account(
    db: &Db,
    cx: &Cx,
    master: &MasterKey,
    account_id: &AccountId,
) -> Result<Taking, CommerceError> {
    let (tx_cx, tx_master, id) = (cx.clone(), master.clone(), account_id.clone());
    let asked = db.write(move |tx| Box::pin(async move { ask(tx, &tx_cx, &tx_master, &id).await })).await?;
    match asked {
        None => return Ok(Taking::NotAllowed),
        Some(RateVerdict::Limited { retry_after_s }) => return Ok(Taking::Limited { retry_after_s }),
        Some(RateVerdict::Allowed) => {}
    }
    let (tx_cx, id) = (cx.clone(), account_id.clone());
    let (files, documents) = db.read(|tx| Box::pin(async move { files::of_account(tx, &tx_cx, &id).await })).await?;
    Ok(Taking::Begun(Box::new(Takeout::new(cx, files, Some(account_id.clone()), documents))))
}

/// Whether it may be taken; what is, is recorded.
async fn ask(tx: &mut Tx, cx: &Cx, master: &MasterKey, account_id: &AccountId) -> Result<Option<RateVerdict>, DbError> {
    if !accounts::may_act(tx, cx, account_id, Act::CloseAccount).await? {
        return Ok(None);
    }
    let verdict = accounts::hit(tx, cx, master, Limit::Takeout, account_id.as_str()).await?;
    if verdict == RateVerdict::Allowed {
        let id = account_id.as_str();
        audit::record(tx, cx, Some(account_id), "account.export", id, audit::NOTHING, audit::NOTHING).await?;
    }
    Ok(Some(verdict))
}
