//! What a round of the reconciler asks Stripe about, where there is more than it can.

use backend::billing::reconcile;
use backend::catalog::BillingInterval;
use backend::clock::HOUR_MS;
use backend::db::Db;
use backend::invoices::{Invoice, InvoiceStatus};
use backend::orders::OrderStatus;
use backend::refunds::{DisputeStatus, list_disputes};

use super::reversals::{dispute_about, renewed_with};
use super::shop::{Shop, run_sql};
use crate::support::{NOW, on_both_engines};

/// As many as a round asks about.
const BATCH: usize = 200;

/// As many invoices as a round asks about, like this one and older, of which Stripe knows nothing.
fn others(invoice: &Invoice) -> Vec<String> {
    let columns = "vendor_id, account_id, status, currency, subtotal_minor, discount_minor, tax_minor, total_minor,
                   paid_minor, due_minor, taxes, billing_reason, parties, created_at";
    let other = |n: usize| {
        format!(
            "INSERT INTO invoices (id, stripe_invoice_id, number, issued_at, {columns})
             SELECT 'inv_other_{n}', 'in_other_{n}', 'OTHER-{n}', issued_at - 1, {columns} FROM invoices WHERE id = '{}'",
            invoice.id
        )
    };
    (0..BATCH).map(other).collect()
}

on_both_engines! {
    async fn an_order_behind_many_that_are_never_paid_has_its_turn_in_the_next_round(db: Db) {
        let shop = Shop::open(db).await?;
        let (order, url) = shop.order("startup", BillingInterval::Month, 2).await?;
        let columns = "vendor_id, account_id, user_id, kind, plan_id, plan_version, billing_interval, seats, currency,
                       amount_minor, status, payment, items";
        let left = |n: usize| {
            format!(
                "INSERT INTO orders (id, created_at, {columns})
                 SELECT 'ord_left_{n}', created_at - 1, {columns} FROM orders WHERE id = '{}'",
                order.id
            )
        };
        run_sql(&shop.db, (0..BATCH).map(left).collect()).await?;
        shop.pay(&url, "4242").await?;
        assert_eq!(reconcile(&shop.commerce, &shop.cx()).await?.orders, 0, "older ones come first");
        assert_eq!(reconcile(&shop.commerce, &shop.cx()).await?.orders, 1);
        assert_eq!(shop.find_order(&order.id).await?.status, OrderStatus::Paid);
        Ok(())
    }

    async fn an_order_that_waits_for_its_transfer_is_asked_about_every_six_hours(db: Db) {
        let shop = Shop::open(db).await?;
        let order = shop.order_by_transfer("startup", BillingInterval::Month).await?;
        assert_eq!(reconcile(&shop.commerce, &shop.cx()).await?.orders, 0);
        let (_, transfer) = shop.awaited(&order).await?;
        shop.transfer(transfer.total_minor).await?;
        shop.set_clock(NOW.plus(6 * HOUR_MS - 1_000))?;
        let found = reconcile(&shop.commerce, &shop.cx()).await?;
        assert_eq!((found.orders, found.events > 0), (0, true), "its event is there all the same");
        shop.set_clock(NOW.plus(6 * HOUR_MS))?;
        assert_eq!(reconcile(&shop.commerce, &shop.cx()).await?.orders, 1);
        assert_eq!(shop.find_order(&order.id).await?.status, OrderStatus::Paid);
        Ok(())
    }

    async fn an_invoice_behind_many_that_stay_open_has_its_turn_in_the_next_round(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 2).await?;
        let invoice = renewed_with(&shop, &license, "pm_card_chargeCustomerFail").await?;
        assert_eq!(invoice.status, InvoiceStatus::Open);
        run_sql(&shop.db, others(&invoice)).await?;
        shop.call(&format!("invoices/{}/pay", invoice.stripe_invoice_id), "payment_method=pm_card_visa").await?;
        let status = async || -> anyhow::Result<InvoiceStatus> {
            let all = shop.invoices().await?;
            Ok(all.into_iter().find(|it| it.id == invoice.id).expect("the invoice").status)
        };
        reconcile(&shop.commerce, &shop.cx()).await?;
        assert_eq!(status().await?, InvoiceStatus::Open, "older ones come first");
        reconcile(&shop.commerce, &shop.cx()).await?;
        assert_eq!(status().await?, InvoiceStatus::Paid);
        Ok(())
    }

    async fn a_dispute_behind_many_that_stay_open_has_its_turn_in_the_next_round(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 2).await?;
        let invoice = renewed_with(&shop, &license, "pm_card_createDispute").await?;
        let dispute = dispute_about(&shop, &invoice).await?;
        let of_other = |n: usize| {
            let columns = "vendor_id, account_id, status, currency, amount_minor, reason, opened_at, updated_at";
            format!(
                "INSERT INTO disputes (id, invoice_id, stripe_dispute_id, {columns})
                 SELECT 'dsp_other_{n}', 'inv_other_{n}', 'du_other_{n}', {columns} FROM disputes
                 WHERE stripe_dispute_id = '{dispute}'"
            )
        };
        run_sql(&shop.db, others(&invoice).into_iter().chain((0..BATCH).map(of_other)).collect()).await?;
        shop.call(&format!("disputes/{dispute}/close"), "").await?;
        let status = async || -> anyhow::Result<DisputeStatus> {
            let (vendor_id, id) = (shop.vendor.id.clone(), invoice.id.clone());
            let mut all =
                shop.db.read(move |tx| Box::pin(async move { list_disputes(tx, &vendor_id, &id).await })).await?;
            Ok(all.remove(0).status)
        };
        reconcile(&shop.commerce, &shop.cx()).await?;
        assert_eq!(status().await?, DisputeStatus::Open, "older ones come first");
        reconcile(&shop.commerce, &shop.cx()).await?;
        assert_eq!(status().await?, DisputeStatus::Lost);
        Ok(())
    }

    async fn events_that_an_outage_kept_away_are_found_though_a_later_one_has_come(db: Db) {
        let shop = Shop::open(db).await?;
        reconcile(&shop.commerce, &shop.cx()).await?;
        shop.set_clock(NOW.plus(HOUR_MS / 2))?;
        let (_, url) = shop.order("startup", BillingInterval::Month, 2).await?;
        shop.pay(&url, "4242").await?;
        let lost = shop.events().await?;
        // Stripe is away: a round that cannot list has listed nothing.
        shop.set_clock(NOW.plus(2 * HOUR_MS))?;
        shop.control("chaos", r#"{"amend":[{"object":"list","member":"data","value":"broken"}]}"#).await?;
        assert!(reconcile(&shop.commerce, &shop.cx()).await.is_err());
        shop.control("chaos", r#"{"amend":[]}"#).await?;
        shop.set_clock(NOW.plus(5 * HOUR_MS))?;
        let customer = shop.find_account().await?.stripe_customer_id.expect("a customer");
        shop.call(&format!("customers/{customer}"), "name=Anna").await?;
        let all = shop.events().await?;
        let newest = all.last().expect("an event");
        assert!(all.len() > lost.len() && newest.created >= NOW.plus(5 * HOUR_MS));
        shop.deliver(newest).await?;
        let found = reconcile(&shop.commerce, &shop.cx()).await?;
        assert!(found.events >= 4, "the order's events: {found:?}");
        Ok(())
    }
}
