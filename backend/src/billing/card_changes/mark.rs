//! Marking a subscription while a card is charged for a change of it.

use super::store;
use crate::billing::prepare_change::Prepared;
use crate::billing::store::lock_subscription;
use crate::billing::{ChangeRefusal, Commerce, CommerceError, Subscription, handlers};
use crate::clock::{MINUTE_MS, UnixMs};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::stripe::StripeSubscription;

/// How long a change may be made: longer than any call with its retries.
const MADE_WITHIN_MS: i64 = 10 * MINUTE_MS;

/// Marks a subscription as being changed, or answers why it cannot be: somebody else has taken over what is paid. Answers the
/// mark, to be moved when the call is over; `None` where another call may be under way as well: then only time takes the mark
/// off. The lock number rises, so that whoever has read Stripe or the rows before this looks again.
pub(in crate::billing) async fn mark(
    commerce: &Commerce,
    cx: &Cx,
    prepared: &Prepared,
) -> Result<Result<Option<UnixMs>, ChangeRefusal>, CommerceError> {
    let (cx, master) = (cx.clone(), commerce.master.clone());
    let (seen, subscription) = (prepared.row.clone(), prepared.subscription.clone());
    let marked = commerce.db.write(move |tx| {
        Box::pin(async move {
            let row = lock_subscription(tx, &cx.vendor_id, &seen.id).await?;
            // It would be charged, and nobody would have anything of it.
            let Some(row) = row.filter(|row| row.stripe_subscription_id == seen.stripe_subscription_id) else {
                return Ok(Err(ChangeRefusal::NotAllowed));
            };
            let other = row.changing_until.filter(|until| *until > cx.now);
            let until = next_mark(other, cx.now);
            store::set_mark(tx, &cx.vendor_id, &row.id, Some(until)).await?;
            // Should this process die before it knows what came of it, nothing else would look again.
            handlers::enqueue_projection(tx, &cx, &master, &subscription, until).await?;
            Ok::<_, DbError>(Ok(other.is_none().then_some(until)))
        })
    });
    Ok(marked.await?)
}

/// Never that of another call, so that the end of that one does not move it.
fn next_mark(other: Option<UnixMs>, now: UnixMs) -> UnixMs {
    let until = now.plus(MADE_WITHIN_MS);
    other.map_or(until, |other| until.max(other.plus(1)))
}

/// The call is over: whoever looks at Stripe from now on sees what came of it. Somebody is about to.
pub(in crate::billing) async fn move_mark(
    commerce: &Commerce,
    cx: &Cx,
    prepared: &Prepared,
    mark: UnixMs,
) -> Result<(), CommerceError> {
    let (cx, row) = (cx.clone(), prepared.row.clone());
    let moved = commerce.db.write(move |tx| {
        Box::pin(async move {
            if store::move_mark(tx, &cx.vendor_id, &row.id, mark, cx.now).await? {
                handlers::hasten_projection(tx, &cx, &row.stripe_subscription_id, mark).await?;
            }
            Ok::<_, DbError>(())
        })
    });
    Ok(moved.await?)
}

/// Takes the mark off where what Stripe has now was fetched after it, and nothing waits for its payment. The caller holds the
/// lock of the row, which nobody has written since it was read, before Stripe was asked.
pub(in crate::billing) async fn take_mark_off(
    tx: &mut Tx,
    cx: &Cx,
    row: &Subscription,
    subscription: &StripeSubscription,
) -> Result<(), DbError> {
    let is_over = row.changing_until.is_some_and(|until| until <= cx.now);
    let waits = subscription.has_pending_update && subscription.ended_at.is_none();
    if is_over && !waits { store::set_mark(tx, &cx.vendor_id, &row.id, None).await } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_has_a_mark_of_its_own() {
        let now = UnixMs(1_795_255_200_000);
        let alone = next_mark(None, now);
        assert_eq!(alone, now.plus(MADE_WITHIN_MS));
        // Also where both begin in the same millisecond, or one by a clock that is ahead.
        assert_eq!(next_mark(Some(alone), now), alone.plus(1));
        assert_eq!(next_mark(Some(alone), now.plus(5)), alone.plus(5));
        assert_eq!(next_mark(Some(alone.plus(9)), now), alone.plus(10));
    }
}
