//! Everything about a person, for that person.

use super::{Takeout, Taking, files};
use crate::accounts::{self, Limit, RateVerdict};
use crate::audit;
use crate::billing::CommerceError;
use crate::cx::Cx;
use crate::db::{Db, DbError, Tx};
use crate::ids::UserId;
use crate::keys::MasterKey;

/// Begins to send everything that is kept about the person who acts. What belongs to an account is in that account's own.
///
/// # Errors
/// [`CommerceError::Db`] when the database fails.
pub async fn take_own(db: &Db, cx: &Cx, master: &MasterKey) -> Result<Taking, CommerceError> {
    let Some(user_id) = cx.actor.person().cloned() else { return Ok(Taking::NotAllowed) };
    let (tx_cx, tx_master, id) = (cx.clone(), master.clone(), user_id.clone());
    let verdict = db.write(move |tx| Box::pin(async move { ask(tx, &tx_cx, &tx_master, &id).await })).await?;
    if let RateVerdict::Limited { retry_after_s } = verdict {
        return Ok(Taking::Limited { retry_after_s });
    }
    let tx_cx = cx.clone();
    let files = db.read(|tx| Box::pin(async move { files::of_person(tx, &tx_cx, &user_id).await })).await?;
    Ok(Taking::Begun(Box::new(Takeout::new(cx, files, None, Vec::new()))))
}

async fn ask(tx: &mut Tx, cx: &Cx, master: &MasterKey, id: &UserId) -> Result<RateVerdict, DbError> {
    let verdict = accounts::hit(tx, cx, master, Limit::Takeout, id.as_str()).await?;
    if verdict == RateVerdict::Allowed {
        audit::record(tx, cx, None, "user.export", id.as_str(), audit::NOTHING, audit::NOTHING).await?;
    }
    Ok(verdict)
}
