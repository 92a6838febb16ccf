//! Writing down that a change waits for its transfer, before Stripe is asked to make it.

use super::{MADE_WITHIN_MS, PaidItem, UnpaidChange, store};
use crate::audit;
use crate::billing::prepare_change::Prepared;
use crate::billing::store::lock_subscription;
use crate::billing::{ChangeRefusal, Commerce, CommerceError, handlers};
use crate::catalog::Composition;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, JsonText};

/// Begins a change, or answers why it cannot be: another one waits already, or somebody else has taken over what is paid. The
/// subscription's lock number rises, so that whoever has read Stripe or the rows before this looks again.
pub(in crate::billing) async fn begin(
    commerce: &Commerce,
    cx: &Cx,
    prepared: &Prepared,
    wanted: &Composition,
    give_up_at: UnixMs,
) -> Result<Option<ChangeRefusal>, CommerceError> {
    let items = prepared.subscription.items.iter().map(|item| PaidItem {
        id: item.id.clone(),
        price_id: item.price_id.clone(),
        quantity: item.quantity,
    });
    let row = &prepared.row;
    let change = UnpaidChange {
        vendor_id: row.vendor_id.clone(),
        subscription_id: row.id.clone(),
        license_id: row.license_id.clone(),
        account_id: row.account_id.clone(),
        stripe_subscription_id: row.stripe_subscription_id.clone(),
        stripe_invoice_id: None,
        items_before: JsonText(items.collect()),
        wanted: JsonText(wanted.clone()),
        give_up_at,
        created_at: cx.now,
    };
    let (cx, master, subscription) = (cx.clone(), commerce.master.clone(), prepared.subscription.clone());
    let begun = commerce.db.write(move |tx| {
        Box::pin(async move {
            let row = lock_subscription(tx, &cx.vendor_id, &change.subscription_id).await?;
            // It would be invoiced, and nobody would have anything of it.
            if row.is_none_or(|row| row.stripe_subscription_id != change.stripe_subscription_id) {
                return Ok(Some(ChangeRefusal::NotAllowed));
            }
            let vendor_id = &cx.vendor_id;
            if store::find_by_stripe_subscription(tx, vendor_id, &change.stripe_subscription_id).await?.is_some() {
                return Ok(Some(ChangeRefusal::ChangeAwaited));
            }
            store::insert(tx, &change).await?;
            let after = serde_json::json!({
                "wanted": &change.wanted.0, "give_up_at": change.give_up_at.timestamp().to_string(),
            });
            let (account_id, id) = (Some(&change.account_id), change.subscription_id.as_str());
            audit::record(tx, &cx, account_id, "subscription.begin_change", id, audit::NOTHING, Some(&after)).await?;
            // Should this process die before Stripe has heard of it, nothing else would look again.
            let later = cx.now.plus(MADE_WITHIN_MS);
            handlers::enqueue_projection(tx, &cx, &master, &subscription, later).await?;
            Ok::<_, DbError>(None)
        })
    });
    Ok(begun.await?)
}
