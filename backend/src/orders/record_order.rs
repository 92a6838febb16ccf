//! What is written down of an order that was placed, and who is told: the client whom its partner has asked to pay.

use super::parties::Parties;
use super::{Order, Payment};
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::keys::MasterKey;
use crate::mail::{self, Sender};
use crate::text::en::partner_mail::{self as letters, Ordered};
use crate::{audit, catalog, events};

pub(super) async fn record_order(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    order: &Order,
    parties: &Parties,
) -> Result<(), DbError> {
    let after = serde_json::json!({
        "kind": order.kind, "plan_id": order.plan_id, "seats": order.seats, "years": order.years,
        "interval": order.billing_interval, "amount_minor": order.amount_minor, "currency": order.currency,
        "payment": order.payment, "promotion_code": order.promotion_code, "licensee_id": order.licensee_id,
        "relation_id": order.relation_id,
    });
    let account_id = Some(&order.account_id);
    let about = events::About { account_id, license_id: order.license_id.as_ref(), instance_id: None };
    events::record(tx, cx, "order.placed", about, &after).await?;
    let (act, id) = ("order.place", order.id.as_str());
    audit::record(tx, &as_payer_sees(cx, order), account_id, act, id, audit::NOTHING, Some(&after)).await?;
    if let (true, Some(clientele)) = (order.is_for_client_to_pay(), &parties.clientele) {
        audit::record(tx, cx, Some(&clientele.partner.id), act, id, audit::NOTHING, Some(&after)).await?;
    }
    // By card, once there is a page to pay it on.
    if order.payment == Payment::Transfer {
        mail_client(tx, cx, master, order, parties).await?;
    }
    Ok(())
}

/// Who acts, as whoever pays is told: which of its partner's people ordered, and from where, is the partner's own business.
pub(super) fn as_payer_sees(cx: &Cx, order: &Order) -> Cx {
    if order.is_for_client_to_pay() {
        return Cx { actor: Actor::Job("partners.order"), address: None, ..cx.clone() };
    }
    cx.clone()
}

/// Tells the client that is to pay what its partner has ordered for it, where its invoices go.
pub(super) async fn mail_client(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    order: &Order,
    parties: &Parties,
) -> Result<(), DbError> {
    let Some(clientele) = parties.clientele.as_ref().filter(|_| order.is_for_client_to_pay()) else { return Ok(()) };
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let Some(plan) = catalog::find_plan(tx, &cx.vendor_id, &order.plan_id).await? else { return Ok(()) };
    let Some(product) = catalog::find_product(tx, &cx.vendor_id, &plan.product_id).await? else { return Ok(()) };
    // Where it is paid by card, the page that leads to the payment; it shows how to pay where it is by transfer.
    let page = format!("{}/orders/{}?left=1", sender.origin, order.id);
    let ordered = Ordered {
        partner: &clientele.partner.company,
        product: &product.name,
        plan: &plan.name,
        amount: order.amount(),
    };
    let letter = letters::order_waits(&sender, &ordered, &page);
    let client = &parties.payer;
    mail::enqueue(tx, cx, master, &sender.mail(&client.billing_email, &client.company, letter)).await
}
