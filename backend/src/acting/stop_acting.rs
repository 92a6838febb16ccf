//! Ending it oneself.

use super::{Acting, store};
use crate::audit;
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActingEnd {
    /// It has ended.
    Ended,
    /// It had ended before.
    Over,
    /// There is none, or it is not for whoever asks to end it.
    NotFound,
}

/// Ends what the acting staff themselves have begun.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn stop_acting(tx: &mut Tx, cx: &Cx) -> Result<ActingEnd, DbError> {
    let Actor::ActingStaff(id) = &cx.actor else { return Ok(ActingEnd::NotFound) };
    let Some(acting) = store::find_acting(tx, &cx.vendor_id, id).await? else { return Ok(ActingEnd::NotFound) };
    end(tx, cx, &acting).await
}

/// Ends it and records that, once.
pub(super) async fn end(tx: &mut Tx, cx: &Cx, acting: &Acting) -> Result<ActingEnd, DbError> {
    if !store::set_ended(tx, &cx.vendor_id, &acting.id, cx.now).await? {
        return Ok(ActingEnd::Over);
    }
    let (account, id) = (Some(&acting.account_id), acting.id.as_str());
    audit::record(tx, cx, account, "acting.stop", id, audit::NOTHING, audit::NOTHING).await?;
    Ok(ActingEnd::Ended)
}
