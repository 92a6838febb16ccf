//! Telling whoever ordered that an order was not paid, and how it can be begun again. Once, because an order closes once.
//! What a client was to pay is told to the client.

use super::{Order, Payment, store};
use crate::billing::Commerce;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::mail::{self, Sender};
use crate::text::en::order_mail as letters;
use crate::{accounts, catalog};

/// Why an order was not paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfinished {
    /// Its page has run out, or its transfer did not come.
    NotPaid,
    /// The payment was under way, and the bank has not made it.
    PaymentFailed,
    /// What was agreed to does not hold any more, and nothing was charged.
    Outdated,
}

/// Queues the mail; none when the same product was ordered again since, or the user is gone.
pub(super) async fn mail_unfinished(
    tx: &mut Tx,
    commerce: &Commerce,
    cx: &Cx,
    order: &Order,
    why: Unfinished,
) -> Result<(), DbError> {
    if store::was_ordered_again(tx, order).await? {
        return Ok(());
    }
    let Some((email, name)) = reader(tx, cx, order).await? else { return Ok(()) };
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let Some(plan) = catalog::find_plan(tx, &cx.vendor_id, &order.plan_id).await? else { return Ok(()) };
    let Some(product) = catalog::find_product(tx, &cx.vendor_id, &plan.product_id).await? else { return Ok(()) };
    let page = format!("{}/orders/{}", sender.origin, order.id);
    let letter = match (why, order.payment) {
        (Unfinished::PaymentFailed, _) => letters::payment_failed(&sender, &product.name, &plan.name, &page),
        (Unfinished::Outdated, _) => letters::outdated(&sender, &product.name, &plan.name, &page),
        (Unfinished::NotPaid, Payment::Transfer) => {
            letters::transfer_given_up(&sender, &product.name, &plan.name, &page)
        }
        (Unfinished::NotPaid, Payment::Card | Payment::None) => {
            letters::not_finished(&sender, &product.name, &plan.name, &page)
        }
    };
    mail::enqueue(tx, cx, &commerce.master, &sender.mail(&email, &name, letter)).await
}

/// Address and name of who is told.
async fn reader(tx: &mut Tx, cx: &Cx, order: &Order) -> Result<Option<(String, String)>, DbError> {
    if order.is_for_client_to_pay() {
        let client = accounts::find_account(tx, &cx.vendor_id, &order.account_id).await?;
        return Ok(client.map(|client| (client.billing_email, client.company)));
    }
    let user = accounts::find_user(tx, &cx.vendor_id, &order.user_id).await?;
    Ok(user.map(|user| (user.email, user.name)))
}
