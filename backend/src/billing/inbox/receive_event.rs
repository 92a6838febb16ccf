//! Receiving: an authentic event is written down before anything is thought about it.

use super::store;
use crate::billing::handlers;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::keys::MasterKey;
use crate::stripe::EventEnvelope;

/// What became of an event that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// New: stored, and queued to be projected.
    Stored,
    /// Here already; nothing to do.
    Known,
}

/// Stores a verified event by its id and queues its projection, in one transaction: answered with 200, it
/// cannot be lost any more.
///
/// # Errors
/// [`DbError`] when the database fails; Stripe will send it again.
pub async fn receive_event(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    event: &EventEnvelope,
) -> Result<Receipt, DbError> {
    if !store::insert_event(tx, cx, event).await? {
        return Ok(Receipt::Known);
    }
    handlers::enqueue_event(tx, cx, master, &event.id, &event.customer_id).await?;
    Ok(Receipt::Stored)
}
